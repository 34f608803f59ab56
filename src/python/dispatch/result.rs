//! What one handler gave.

use pyo3::prelude::*;
use pyo3::types::PyDict;
use pyo3::{PyTraverseError, PyVisit};

use super::clock::Moment;
use super::parts::Parts;

/// What one handler of an event gave: its value, or the exception it raised where exceptions are returned.
///
/// Attributes:
///     event: The event.
///     preposition: Before, on or after it.
///     handler: The handler.
///     connector: The connector it belongs to, the same object.
///     created_at: When it came: local time without a time zone.
///     value: The returned value, or the exception.
#[pyclass(frozen, subclass, weakref, module = "servo.events", name = "EventResult")]
pub struct EventResult {
    pub(super) event: Py<PyAny>,
    pub(super) preposition: Py<PyAny>,
    pub(super) handler: Py<PyAny>,
    pub(super) connector: Py<PyAny>,
    pub(super) created_at: Moment,
    pub(super) value: Py<PyAny>,
}

impl EventResult {
    fn fields<'py>(&self, py: Python<'py>) -> PyResult<[(&'static str, Bound<'py, PyAny>); 6]> {
        Ok([
            ("event", self.event.bind(py).clone()),
            ("preposition", self.preposition.bind(py).clone()),
            ("handler", self.handler.bind(py).clone()),
            ("connector", self.connector.bind(py).clone()),
            ("created_at", self.created_at.to_python(py)?),
            ("value", self.value.bind(py).clone()),
        ])
    }
}

#[pymethods]
impl EventResult {
    #[new]
    #[pyo3(signature = (*, event, preposition, handler, connector, value, created_at = None))]
    fn new(
        event: Py<PyAny>,
        preposition: Py<PyAny>,
        handler: Py<PyAny>,
        connector: Bound<'_, PyAny>,
        value: Py<PyAny>,
        created_at: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let py = connector.py();
        let parts = Parts::get(py)?;
        parts.events.bind(py).call_method1("_require_connector", (&connector,))?;
        let created_at = match created_at {
            Some(time) => Moment::Made(time),
            None => parts.now(py)?,
        };
        Ok(Self { event, preposition, handler, connector: connector.unbind(), created_at, value })
    }

    #[getter]
    fn event<'py>(&self, py: Python<'py>) -> &Bound<'py, PyAny> {
        self.event.bind(py)
    }

    #[getter]
    fn preposition<'py>(&self, py: Python<'py>) -> &Bound<'py, PyAny> {
        self.preposition.bind(py)
    }

    #[getter]
    fn handler<'py>(&self, py: Python<'py>) -> &Bound<'py, PyAny> {
        self.handler.bind(py)
    }

    #[getter]
    fn connector<'py>(&self, py: Python<'py>) -> &Bound<'py, PyAny> {
        self.connector.bind(py)
    }

    #[getter]
    fn created_at<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.created_at.to_python(py)
    }

    #[getter]
    fn value<'py>(&self, py: Python<'py>) -> &Bound<'py, PyAny> {
        self.value.bind(py)
    }

    /// The fields by name.
    fn dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        for (name, value) in self.fields(py)? {
            dict.set_item(name, value)?;
        }
        Ok(dict)
    }

    fn __eq__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        let Ok(other) = other.cast::<Self>() else { return Ok(false) };
        for ((_, mine), (_, theirs)) in self.fields(py)?.into_iter().zip(other.get().fields(py)?) {
            if !mine.is(&theirs) && !mine.eq(theirs)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let connector = self.connector.bind(py).getattr("name")?;
        Ok(format!(
            "EventResult(event='{}', preposition='{}', connector='{connector}', value={})",
            self.event.bind(py),
            self.preposition.bind(py),
            self.value.bind(py).repr()?
        ))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        let held = [&self.event, &self.preposition, &self.handler, &self.connector, &self.value];
        held.into_iter().try_for_each(|field| visit.call(field))?;
        self.created_at.visit(&visit)
    }
}
