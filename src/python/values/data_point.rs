//! `servo.DataPoint`

use pyo3::exceptions::{PyKeyError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyTuple};

use super::read::{float, metric, time};
use super::record::{self, Read, Record, record_methods};

/// One value of a metric at one time.
///
/// Args:
///     metric: What was measured.
///     time: A datetime; a naive one is local time.
///     value: In the unit of the metric.
#[pyclass(subclass, weakref, dict, module = "servo.types.core")]
pub struct DataPoint {
    pub(super) metric: Py<PyAny>,
    pub(super) time: Py<PyAny>,
    pub(super) value: f64,
}

impl Record for DataPoint {
    const FIELDS: &'static [&'static str] = &["metric", "time", "value"];
    const REQUIRED: usize = 3;

    fn field_objects<'py>(slf: &Bound<'py, Self>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let (this, py) = (slf.borrow(), slf.py());
        let value = this.value.into_pyobject(py)?.into_any();
        Ok(vec![this.metric.bind(py).clone(), this.time.bind(py).clone(), value])
    }

    fn fill(slf: &Bound<'_, Self>, values: Vec<Option<Bound<'_, PyAny>>>) -> PyResult<Vec<(&'static str, String)>> {
        let mut errors = Vec::new();
        for ((name, value), read) in Self::FIELDS.iter().zip(values.into_iter().flatten()).zip(READERS) {
            match read(&value) {
                Ok(value) => slf.borrow_mut().store(name, &value)?,
                Err(message) => errors.push((*name, message)),
            }
        }
        Ok(errors)
    }
}

type Reader = for<'py> fn(&Bound<'py, PyAny>) -> Read<'py>;
const READERS: [Reader; 3] = [metric, time, float];

impl DataPoint {
    fn store(&mut self, name: &str, value: &Bound<'_, PyAny>) -> PyResult<()> {
        match name {
            "metric" => self.metric = value.clone().unbind(),
            "time" => self.time = value.clone().unbind(),
            _ => self.value = value.extract()?,
        }
        Ok(())
    }
}

record_methods! {
    DataPoint + {
        #[new]
        #[pyo3(signature = (*_args, **_kwargs))]
        fn __new__(py: Python<'_>, _args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
            Self { metric: py.None(), time: py.None(), value: f64::NAN }
        }

        /// What was measured.
        #[getter]
        fn metric(&self, py: Python<'_>) -> Py<PyAny> {
            self.metric.clone_ref(py)
        }

        /// When.
        #[getter]
        fn time(&self, py: Python<'_>) -> Py<PyAny> {
            self.time.clone_ref(py)
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

        fn __setattr__(slf: &Bound<'_, Self>, name: &str, value: &Bound<'_, PyAny>) -> PyResult<()> {
            let object = slf.as_any();
            let Some(at) = Self::FIELDS.iter().position(|field| *field == name) else {
                return record::set_other(object, name, value);
            };
            // Checked before the borrow: a check may call Python code that looks at this object.
            match READERS[at](value) {
                Ok(value) => slf.borrow_mut().store(name, &value),
                Err(message) => Err(record::invalid(slf.py(), &record::class_name(object), &[(name, message)])),
            }
        }

        fn __str__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
            record::records(slf.py())?.call_method1("point_line", (slf,))
        }

        fn __getitem__(&self, py: Python<'_>, index: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
            let Ok(at) = index.extract::<i64>() else {
                return Err(PyTypeError::new_err("values can only be retrieved by integer index"));
            };
            match at {
                0 => Ok(self.time.clone_ref(py)),
                1 => Ok(self.value.into_pyobject(py)?.into_any().unbind()),
                _ => Err(PyKeyError::new_err(format!("index out of bounds: {at} not in (0, 1)"))),
            }
        }

        fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
            let pair = (self.time.clone_ref(py), self.value).into_pyobject(py)?;
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
                slf.borrow_mut().store(name, &value)?;
            }
            record::restore_attributes(slf.as_any(), state, Self::FIELDS.len())
        }

        #[allow(clippy::needless_pass_by_value)] // The signature is pyo3's.
        fn __traverse__(&self, visit: pyo3::PyVisit<'_>) -> Result<(), pyo3::PyTraverseError> {
            visit.call(&self.metric)?;
            visit.call(&self.time)
        }

        fn __clear__(&mut self, py: Python<'_>) {
            self.metric = py.None();
            self.time = py.None();
        }
    }
}
