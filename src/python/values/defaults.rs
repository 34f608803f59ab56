//! What stands in fields that were not given.

// All share the signature of a default, whether they can fail or not.
#![allow(clippy::unnecessary_wraps)]

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyList};

use super::read::{duration_class, unit_class};

pub(super) fn none(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    Ok(py.None().into_bound(py))
}

pub(super) fn no(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    Ok(PyBool::new(py, false).to_owned().into_any())
}

pub(super) fn empty_list(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    Ok(PyList::empty(py).into_any())
}

pub(super) fn empty_map(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    Ok(PyDict::new(py).into_any())
}

pub(super) fn no_unit(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    unit_class(py)?.call1(("",))
}

pub(super) fn one_second(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    duration_class(py)?.call1((1,))
}

pub(super) fn no_time(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    duration_class(py)?.call1((0,))
}
