//! `servo.Metric` on its way into the engine and out of it.

use pyo3::prelude::*;

use super::read::{metric_class, unit_class};
use super::{Metric, Modelled};
use crate::model;

pub(super) fn to_model(object: &Bound<'_, PyAny>) -> PyResult<model::Metric> {
    let unit: String = object.getattr("unit")?.str()?.extract()?;
    let name: String = object.getattr("name")?.extract()?;
    Ok(model::Metric::new(name, model::Unit::from_wire(&unit).unwrap_or_default()))
}

pub(super) fn from_model<'py>(py: Python<'py>, value: &model::Metric) -> PyResult<Bound<'py, PyAny>> {
    let unit = unit_class(py)?.call1((value.unit.as_str(),))?;
    metric_class(py)?.call1((value.name.as_str(), unit))
}

impl Modelled for Metric {
    type Model = model::Metric;

    fn to_model(object: &Bound<'_, PyAny>) -> PyResult<model::Metric> {
        super::check(object, &metric_class(object.py())?)?;
        to_model(object)
    }

    fn from_model<'py>(py: Python<'py>, value: &model::Metric) -> PyResult<Bound<'py, PyAny>> {
        from_model(py, value)
    }
}
