//! The event at work.

use std::sync::{Arc, Mutex};

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyString;
use pyo3::{PyTraverseError, PyVisit};

use super::clock::Moment;
use super::lock;
use super::nesting::Nesting;
use super::parts::Parts;
use crate::event::Preposition;

/// What `servo.current_event()` gives: an event, and whether its handlers run before, on or after it.
#[pyclass(frozen, module = "servo.events", name = "EventContext")]
pub struct EventContext {
    event: Py<PyAny>,
    preposition: Py<PyAny>,
    created_at: Moment,
    nesting: Mutex<Option<Arc<Nesting>>>,
}

impl EventContext {
    pub(super) fn of_phase(
        event: Py<PyAny>,
        preposition: Py<PyAny>,
        created_at: Moment,
        nesting: Arc<Nesting>,
    ) -> Self {
        Self { event, preposition, created_at, nesting: Mutex::new(Some(nesting)) }
    }

    /// The dispatch that runs the present handler, if one does.
    pub(super) fn current_nesting(py: Python<'_>, parts: &Parts) -> PyResult<Option<Arc<Nesting>>> {
        let current = parts.get_current_event.bind(py).call0()?;
        Ok(current.cast::<Self>().ok().and_then(|context| lock(&context.get().nesting).clone()))
    }

    fn is_preposition(&self, py: Python<'_>, preposition: Preposition) -> PyResult<bool> {
        Ok(self.preposition.is(Parts::get(py)?.preposition(py, preposition)))
    }
}

#[pymethods]
impl EventContext {
    #[new]
    #[pyo3(signature = (event, preposition, created_at = None))]
    fn new(py: Python<'_>, event: Py<PyAny>, preposition: Py<PyAny>, created_at: Option<Py<PyAny>>) -> PyResult<Self> {
        let created_at = match created_at {
            Some(time) => Moment::Made(time),
            None => Parts::get(py)?.now(py)?,
        };
        Ok(Self { event, preposition, created_at, nesting: Mutex::default() })
    }

    /// The context of a text such as `adjust` or `before:adjust`; None when there is no such event or preposition.
    #[staticmethod]
    fn from_str<'py>(py: Python<'py>, event_str: &str) -> PyResult<Bound<'py, PyAny>> {
        Parts::get(py)?.events.bind(py).call_method1("_context_from_str", (event_str,))
    }

    /// The event.
    #[getter]
    fn event<'py>(&self, py: Python<'py>) -> &Bound<'py, PyAny> {
        self.event.bind(py)
    }

    /// Before, on or after it.
    #[getter]
    fn preposition<'py>(&self, py: Python<'py>) -> &Bound<'py, PyAny> {
        self.preposition.bind(py)
    }

    /// When it began: local time without a time zone.
    #[getter]
    fn created_at<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.created_at.to_python(py)
    }

    /// Whether the handlers run before the event.
    fn is_before(&self, py: Python<'_>) -> PyResult<bool> {
        self.is_preposition(py, Preposition::Before)
    }

    /// Whether the handlers answer the event.
    fn is_on(&self, py: Python<'_>) -> PyResult<bool> {
        self.is_preposition(py, Preposition::On)
    }

    /// Whether the handlers run after the event.
    fn is_after(&self, py: Python<'_>) -> PyResult<bool> {
        self.is_preposition(py, Preposition::After)
    }

    /// What an optimizer calls the operation; None where it knows none.
    fn operation(&self, py: Python<'_>) -> PyResult<Option<&'static str>> {
        Ok(match self.event.bind(py).str()?.to_cow()?.as_ref() {
            "describe" => Some("DESCRIPTION"),
            "measure" => Some("MEASUREMENT"),
            "adjust" => Some("ADJUSTMENT"),
            _ => None,
        })
    }

    /// A context manager that makes this the current event.
    fn current<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        Parts::get(slf.py())?.events.bind(slf.py()).call_method1("_current", (slf,))
    }

    fn __str__(&self, py: Python<'_>) -> PyResult<String> {
        let event = self.event.bind(py).str()?;
        if self.is_on(py)? {
            return Ok(event.to_string());
        }
        Ok(format!("{}:{event}", self.preposition.bind(py)))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("EventContext({}, created_at={})", self.__str__(py)?, self.created_at.to_python(py)?.repr()?))
    }

    fn __eq__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        if let Ok(other) = other.cast::<Self>() {
            let other = other.get();
            return Ok(self.event.bind(py).eq(&other.event)?
                && self.preposition.is(&other.preposition)
                && self.created_at.to_python(py)?.eq(other.created_at.to_python(py)?)?);
        }
        let Ok(text) = other.cast::<PyString>() else { return Ok(false) };
        let text = text.to_cow()?;
        Ok(text == self.__str__(py)? || text == format!("on:{}", self.event.bind(py).str()?))
    }

    #[expect(clippy::unused_self, reason = "the protocol")]
    fn __hash__(&self) -> PyResult<isize> {
        Err(PyTypeError::new_err("unhashable type: 'EventContext'"))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.event)?;
        visit.call(&self.preposition)?;
        self.created_at.visit(&visit)
    }
}
