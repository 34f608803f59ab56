//! Readers: what a field accepts, and what it stores.

// All share the signature of a reader, whether they can fail or not.
#![allow(clippy::unnecessary_wraps)]

use pyo3::PyTypeInfo;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyDateTime, PyDict, PyFloat, PyInt, PyList, PyString, PyType};

type Read<'py> = Result<Bound<'py, PyAny>, String>;

/// A class of `servo.types.core`, imported when it is first needed.
fn core_class<'py>(py: Python<'py>, cell: &'static PyOnceLock<Py<PyType>>, name: &str) -> PyResult<Bound<'py, PyType>> {
    cell.import(py, "servo.types.core", name).cloned()
}

pub(in crate::python) fn unit_class(py: Python<'_>) -> PyResult<Bound<'_, PyType>> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    core_class(py, &CLASS, "Unit")
}

pub(in crate::python) fn duration_class(py: Python<'_>) -> PyResult<Bound<'_, PyType>> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    core_class(py, &CLASS, "Duration")
}

fn message(error: &PyErr, py: Python<'_>) -> String {
    error.value(py).str().map_or_else(|_| "invalid value".into(), |text| text.to_string())
}

pub(super) fn any<'py>(value: &Bound<'py, PyAny>) -> Read<'py> {
    Ok(value.clone())
}

pub(super) fn text<'py>(value: &Bound<'py, PyAny>) -> Read<'py> {
    if value.is_instance_of::<PyString>() { Ok(value.clone()) } else { Err("str type expected".into()) }
}

pub(super) fn optional_text<'py>(value: &Bound<'py, PyAny>) -> Read<'py> {
    if value.is_none() { Ok(value.clone()) } else { text(value) }
}

pub(super) fn boolean<'py>(value: &Bound<'py, PyAny>) -> Read<'py> {
    if value.is_instance_of::<PyBool>() {
        Ok(value.clone())
    } else {
        Err("value could not be parsed to a boolean".into())
    }
}

/// A whole number or one with a fraction, never a text or a bool.
pub(super) fn number<'py>(value: &Bound<'py, PyAny>) -> Read<'py> {
    let number = value.is_instance_of::<PyInt>() || value.is_instance_of::<PyFloat>();
    if number && !value.is_instance_of::<PyBool>() {
        Ok(value.clone())
    } else {
        Err("value is not a valid float or integer".into())
    }
}

pub(super) fn optional_number<'py>(value: &Bound<'py, PyAny>) -> Read<'py> {
    if value.is_none() { Ok(value.clone()) } else { number(value) }
}

/// A number or a text.
pub(super) fn scalar<'py>(value: &Bound<'py, PyAny>) -> Read<'py> {
    if value.is_instance_of::<PyString>() { Ok(value.clone()) } else { number(value) }
}

pub(super) fn optional_scalar<'py>(value: &Bound<'py, PyAny>) -> Read<'py> {
    if value.is_none() { Ok(value.clone()) } else { scalar(value) }
}

pub(super) fn scalars<'py>(value: &Bound<'py, PyAny>) -> Read<'py> {
    let items: Vec<Bound<'py, PyAny>> = items(value)?;
    if items.is_empty() {
        return Err("ensure this value has at least 1 items".into());
    }
    for item in &items {
        scalar(item)?;
    }
    list(value.py(), items)
}

/// Converted to `float`, as pydantic does it.
pub(super) fn float<'py>(value: &Bound<'py, PyAny>) -> Read<'py> {
    if value.is_none() {
        return Err("none is not an allowed value".into());
    }
    let number: f64 = match value.extract() {
        Ok(number) => number,
        Err(_) => value
            .cast::<PyString>()
            .ok()
            .and_then(|text| text.to_string_lossy().trim().parse().ok())
            .ok_or("value is not a valid float")?,
    };
    Ok(PyFloat::new(value.py(), number).into_any())
}

pub(super) fn unit<'py>(value: &Bound<'py, PyAny>) -> Read<'py> {
    let py = value.py();
    let class = unit_class(py).map_err(|error| message(&error, py))?;
    class.call1((value,)).map_err(|error| message(&error, py))
}

pub(super) fn duration<'py>(value: &Bound<'py, PyAny>) -> Read<'py> {
    let py = value.py();
    let class = duration_class(py).map_err(|error| message(&error, py))?;
    if value.is_instance(&class).unwrap_or(false) {
        return Ok(value.clone());
    }
    if value.is_none() {
        return class.call1((0,)).map_err(|error| message(&error, py));
    }
    class.call1((value,)).map_err(|error| message(&error, py))
}

pub(super) fn optional_duration<'py>(value: &Bound<'py, PyAny>) -> Read<'py> {
    if value.is_none() { Ok(value.clone()) } else { duration(value) }
}

pub(super) fn time<'py>(value: &Bound<'py, PyAny>) -> Read<'py> {
    if value.is_instance_of::<PyDateTime>() { Ok(value.clone()) } else { Err("invalid datetime format".into()) }
}

pub(super) fn optional_map<'py>(value: &Bound<'py, PyAny>) -> Read<'py> {
    if value.is_none() { Ok(value.clone()) } else { map(value) }
}

pub(super) fn map<'py>(value: &Bound<'py, PyAny>) -> Read<'py> {
    let dict = value.cast::<PyDict>().map_err(|_| "value is not a valid dict".to_owned())?;
    Ok(dict.copy().map_err(|error| message(&error, value.py()))?.into_any())
}

/// An object of that class.
pub(super) fn instance<'py, T: PyTypeInfo>(value: &Bound<'py, PyAny>) -> Read<'py> {
    if value.is_instance_of::<T>() {
        Ok(value.clone())
    } else {
        let expected = T::type_object(value.py()).name().map_or_else(|_| "?".into(), |name| name.to_string());
        Err(format!("instance of {expected} expected, found {}", super::object::class_name(value)))
    }
}

/// A list of objects of that class; other sequences become lists.
pub(super) fn list_of<'py, T: PyTypeInfo>(value: &Bound<'py, PyAny>) -> Read<'py> {
    let items = items(value)?;
    for item in &items {
        instance::<T>(item)?;
    }
    list(value.py(), items)
}

/// A list of objects that have that attribute, such as readings of either kind.
pub(super) fn readings<'py>(value: &Bound<'py, PyAny>) -> Read<'py> {
    let items = items(value)?;
    for item in &items {
        if !item.is_instance_of::<super::DataPoint>() && !item.is_instance_of::<super::TimeSeries>() {
            return Err(format!(
                "instance of DataPoint or TimeSeries expected, found {}",
                super::object::class_name(item)
            ));
        }
    }
    if let Some(first) = items.first() {
        let class = first.get_type();
        if let Some(other) = items.iter().find(|item| !item.is_instance(&class).unwrap_or(false)) {
            return Err(format!(
                "all readings must be of the same type: expected \"{}\" but found \"{}\"",
                super::object::class_name(first),
                super::object::class_name(other)
            ));
        }
    }
    list(value.py(), items)
}

/// A list of settings, of whichever class.
pub(super) fn settings<'py>(value: &Bound<'py, PyAny>) -> Read<'py> {
    let items = items(value)?;
    for item in &items {
        if !item.is_instance_of::<super::RangeSetting>() && !item.is_instance_of::<super::EnumSetting>() {
            return Err(format!("instance of Setting expected, found {}", super::object::class_name(item)));
        }
    }
    list(value.py(), items)
}

fn items<'py>(value: &Bound<'py, PyAny>) -> Result<Vec<Bound<'py, PyAny>>, String> {
    if value.is_instance_of::<PyString>() || value.is_instance_of::<PyDict>() {
        return Err("value is not a valid list".into());
    }
    let items = value.try_iter().map_err(|_| "value is not a valid list".to_owned())?;
    items.collect::<PyResult<_>>().map_err(|error| message(&error, value.py()))
}

fn list<'py>(py: Python<'py>, items: Vec<Bound<'py, PyAny>>) -> Read<'py> {
    PyList::new(py, items).map(Bound::into_any).map_err(|error| message(&error, py))
}
