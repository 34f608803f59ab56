//! Many servos in the hands of Python: what `servo run` drives.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use futures::FutureExt;
use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3_async_runtimes::tokio::{future_into_py, get_runtime};
use serde_json::{Value as Json, json};
use tokio::sync::oneshot;

use super::consent::Asked;
use super::errors::runtime_error;
use super::servo::{PyServo, Running, Watched, grace, result_of, snapshot};
use crate::runner::{Assembly, Consent, Failure, Finished};

/// The servos of a process, side by side.
///
/// Args:
///     servos: Those that `run` starts.
///     poll: Whether optimizers are asked for commands. Servos that do not ask are started, and stay so until
///         `interrupt`.
///     permits: `async def permits(servo: str, step: str) -> bool`, asked before `connect` and each `poll`; the run of a
///         servo to which it says no ends in order, with the reason `declined`.
#[pyclass(frozen, name = "Assembly", module = "servo._core")]
pub struct PyAssembly {
    assembly: Assembly,
    /// Those that `run` is going to start.
    servos: Mutex<Option<Vec<Py<PyServo>>>>,
    members: Arc<Mutex<Vec<Member>>>,
    watch: Mutex<Watch>,
    poll: bool,
    permits: Mutex<Option<Py<PyAny>>>,
    asked: OnceLock<Asked>,
    /// Those that have ended since somebody looked.
    over: Arc<Mutex<Vec<Finished>>>,
}

/// A servo that was started. They stand in the order in which they were.
struct Member {
    name: String,
    optimizer: String,
    watched: Arc<OnceLock<Watched>>,
}

/// A look at a servo that has changed; nothing of one whose run is over.
type Look = (usize, Option<Watched>);

/// Who has changed since somebody looked. Servos at rest cost nothing.
#[derive(Default)]
struct Watch {
    changes: FuturesUnordered<BoxFuture<'static, Look>>,
    /// Started since, and not opened yet.
    fresh: Vec<usize>,
    /// What those with a board were last seen with. A board changes for reasons of its own, and there are few.
    boards: HashMap<usize, (Watched, u64)>,
}

#[pymethods]
impl PyAssembly {
    #[new]
    #[pyo3(signature = (servos, *, poll = true, permits = None))]
    fn new(servos: Vec<Py<PyServo>>, poll: bool, permits: Option<Py<PyAny>>) -> Self {
        Self {
            assembly: Assembly::new(),
            servos: Mutex::new(Some(servos)),
            members: Arc::default(),
            watch: Mutex::default(),
            poll,
            permits: Mutex::new(permits),
            asked: OnceLock::new(),
            over: Arc::default(),
        }
    }

    /// Runs until no servo is left; gives what came of each as JSON, in the order in which they were added.
    ///
    /// A servo that cannot start, or fails, does not end the others. When the awaiting task is cancelled all are
    /// interrupted, and awaited until they have ended in order.
    fn run<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let (py, this) = (slf.py(), slf.get());
        let Some(servos) = locked(&this.servos).take() else {
            return Err(runtime_error("the assembly was run already: make another one"));
        };
        if let Some(permits) = locked(&this.permits).as_ref() {
            let _ = this.asked.set(Asked::new(py, permits.clone_ref(py))?);
        }
        let begun: PyResult<Vec<_>> = servos.iter().map(|servo| Running::begin(servo.bind(py))).collect();
        for running in begun? {
            this.start(running);
        }
        let (assembly, members, over) = (this.assembly.clone(), this.members.clone(), this.over.clone());
        let run = future_into_py(py, async move {
            let mut finished = Vec::new();
            while let Some(one) = assembly.next().await {
                locked(&over).push(one.clone());
                finished.push(one);
            }
            finished.sort_by_key(|one: &Finished| one.id);
            let results = {
                let members = locked(&members);
                finished.iter().map(|finished| result(finished, &members[finished.id.index()])).collect::<Vec<_>>()
            };
            Ok(Json::Array(results).to_string())
        })?;
        let interrupt = slf.getattr("interrupt")?;
        py.import("servo._handlers")?.call_method1("ended_in_order", (run, interrupt))
    }

    /// Adds a servo; it is started at once where the others run, and else with them.
    fn add(&self, servo: &Bound<'_, PyServo>) -> PyResult<()> {
        let mut waiting = locked(&self.servos);
        if let Some(servos) = waiting.as_mut() {
            servos.push(servo.clone().unbind());
            return Ok(());
        }
        drop(waiting);
        self.start(Running::begin(servo)?);
        Ok(())
    }

    /// Asks the servos of a name to end, and waits until they have; gives how many there were.
    fn remove<'py>(&self, py: Python<'py>, name: &str, reason: String) -> PyResult<Bound<'py, PyAny>> {
        let assembly = self.assembly.clone();
        let found = assembly.named(name);
        future_into_py(py, async move {
            let removed = found.iter().map(|id| assembly.remove(*id, &reason));
            Ok(futures::future::join_all(removed).await.into_iter().filter(|ran| *ran).count())
        })
    }

    /// Asks all servos to end, those that are added from now on as well, within that many seconds: five unless given.
    #[pyo3(signature = (reason, within = None))]
    fn interrupt(&self, reason: &str, within: Option<f64>) {
        self.assembly.stop_within(reason, grace(within));
    }

    /// What has changed since the last call, as JSON: of each servo that did, its state and what there is to tell, and of
    /// one whose run is over how it ended.
    fn drain(&self, py: Python<'_>) -> String {
        py.detach(|| {
            let mut watch = locked(&self.watch);
            // First: what is shown of a servo that is over is its end.
            let over = std::mem::take(&mut *locked(&self.over));
            let mut looks = watch.looks();
            let mut ends: HashMap<_, _> = over.into_iter().map(|one| (one.id.index(), one.result)).collect();
            let members = locked(&self.members);
            for &at in ends.keys() {
                looks.entry(at).or_insert_with(|| members[at].watched.get().cloned());
            }
            let changes = looks.into_iter().map(|(at, watched)| {
                let (ended, reason) = ends.remove(&at).map(|end| result_of(&end)).unzip();
                let board = watched.as_ref().and_then(|watched| watched.board.as_ref());
                json!({
                    "servo": at,
                    "name": members[at].name,
                    "state": snapshot(watched.as_ref()),
                    "notes": board.map(|board| board.drain()).unwrap_or_default(),
                    "ended": ended,
                    "reason": reason.flatten(),
                })
            });
            Json::Array(changes.collect()).to_string()
        })
    }

    // A servo may hold what holds this.
    #[allow(clippy::needless_pass_by_value)]
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        if let Ok(servos) = self.servos.try_lock() {
            servos.iter().flatten().try_for_each(|servo| visit.call(servo))?;
        }
        if let Ok(permits) = self.permits.try_lock() {
            visit.call(&*permits)?;
        }
        Ok(())
    }

    fn __clear__(&self) {
        let _servos = locked(&self.servos).take();
        let _permits = locked(&self.permits).take();
    }
}

impl PyAssembly {
    /// Starts a servo beside those that run.
    fn start(&self, running: Running) {
        let stop = running.stop();
        let (name, optimizer) = (running.servo().name().to_owned(), running.servo().optimizer());
        let watched = Arc::new(OnceLock::new());
        let (opened, is_open) = oneshot::channel();
        let shown = watched.clone();
        let (poll, asked) = (self.poll, self.asked.get().cloned());
        let run = async move {
            let (runner, watched) = running.open().await.map_err(Failure::Open)?;
            let runner = runner.with_polling(poll).with_consent(asked.map(|asked| Arc::new(asked) as Arc<dyn Consent>));
            let _ = shown.set(watched.clone());
            let _ = opened.send(watched);
            Ok(runner.run().await?)
        };
        let member = Member { name: name.clone(), optimizer, watched };
        // Nobody looks before it is told of.
        let mut watch = locked(&self.watch);
        let at = {
            let _runtime = get_runtime().enter();
            let mut members = locked(&self.members);
            members.push(member);
            self.assembly.add(name, stop, run).index()
        };
        watch.fresh.push(at);
        watch.changes.push(is_open.map(move |watched| (at, watched.ok())).boxed());
    }
}

impl Watch {
    /// Every servo that has changed, by its place.
    fn looks(&mut self) -> BTreeMap<usize, Option<Watched>> {
        let mut looks: BTreeMap<_, _> = self.fresh.drain(..).map(|at| (at, None)).collect();
        let mut last = Vec::new();
        let mut again = Vec::new();
        while let Some(Some((at, watched))) = self.changes.next().now_or_never() {
            let Some(mut watched) = watched else {
                last.push(at);
                continue;
            };
            // What is about to be shown is not news again.
            watched.activity.mark_unchanged();
            if let Some(board) = &watched.board {
                self.boards.entry(at).or_insert_with(|| (watched.clone(), board.version()));
            }
            looks.insert(at, Some(watched.clone()));
            again.push((at, watched));
        }
        for (at, (watched, seen)) in &mut self.boards {
            let version = watched.board.as_ref().map_or(*seen, |board| board.version());
            if version != *seen {
                *seen = version;
                looks.insert(*at, Some(watched.clone()));
            }
        }
        for at in last {
            self.boards.remove(&at);
        }
        // Not before all have been seen: one that never rests would be seen for ever.
        self.changes.extend(again.into_iter().map(|(at, mut watched)| {
            async move {
                let goes_on = watched.activity.changed().await.is_ok();
                (at, goes_on.then_some(watched))
            }
            .boxed()
        }));
        looks
    }
}

/// What came of a servo.
fn result(finished: &Finished, member: &Member) -> Json {
    let board = member.watched.get().and_then(|watched| watched.board.as_ref());
    let (ended, reason) = result_of(&finished.result);
    json!({
        "name": member.name,
        "optimizer": member.optimizer,
        "ended": ended,
        "reason": reason,
        "report": board.and_then(|board| board.report()),
    })
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
