//! `servo.DataPoint`

use pyo3::exceptions::{PyKeyError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyTuple};

use super::clock::{self, Zone};
use super::read::{float, metric, time};
use super::record::{self, Read, Record, record_methods};
use crate::model;

/// One value of a metric at one time.
///
/// Args:
///     metric: What was measured.
///     time: A datetime; a naive one is local time.
///     value: In the unit of the metric.
#[pyclass(subclass, weakref, module = "servo.types.core")]
pub struct DataPoint {
    pub(super) metric: Py<PyAny>,
    pub(super) time: Time,
    pub(super) value: f64,
}

/// A time, which is an object from when it is first asked for: most points of a long series are never asked.
pub(super) enum Time {
    Object(Py<PyAny>),
    Micros(i64, Zone),
}

impl Time {
    pub fn clone_ref(&self, py: Python<'_>) -> Self {
        match self {
            Self::Object(time) => Self::Object(time.clone_ref(py)),
            Self::Micros(micros, zone) => Self::Micros(*micros, zone.clone_ref(py)),
        }
    }

    /// The microseconds since 1970, and the zone.
    pub fn micros(&self, py: Python<'_>) -> PyResult<(i64, Zone)> {
        match self {
            Self::Object(time) => clock::micros(time.bind(py)),
            Self::Micros(micros, zone) => Ok((*micros, zone.clone_ref(py))),
        }
    }
}

impl Record for DataPoint {
    const FIELDS: &'static [&'static str] = &["metric", "time", "value"];
    const REQUIRED: usize = 3;

    fn field_objects<'py>(slf: &Bound<'py, Self>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let (time, py) = (Self::time_object(slf)?, slf.py());
        let this = slf.borrow();
        let value = this.value.into_pyobject(py)?.into_any();
        Ok(vec![this.metric.bind(py).clone(), time, value])
    }

    fn store(slf: &Bound<'_, Self>, name: &str, value: &Bound<'_, PyAny>) -> PyResult<Result<(), String>> {
        let at = Self::FIELDS.iter().position(|field| *field == name).unwrap_or_default();
        // Checked before the borrow: a check may call Python code that looks at this object.
        Ok(match READERS[at](value) {
            Ok(value) => {
                slf.borrow_mut().keep(name, &value)?;
                Ok(())
            }
            Err(message) => Err(message),
        })
    }
}

type Reader = for<'py> fn(&Bound<'py, PyAny>) -> Read<'py>;
const READERS: [Reader; 3] = [metric, time, float];

impl DataPoint {
    fn keep(&mut self, name: &str, value: &Bound<'_, PyAny>) -> PyResult<()> {
        match name {
            "metric" => self.metric = value.clone().unbind(),
            "time" => self.time = Time::Object(value.clone().unbind()),
            _ => self.value = value.extract()?,
        }
        Ok(())
    }

    /// The point as the engine knows it.
    pub(super) fn to_model(slf: &Bound<'_, Self>) -> PyResult<model::DataPoint> {
        let py = slf.py();
        let (time, metric, value) = {
            let this = slf.borrow();
            (this.time.clone_ref(py), this.metric.bind(py).clone(), this.value)
        };
        let (micros, zone) = time.micros(py)?;
        let metric = super::metric::to_model(&metric)?;
        Ok(model::DataPoint { metric, time: clock::instant(micros, &zone)?, value })
    }

    /// The time as an object, always the same one.
    fn time_object<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let (micros, zone) = match &slf.borrow().time {
            Time::Object(time) => return Ok(time.bind(py).clone()),
            Time::Micros(micros, zone) => (*micros, zone.clone_ref(py)),
        };
        // Nothing is borrowed here: a zone may be Python code.
        let time = clock::datetime(py, micros, &zone)?;
        slf.borrow_mut().time = Time::Object(time.clone().unbind());
        Ok(time)
    }
}

record_methods! {
    DataPoint + {
        #[new]
        #[pyo3(signature = (*_args, **_kwargs))]
        fn __new__(py: Python<'_>, _args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
            Self { metric: py.None(), time: Time::Object(py.None()), value: f64::NAN }
        }

        /// What was measured.
        #[getter]
        fn metric(&self, py: Python<'_>) -> Py<PyAny> {
            self.metric.clone_ref(py)
        }

        /// When.
        #[getter]
        fn time<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
            Self::time_object(slf)
        }

        /// In the unit of the metric.
        #[getter]
        fn value(&self) -> f64 {
            self.value
        }

        /// The unit of the metric.
        #[getter]
        fn unit<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
            self.metric.bind(py).getattr("unit")
        }

        fn __str__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
            record::records(slf.py())?.call_method1("point_line", (slf,))
        }

        fn __getitem__<'py>(slf: &Bound<'py, Self>, index: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
            let Ok(at) = index.extract::<i64>() else {
                return Err(PyTypeError::new_err("values can only be retrieved by integer index"));
            };
            match at {
                0 => Self::time_object(slf),
                1 => Ok(slf.borrow().value.into_pyobject(slf.py())?.into_any()),
                _ => Err(PyKeyError::new_err(format!("index out of bounds: {at} not in (0, 1)"))),
            }
        }

        fn __iter__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
            let pair = (Self::time_object(slf)?, slf.borrow().value).into_pyobject(slf.py())?;
            Ok(pair.as_any().try_iter()?.into_any())
        }

        fn __eq__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
            let py = slf.py();
            let Ok(other) = other.cast::<Self>() else { return Ok(py.NotImplemented().into_bound(py)) };
            let equal = record::equal(&Self::field_objects(slf)?, &Self::field_objects(other)?)?;
            Ok(PyBool::new(py, equal).to_owned().into_any())
        }

        fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
            record::reduce(slf.as_any(), Self::field_objects(slf)?)
        }

        /// Fills a new object with what `__reduce__` gave, past the constructor of whatever subclass it is.
        fn __setstate__(slf: &Bound<'_, Self>, state: &Bound<'_, PyTuple>) -> PyResult<()> {
            for (at, name) in Self::FIELDS.iter().enumerate() {
                let value = record::stored(slf.as_any(), state, at)?;
                slf.borrow_mut().keep(name, &value)?;
            }
            record::restore_attributes(slf.as_any(), state, Self::FIELDS.len())
        }

        #[allow(clippy::needless_pass_by_value)] // The signature is pyo3's.
        fn __traverse__(&self, visit: pyo3::PyVisit<'_>) -> Result<(), pyo3::PyTraverseError> {
            visit.call(&self.metric)?;
            match &self.time {
                Time::Object(time) | Time::Micros(_, Zone::Aware(time)) => visit.call(time),
                Time::Micros(_, Zone::Naive) => Ok(()),
            }
        }

        fn __clear__(&mut self, py: Python<'_>) {
            self.metric = py.None();
            self.time = Time::Object(py.None());
        }
    }
}
