//! The objects of Python that a dispatch works with, found once.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyModule, PyType};

use super::burst;
use super::clock::{Clock, Moment};
use crate::event::Preposition;

/// See the module.
pub(super) struct Parts {
    /// `contextvars.Context.run`.
    pub context_run: Py<PyAny>,
    /// `contextvars.copy_context`.
    pub copy_context: Py<PyAny>,
    /// `get` and `set` of the context variable of `servo.current_event()`.
    pub get_current_event: Py<PyAny>,
    pub set_current_event: Py<PyAny>,
    /// `asyncio.get_running_loop`.
    pub running_loop: Py<PyAny>,
    /// `asyncio.current_task`.
    pub current_task: Py<PyAny>,
    /// `asyncio.Task`.
    pub task: Py<PyAny>,
    /// Whether a task can run before its constructor returns (Python 3.12).
    pub eager: bool,
    /// The module `datetime`; `datetime.datetime` is looked up each time, for tests replace it.
    pub datetime: Py<PyModule>,
    /// `datetime.datetime` as it was found.
    pub datetime_class: Py<PyAny>,
    /// `servo.errors.EventError`.
    pub event_error: Py<PyType>,
    /// `servo.errors.EventCancelledError`.
    pub event_cancelled: Py<PyType>,
    /// `BaseExceptionGroup`.
    pub exception_group: Py<PyAny>,
    /// The module `servo.events`.
    pub events: Py<PyModule>,
    /// The context manager of events that have none.
    pub no_context_manager: Py<PyAny>,
    /// `servo.events._driver`, which runs coroutine functions.
    pub driver: Py<PyAny>,
    /// What a driver yields with the value of a handler that has returned.
    pub returned: Py<PyAny>,
    /// [`burst::burst_inside`], for `Context.run`.
    pub burst_inside: Py<PyAny>,
    prepositions: [Py<PyAny>; 3],
    all_prepositions: Py<PyAny>,
}

impl Parts {
    /// The parts; the first call imports what they come from.
    pub fn get(py: Python<'_>) -> PyResult<&'static Self> {
        static PARTS: PyOnceLock<Parts> = PyOnceLock::new();
        PARTS.get_or_try_init(py, || Self::find(py))
    }

    fn find(py: Python<'_>) -> PyResult<Self> {
        let asyncio = py.import("asyncio")?;
        let contextvars = py.import("contextvars")?;
        let events = py.import("servo.events")?;
        let preposition = events.getattr("Preposition")?;
        let current_event = events.getattr("_current_event")?;
        let datetime = py.import("datetime")?;
        let errors = py.import("servo.errors")?;
        Ok(Self {
            context_run: contextvars.getattr("Context")?.getattr("run")?.unbind(),
            copy_context: contextvars.getattr("copy_context")?.unbind(),
            get_current_event: current_event.getattr("get")?.unbind(),
            set_current_event: current_event.getattr("set")?.unbind(),
            running_loop: asyncio.getattr("get_running_loop")?.unbind(),
            current_task: asyncio.getattr("current_task")?.unbind(),
            task: asyncio.getattr("Task")?.unbind(),
            eager: py.version_info() >= (3, 12),
            datetime_class: datetime.getattr("datetime")?.unbind(),
            datetime: datetime.unbind(),
            event_error: errors.getattr("EventError")?.cast_into()?.unbind(),
            event_cancelled: errors.getattr("EventCancelledError")?.cast_into()?.unbind(),
            exception_group: py.import("builtins")?.getattr("BaseExceptionGroup")?.unbind(),
            no_context_manager: events.getattr("_no_context_manager")?.unbind(),
            driver: events.getattr("_driver")?.unbind(),
            returned: events.getattr("_RETURNED")?.unbind(),
            burst_inside: wrap_pyfunction!(burst::burst_inside, py)?.into_any().unbind(),
            prepositions: [
                preposition.getattr("before")?.unbind(),
                preposition.getattr("on")?.unbind(),
                preposition.getattr("after")?.unbind(),
            ],
            all_prepositions: preposition.getattr("all")?.unbind(),
            events: events.unbind(),
        })
    }

    /// The member of `servo.Preposition`.
    pub fn preposition<'py>(&self, py: Python<'py>, preposition: Preposition) -> &Bound<'py, PyAny> {
        self.prepositions[preposition as usize].bind(py)
    }

    /// Which prepositions a `servo.Preposition` stands for.
    pub fn among(&self, flags: &Bound<'_, PyAny>) -> PyResult<[bool; 3]> {
        if flags.is(&self.all_prepositions) {
            return Ok([true; 3]);
        }
        for (at, member) in self.prepositions.iter().enumerate() {
            if flags.is(member) {
                return Ok([at == 0, at == 1, at == 2]);
            }
        }
        let bits: u8 = flags.getattr("value")?.extract()?;
        Ok([bits & 1 != 0, bits & 2 != 0, bits & 4 != 0])
    }

    /// The present time as Python's clock shows it.
    pub fn now(&self, py: Python<'_>) -> PyResult<Moment> {
        Clock::of(py, self)?.now(py, self)
    }
}
