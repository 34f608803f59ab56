//! Settings on their way into the engine and out of it, and the arithmetic of their steps.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use super::super::json::to_json;
use super::read::{enum_class, range_class, setting_class};
use super::scalar_from_model;
use crate::model;
use crate::model::step::misaligned;

/// The width of a range and the bounds that would fit, when it is no whole number of steps: for `min` the nearer one
/// and the next below, for `max` the nearer one and the next above. None when nothing is wrong.
#[pyfunction]
pub fn step_alignment(min: f64, max: f64, step: f64) -> Option<(f64, f64, f64, f64, f64)> {
    let found = misaligned(min, max, step)?;
    Some((found.difference, found.min[0], found.min[1], found.max[0], found.max[1]))
}

/// A setting as it describes itself: a connector's class may have a wire form of its own.
pub(super) fn to_model(object: &Bound<'_, PyAny>) -> PyResult<model::Setting> {
    super::check(object, &setting_class(object.py())?)?;
    let wire = object.call_method0("__opsani_repr__")?;
    let name: String = object.getattr("name")?.extract()?;
    let body = wire.get_item(&name)?;
    let body = to_json(&super::record::records(object.py())?.call_method1("jsonable", (body,))?)?;
    model::Setting::from_wire(&name, &body).ok_or_else(|| {
        PyTypeError::new_err(format!("the wire form of setting '{name}' is neither that of a range nor of an enum"))
    })
}

/// The object of a setting.
pub(super) fn from_model<'py>(py: Python<'py>, setting: &model::Setting) -> PyResult<Bound<'py, PyAny>> {
    let kwargs = PyDict::new(py);
    kwargs.set_item("name", &setting.name)?;
    kwargs.set_item("pinned", setting.pinned)?;
    kwargs.set_item("unit", setting.unit.as_deref())?;
    kwargs.set_item("value", scalar_from_model(py, setting.value.as_ref())?)?;
    match &setting.domain {
        model::Domain::Range { min, max, step } => {
            for (name, bound) in [("min", min), ("max", max), ("step", step)] {
                kwargs.set_item(name, scalar_from_model(py, Some(bound))?)?;
            }
            range_class(py)?.call((), Some(&kwargs))
        }
        model::Domain::Enum { values } => {
            let values = values.iter().map(|value| scalar_from_model(py, Some(value))).collect::<PyResult<Vec<_>>>()?;
            kwargs.set_item("values", PyList::new(py, values)?)?;
            enum_class(py)?.call((), Some(&kwargs))
        }
    }
}
