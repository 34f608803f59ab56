//! Many servos in one process.
//!
//! Each servo is a task of its own: one that cannot start, fails or panics ends alone. Servos come and go while the
//! others run.

use std::any::Any;
use std::collections::HashMap;
use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures::FutureExt;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{Ended, Grace, RunError, Stop};

/// Which servo of an assembly; never given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemberId(usize);

impl MemberId {
    /// How many were added before it.
    pub fn index(self) -> usize {
        self.0
    }
}

/// Why a servo of an assembly could not go on.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Failure {
    /// Its optimizer could not be opened.
    #[error("{0}")]
    Open(String),
    /// Its run failed.
    #[error(transparent)]
    Run(#[from] RunError),
    /// Its run panicked. Its connectors were not shut down.
    #[error("the run of the servo panicked, a defect: {0}")]
    Panicked(String),
}

/// A servo whose run is over.
#[derive(Clone, Debug, PartialEq)]
pub struct Finished {
    /// Which one.
    pub id: MemberId,
    /// Its name.
    pub name: Arc<str>,
    /// How its run ended.
    pub result: Result<Ended, Failure>,
}

/// The servos of a process. Clones are the same assembly.
///
/// Once the last clone is dropped the servos that still run are dropped at their next `.await`, without a farewell:
/// [`stop`](Self::stop) and [`run`](Self::run) end them in order.
#[derive(Clone, Default)]
pub struct Assembly(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    members: HashMap<MemberId, Member>,
    tasks: JoinSet<Finished>,
    /// Why everything ends, and how fast, for the servos that come later as well.
    stopped: Option<(Arc<str>, Option<Grace>)>,
    next: usize,
}

struct Member {
    name: Arc<str>,
    stop: Stop,
    over: CancellationToken,
}

impl Member {
    fn ask(&self, reason: &str, grace: Option<Grace>) {
        match grace {
            Some(grace) => self.stop.request_within(reason, grace),
            None => self.stop.request(reason),
        }
    }
}

impl Assembly {
    /// An assembly without servos.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a servo and starts its run, such as `async move { Ok(runner.run().await?) }`. `stop` is what ends it: the one
    /// that the runner was made with.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn add<F>(&self, name: impl Into<Arc<str>>, stop: Stop, run: F) -> MemberId
    where
        F: Future<Output = Result<Ended, Failure>> + Send + 'static,
    {
        let name = name.into();
        let over = CancellationToken::new();
        let member = Member { name: name.clone(), stop, over: over.clone() };
        let ends = over.drop_guard();
        let mut state = self.state();
        let id = MemberId(state.next);
        state.next += 1;
        if let Some((reason, grace)) = &state.stopped {
            member.ask(reason, *grace);
        }
        state.members.insert(id, member);
        state.tasks.spawn(async move {
            // Nothing of a run that panicked is used afterwards.
            let result = AssertUnwindSafe(run).catch_unwind().await;
            let result = result.unwrap_or_else(|panic| Err(Failure::Panicked(text_of(&*panic))));
            drop(ends);
            Finished { id, name, result }
        });
        id
    }

    /// Asks one servo to end, and waits until it has; gives whether it ran. How it ended is told like that of others, by
    /// [`next`](Self::next) or [`run`](Self::run).
    pub async fn remove(&self, id: MemberId, reason: &str) -> bool {
        let over = {
            let state = self.state();
            let Some(member) = state.members.get(&id) else { return false };
            member.stop.request(reason);
            member.over.clone()
        };
        let ran = !over.is_cancelled();
        over.cancelled().await;
        ran
    }

    /// The servos of a name that were not told to be over yet.
    pub fn named(&self, name: &str) -> Vec<MemberId> {
        let state = self.state();
        let mut found: Vec<_> =
            state.members.iter().filter(|(_, member)| &*member.name == name).map(|(id, _)| *id).collect();
        found.sort_unstable();
        found
    }

    /// How many servos were not told to be over yet.
    pub fn len(&self) -> usize {
        self.state().members.len()
    }

    /// Whether all servos were told to be over.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Asks all servos to end, those that are added from now on as well. The first reason given stands.
    pub fn stop(&self, reason: &str) {
        self.stop_within(reason, None);
    }

    /// The same within that grace, whatever the runners were given.
    pub fn stop_within(&self, reason: &str, grace: Option<Grace>) {
        let mut state = self.state();
        let (reason, grace) = state.stopped.get_or_insert_with(|| (reason.into(), grace)).clone();
        for member in state.members.values() {
            member.ask(&reason, grace);
        }
    }

    /// The next servo whose run is over; `None` when there is none left. One caller at a time is told.
    pub async fn next(&self) -> Option<Finished> {
        poll_fn(|context| self.poll_next(context)).await
    }

    /// Waits until no servo is left; gives how each one ended, in the order in which they were added.
    pub async fn run(&self) -> Vec<Finished> {
        let mut all = Vec::new();
        while let Some(finished) = self.next().await {
            all.push(finished);
        }
        all.sort_by_key(|finished| finished.id);
        all
    }

    fn poll_next(&self, context: &mut Context<'_>) -> Poll<Option<Finished>> {
        let mut state = self.state();
        loop {
            match state.tasks.poll_join_next(context) {
                Poll::Ready(Some(Ok(finished))) => {
                    state.members.remove(&finished.id);
                    return Poll::Ready(Some(finished));
                }
                // Panics are caught within the task, and nobody aborts one: only a runtime that ends does.
                Poll::Ready(Some(Err(_))) => {}
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn text_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message").to_owned()
}
