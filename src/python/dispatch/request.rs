//! What a dispatch is asked to do.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString, PyTuple};
use pyo3::{PyTraverseError, PyVisit, intern};

use crate::event::{Options, Preposition};

/// See the module.
pub(super) struct Request {
    pub event: Py<PyAny>,
    event_name: Py<PyString>,
    /// The connectors that share a bus.
    pub bus: Py<PyList>,
    pub args: Py<PyTuple>,
    /// None where there are none.
    pub kwargs: Option<Py<PyDict>>,
    pub options: Options,
    /// The handlers of one connector alone: no phases, its errors as they are.
    pub alone: bool,
    /// A handler cannot end the program: KeyboardInterrupt and SystemExit are failures of it.
    pub contained: bool,
    /// Who dispatches.
    pub owner: Py<PyAny>,
    /// A context variable that holds the owner, for all handlers.
    pub variable: Option<Py<PyAny>>,
}

impl Request {
    pub fn new(
        event: Bound<'_, PyAny>,
        bus: Py<PyList>,
        (args, kwargs): (Py<PyTuple>, Bound<'_, PyDict>),
        options: Options,
        (alone, contained): (bool, bool),
        (owner, variable): (Py<PyAny>, Option<Py<PyAny>>),
    ) -> PyResult<Self> {
        let event_name = event.getattr(intern!(event.py(), "name"))?.cast_into()?.unbind();
        let kwargs = (!kwargs.is_empty()).then(|| kwargs.unbind());
        Ok(Self { event: event.unbind(), event_name, bus, args, kwargs, options, alone, contained, owner, variable })
    }

    /// The name of the event.
    pub fn event_name<'a>(&'a self, py: Python<'a>) -> PyResult<&'a str> {
        self.event_name.to_str(py)
    }

    /// Whether what a handler raises is its result.
    pub fn keeps_errors(&self, preposition: Preposition) -> bool {
        self.options.keep_errors && (self.alone || preposition == Preposition::On)
    }

    pub fn visit(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.event)?;
        visit.call(&self.bus)?;
        visit.call(&self.args)?;
        visit.call(&self.kwargs)?;
        visit.call(&self.owner)?;
        visit.call(&self.variable)
    }
}

/// The names of connectors, given as names or as connectors.
pub(super) fn names(given: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
    let py = given.py();
    let name = |item: PyResult<Bound<'_, PyAny>>| {
        let item = item?;
        if item.is_instance_of::<PyString>() { item.extract() } else { item.getattr(intern!(py, "name"))?.extract() }
    };
    given.try_iter()?.map(name).collect()
}
