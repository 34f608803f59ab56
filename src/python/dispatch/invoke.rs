//! One call of a handler, step by step.

use std::sync::Mutex;

use pyo3::exceptions::{PyStopIteration, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyIterator, PySendResult, PyTuple};
use pyo3::{PyTraverseError, PyVisit, intern};

use super::lock;
use super::parts::Parts;

/// A coroutine that waits for something.
#[pyclass(frozen, module = "servo._core")]
pub(super) struct Suspended {
    coroutine: Py<PyAny>,
    steps: Py<PyIterator>,
    /// What it waits for, until the task that drives it takes it.
    awaited: Mutex<Option<Py<PyAny>>>,
}

impl Suspended {
    /// The coroutine, for those who want to see where it stands.
    pub fn coroutine<'py>(&self, py: Python<'py>) -> &Bound<'py, PyAny> {
        self.coroutine.bind(py)
    }

    /// What the coroutine waits for.
    pub fn take_awaited(&self) -> Option<Py<PyAny>> {
        lock(&self.awaited).take()
    }

    fn waits(&self, awaited: Bound<'_, PyAny>) {
        *lock(&self.awaited) = Some(awaited.unbind());
    }
}

#[pymethods]
impl Suspended {
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.coroutine)?;
        visit.call(&self.steps)?;
        if let Ok(awaited) = self.awaited.try_lock() {
            visit.call(&*awaited)?;
        }
        Ok(())
    }
}

/// Where a handler stands after a step.
pub(super) enum Step<'py> {
    /// It returned.
    Finished(Bound<'py, PyAny>),
    /// It waits for something.
    Waits(Bound<'py, Suspended>),
}

impl<'py> From<Bound<'py, PyAny>> for Step<'py> {
    fn from(given: Bound<'py, PyAny>) -> Self {
        match given.cast_into_exact::<Suspended>() {
            Ok(suspended) => Self::Waits(suspended),
            Err(other) => Self::Finished(other.into_inner()),
        }
    }
}

/// One call of a handler.
pub(super) struct Invocation<'py> {
    /// The context variable that names the connector.
    pub variable: Bound<'py, PyAny>,
    pub connector: Bound<'py, PyAny>,
    pub function: Bound<'py, PyAny>,
    pub args: Bound<'py, PyTuple>,
    pub kwargs: Option<Bound<'py, PyDict>>,
    /// Whether it gives a coroutine, which is to be run.
    pub is_async: bool,
}

impl<'py> Invocation<'py> {
    /// The first step, inside that context.
    pub fn start_in(&self, parts: &Parts, context: &Bound<'py, PyAny>) -> PyResult<Step<'py>> {
        let call = if self.is_async { &parts.call_async } else { &parts.call_plain };
        let Self { variable, connector, function, args, kwargs, .. } = self;
        let arguments = (context, call, variable, connector, function, args, kwargs.as_ref());
        let given = parts.context_run.bind(context.py()).call1(arguments)?;
        Ok(if self.is_async { given.into() } else { Step::Finished(given) })
    }

    /// The first step, inside the present context.
    pub fn start(&self) -> PyResult<Step<'py>> {
        let Self { variable, connector, function, args, kwargs, .. } = self;
        if self.is_async {
            Ok(call_async(variable, connector, function, args, kwargs.as_ref())?.into())
        } else {
            call_plain(variable, connector, function, args, kwargs.as_ref()).map(Step::Finished)
        }
    }
}

/// What is to happen to a coroutine that waits.
pub(super) enum Push {
    /// What it waited for has come.
    Resume,
    /// An exception is thrown into it.
    Throw(PyErr),
}

/// The next step of a coroutine: inside that context, or inside the present one.
pub(super) fn step<'py>(
    parts: &Parts,
    suspended: &Bound<'py, Suspended>,
    context: Option<&Bound<'py, PyAny>>,
    push: Push,
) -> PyResult<Step<'py>> {
    let py = suspended.py();
    let given = match (context, push) {
        (None, Push::Resume) => resume(suspended)?,
        (None, Push::Throw(error)) => interrupt(suspended, error.into_value(py).into_bound(py).into_any())?,
        (Some(context), Push::Resume) => parts.context_run.bind(py).call1((context, &parts.resume, suspended))?,
        (Some(context), Push::Throw(error)) => {
            parts.context_run.bind(py).call1((context, &parts.interrupt, suspended, error.into_value(py)))?
        }
    };
    Ok(given.into())
}

/// Calls a handler that is no coroutine function; what it returns is its value as it stands.
#[pyfunction]
#[pyo3(signature = (variable, connector, function, args, kwargs, /))]
pub(super) fn call_plain<'py>(
    variable: &Bound<'py, PyAny>,
    connector: &Bound<'py, PyAny>,
    function: &Bound<'py, PyAny>,
    args: &Bound<'py, PyTuple>,
    kwargs: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    Parts::get(variable.py())?.variable_set.bind(variable.py()).call1((variable, connector))?;
    function.call(args, kwargs)
}

/// Calls a coroutine function and takes the coroutine to the first point where it waits: gives its value, or a
/// [`Suspended`].
#[pyfunction]
#[pyo3(signature = (variable, connector, function, args, kwargs, /))]
pub(super) fn call_async<'py>(
    variable: &Bound<'py, PyAny>,
    connector: &Bound<'py, PyAny>,
    function: &Bound<'py, PyAny>,
    args: &Bound<'py, PyTuple>,
    kwargs: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = variable.py();
    let coroutine = call_plain(variable, connector, function, args, kwargs)?;
    let steps = coroutine.call_method0(intern!(py, "__await__"))?.cast_into::<PyIterator>()?;
    match steps.send(&py.None().into_bound(py))? {
        PySendResult::Return(value) => Ok(value),
        PySendResult::Next(awaited) => {
            let awaited = Mutex::new(Some(awaited.unbind()));
            let suspended = Suspended { coroutine: coroutine.unbind(), steps: steps.unbind(), awaited };
            Ok(Bound::new(py, suspended)?.into_any())
        }
    }
}

/// Lets a coroutine that waits go on: gives its value, or itself when it waits again.
#[pyfunction]
#[pyo3(signature = (suspended, /))]
pub(super) fn resume<'py>(suspended: &Bound<'py, Suspended>) -> PyResult<Bound<'py, PyAny>> {
    let py = suspended.py();
    match suspended.get().steps.bind(py).send(&py.None().into_bound(py))? {
        PySendResult::Return(value) => Ok(value),
        PySendResult::Next(awaited) => {
            suspended.get().waits(awaited);
            Ok(suspended.clone().into_any())
        }
    }
}

/// Throws an exception into a coroutine that waits: gives its value, or itself when it waits again.
#[pyfunction]
#[pyo3(signature = (suspended, error, /))]
pub(super) fn interrupt<'py>(
    suspended: &Bound<'py, Suspended>,
    error: Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = suspended.py();
    match suspended.get().steps.bind(py).call_method1(intern!(py, "throw"), (error,)) {
        Ok(awaited) => {
            suspended.get().waits(awaited);
            Ok(suspended.clone().into_any())
        }
        Err(error) if error.is_instance_of::<PyStopIteration>(py) => error.value(py).getattr(intern!(py, "value")),
        Err(error) => Err(error),
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
