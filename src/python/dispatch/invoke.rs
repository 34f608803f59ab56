//! One call of a handler, step by step.

use std::cell::Cell;

use pyo3::exceptions::{PyRuntimeError, PyStopIteration, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyIterator, PySendResult, PyTuple};
use pyo3::{PyTraverseError, PyVisit, intern};

use super::parts::Parts;

/// A coroutine that waits for something.
pub(super) struct Suspended {
    coroutine: Py<PyAny>,
    steps: Py<PyIterator>,
    /// What it waits for, until the task that drives it takes it.
    awaited: Option<Py<PyAny>>,
}

impl Suspended {
    /// The coroutine, for those who want to see where it stands.
    pub fn coroutine<'py>(&self, py: Python<'py>) -> &Bound<'py, PyAny> {
        self.coroutine.bind(py)
    }

    /// What the coroutine waits for.
    pub fn take_awaited(&mut self, py: Python<'_>) -> Py<PyAny> {
        self.awaited.take().unwrap_or_else(|| py.None())
    }

    pub fn visit(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.coroutine)?;
        visit.call(&self.steps)?;
        visit.call(&self.awaited)
    }
}

/// Where a handler stands after a step.
pub(super) enum Step {
    /// It returned.
    Finished(Py<PyAny>),
    /// It waits for something.
    Waits(Suspended),
}

/// One step of a handler.
pub(super) enum Work {
    /// The handler is called; a coroutine goes to the first point where it waits.
    Call(Invocation),
    /// What the coroutine waited for has come.
    Resume(Suspended),
    /// An exception is thrown into the coroutine.
    Throw(Suspended, PyErr),
}

/// One call of a handler.
pub(super) struct Invocation {
    /// The context variable that names the connector.
    pub variable: Py<PyAny>,
    pub connector: Py<PyAny>,
    pub function: Py<PyAny>,
    pub args: Py<PyTuple>,
    pub kwargs: Option<Py<PyDict>>,
    /// Whether it gives a coroutine, which is to be run.
    pub is_async: bool,
}

thread_local! {
    /// What [`step_inside`] is to do. `Context.run` would take arguments, but each costs time at every step.
    static WORK: Cell<Option<Work>> = const { Cell::new(None) };
    static STEP: Cell<Option<Step>> = const { Cell::new(None) };
}

/// Does a step inside that context, or inside the present one.
pub(super) fn step(py: Python<'_>, parts: &Parts, context: Option<&Bound<'_, PyAny>>, work: Work) -> PyResult<Step> {
    let Some(context) = context else { return work.step(py, parts) };
    let former = WORK.replace(Some(work));
    debug_assert!(former.is_none(), "a step takes its work before it does anything else");
    let entered = parts.context_run.bind(py).call1((context, &parts.step_inside));
    // Work that is still there was not begun: the context could not be entered.
    drop(WORK.take());
    entered?;
    STEP.take().ok_or_else(|| PyRuntimeError::new_err("the handler was not called"))
}

/// What `Context.run` calls.
#[pyfunction]
pub(super) fn step_inside(py: Python<'_>) -> PyResult<()> {
    let Some(work) = WORK.take() else { return Ok(()) };
    let step = work.step(py, Parts::get(py)?)?;
    STEP.set(Some(step));
    Ok(())
}

impl Work {
    fn step(self, py: Python<'_>, parts: &Parts) -> PyResult<Step> {
        match self {
            Self::Call(call) => call.start(py, parts),
            Self::Resume(suspended) => {
                let sent = suspended.steps.bind(py).send(py.None().bind(py))?;
                Ok(suspended.after(sent))
            }
            Self::Throw(mut suspended, error) => {
                match suspended.steps.bind(py).call_method1(intern!(py, "throw"), (error.into_value(py),)) {
                    Ok(awaited) => {
                        suspended.awaited = Some(awaited.unbind());
                        Ok(Step::Waits(suspended))
                    }
                    Err(error) if error.is_instance_of::<PyStopIteration>(py) => {
                        Ok(Step::Finished(error.value(py).getattr(intern!(py, "value"))?.unbind()))
                    }
                    Err(error) => Err(error),
                }
            }
        }
    }
}

impl Suspended {
    fn after(mut self, sent: PySendResult<'_>) -> Step {
        match sent {
            PySendResult::Return(value) => Step::Finished(value.unbind()),
            PySendResult::Next(awaited) => {
                self.awaited = Some(awaited.unbind());
                Step::Waits(self)
            }
        }
    }
}

impl Invocation {
    fn start(self, py: Python<'_>, parts: &Parts) -> PyResult<Step> {
        parts.variable_set.bind(py).call1((self.variable, self.connector))?;
        let given = self.function.bind(py).call(self.args, self.kwargs.as_ref().map(|kwargs| kwargs.bind(py)))?;
        if !self.is_async {
            return Ok(Step::Finished(given.unbind()));
        }
        let steps = given.call_method0(intern!(py, "__await__"))?.cast_into::<PyIterator>()?;
        match steps.send(py.None().bind(py))? {
            PySendResult::Return(value) => Ok(Step::Finished(value.unbind())),
            PySendResult::Next(awaited) => Ok(Step::Waits(Suspended {
                coroutine: given.unbind(),
                steps: steps.unbind(),
                awaited: Some(awaited.unbind()),
            })),
        }
    }
}

/// The exception that `throw(type, value, traceback)` of a coroutine means.
pub(super) fn thrown(error: &Bound<'_, PyAny>, value: Option<&Bound<'_, PyAny>>) -> PyErr {
    if error.is_instance_of::<pyo3::types::PyType>() {
        let made = match value {
            Some(value) if value.is_instance(error).unwrap_or(false) => Ok(value.clone()),
            Some(value) if !value.is_none() => error.call1((value,)),
            _ => error.call0(),
        };
        return made.map_or_else(|failed| failed, PyErr::from_value);
    }
    if error.is_instance_of::<pyo3::exceptions::PyBaseException>() {
        return PyErr::from_value(error.clone());
    }
    PyTypeError::new_err("exceptions must be classes or instances deriving from BaseException")
}
