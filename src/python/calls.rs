//! Events as Python calls: the arguments handlers get, and the answers they give.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple, PyType};

use super::connector::Arguments;
use super::errors;
use super::json::to_json;
use super::values::read::{description_class, measurement_class};
use super::values::{
    Adjustment, Component, Control, Description, Measurement, Metric, Modelled, from_models, to_models,
};
use crate::event::{Answer, Call, Outcome, Preposition};

/// The arguments of the handlers of an event.
pub(super) fn arguments<'py>(
    py: Python<'py>,
    preposition: Preposition,
    call: &Call,
    results: &[Outcome],
    servo: Option<Bound<'py, PyAny>>,
) -> PyResult<Arguments<'py>> {
    let kwargs = PyDict::new(py);
    if preposition == Preposition::After {
        return Ok((PyTuple::new(py, [outcomes(py, call, results, servo.as_ref())?])?, kwargs));
    }
    let mut args = Vec::new();
    match call {
        Call::Attach | Call::Detach => {
            args.push(servo.unwrap_or_else(|| py.None().into_bound(py)));
        }
        Call::Startup | Call::Shutdown | Call::Metrics | Call::Components | Call::Promote => {}
        Call::Describe { control } => {
            kwargs.set_item("control", Control::from_model(py, control)?)?;
        }
        Call::Measure { metrics, control } => {
            kwargs.set_item("metrics", metrics)?;
            kwargs.set_item("control", Control::from_model(py, control)?)?;
        }
        Call::Adjust { adjustments, control } => {
            kwargs.set_item("adjustments", from_models::<Adjustment>(py, adjustments)?)?;
            kwargs.set_item("control", Control::from_model(py, control)?)?;
        }
        Call::Custom { arguments, .. } => {
            for (name, value) in arguments {
                kwargs.set_item(name, pythonize::pythonize(py, value)?)?;
            }
        }
    }
    Ok((PyTuple::new(py, args)?, kwargs))
}

/// The list that after-handlers get.
fn outcomes<'py>(
    py: Python<'py>,
    call: &Call,
    results: &[Outcome],
    servo: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let make = py.import("servo._handlers")?.getattr("event_result")?;
    let list = PyList::empty(py);
    for outcome in results {
        let value = match &outcome.result {
            Ok(answer) => to_python(py, answer)?,
            Err(error) => errors::to_python(py, error).into_value(py).into_bound(py).into_any(),
        };
        list.append(make.call1((call.event(), outcome.connector.as_str(), value, servo))?)?;
    }
    Ok(list.into_any())
}

/// The Python object of an answer.
pub(super) fn to_python<'py>(py: Python<'py>, answer: &Answer) -> PyResult<Bound<'py, PyAny>> {
    Ok(match answer {
        Answer::Done => py.None().into_bound(py),
        Answer::Metrics(metrics) => from_models::<Metric>(py, metrics)?.into_any(),
        Answer::Components(components) => from_models::<Component>(py, components)?.into_any(),
        Answer::Description(description) => Description::from_model(py, description)?,
        Answer::Measurement(measurement) => Measurement::from_model(py, measurement)?,
        Answer::Custom(value) => pythonize::pythonize(py, value)?,
    })
}

/// What a handler returned as an answer; raises TypeError when the event wants another type.
pub(super) fn answer(preposition: Preposition, call: &Call, value: &Bound<'_, PyAny>) -> PyResult<Answer> {
    let py = value.py();
    let wrong = |expected: &str| {
        let found = value.get_type().name().map_or_else(|_| "?".into(), |name| name.to_string());
        PyTypeError::new_err(format!("the handler of '{}' returned {found}, expected {expected}", call.event()))
    };
    if preposition != Preposition::On {
        return Ok(Answer::Done);
    }
    Ok(match call {
        Call::Attach | Call::Detach | Call::Startup | Call::Shutdown | Call::Promote => Answer::Done,
        Call::Metrics => Answer::Metrics(to_models::<Metric>(value).map_err(|_| wrong("a list of Metric"))?),
        Call::Components => {
            Answer::Components(to_models::<Component>(value).map_err(|_| wrong("a list of Component"))?)
        }
        Call::Describe { .. } | Call::Adjust { .. } => {
            require(value, &description_class(py)?, wrong("Description"))?;
            Answer::Description(Description::to_model(value)?)
        }
        Call::Measure { .. } => {
            require(value, &measurement_class(py)?, wrong("Measurement"))?;
            Answer::Measurement(Measurement::to_model(value)?)
        }
        Call::Custom { .. } => Answer::Custom(to_json(value)?),
    })
}

/// Raises that error for an object of another class.
fn require(value: &Bound<'_, PyAny>, class: &Bound<'_, PyType>, error: PyErr) -> PyResult<()> {
    if value.is_instance(class)? { Ok(()) } else { Err(error) }
}
