//! One call of a handler, step by step.

use std::cell::Cell;

use pyo3::exceptions::{PyRuntimeError, PyStopIteration, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyIterator, PySendResult, PyTuple};
use pyo3::{PyTraverseError, PyVisit, intern};

use super::parts::Parts;

/// A call of a handler.
pub(super) struct Call<'py> {
    pub function: Bound<'py, PyAny>,
    /// The connector, then the arguments.
    pub args: Bound<'py, PyTuple>,
    pub kwargs: Option<Bound<'py, PyDict>>,
}

impl<'py> Call<'py> {
    /// Calls a plain function in a copy of the present context.
    pub fn run(&self, parts: &Parts) -> PyResult<Py<PyAny>> {
        let py = self.function.py();
        let context = parts.copy_context.bind(py).call0()?;
        let args = match self.args.len() {
            1 => PyTuple::new(py, [&context, &self.function, &self.args.get_item(0)?])?,
            2 => PyTuple::new(py, [&context, &self.function, &self.args.get_item(0)?, &self.args.get_item(1)?])?,
            _ => {
                let mut all = vec![context, self.function.clone()];
                all.extend(self.args.iter());
                PyTuple::new(py, all)?
            }
        };
        Ok(parts.context_run.bind(py).call(args, self.kwargs.as_ref())?.unbind())
    }

    /// The call as a generator, which has not begun. Generators are stepped without an exception at their end, as
    /// coroutines are not.
    pub fn steps(&self, parts: &Parts) -> PyResult<Py<PyIterator>> {
        let py = self.function.py();
        let steps = parts.steps.bind(py);
        let made = match &self.kwargs {
            None => steps.call1((&self.function, &self.args))?,
            Some(kwargs) => steps.call1((&self.function, &self.args, kwargs))?,
        };
        Ok(made.cast_into::<PyIterator>()?.unbind())
    }
}

/// Where a handler stands after a step.
pub(super) enum Step {
    /// It returned.
    Finished(Py<PyAny>),
    /// It waits for this.
    Waits(Py<PyAny>),
}

/// One step of a handler.
pub(super) struct Work {
    pub steps: Py<PyIterator>,
    /// An exception that is thrown into it.
    pub thrown: Option<PyErr>,
}

thread_local! {
    /// What [`step_inside`] is to do. `Context.run` would take arguments, but each costs time at every step.
    static WORK: Cell<Option<Work>> = const { Cell::new(None) };
    static STEP: Cell<Option<Step>> = const { Cell::new(None) };
}

impl Work {
    /// Does a step inside that context, or inside the present one.
    pub fn step(self, py: Python<'_>, parts: &Parts, context: Option<&Bound<'_, PyAny>>) -> PyResult<Step> {
        let Some(context) = context else { return self.go(py) };
        let former = WORK.replace(Some(self));
        debug_assert!(former.is_none(), "a step takes its work before it does anything else");
        let entered = parts.context_run.bind(py).call1((context, &parts.step_inside));
        // Work that is still there was not begun: the context could not be entered.
        drop(WORK.take());
        entered?;
        STEP.take().ok_or_else(|| PyRuntimeError::new_err("the handler was not called"))
    }

    fn go(self, py: Python<'_>) -> PyResult<Step> {
        let steps = self.steps.bind(py);
        let Some(error) = self.thrown else {
            return Ok(match steps.send(py.None().bind(py))? {
                PySendResult::Return(value) => Step::Finished(value.unbind()),
                PySendResult::Next(awaited) => Step::Waits(awaited.unbind()),
            });
        };
        match steps.call_method1(intern!(py, "throw"), (error.into_value(py),)) {
            Ok(awaited) => Ok(Step::Waits(awaited.unbind())),
            Err(error) if error.is_instance_of::<PyStopIteration>(py) => {
                Ok(Step::Finished(error.value(py).getattr(intern!(py, "value"))?.unbind()))
            }
            Err(error) => Err(error),
        }
    }
}

/// What `Context.run` calls.
#[pyfunction]
pub(super) fn step_inside(py: Python<'_>) -> PyResult<()> {
    let Some(work) = WORK.take() else { return Ok(()) };
    let step = work.go(py)?;
    STEP.set(Some(step));
    Ok(())
}

/// A handler that waits; its task is its own.
pub(super) struct Suspended {
    pub steps: Py<PyIterator>,
    /// The context it runs in, None for that of its task.
    pub context: Option<Py<PyAny>>,
}

impl Suspended {
    /// Goes on with it.
    pub fn step(&self, py: Python<'_>, parts: &Parts, thrown: Option<PyErr>) -> PyResult<Step> {
        let work = Work { steps: self.steps.clone_ref(py), thrown };
        work.step(py, parts, self.context.as_ref().map(|context| context.bind(py)))
    }

    pub fn visit(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.steps)?;
        visit.call(&self.context)
    }
}

/// The coroutine of a handler that waits, for those who want to see where it stands.
pub(super) fn suspended_coroutine<'py>(steps: &Bound<'py, PyIterator>) -> Option<Bound<'py, PyAny>> {
    steps.getattr(intern!(steps.py(), "gi_yieldfrom")).ok().filter(|inner| !inner.is_none())
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
