//! `servo.Metric`

use pyo3::prelude::*;

use super::Modelled;
use super::defaults::no_unit;
use super::read::{text, unit, unit_class};
use super::record::record;
use crate::model;

record! {
    /// A quantity that a connector can measure.
    ///
    /// Args:
    ///     name: Unique within a servo.
    ///     unit: The unit of every value, `Unit.float` unless given.
    Metric { name: text, unit: unit => no_unit } + {
        fn __hash__(&self, py: Python<'_>) -> PyResult<isize> {
            (self.name.clone_ref(py), self.unit.clone_ref(py)).into_pyobject(py)?.hash()
        }
    }
}

impl Modelled for Metric {
    type Model = model::Metric;

    fn to_model(&self, py: Python<'_>) -> PyResult<model::Metric> {
        let unit: String = self.unit.bind(py).str()?.extract()?;
        Ok(model::Metric::new(self.name.extract::<String>(py)?, model::Unit::from_wire(&unit).unwrap_or_default()))
    }

    fn from_model(py: Python<'_>, value: &model::Metric) -> PyResult<Self> {
        Ok(Self {
            name: value.name.as_str().into_pyobject(py)?.into_any().unbind(),
            unit: unit_class(py)?.call1((value.unit.as_str(),))?.unbind(),
        })
    }
}
