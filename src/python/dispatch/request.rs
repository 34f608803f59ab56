//! What a dispatch is asked to do, and the object that asks.

use std::sync::Mutex;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString, PyTuple};
use pyo3::{PyTraverseError, PyVisit, intern};

use super::lock;
use super::parts::Parts;
use super::run::Run;
use crate::event::{Options, Preposition};

/// What a dispatch is asked to do.
pub(super) struct Request {
    pub event: Py<PyAny>,
    pub event_name: String,
    /// The connectors that share a bus.
    pub bus: Py<PyList>,
    pub args: Py<PyTuple>,
    /// None where there are none.
    pub kwargs: Option<Py<PyDict>>,
    pub options: Options,
    /// The handlers of one connector alone: no phases, its errors as they are.
    pub alone: bool,
    /// A context variable and the object of it, for all handlers.
    pub variable: Option<(Py<PyAny>, Py<PyAny>)>,
}

impl Request {
    pub fn visit(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.event)?;
        visit.call(&self.bus)?;
        visit.call(&self.args)?;
        visit.call(&self.kwargs)?;
        self.variable.iter().try_for_each(|(variable, value)| {
            visit.call(variable)?;
            visit.call(value)
        })
    }

    /// Whether what a handler raises is its result.
    pub fn keeps_errors(&self, preposition: Preposition) -> bool {
        self.options.keep_errors && (self.alone || preposition == Preposition::On)
    }
}

/// The names of connectors, given as names or as connectors.
fn names(given: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
    let py = given.py();
    let name = |item: PyResult<Bound<'_, PyAny>>| {
        let item = item?;
        if item.is_instance_of::<PyString>() { item.extract() } else { item.getattr(intern!(py, "name"))?.extract() }
    };
    given.try_iter()?.map(name).collect()
}

/// An event on its way to the connectors of a bus: await it, or await a call of it.
#[pyclass(frozen, subclass, weakref, module = "servo._core")]
pub struct Dispatch {
    run: Py<Run>,
    taken: Mutex<bool>,
}

impl Dispatch {
    fn take<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, Run>> {
        if std::mem::replace(&mut *lock(&self.taken), true) {
            return Err(PyRuntimeError::new_err("Event dispatch has already run"));
        }
        Ok(self.run.bind(py).clone())
    }
}

#[pymethods]
impl Dispatch {
    #[new]
    #[pyo3(signature = (event, bus, args, kwargs, first, include, exclude, return_exceptions, prepositions, alone, variable, /))]
    #[expect(clippy::too_many_arguments, reason = "called by one function")]
    fn new(
        event: Bound<'_, PyAny>,
        bus: Py<PyList>,
        args: Py<PyTuple>,
        kwargs: Bound<'_, PyDict>,
        first: &Bound<'_, PyAny>,
        include: Option<&Bound<'_, PyAny>>,
        exclude: Option<&Bound<'_, PyAny>>,
        return_exceptions: &Bound<'_, PyAny>,
        prepositions: &Bound<'_, PyAny>,
        alone: bool,
        variable: Option<(Py<PyAny>, Py<PyAny>)>,
    ) -> PyResult<Self> {
        let py = event.py();
        let among = Parts::get(py)?.among(prepositions)?;
        let every = [Preposition::Before, Preposition::On, Preposition::After];
        let options = Options {
            first: first.is_truthy()?,
            include: include.map(names).transpose()?,
            exclude: exclude.map(names).transpose()?.unwrap_or_default(),
            keep_errors: return_exceptions.is_truthy()?,
            prepositions: every.into_iter().filter(|at| among[*at as usize]).collect(),
        };
        let request = Request {
            event_name: event.getattr(intern!(py, "name"))?.extract()?,
            event: event.unbind(),
            bus,
            args,
            kwargs: (!kwargs.is_empty()).then(|| kwargs.unbind()),
            options,
            alone,
            variable,
        };
        Ok(Self { run: Py::new(py, Run::new(request))?, taken: Mutex::default() })
    }

    /// Runs it; gives the results, or the first one.
    fn run<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, Run>> {
        self.take(py)
    }

    fn __call__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, Run>> {
        self.take(py)
    }

    fn __await__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, Run>> {
        self.take(py)
    }

    /// The event.
    #[getter]
    fn event<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        self.run.get().request().event.bind(py).clone()
    }

    /// What came of it; None until it has run.
    #[getter]
    fn results<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        self.run.get().outcome(py)
    }

    /// Whether it runs or has run.
    #[getter]
    fn done(&self) -> bool {
        *lock(&self.taken)
    }

    /// Whether it has run to its end and there are results.
    #[getter]
    fn success(&self, py: Python<'_>) -> bool {
        self.run.get().outcome(py).is_some_and(|outcome| !outcome.is_none())
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let python = |flag| if flag { "True" } else { "False" };
        let event = self.event(py).str()?;
        Ok(format!("<_DispatchEvent.{event}: done={}, success={}>", python(self.done()), python(self.success(py))))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.run)
    }
}
