//! The Python classes of [`crate::model`], one file for each module there.
//!
//! A class holds Python objects, so that a list taken from it is the list itself; it becomes a value of the model when
//! it crosses into the engine.

mod adjustment;
mod control;
mod defaults;
mod description;
mod duration;
mod metric;
pub(in crate::python) mod object;
pub(in crate::python) mod read;
mod reading;
pub(in crate::python) mod record;
mod setting;

pub(super) use adjustment::Adjustment;
pub(super) use control::Control;
pub(super) use description::{Component, Description};
pub(super) use duration::{duration_pattern, duration_to_text, text_to_duration};
pub(super) use metric::Metric;
pub(super) use reading::{DataPoint, Measurement, TimeSeries};
pub(super) use setting::{EnumSetting, RangeSetting};

use pyo3::prelude::*;
use pyo3::types::PyList;
use pyo3::{PyClass, PyClassInitializer};

use crate::model;

/// A Python class with a counterpart in the model.
pub(super) trait Modelled: Sized {
    /// The counterpart.
    type Model;

    /// The value as the engine knows it.
    fn to_model(&self, py: Python<'_>) -> PyResult<Self::Model>;

    /// The class's object of a value.
    fn from_model(py: Python<'_>, value: &Self::Model) -> PyResult<Self>;
}

/// A list of objects as values.
pub(super) fn to_models<T: Modelled + PyClass>(list: &Bound<'_, PyAny>) -> PyResult<Vec<T::Model>> {
    list.try_iter()?.map(|item| item?.cast::<T>()?.borrow().to_model(list.py())).collect()
}

/// A list of values as a Python list.
pub(super) fn from_models<'py, T>(py: Python<'py>, values: &[T::Model]) -> PyResult<Bound<'py, PyList>>
where
    T: Modelled + PyClass<BaseType = PyAny> + Into<PyClassInitializer<T>>,
{
    let items = values.iter().map(|value| Bound::new(py, T::from_model(py, value)?)).collect::<PyResult<Vec<_>>>()?;
    PyList::new(py, items)
}

/// A number or text of a setting.
pub(super) fn scalar_to_model(value: &Bound<'_, PyAny>) -> PyResult<Option<model::Value>> {
    if value.is_none() {
        return Ok(None);
    }
    if let Ok(text) = value.cast::<pyo3::types::PyString>() {
        return Ok(Some(model::Value::Text(text.to_string())));
    }
    if value.is_instance_of::<pyo3::types::PyInt>() {
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
        Some(model::Value::Text(text)) => text.into_pyobject(py)?.into_any().unbind(),
    })
}
