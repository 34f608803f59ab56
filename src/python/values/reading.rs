//! `servo.DataPoint`, `servo.TimeSeries` and `servo.Measurement`

use jiff::Timestamp;
use pyo3::exceptions::{PyKeyError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use super::Modelled;
use super::defaults::{empty_list, empty_map, none};
use super::metric::Metric;
use super::read::{float, instance, list_of, map, optional_text, readings, time};
use super::record::record;
use crate::model;

record! {
    /// One value of a metric at one time.
    ///
    /// Args:
    ///     metric: What was measured.
    ///     time: A datetime; a naive one is local time.
    ///     value: In the unit of the metric.
    DataPoint { metric: instance::<Metric>, time: time, value: float } + {
        /// The unit of the metric.
        #[getter]
        fn unit<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
            self.metric.bind(py).getattr("unit")
        }

        fn __getitem__(&self, py: Python<'_>, index: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
            let Ok(at) = index.extract::<i64>() else {
                return Err(PyTypeError::new_err("values can only be retrieved by integer index"));
            };
            match at {
                0 => Ok(self.time.clone_ref(py)),
                1 => Ok(self.value.clone_ref(py)),
                _ => Err(PyKeyError::new_err(format!("index out of bounds: {at} not in (0, 1)"))),
            }
        }

        fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
            let pair = (self.time.clone_ref(py), self.value.clone_ref(py)).into_pyobject(py)?;
            Ok(pair.as_any().try_iter()?.into_any())
        }
    }
}

record! {
    /// Values of one metric over time, oldest first.
    ///
    /// Args:
    ///     metric: What was measured.
    ///     data_points: Points of that metric.
    ///     id: Tells several series of one metric apart.
    ///     annotation: A remark for people.
    ///     metadata: Free form texts.
    TimeSeries {
        metric: instance::<Metric>, data_points: points, id: optional_text => none,
        annotation: optional_text => none, metadata: super::read::any => none,
    } + {
        fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
            self.data_points.bind(py).len()
        }

        fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
            Ok(self.data_points.bind(py).try_iter()?.into_any())
        }

        fn __getitem__<'py>(&self, py: Python<'py>, index: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
            if index.extract::<isize>().is_err() {
                return Err(PyTypeError::new_err("values can only be retrieved by integer index"));
            }
            self.data_points.bind(py).get_item(index)
        }
    }
}

record! {
    /// The answer to a `measure` event.
    ///
    /// Args:
    ///     readings: Data points, or time series; not both.
    ///     annotations: Remarks by name, sent along.
    Measurement { readings: readings => empty_list, annotations: map => empty_map } + {
        fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
            self.readings.bind(py).len()
        }

        fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
            Ok(self.readings.bind(py).try_iter()?.into_any())
        }

        fn __getitem__<'py>(&self, py: Python<'py>, index: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
            if index.extract::<isize>().is_err() {
                return Err(PyTypeError::new_err("readings can only be retrieved by integer index"));
            }
            self.readings.bind(py).get_item(index)
        }

        fn __opsani_repr__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
            let (metrics, annotations) = self.to_model(py)?.wire(Timestamp::now());
            Ok(pythonize::pythonize(py, &serde_json::json!({"metrics": metrics, "annotations": annotations}))?)
        }
    }
}

/// The points of a series, oldest first.
fn points<'py>(value: &Bound<'py, PyAny>) -> Result<Bound<'py, PyAny>, String> {
    let list = list_of::<DataPoint>(value)?;
    let sort = || -> PyResult<()> {
        let key = value.py().import("operator")?.getattr("attrgetter")?.call1(("time",))?;
        let kwargs = PyDict::new(value.py());
        kwargs.set_item("key", key)?;
        list.call_method("sort", (), Some(&kwargs)).map(drop)
    };
    sort().map_err(|error| error.to_string())?;
    Ok(list)
}

/// A datetime as a timestamp; a naive one is local time.
fn timestamp(value: &Bound<'_, PyAny>) -> PyResult<Timestamp> {
    let seconds: f64 = value.call_method0("timestamp")?.extract()?;
    Timestamp::from_microsecond((seconds * 1e6).round() as i64)
        .map_err(|error| pyo3::exceptions::PyValueError::new_err(error.to_string()))
}

impl DataPoint {
    fn parts(&self, py: Python<'_>) -> PyResult<(Timestamp, f64)> {
        Ok((timestamp(self.time.bind(py))?, self.value.extract(py)?))
    }
}

impl TimeSeries {
    fn to_series(&self, py: Python<'_>) -> PyResult<model::TimeSeries> {
        let metric = self.metric.bind(py).cast::<Metric>()?.borrow().to_model(py)?;
        let points = self.data_points.bind(py).try_iter()?;
        let points = points.map(|point| point?.cast::<DataPoint>()?.borrow().parts(py)).collect::<PyResult<_>>()?;
        let mut series = model::TimeSeries::new(metric, points);
        series.id = self.id.extract(py)?;
        series.annotation = self.annotation.extract(py)?;
        Ok(series)
    }
}

impl Measurement {
    /// The measurement as the engine knows it.
    pub(in crate::python) fn to_model(&self, py: Python<'_>) -> PyResult<model::Measurement> {
        let mut measurement = model::Measurement::default();
        for reading in self.readings.bind(py).try_iter()? {
            let reading = reading?;
            measurement.readings.push(if let Ok(series) = reading.cast::<TimeSeries>() {
                model::Reading::TimeSeries(series.borrow().to_series(py)?)
            } else {
                let point = reading.cast::<DataPoint>()?.borrow();
                let (time, value) = point.parts(py)?;
                let metric = point.metric.bind(py).cast::<Metric>()?.borrow().to_model(py)?;
                model::Reading::DataPoint(model::DataPoint { metric, time, value })
            });
        }
        for (name, value) in self.annotations.bind(py).cast::<PyDict>()? {
            measurement.annotations.insert(name.to_string(), value.to_string());
        }
        Ok(measurement)
    }

    /// The object of a measurement.
    pub(in crate::python) fn from_model(py: Python<'_>, value: &model::Measurement) -> PyResult<Self> {
        let point = |metric: &Bound<'_, Metric>, time: Timestamp, value: f64| -> PyResult<Py<DataPoint>> {
            let time = time.to_zoned(jiff::tz::TimeZone::UTC).into_pyobject(py)?.into_any().unbind();
            let value = value.into_pyobject(py)?.into_any().unbind();
            Py::new(py, DataPoint { metric: metric.clone().into_any().unbind(), time, value })
        };
        let readings = PyList::empty(py);
        for reading in &value.readings {
            let metric = Bound::new(py, <Metric as Modelled>::from_model(py, reading.metric())?)?;
            match reading {
                model::Reading::DataPoint(value) => readings.append(point(&metric, value.time, value.value)?)?,
                model::Reading::TimeSeries(series) => {
                    let points = series.points().map(|(time, value)| point(&metric, time, value));
                    let points = PyList::new(py, points.collect::<PyResult<Vec<_>>>()?)?;
                    readings.append(Py::new(
                        py,
                        TimeSeries {
                            metric: metric.clone().into_any().unbind(),
                            data_points: points.into_any().unbind(),
                            id: series.id.as_deref().into_pyobject(py)?.unbind(),
                            annotation: series.annotation.as_deref().into_pyobject(py)?.unbind(),
                            metadata: py.None(),
                        },
                    )?)?;
                }
            }
        }
        let annotations = pythonize::pythonize(py, &value.annotations)?;
        Ok(Self { readings: readings.into_any().unbind(), annotations: annotations.unbind() })
    }
}
