//! One call of a handler, step by step.

use std::cell::{Cell, RefCell};

use pyo3::exceptions::{PyRuntimeError, PyTypeError};
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

impl Call<'_> {
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

    /// The call of a coroutine function, which has not begun.
    pub fn steps(self, parts: &Parts) -> PyResult<Steps> {
        let py = self.function.py();
        let idle = IDLE.with_borrow_mut(Vec::pop);
        let driver = if let Some(driver) = idle {
            driver
        } else {
            let driver = parts.driver.bind(py).call0()?.cast_into::<PyIterator>()?;
            driver.send(py.None().bind(py))?;
            driver.unbind()
        };
        let call = (self.function, self.args, self.kwargs).into_pyobject(py)?.unbind();
        Ok(Steps { driver, call: Some(call) })
    }
}

/// A coroutine of a handler, in the driver that steps it.
pub(super) struct Steps {
    pub driver: Py<PyIterator>,
    /// What is to be called first.
    call: Option<Py<PyTuple>>,
}

impl Steps {
    pub fn visit(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.driver)?;
        visit.call(&self.call)
    }
}

/// Where a handler stands after a step.
pub(super) enum Step {
    /// It returned.
    Finished(Py<PyAny>),
    /// It waits for this.
    Waits(Steps, Py<PyAny>),
}

/// One step of a handler.
pub(super) struct Work {
    pub steps: Steps,
    /// An exception that is thrown into it.
    pub thrown: Option<PyErr>,
}

/// So many drivers are kept for the next handlers.
const IDLE_DRIVERS: usize = 64;

thread_local! {
    /// What [`step_inside`] is to do. `Context.run` would take arguments, but each costs time at every step.
    static WORK: Cell<Option<Work>> = const { Cell::new(None) };
    static STEP: Cell<Option<Step>> = const { Cell::new(None) };
    static IDLE: RefCell<Vec<Py<PyIterator>>> = const { RefCell::new(Vec::new()) };
}

impl Work {
    /// Does a step inside that context, or inside the present one.
    pub fn step(self, py: Python<'_>, parts: &Parts, context: Option<&Bound<'_, PyAny>>) -> PyResult<Step> {
        let Some(context) = context else { return self.go(py, parts) };
        let former = WORK.replace(Some(self));
        debug_assert!(former.is_none(), "a step takes its work before it does anything else");
        let entered = parts.context_run.bind(py).call1((context, &parts.step_inside));
        // Work that is still there was not begun: the context could not be entered.
        drop(WORK.take());
        entered?;
        STEP.take().ok_or_else(|| PyRuntimeError::new_err("the handler was not called"))
    }

    fn go(self, py: Python<'_>, parts: &Parts) -> PyResult<Step> {
        let Self { mut steps, thrown } = self;
        let driver = steps.driver.bind(py);
        let yielded = match thrown {
            None => {
                let sent = steps.call.take();
                let sent = sent.map_or_else(|| py.None().into_bound(py), |call| call.into_bound(py).into_any());
                match driver.send(&sent)? {
                    PySendResult::Next(yielded) => yielded,
                    PySendResult::Return(value) => return Ok(Step::Finished(value.unbind())),
                }
            }
            Some(error) => driver.call_method1(intern!(py, "throw"), (error.into_value(py),))?,
        };
        if let Ok(pair) = yielded.cast_exact::<PyTuple>()
            && pair.len() == 2
            && pair.get_item(0)?.is(&parts.returned)
        {
            let value = pair.get_item(1)?.unbind();
            let surplus = IDLE.with_borrow_mut(|idle| {
                if idle.len() < IDLE_DRIVERS {
                    idle.push(steps.driver);
                    None
                } else {
                    Some(steps)
                }
            });
            drop(surplus);
            return Ok(Step::Finished(value));
        }
        let awaited = yielded.unbind();
        Ok(Step::Waits(steps, awaited))
    }
}

/// What `Context.run` calls.
#[pyfunction]
pub(super) fn step_inside(py: Python<'_>) -> PyResult<()> {
    let Some(work) = WORK.take() else { return Ok(()) };
    let step = work.go(py, Parts::get(py)?)?;
    STEP.set(Some(step));
    Ok(())
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
