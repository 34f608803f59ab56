//! Connectors of the engine in the hands of Python: members of an assembly's bus beside Python's own.

use std::sync::{Arc, Mutex, PoisonError};

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use pyo3_async_runtimes::tokio::future_into_py;
use serde_json::Value as Json;
use tokio::sync::{Mutex as AsyncMutex, watch};
use tokio_util::sync::CancellationToken;

use super::calls::{answer, to_python as answer_to_python};
use super::errors::{self, runtime_error, to_python};
use super::json::to_json;
use super::values::{Adjustment, Control, Modelled, to_models};
use crate::config::{Problem, Step};
use crate::connector::{BuildError, ConnectorType};
use crate::connectors;
use crate::event::{Answer, Call, Context, EventError, Outcome, Preposition, Progress, Responder};

/// One connector of the engine.
#[pyclass(frozen, module = "servo._core")]
pub struct NativeConnector {
    responder: Arc<dyn Responder>,
}

impl NativeConnector {
    pub(super) fn of(responder: Arc<dyn Responder>) -> Self {
        Self { responder }
    }
}

fn type_of(kind: &str) -> PyResult<ConnectorType> {
    let known = connectors::registry();
    known.resolve(kind).cloned().ok_or_else(|| {
        let names: Vec<_> = known.types().map(|known| known.name.as_str()).collect();
        PyValueError::new_err(format!("the engine has no connector '{kind}' (known: {})", names.join(", ")))
    })
}

fn config_of(text: &str) -> PyResult<Json> {
    serde_json::from_str(text).map_err(|error| PyValueError::new_err(format!("the configuration is no JSON: {error}")))
}

#[pymethods]
impl NativeConnector {
    /// The connector of that type, name and configuration, which is JSON.
    #[new]
    fn new(py: Python<'_>, kind: &str, name: &str, config: &str) -> PyResult<Self> {
        let (kind, config) = (type_of(kind)?, config_of(config)?);
        let built = py.detach(|| kind.build(name, config));
        built.map(Self::of).map_err(|error| match error {
            BuildError::Config(problems) => {
                let lines: Vec<_> = problems.iter().map(|at| format!("{}: {}", at.path, at.message)).collect();
                PyValueError::new_err(lines.join("\n"))
            }
            BuildError::Other(why) => PyValueError::new_err(why),
        })
    }

    /// Its name.
    #[getter]
    fn name(&self) -> &str {
        self.responder.name()
    }

    /// Whether it handles an event.
    fn handles(&self, preposition: &str, event: &str) -> PyResult<bool> {
        Ok(self.responder.responds_to(event, preposition_of(preposition)?))
    }

    /// Calls its handler of an event.
    ///
    /// Args:
    ///     preposition: `before`, `on` or `after`.
    ///     event: The event.
    ///     arguments: The event's arguments by name; those of an event that a connector declared are JSON values.
    ///     results: For `after`, the results of the event.
    ///     servo: The name of the servo.
    #[pyo3(signature = (preposition, event, arguments, results, servo))]
    fn call(
        &self,
        preposition: &str,
        event: &str,
        arguments: &Bound<'_, PyDict>,
        results: &Bound<'_, PyList>,
        servo: &str,
    ) -> PyResult<NativeCall> {
        let preposition = preposition_of(preposition)?;
        let call = call_of(event, arguments)?;
        let results = results.iter().map(|result| outcome(&call, &result)).collect::<PyResult<Vec<_>>>()?;
        let cancelled = CancellationToken::new();
        let progress = watch::Sender::new(None);
        let mut context = Context::new(servo).reporting_to(progress.clone());
        context.cancelled = cancelled.clone();
        let context = context.for_responder(self.responder.name(), event);
        let work = Work { responder: self.responder.clone(), preposition, call, results, context };
        Ok(NativeCall {
            work: Mutex::new(Some(work)),
            cancelled,
            progress: Arc::new(AsyncMutex::new(progress.subscribe())),
        })
    }
}

struct Work {
    responder: Arc<dyn Responder>,
    preposition: Preposition,
    call: Call,
    results: Vec<Outcome>,
    context: Context,
}

/// A call of a handler: started once, watched and ended by others meanwhile.
#[pyclass(frozen, module = "servo._core")]
pub struct NativeCall {
    work: Mutex<Option<Work>>,
    cancelled: CancellationToken,
    progress: Arc<AsyncMutex<watch::Receiver<Option<Progress>>>>,
}

#[pymethods]
impl NativeCall {
    /// Starts the handler; gives a future with what it answers.
    fn start<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let work = self.work.lock().unwrap_or_else(PoisonError::into_inner).take();
        let work = work.ok_or_else(|| runtime_error("the call was started already"))?;
        future_into_py(py, async move {
            let Work { responder, preposition, call, results, context } = work;
            Ok(Answered(responder.respond(preposition, &call, &results, &context).await))
        })
    }

    /// Waits for the next report of progress; gives the percentage and what it says.
    fn progress<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let reports = self.progress.clone();
        future_into_py(py, async move {
            // Held while waiting: what is reported between two calls is new to the second.
            let mut reports = reports.lock().await;
            reports.changed().await.map_err(runtime_error)?;
            let report = reports.borrow_and_update().clone();
            Ok(report.map(|report| (report.percent, report.message)))
        })
    }

    /// Asks the handler to end.
    fn cancel(&self) {
        self.cancelled.cancel();
    }
}

/// What a handler answered. It becomes Python where no thread of the runtime waits for the GIL.
struct Answered(Result<Vec<Answer>, EventError>);

impl<'py> IntoPyObject<'py> for Answered {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match self.0 {
            Ok(answers) => {
                answers.first().map_or_else(|| Ok(py.None().into_bound(py)), |answer| answer_to_python(py, answer))
            }
            Err(error) => Err(to_python(py, &error)),
        }
    }
}

fn preposition_of(text: &str) -> PyResult<Preposition> {
    match text {
        "before" => Ok(Preposition::Before),
        "on" => Ok(Preposition::On),
        "after" => Ok(Preposition::After),
        other => Err(PyValueError::new_err(format!("unsupported value for Preposition '{other}'"))),
    }
}

/// The call of an event with its arguments.
fn call_of(event: &str, arguments: &Bound<'_, PyDict>) -> PyResult<Call> {
    let argument = |name: &str| -> PyResult<Option<Bound<'_, PyAny>>> {
        Ok(arguments.get_item(name)?.filter(|value| !value.is_none()))
    };
    let control = || -> PyResult<_> {
        argument("control")?.map_or_else(|| Ok(crate::model::Control::default()), |control| Control::to_model(&control))
    };
    Ok(match event {
        "attach" => Call::Attach,
        "detach" => Call::Detach,
        "startup" => Call::Startup,
        "shutdown" => Call::Shutdown,
        "metrics" => Call::Metrics,
        "components" => Call::Components,
        "promote" => Call::Promote,
        "describe" => Call::Describe { control: control()? },
        "measure" => {
            let metrics = argument("metrics")?.map(|names| names.extract()).transpose()?.unwrap_or_default();
            Call::Measure { metrics, control: control()? }
        }
        "adjust" => {
            let adjustments = argument("adjustments")?.map(|list| to_models::<Adjustment>(&list)).transpose()?;
            Call::Adjust { adjustments: adjustments.unwrap_or_default(), control: control()? }
        }
        other => {
            let Json::Object(arguments) = to_json(arguments)? else {
                return Err(PyTypeError::new_err(format!("the arguments of '{other}' are no mapping")));
            };
            Call::Custom { event: other.to_owned(), arguments }
        }
    })
}

/// What after-handlers learn of one `servo.EventResult`.
fn outcome(call: &Call, result: &Bound<'_, PyAny>) -> PyResult<Outcome> {
    let connector = result.getattr("connector")?.getattr("name")?.extract()?;
    let value = result.getattr("value")?;
    let result = match PyErr::from_value(value.clone()) {
        error if value.is_instance_of::<pyo3::exceptions::PyBaseException>() => {
            Err(errors::from_python(value.py(), &error))
        }
        _ => answer(Preposition::On, call, &value).map_err(|error| EventError::failed(error.to_string())),
    };
    Ok(Outcome { connector, result })
}

/// What is told of a type: the name of its class, a sentence, its version and its maturity.
#[pyfunction]
pub fn native_metadata(kind: &str) -> PyResult<(&'static str, &'static str, &'static str, String)> {
    let told = type_of(kind)?.metadata;
    let told = told.ok_or_else(|| runtime_error(format!("nothing is told of the connector type '{kind}'")))?;
    Ok((told.class_name, told.description, told.version, told.maturity.to_string()))
}

/// What is wrong with a configuration of a type: the steps to the place, and a sentence.
#[pyfunction]
pub fn native_problems(kind: &str, config: &str) -> PyResult<Vec<(Vec<StepInto>, String)>> {
    let (kind, config) = (type_of(kind)?, config_of(config)?);
    Ok(kind.validate(&config).into_iter().map(told).collect())
}

fn told(problem: Problem) -> (Vec<StepInto>, String) {
    let steps = problem.path.0.into_iter().map(|step| match step {
        Step::Key(key) => StepInto::Key(key),
        Step::Index(index) => StepInto::Index(index),
    });
    (steps.collect(), problem.message)
}

/// A step of a path as Python sees it.
#[derive(IntoPyObject)]
pub enum StepInto {
    /// A key of a mapping.
    Key(String),
    /// An item of a list.
    Index(usize),
}

/// The JSON Schema of the configuration of a type.
#[pyfunction]
pub fn native_schema(kind: &str) -> PyResult<String> {
    Ok(type_of(kind)?.schema().to_string())
}
