//! The objects of Python that a dispatch works with, found once.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyModule, PyType};

use super::{EventContext, invoke};
use crate::event::Preposition;

/// See the module.
pub(super) struct Parts {
    /// `contextvars.Context.run`.
    pub context_run: Py<PyAny>,
    /// `contextvars.ContextVar.set`.
    pub variable_set: Py<PyAny>,
    /// `contextvars.copy_context`.
    pub copy_context: Py<PyAny>,
    /// The context variable of `servo.current_event()`.
    pub current_event: Py<PyAny>,
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
    /// `servo.errors.EventCancelledError`.
    pub event_cancelled: Py<PyType>,
    /// `BaseExceptionGroup`.
    pub exception_group: Py<PyAny>,
    /// The module `servo.events`.
    pub events: Py<PyModule>,
    /// The context manager of events that have none.
    pub no_context_manager: Py<PyAny>,
    /// [`invoke::step_inside`], for `Context.run`.
    pub step_inside: Py<PyAny>,
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
        Ok(Self {
            context_run: contextvars.getattr("Context")?.getattr("run")?.unbind(),
            variable_set: contextvars.getattr("ContextVar")?.getattr("set")?.unbind(),
            copy_context: contextvars.getattr("copy_context")?.unbind(),
            current_event: events.getattr("_current_event")?.unbind(),
            running_loop: asyncio.getattr("get_running_loop")?.unbind(),
            current_task: asyncio.getattr("current_task")?.unbind(),
            task: asyncio.getattr("Task")?.unbind(),
            eager: py.version_info() >= (3, 12),
            datetime: py.import("datetime")?.unbind(),
            event_cancelled: py.import("servo.errors")?.getattr("EventCancelledError")?.cast_into()?.unbind(),
            exception_group: py.import("builtins")?.getattr("BaseExceptionGroup")?.unbind(),
            no_context_manager: events.getattr("_no_context_manager")?.unbind(),
            step_inside: wrap_pyfunction!(invoke::step_inside, py)?.into_any().unbind(),
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

    /// A copy of the present context with the event at work set, and that variable.
    pub fn context_of<'py>(
        &self,
        event: &Bound<'py, EventContext>,
        variable: Option<(&Bound<'py, PyAny>, &Bound<'py, PyAny>)>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = event.py();
        let context = self.copy_context.bind(py).call0()?;
        self.context_run.bind(py).call1((&context, &self.variable_set, &self.current_event, event))?;
        if let Some((variable, value)) = variable {
            self.context_run.bind(py).call1((&context, &self.variable_set, variable, value))?;
        }
        Ok(context)
    }

    /// The present time as Python's clock shows it.
    pub fn now<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.datetime.bind(py).getattr(pyo3::intern!(py, "datetime"))?.call_method0(pyo3::intern!(py, "now"))
    }
}
