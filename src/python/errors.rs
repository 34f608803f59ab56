//! Errors on their way between the engine and Python.

use pyo3::exceptions::{PyBaseException, PyRuntimeError};
use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::config;
use crate::event::{ErrorKind, EventError, Rank};

pyo3::create_exception!(
    servo._core,
    ConfigError,
    pyo3::exceptions::PyValueError,
    "A servo.yaml is wrong. The text has a line for each place; `problems` holds them as JSON."
);

/// The name in `servo.errors` of a kind.
const fn class_of(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Failed => "EventError",
        ErrorKind::Cancelled => "EventCancelledError",
        ErrorKind::MeasurementFailed => "MeasurementFailedError",
        ErrorKind::AdjustmentFailed => "AdjustmentFailedError",
        ErrorKind::AdjustmentRejected => "AdjustmentRejectedError",
        ErrorKind::Aborted => "EventAbortedError",
    }
}

/// The most special kinds first: a rejected adjustment is a failed one as well.
const KINDS: [ErrorKind; 5] = [
    ErrorKind::Aborted,
    ErrorKind::AdjustmentRejected,
    ErrorKind::AdjustmentFailed,
    ErrorKind::MeasurementFailed,
    ErrorKind::Cancelled,
];

/// The exception of a failure.
pub(super) fn to_python(py: Python<'_>, error: &EventError) -> PyErr {
    let make = || -> PyResult<PyErr> {
        let class = py.import("servo.errors")?.getattr(class_of(error.kind))?;
        let exception = class.call1((error.to_string(), error.reason.as_deref()))?;
        for other in &error.others {
            exception.call_method1("add_note", (format!("also: {other}"),))?;
        }
        Ok(PyErr::from_value(exception))
    };
    make().unwrap_or_else(|failure| failure)
}

/// The failure of an exception; of a group, the one that stands for all.
pub(super) fn from_python(py: Python<'_>, error: &PyErr) -> EventError {
    let mut leaves = Vec::new();
    flatten(error.value(py), &mut leaves);
    EventError::of_group(leaves).unwrap_or_else(|| EventError::failed(error.to_string()))
}

fn flatten(exception: &Bound<'_, PyBaseException>, leaves: &mut Vec<EventError>) {
    let inner = exception.getattr("exceptions").ok();
    if let Some(list) = inner.and_then(|group| group.try_iter().ok()) {
        for item in list.flatten() {
            if let Ok(item) = item.cast::<PyBaseException>() {
                flatten(item, leaves);
            }
        }
        return;
    }
    leaves.push(leaf(exception));
}

fn leaf(exception: &Bound<'_, PyBaseException>) -> EventError {
    let py = exception.py();
    let text = exception.str().map_or_else(|_| String::new(), |text| text.to_string());
    let (mut kind, mut rank) = (ErrorKind::Failed, Rank::Plain);
    if let Ok(errors) = py.import("servo.errors") {
        for each in KINDS {
            let Ok(class) = errors.getattr(class_of(each)) else { continue };
            if exception.is_instance(&class).unwrap_or(false) {
                // A class of its own is told as what it derives from, and matters no more than any other.
                (kind, rank) = (each, if exception.get_type().is(&class) { each.rank() } else { Rank::Plain });
                break;
            }
        }
    }
    let ours = py
        .import("servo.errors")
        .and_then(|errors| errors.getattr("BaseError"))
        .is_ok_and(|class| exception.is_instance(&class).unwrap_or(false));
    let message = if ours {
        text
    } else {
        // Of a foreign exception the class says as much as the text.
        let class = exception.get_type().name().map_or_else(|_| "Exception".into(), |name| name.to_string());
        if text.is_empty() { class } else { format!("{class}: {text}") }
    };
    let mut error = EventError::new(kind, message).with_rank(if ours { rank } else { Rank::Foreign });
    error.reason = exception.getattr("reason").ok().and_then(|reason| reason.extract().ok());
    error
}

/// The exception of a wrong configuration.
pub(super) fn config_error(py: Python<'_>, error: &config::ConfigError) -> PyErr {
    let exception = ConfigError::new_err(error.to_string());
    let problems = serde_json::to_string(error).unwrap_or_else(|_| "[]".into());
    match exception.value(py).setattr("problems", problems) {
        Ok(()) => exception,
        Err(failure) => failure,
    }
}

/// The exception of a run that could not go on.
pub(super) fn runtime_error(error: impl std::fmt::Display) -> PyErr {
    PyRuntimeError::new_err(error.to_string())
}

/// The last lines of a traceback, for the log.
pub(super) fn traceback(py: Python<'_>, error: &PyErr) -> String {
    let format = || -> PyResult<String> {
        let lines = py.import("traceback")?.call_method1("format_exception", (error.value(py),))?;
        Ok(lines.cast::<PyList>()?.iter().map(|line| line.to_string()).collect())
    };
    format().unwrap_or_else(|_| error.to_string())
}
