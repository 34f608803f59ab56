//! Readers: what a field of a value class accepts, and what it stores.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyDateTime, PyDict, PyFloat, PyInt, PyString, PyType};

use super::record::Read;

/// A class of a module of `servo.types`, imported when it is first needed.
macro_rules! class {
    ($name:ident, $module:literal, $class:literal) => {
        pub(in crate::python) fn $name(py: Python<'_>) -> PyResult<Bound<'_, PyType>> {
            static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
            CLASS.import(py, $module, $class).cloned()
        }
    };
}

class!(duration_class, "servo.types.durations", "Duration");
class!(unit_class, "servo.types.enums", "Unit");
class!(metric_class, "servo.types.metrics", "Metric");
class!(setting_class, "servo.types.settings", "Setting");
class!(range_class, "servo.types.settings", "RangeSetting");
class!(enum_class, "servo.types.settings", "EnumSetting");
class!(component_class, "servo.types.api", "Component");
class!(description_class, "servo.types.api", "Description");
class!(adjustment_class, "servo.types.api", "Adjustment");
class!(control_class, "servo.types.api", "Control");
class!(measurement_class, "servo.types.api", "Measurement");

pub(super) fn message(error: &PyErr, py: Python<'_>) -> String {
    error.value(py).str().map_or_else(|_| "invalid value".into(), |text| text.to_string())
}

/// A text, or None; numbers become texts.
pub(super) fn optional_text<'py>(value: &Bound<'py, PyAny>) -> Read<'py> {
    if value.is_none() || value.is_instance_of::<PyString>() {
        return Ok(value.clone());
    }
    let number = value.is_instance_of::<PyInt>() || value.is_instance_of::<PyFloat>();
    if number && !value.is_instance_of::<PyBool>() {
        return value.str().map(Bound::into_any).map_err(|error| message(&error, value.py()));
    }
    Err("str type expected".into())
}

/// Converted to `float`, as pydantic does it.
pub(super) fn float<'py>(value: &Bound<'py, PyAny>) -> Read<'py> {
    if value.is_none() {
        return Err("none is not an allowed value".into());
    }
    let number = value.extract().ok().or_else(|| number_of_text(value)).ok_or("value is not a valid float")?;
    Ok(PyFloat::new(value.py(), number).into_any())
}

/// The number that a text says.
pub(super) fn number_of_text(value: &Bound<'_, PyAny>) -> Option<f64> {
    value.cast::<PyString>().ok()?.to_str().ok()?.trim().parse().ok()
}

/// A datetime, its ISO text, or seconds since 1970, which give a time in UTC.
pub(super) fn time<'py>(value: &Bound<'py, PyAny>) -> Read<'py> {
    if value.is_instance_of::<PyDateTime>() {
        return Ok(value.clone());
    }
    let py = value.py();
    let parse = || py.import("servo.types.records")?.call_method1("read_time", (value,));
    parse().map_err(|error| message(&error, py))
}

/// A metric, or a mapping of its fields.
pub(super) fn metric<'py>(value: &Bound<'py, PyAny>) -> Read<'py> {
    let py = value.py();
    let class = metric_class(py).map_err(|error| message(&error, py))?;
    if value.is_instance(&class).unwrap_or(false) {
        return Ok(value.clone());
    }
    if value.is_none() {
        return Err("none is not an allowed value".into());
    }
    if value.is_instance_of::<PyDict>() {
        return class.call_method1("parse_obj", (value,)).map_err(|error| message(&error, py));
    }
    Err("value is not a valid dict".into())
}

/// A mapping of texts, or None.
pub(super) fn optional_texts<'py>(value: &Bound<'py, PyAny>) -> Read<'py> {
    if value.is_none() {
        return Ok(value.clone());
    }
    let given = value.cast::<PyDict>().map_err(|_| "value is not a valid dict".to_owned())?;
    let texts = PyDict::new(value.py());
    for (name, text) in given {
        let [name, text] = [name, text].map(|item| {
            if item.is_none() { Err("none is not an allowed value".to_owned()) } else { optional_text(&item) }
        });
        texts.set_item(name?, text?).map_err(|error| message(&error, value.py()))?;
    }
    Ok(texts.into_any())
}
