//! Moments, kept as they are read from the system's clock: Python's `datetime` is made when somebody asks.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pyo3::prelude::*;
use pyo3::{PyTraverseError, PyVisit, intern};

use super::parts::Parts;

/// When something came to be.
pub(super) enum Moment {
    Read(SystemTime),
    Made(Py<PyAny>),
}

/// Where moments come from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Clock {
    System,
    /// A test put a class of its own in place of `datetime.datetime`: what that says is the time.
    Python,
}

impl Clock {
    /// The clock of the moment.
    pub fn of(py: Python<'_>, parts: &Parts) -> PyResult<Self> {
        let class = parts.datetime.bind(py).getattr(intern!(py, "datetime"))?;
        Ok(if class.is(&parts.datetime_class) { Self::System } else { Self::Python })
    }

    /// The present moment.
    pub fn now(self, py: Python<'_>, parts: &Parts) -> PyResult<Moment> {
        match self {
            Self::System => Ok(Moment::Read(SystemTime::now())),
            Self::Python => {
                let class = parts.datetime.bind(py).getattr(intern!(py, "datetime"))?;
                Ok(Moment::Made(class.call_method0(intern!(py, "now"))?.unbind()))
            }
        }
    }
}

impl Moment {
    /// Local time without a time zone.
    pub fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let time = match self {
            Self::Made(time) => return Ok(time.bind(py).clone()),
            Self::Read(time) => time.duration_since(UNIX_EPOCH).unwrap_or_default(),
        };
        let class = Parts::get(py)?.datetime_class.bind(py);
        let seconds = class.call_method1(intern!(py, "fromtimestamp"), (time.as_secs(),))?;
        seconds.add(Duration::from_micros(u64::from(time.subsec_micros())))
    }

    pub fn visit(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        match self {
            Self::Read(_) => Ok(()),
            Self::Made(time) => visit.call(time),
        }
    }
}
