//! A servo in the hands of Python: what the command line and scripts drive.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3_async_runtimes::tokio::future_into_py;
use serde_json::{Value as Json, json};
use tokio::sync::watch;

use super::config::show;
use super::errors::{runtime_error, to_python};
use super::event_loop::EventLoop;
use super::greeting::telling;
use super::sampler::Samplers;
use crate::config::{OptimizerConfig, ServoConfig};
use crate::event::{Answer, Call, Dispatched, EventError, Options};
use crate::model::{Adjustment, Control, Duration, Measurement, Reading};
use crate::optimizer::Optimizer;
use crate::optimizer::local::{Board, LocalConfig, LocalOptimizer};
use crate::optimizer::remote::RemoteOptimizer;
use crate::runner::{Activity, Ended, Failure, Grace, Phase, Runner, Servo, Stop};

/// One servo of a servo.yaml.
#[pyclass(frozen, weakref, name = "Servo", module = "servo._core")]
pub struct PyServo {
    config: ServoConfig,
    config_file: String,
    servo: Servo,
    event_loop: Arc<EventLoop>,
    stop: Mutex<Stop>,
    running: AtomicBool,
    watched: Mutex<Option<Watched>>,
    /// The `servo.Servo` that Python connectors see.
    view: Mutex<Option<Py<PyAny>>>,
}

/// What there is to see of a run.
#[derive(Clone)]
pub(super) struct Watched {
    pub activity: watch::Receiver<Activity>,
    /// Of the local optimizer alone.
    pub board: Option<Arc<Board>>,
}

impl PyServo {
    pub(super) fn new(config: ServoConfig, config_file: &str, servo: Servo, event_loop: Arc<EventLoop>) -> Self {
        let config_file = config_file.to_owned();
        let servo = telling(servo, event_loop.clone());
        Self {
            config,
            config_file,
            servo,
            event_loop,
            stop: Mutex::default(),
            running: AtomicBool::new(false),
            watched: Mutex::default(),
            view: Mutex::default(),
        }
    }

    /// Gives the servo that Python connectors see.
    pub(super) fn show_as(&self, view: Py<PyAny>) {
        let former = self.view.lock().unwrap_or_else(PoisonError::into_inner).replace(view);
        drop(former);
    }

    fn stop(&self) -> MutexGuard<'_, Stop> {
        self.stop.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn watched(&self) -> MutexGuard<'_, Option<Watched>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl PyServo {
    /// The name of the servo.
    #[getter]
    pub(super) fn name(&self) -> &str {
        self.servo.name()
    }

    /// `local`, or the identifier at a remote service.
    #[getter]
    pub(super) fn optimizer(&self) -> String {
        match &self.config.optimizer {
            OptimizerConfig::Local(_) => "local".into(),
            OptimizerConfig::Remote(remote) => {
                ["id", "optimizer_id"].iter().find_map(|key| remote.get(key)?.as_str()).unwrap_or("remote").to_owned()
            }
        }
    }

    /// Whether requests for diagnostics are declined. The local optimizer makes none.
    #[getter]
    fn no_diagnostics(&self) -> bool {
        self.config.no_diagnostics || matches!(self.config.optimizer, OptimizerConfig::Local(_))
    }

    /// The `servo.Servo` that its Python connectors see; None without any.
    #[getter]
    fn view(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.view.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|view| view.clone_ref(py))
    }

    /// The path of the file it was read from.
    #[getter]
    fn config_file(&self) -> &str {
        &self.config_file
    }

    /// The name and the type of every connector.
    #[getter]
    fn connectors(&self) -> Vec<(String, String)> {
        self.config.connectors.iter().map(|route| (route.name.clone(), route.type_name.clone())).collect()
    }

    /// Runs until the optimizer has nothing more to ask, or until `interrupt`; gives what came of it as JSON.
    ///
    /// When the awaiting task is cancelled the run is interrupted, and awaited until it has ended in order.
    fn run<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let running = Running::begin(slf)?;
        let run = future_into_py(py, async move {
            let (runner, watched) = running.open().await.map_err(runtime_error)?;
            let result = runner.run().await.map_err(Failure::Run);
            let (ended, reason) = result_of(&result);
            let report = watched.board.and_then(|board| board.report());
            Ok(json!({ "ended": ended, "reason": reason, "report": report }).to_string())
        })?;
        let interrupt = slf.getattr("interrupt")?;
        py.import("servo._handlers")?.call_method1("ended_in_order", (run, interrupt))
    }

    /// Asks the run to end, within that many seconds: five unless given.
    #[pyo3(signature = (reason, within = None))]
    fn interrupt(&self, reason: String, within: Option<f64>) {
        match grace(within) {
            Some(grace) => self.stop().request_within(reason, grace),
            None => self.stop().request(reason),
        }
    }

    /// The `servo.Servo` with its connectors, made where there is none because none of them is written in Python.
    fn make_view(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        let (py, this) = (slf.py(), slf.get());
        if this.view(py).is_none() {
            let document = this.config.document.to_json().to_string();
            show(slf, &this.event_loop, &document, this.servo.members().to_vec())?;
        }
        this.view(py).ok_or_else(|| runtime_error("the servo has no view"))
    }

    /// Tells the connectors that they have joined the servo. A run that follows does not tell them again.
    fn attach<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let (py, this) = (slf.py(), slf.get());
        this.event_loop.enter(py)?;
        let (servo, handle) = (this.servo.clone(), slf.clone().unbind());
        future_into_py(py, async move {
            let _alive = handle;
            servo.attach().await.map_err(|error| Python::attach(|py| to_python(py, &error)))
        })
    }

    /// Tells the connectors that they leave the servo. Each is told; what fails is logged.
    fn detach<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let (py, this) = (slf.py(), slf.get());
        this.event_loop.enter(py)?;
        let (servo, handle) = (this.servo.clone(), slf.clone().unbind());
        future_into_py(py, async move {
            let _alive = handle;
            for error in servo.detach().await {
                tracing::error!(servo = servo.name(), "detach: {error}");
            }
            Ok(())
        })
    }

    /// What the run is doing, as JSON.
    fn snapshot(&self, py: Python<'_>) -> String {
        let watched = self.watched().clone();
        py.detach(|| snapshot(watched.as_ref()).to_string())
    }

    /// What there is to tell since the last call, as JSON.
    fn drain(&self) -> String {
        let board = self.watched().as_ref().and_then(|watched| watched.board.clone());
        let notes = board.map(|board| board.drain()).unwrap_or_default();
        serde_json::to_string(&notes).unwrap_or_else(|_| "[]".into())
    }

    /// Reports how far a connector has come with an event, from 0 to 100, with the line of the log where there is one.
    /// Never waits: the newest report wins.
    #[pyo3(signature = (connector, event, percent, message, line = None))]
    fn report_progress(&self, connector: &str, event: &str, percent: f64, message: String, line: Option<String>) {
        self.servo.context().for_responder(connector, event).report_line(percent, message, line);
    }

    /// What the connectors describe, as JSON; of all unless some are named.
    #[pyo3(signature = (connectors = None))]
    fn describe<'py>(slf: &Bound<'py, Self>, connectors: Option<Vec<String>>) -> PyResult<Bound<'py, PyAny>> {
        Self::once(slf, Call::Describe { control: Control::default() }, connectors)
    }

    /// Takes one measurement; gives the readings as JSON. Times are in seconds.
    #[pyo3(signature = (metrics, connectors, duration, warmup))]
    fn measure<'py>(
        slf: &Bound<'py, Self>,
        metrics: Vec<String>,
        connectors: Option<Vec<String>>,
        duration: f64,
        warmup: f64,
    ) -> PyResult<Bound<'py, PyAny>> {
        let span = |seconds| Duration::from_secs_f64(seconds).unwrap_or_default();
        let control = Control { duration: span(duration), warmup: span(warmup), ..Control::default() };
        Self::once(slf, Call::Measure { metrics, control }, connectors)
    }

    /// Changes settings, given as component, setting and value; gives the state that stands afterwards as JSON.
    fn adjust<'py>(slf: &Bound<'py, Self>, adjustments: Vec<(String, String, String)>) -> PyResult<Bound<'py, PyAny>> {
        let adjustments =
            adjustments.into_iter().map(|(component, setting, value)| Adjustment::new(component, setting, value));
        Self::once(slf, Call::Adjust { adjustments: adjustments.collect(), control: Control::default() }, None)
    }

    // Connectors that keep the servo they were attached to are a cycle.
    #[allow(clippy::needless_pass_by_value)]
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        if let Ok(view) = self.view.try_lock() {
            visit.call(&*view)?;
        }
        self.event_loop.traverse(&visit)
    }

    fn __clear__(&self) {
        let _view = self.view.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.event_loop.clear();
    }
}

/// A run at work, of which a servo has one at a time. It keeps the servo alive.
pub(super) struct Running(Py<PyServo>);

impl Running {
    /// Begins a run whose Python handlers are called on the loop of this thread.
    pub fn begin(servo: &Bound<'_, PyServo>) -> PyResult<Self> {
        if servo.get().running.swap(true, Ordering::AcqRel) {
            return Err(runtime_error("the servo runs already: await the end of that run before the next"));
        }
        let running = Self(servo.clone().unbind());
        running.servo().event_loop.enter(servo.py())?;
        Ok(running)
    }

    /// What ends the run.
    pub fn stop(&self) -> Stop {
        self.servo().stop().clone()
    }

    /// What runs the servo, once its optimizer is open, and what there is to see of it; or why there is none.
    pub async fn open(&self) -> Result<(Runner, Watched), String> {
        let (optimizer, board) = open_optimizer(&self.servo().config).await?;
        let runner = Runner::new(self.servo().servo.clone(), optimizer, self.stop());
        let watched = Watched { activity: runner.activity(), board };
        *self.servo().watched() = Some(watched.clone());
        Ok((runner, watched))
    }

    pub fn servo(&self) -> &PyServo {
        self.0.get()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // The next run is not ended by what ended this one.
        *self.servo().stop() = Stop::new();
        self.servo().running.store(false, Ordering::Release);
    }
}

/// The parts of an ending within that many seconds.
pub(super) fn grace(within: Option<f64>) -> Option<Grace> {
    let within = std::time::Duration::try_from_secs_f64(within?).ok()?;
    Some(Grace::within(within))
}

/// The optimizer that a document names, and what there is to see of it.
async fn open_optimizer(config: &ServoConfig) -> Result<(Arc<dyn Optimizer>, Option<Arc<Board>>), String> {
    fn told(error: impl std::fmt::Display) -> String {
        error.to_string()
    }
    let local = match &config.optimizer {
        OptimizerConfig::Local(local) => local.clone(),
        OptimizerConfig::Remote(remote) => {
            let optimizer = RemoteOptimizer::new(remote, &config.settings).map_err(told)?;
            return Ok((Arc::new(optimizer), None));
        }
    };
    let local: LocalConfig = serde_json::from_value(local).map_err(told)?;
    let name = config.servo_name();
    let open = move || LocalOptimizer::open(local, &name, Arc::new(Samplers), None);
    let optimizer = tokio::task::spawn_blocking(open).await.map_err(told)?.map_err(told)?;
    let board = optimizer.board();
    Ok((Arc::new(optimizer), Some(board)))
}

impl PyServo {
    /// Attaches the connectors, dispatches one event, and shuts them down again.
    fn once<'py>(slf: &Bound<'py, Self>, call: Call, connectors: Option<Vec<String>>) -> PyResult<Bound<'py, PyAny>> {
        let (py, this) = (slf.py(), slf.get());
        this.event_loop.enter(py)?;
        let servo = this.servo.clone();
        let mut context = servo.context();
        context.cancelled = this.stop().token().child_token();
        let handle = slf.clone().unbind();
        future_into_py(py, async move {
            // While its connectors work the servo is alive.
            let _alive = handle;
            let options = Options { include: connectors, ..Options::default() };
            let result = async {
                servo.attach().await?;
                if let Call::Adjust { adjustments, .. } = &call {
                    servo.check_adjustments(adjustments, &context).await?;
                }
                servo.dispatch(&call, &options, &context).await
            }
            .await;
            for error in servo.shutdown().await {
                tracing::error!("shutdown: {error}");
            }
            let dispatched = result.map_err(|error| Python::attach(|py| to_python(py, &error)))?;
            answers(dispatched)
                .map(|answers| answers.to_string())
                .map_err(|error| Python::attach(|py| to_python(py, &error)))
        })
    }
}

/// The answers of a dispatch by connector.
fn answers(dispatched: Dispatched) -> Result<Json, EventError> {
    let outcomes = match dispatched {
        Dispatched::Completed(outcomes) => outcomes,
        Dispatched::Cancelled(error) => return Err(error),
    };
    let mut list = Vec::new();
    for outcome in outcomes {
        let mut entry = match outcome.result? {
            Answer::Description(description) => {
                let components: Vec<_> = description
                    .components
                    .iter()
                    .map(|component| {
                        let settings = component.settings.iter().map(|setting| {
                            let mut wire = setting.wire();
                            wire["name"] = json!(setting.name);
                            wire
                        });
                        json!({ "name": component.name, "settings": settings.collect::<Vec<_>>() })
                    })
                    .collect();
                json!({ "components": components, "metrics": description.metrics })
            }
            Answer::Measurement(measurement) => readings(&measurement),
            _ => json!({}),
        };
        entry["connector"] = json!(outcome.connector);
        list.push(entry);
    }
    Ok(Json::Array(list))
}

fn readings(measurement: &Measurement) -> Json {
    let readings: Vec<_> = measurement
        .readings
        .iter()
        .map(|reading| {
            let points: Vec<_> = match reading {
                Reading::DataPoint(point) => vec![(point.time, point.value)],
                Reading::TimeSeries(series) => series.points().collect(),
            };
            let points: Vec<_> =
                points.into_iter().map(|(time, value)| json!([time.as_microsecond() as f64 / 1e6, value])).collect();
            json!({ "metric": reading.metric().name, "unit": reading.metric().unit, "points": points })
        })
        .collect();
    json!({ "readings": readings, "annotations": measurement.annotations })
}

/// How a run ended, and why.
pub(super) fn result_of(result: &Result<Ended, Failure>) -> (&'static str, Option<String>) {
    match result {
        Ok(Ended::Finished) => ("finished", None),
        Ok(Ended::Interrupted(reason)) => ("interrupted", Some(reason.clone())),
        Err(error) => ("failed", Some(error.to_string())),
    }
}

/// What a run is doing; one that is not there yet is about to start.
pub(super) fn snapshot(watched: Option<&Watched>) -> Json {
    let Some(watched) = watched else {
        return json!({ "phase": "starting", "command": null, "board": null });
    };
    let activity = watched.activity.borrow().clone();
    let board = watched.board.as_ref().map(|board| board.snapshot());
    let phase = match activity.phase {
        Phase::Starting => json!("starting"),
        Phase::Running => board.as_ref().map_or_else(|| json!("running"), |board| json!(board.phase)),
        Phase::Stopping => json!("stopping"),
        Phase::Ended => json!("done"),
    };
    let command = activity.command.map(|command| {
        let progress = activity.progress.as_ref();
        json!({
            "kind": command.cmd.to_string(),
            "connector": progress.map(|progress| &progress.connector),
            "percent": progress.map(|progress| progress.percent),
            "message": progress.map(|progress| &progress.message),
            "elapsed": command.since.elapsed().as_secs_f64(),
        })
    });
    json!({ "phase": phase, "command": command, "board": board })
}
