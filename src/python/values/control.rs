//! `servo.Control`

use pyo3::prelude::*;

use super::defaults::{no_time, none, one_second};
use super::read::{optional_duration, optional_map};
use super::record::record;
use super::{Modelled, duration, read};
use crate::model;

record! {
    /// How a command is to be carried out.
    ///
    /// Args:
    ///     duration: How long to measure, one second unless given.
    ///     delay: How long to wait after the measurement.
    ///     warmup: How long to wait before the measurement counts.
    ///     settlement: How long an adjustment is given to take effect.
    ///     load: Free form, for load generators.
    ///     userdata: Free form.
    ///     environment: Free form.
    Control {
        duration: read::duration => one_second, delay: read::duration => no_time, warmup: read::duration => no_time,
        settlement: optional_duration => none, load: optional_map => none, userdata: optional_map => none,
        environment: optional_map => none,
    }
}

impl Modelled for Control {
    type Model = model::Control;

    fn to_model(&self, py: Python<'_>) -> PyResult<model::Control> {
        let map = |value: &Py<PyAny>| -> PyResult<Option<serde_json::Map<_, _>>> {
            Ok(if value.is_none(py) { None } else { Some(pythonize::depythonize(value.bind(py))?) })
        };
        Ok(model::Control {
            duration: duration::to_model(self.duration.bind(py))?,
            delay: duration::to_model(self.delay.bind(py))?,
            warmup: duration::to_model(self.warmup.bind(py))?,
            settlement: match self.settlement.bind(py) {
                none if none.is_none() => None,
                value => Some(duration::to_model(value)?),
            },
            load: map(&self.load)?,
            userdata: map(&self.userdata)?,
            environment: map(&self.environment)?,
        })
    }

    fn from_model(py: Python<'_>, value: &model::Control) -> PyResult<Self> {
        let map = |value: &Option<serde_json::Map<_, _>>| -> PyResult<Py<PyAny>> {
            Ok(pythonize::pythonize(py, value)?.unbind())
        };
        Ok(Self {
            duration: duration::from_model(py, value.duration)?,
            delay: duration::from_model(py, value.delay)?,
            warmup: duration::from_model(py, value.warmup)?,
            settlement: match value.settlement {
                None => py.None(),
                Some(span) => duration::from_model(py, span)?,
            },
            load: map(&value.load)?,
            userdata: map(&value.userdata)?,
            environment: map(&value.environment)?,
        })
    }
}
