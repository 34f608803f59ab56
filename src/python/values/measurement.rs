//! `servo.Measurement` on its way into the engine and out of it.

use jiff::Timestamp;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use super::data_point::{DataPoint, Time};
use super::read::measurement_class;
use super::time_series::TimeSeries;
use super::{Measurement, Modelled, clock, metric};
use crate::model;

/// What an optimizer is sent of a measurement at that time, in seconds since 1970.
#[pyfunction]
pub fn measurement_wire<'py>(measurement: &Bound<'py, PyAny>, now: f64) -> PyResult<Bound<'py, PyAny>> {
    let now = Timestamp::from_microsecond(clock::of_seconds(now)?)
        .map_err(|error| PyValueError::new_err(error.to_string()))?;
    let (metrics, annotations) = Measurement::to_model(measurement)?.wire(now);
    Ok(pythonize::pythonize(measurement.py(), &serde_json::json!({"metrics": metrics, "annotations": annotations}))?)
}

impl Modelled for Measurement {
    type Model = model::Measurement;

    fn to_model(object: &Bound<'_, PyAny>) -> PyResult<model::Measurement> {
        super::check(object, &measurement_class(object.py())?)?;
        let mut measurement = model::Measurement::default();
        for reading in object.getattr("readings")?.try_iter()? {
            let reading = reading?;
            measurement.readings.push(if let Ok(series) = reading.cast::<TimeSeries>() {
                model::Reading::TimeSeries(TimeSeries::to_model(series)?)
            } else {
                model::Reading::DataPoint(DataPoint::to_model(reading.cast::<DataPoint>()?)?)
            });
        }
        for (name, value) in object.getattr("annotations")?.cast::<PyDict>()? {
            measurement.annotations.insert(name.to_string(), value.to_string());
        }
        Ok(measurement)
    }

    fn from_model<'py>(py: Python<'py>, value: &model::Measurement) -> PyResult<Bound<'py, PyAny>> {
        let readings = PyList::empty(py);
        for reading in &value.readings {
            let metric = metric::from_model(py, reading.metric())?;
            match reading {
                model::Reading::DataPoint(point) => {
                    let time = Time::Micros(point.time.as_microsecond(), clock::utc(py)?);
                    readings.append(Py::new(py, DataPoint { metric: metric.unbind(), time, value: point.value })?)?;
                }
                model::Reading::TimeSeries(series) => {
                    readings.append(Py::new(py, TimeSeries::of_model(py, &metric, series)?)?)?;
                }
            }
        }
        let kwargs = PyDict::new(py);
        kwargs.set_item("readings", readings)?;
        kwargs.set_item("annotations", pythonize::pythonize(py, &value.annotations)?)?;
        measurement_class(py)?.call((), Some(&kwargs))
    }
}
