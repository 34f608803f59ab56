//! The engine's loop over a servo that was made in Python: what `servo.runner` is a view of.
//!
//! The servo greets, starts, ends and says goodbye by itself; the loop asks for commands, carries them out on the
//! servo's own bus, reports progress and results.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use pyo3::exceptions::PyTypeError;
use pyo3::exceptions::asyncio::CancelledError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::PyList;
use pyo3_async_runtimes::tokio::future_into_py;
use serde_json::{Value as Json, json};

use super::calls::{answer, arguments};
use super::errors::{self, runtime_error};
use super::event_loop::EventLoop;
use super::json::to_json;
use super::optimizer_client::remote_error;
use super::partner::Partner;
use super::sampler::Samplers;
use crate::event::{Answer, Call, Context, ErrorKind, EventError, Outcome, Preposition, Responder};
use crate::optimizer::local::{LocalConfig, LocalOptimizer};
use crate::optimizer::remote::Kind;
use crate::optimizer::{Optimizer, OptimizerError, Reply, Request};
use crate::runner::{Ended, Grace, Runner, Servo, Stop};

/// The loop of one servo that was made in Python.
///
/// Args:
///     partner: Starts tasks: `answer(event, kwargs, command_uid)` gives a list of at most one answer,
///         `post(event, param)` the optimizer's reply.
///     name: The name of the servo.
///     local: What stands under `optimizer.local`, as JSON; None for an optimizer at a service.
///
/// Raises:
///     TypeError: `local` is not JSON.
#[pyclass(frozen, module = "servo._core")]
pub struct ServoLoop {
    servo: Servo,
    event_loop: Arc<EventLoop>,
    partner: Partner,
    local: Option<Json>,
    optimizer: Arc<Mutex<Option<Arc<dyn Optimizer>>>>,
    stop: Mutex<Stop>,
    /// The context of the command at work.
    at_work: AtWork,
    runs: AtomicBool,
}

type AtWork = Arc<Mutex<Option<Context>>>;

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[pymethods]
impl ServoLoop {
    #[new]
    fn new(partner: Py<PyAny>, name: String, local: Option<&str>) -> PyResult<Self> {
        let parse = |text| serde_json::from_str::<Json>(text).map_err(|_| PyTypeError::new_err("expected JSON"));
        let local = local.map(parse).transpose()?;
        let event_loop = Arc::<EventLoop>::default();
        let partner = Partner::new(partner, event_loop.clone());
        let at_work = AtWork::default();
        let bus = Bus { partner: partner.clone(), at_work: at_work.clone() };
        Ok(Self {
            servo: Servo::builder(name).responder(Arc::new(bus)).build(),
            event_loop,
            partner,
            local,
            optimizer: Arc::default(),
            stop: Mutex::default(),
            at_work,
            runs: AtomicBool::new(false),
        })
    }

    /// Carries out what the optimizer asks for, until `interrupt` or until it has nothing more to ask; gives what came
    /// of it as JSON.
    fn run<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let turn = Turn::of(slf)?;
        future_into_py(slf.py(), async move {
            let runner = turn.runner().await?;
            let result = runner.run().await;
            turn.this().close();
            let (ended, reason) = match result {
                Ok(Ended::Finished) => ("finished", None),
                Ok(Ended::Interrupted(reason)) => ("interrupted", Some(reason)),
                Err(error) => ("failed", Some(error.to_string())),
            };
            Ok(json!({ "ended": ended, "reason": reason }).to_string())
        })
    }

    /// Asks for one command, carries it out and reports its result; gives what the optimizer says to that as JSON.
    fn exec_command<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let turn = Turn::of(slf)?;
        future_into_py(slf.py(), async move {
            let runner = turn.runner().await?;
            let status = runner.exec_command().await.map_err(runtime_error)?;
            serde_json::to_string(&status).map_err(runtime_error)
        })
    }

    /// Asks the loop to end, if it runs: the command at work is cancelled and reported.
    ///
    /// The end of the whole servo may take so many seconds; the command has its part of them.
    fn interrupt(&self, reason: String, within: f64) {
        if self.runs.load(Ordering::Acquire) {
            let grace = Grace::within(Duration::try_from_secs_f64(within).unwrap_or(Duration::MAX));
            locked(&self.stop).request_within(reason, grace);
        }
    }

    /// Reports how far the command at work has come, from 0 to 100. Never waits: the newest report wins.
    ///
    /// What is said of another command is dropped.
    fn report_progress(&self, connector: &str, event: &str, percent: f64, message: &str, command_uid: Option<&str>) {
        let context = locked(&self.at_work).clone();
        if let Some(context) = context
            && context.command_uid.as_deref() == command_uid
        {
            context.for_responder(connector, event).report(percent, message);
        }
    }

    /// Lets go of the study of a local optimizer.
    fn close(&self) {
        let former = locked(&self.optimizer).take();
        drop(former);
    }

    // The partner holds this.
    #[allow(clippy::needless_pass_by_value)]
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.event_loop.traverse(&visit)
    }

    fn __clear__(&self) {
        self.event_loop.clear();
    }
}

/// The loop at work, which it is once at a time. It keeps the loop alive.
struct Turn(Py<ServoLoop>);

impl Turn {
    fn of(this: &Bound<'_, ServoLoop>) -> PyResult<Self> {
        if this.get().runs.swap(true, Ordering::AcqRel) {
            return Err(runtime_error("the loop of the servo runs already"));
        }
        let turn = Self(this.clone().unbind());
        this.get().event_loop.enter(this.py())?;
        Ok(turn)
    }

    fn this(&self) -> &ServoLoop {
        self.0.get()
    }

    async fn runner(&self) -> PyResult<Runner> {
        let this = self.this();
        let stop = locked(&this.stop).clone();
        let optimizer = self.optimizer(&stop).await?;
        // `servo.runner` logs them.
        Ok(Runner::new(this.servo.clone(), optimizer, stop).with_steps(false))
    }

    async fn optimizer(&self, stop: &Stop) -> PyResult<Arc<dyn Optimizer>> {
        let this = self.this();
        let Some(local) = this.local.clone() else {
            return Ok(Arc::new(Service { partner: this.partner.clone(), stop: stop.clone() }));
        };
        let opened = locked(&this.optimizer).clone();
        if let Some(optimizer) = opened {
            return Ok(optimizer);
        }
        let local: LocalConfig = serde_json::from_value(local).map_err(runtime_error)?;
        let name = this.servo.name().to_owned();
        let open = move || LocalOptimizer::open(local, &name, Arc::new(Samplers), None);
        let optimizer = tokio::task::spawn_blocking(open).await.map_err(runtime_error)?.map_err(runtime_error)?;
        let optimizer: Arc<dyn Optimizer> = Arc::new(optimizer);
        *locked(&this.optimizer) = Some(optimizer.clone());
        Ok(optimizer)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        // The next run is not ended by what ended this one.
        *locked(&self.this().stop) = Stop::new();
        self.this().runs.store(false, Ordering::Release);
    }
}

/// All connectors of the servo, as one member of the engine's bus.
struct Bus {
    partner: Partner,
    at_work: AtWork,
}

#[async_trait]
impl Responder for Bus {
    fn name(&self) -> &'static str {
        "servo"
    }

    fn responds_to(&self, event: &str, preposition: Preposition) -> bool {
        // The servo attaches, starts and ends its connectors; before and after an event they run with it.
        preposition == Preposition::On && matches!(event, "describe" | "measure" | "adjust")
    }

    async fn respond(
        &self,
        preposition: Preposition,
        call: &Call,
        _results: &[Outcome],
        context: &Context,
    ) -> Result<Vec<Answer>, EventError> {
        let _work = Work::new(&self.at_work, context);
        let (started, read, uid) = (call.clone(), call.clone(), context.command_uid.clone());
        let asked = self.partner.ask(
            Some(&context.cancelled),
            move |partner| {
                let (_, kwargs) = arguments(partner.py(), preposition, &started, &[], None)?;
                partner.call_method1("answer", (started.event(), kwargs, uid.as_deref()))
            },
            move |py, outcome| match outcome.and_then(|values| answers(&read, &values)) {
                Ok(answers) => Ok(answers),
                Err(error) if error.is_instance_of::<CancelledError>(py) => {
                    Err(EventError::new(ErrorKind::Cancelled, format!("'{}' was cancelled", read.event())))
                }
                Err(error) => {
                    tracing::debug!("{}", errors::traceback(py, &error));
                    Err(errors::from_python(py, &error))
                }
            },
        );
        asked.await.unwrap_or_else(|| Err(EventError::failed("the event loop of the servo has ended")))
    }
}

fn answers(call: &Call, values: &Bound<'_, PyAny>) -> PyResult<Vec<Answer>> {
    values.cast::<PyList>()?.iter().map(|value| answer(Preposition::On, call, &value)).collect()
}

/// Notes the command at work.
struct Work<'a>(&'a AtWork);

impl<'a> Work<'a> {
    fn new(at_work: &'a AtWork, context: &Context) -> Self {
        *locked(at_work) = Some(context.clone());
        Self(at_work)
    }
}

impl Drop for Work<'_> {
    fn drop(&mut self) {
        *locked(self.0) = None;
    }
}

/// The optimizer at a service, through the servo's own `post_event`.
///
/// The servo says hello and goodbye by itself; it is told of both because a servo that has lost step with its optimizer is
/// to end and to start again.
struct Service {
    partner: Partner,
    stop: Stop,
}

#[async_trait]
impl Optimizer for Service {
    async fn post(&self, request: Request) -> Result<Reply, OptimizerError> {
        let (kind, event) = (Kind::of(&request), request.event);
        let posted = self.partner.ask(
            None,
            move |partner| {
                let param = pythonize::pythonize(partner.py(), &request.param)?;
                partner.call_method1("post", (event.as_str(), param))
            },
            move |py, outcome| match outcome.and_then(|reply| to_json(&reply)) {
                Ok(reply) => Ok(reply),
                Err(error) => Err(kind.failed(remote_error(py, &error))),
            },
        );
        let Some(reply) = posted.await else {
            self.stop.request("the event loop has ended");
            return Err(OptimizerError::lasting("the event loop of the servo has ended"));
        };
        serde_json::from_value(reply?).or_else(|error| kind.misread(event, &error))
    }
}
