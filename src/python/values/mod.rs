//! The Python classes of [`crate::model`].
//!
//! Readings are classes of the engine: `DataPoint` and `TimeSeries`, whose points stand in columns. Everything that
//! connectors subclass or nest in models of their own is a pydantic model in `servo.types`, whose rules and wire forms
//! are the engine's; this folder turns its objects into values of the model and back.

mod clock;
mod columns;
mod data_point;
mod description;
mod duration;
mod measurement;
mod metric;
pub(in crate::python) mod read;
pub(in crate::python) mod record;
mod setting;
mod time_series;

pub(super) use data_point::DataPoint;
pub(super) use duration::{duration_pattern, duration_to_text, text_to_duration};
pub(super) use measurement::measurement_wire;
pub(super) use setting::step_alignment;
pub(super) use time_series::TimeSeries;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyInt, PyList, PyString, PyType};

use crate::model;

/// A Python class with a counterpart in the model; the type that implements this only names it.
pub(super) trait Modelled {
    /// The counterpart.
    type Model;

    /// The value of an object; raises TypeError for an object of another class.
    fn to_model(object: &Bound<'_, PyAny>) -> PyResult<Self::Model>;

    /// The object of a value.
    fn from_model<'py>(py: Python<'py>, value: &Self::Model) -> PyResult<Bound<'py, PyAny>>;
}

/// `servo.Metric`
pub(super) struct Metric;
/// `servo.Component`
pub(super) struct Component;
/// `servo.Description`
pub(super) struct Description;
/// `servo.Adjustment`
pub(super) struct Adjustment;
/// `servo.Control`
pub(super) struct Control;
/// `servo.Measurement`
pub(super) struct Measurement;

/// Raises TypeError for an object of another class.
fn check(object: &Bound<'_, PyAny>, class: &Bound<'_, PyType>) -> PyResult<()> {
    if object.is_instance(class)? {
        return Ok(());
    }
    Err(PyTypeError::new_err(format!("expected {}, found {}", class.name()?, record::class_name(object))))
}

/// A list of objects as values.
pub(super) fn to_models<T: Modelled>(list: &Bound<'_, PyAny>) -> PyResult<Vec<T::Model>> {
    list.try_iter()?.map(|item| T::to_model(&item?)).collect()
}

/// A list of values as a Python list.
pub(super) fn from_models<'py, T: Modelled>(py: Python<'py>, values: &[T::Model]) -> PyResult<Bound<'py, PyList>> {
    let items = values.iter().map(|value| T::from_model(py, value)).collect::<PyResult<Vec<_>>>()?;
    PyList::new(py, items)
}

/// A number or text of a setting.
pub(super) fn scalar_to_model(value: &Bound<'_, PyAny>) -> PyResult<Option<model::Value>> {
    if value.is_none() {
        return Ok(None);
    }
    if value.is_instance_of::<PyString>() || value.is_instance_of::<PyBool>() {
        return Ok(Some(model::Value::Text(value.str()?.to_string())));
    }
    if value.is_instance_of::<PyInt>() {
        return Ok(Some(model::Value::Int(value.extract()?)));
    }
    Ok(Some(model::Value::Float(value.extract()?)))
}

/// The Python object of a number or text.
pub(super) fn scalar_from_model(py: Python<'_>, value: Option<&model::Value>) -> PyResult<Py<PyAny>> {
    Ok(match value {
        None => py.None(),
        Some(model::Value::Int(number)) => number.into_pyobject(py)?.into_any().unbind(),
        Some(model::Value::Float(number)) => number.into_pyobject(py)?.into_any().unbind(),
        Some(model::Value::Text(text)) => PyString::new(py, text).into_any().unbind(),
    })
}
