//! One call of a handler, step by step.

use std::cell::RefCell;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyIterator, PyList, PySendResult, PyTuple};
use pyo3::{PyTraverseError, PyVisit, intern};

use super::parts::Parts;

/// The positional arguments of a handler.
pub(super) enum Given<'a, 'py> {
    /// The connector, then those of the event.
    Event(&'a Bound<'py, PyAny>, &'a Bound<'py, PyTuple>),
    /// The connector, then the results of the event.
    Results(&'a Bound<'py, PyAny>, Bound<'py, PyList>),
    /// These.
    Whole(Bound<'py, PyTuple>),
}

impl<'py> Given<'_, 'py> {
    /// The tuple of them, behind those.
    pub fn behind<const N: usize>(
        self,
        py: Python<'py>,
        first: [&Bound<'py, PyAny>; N],
    ) -> PyResult<Bound<'py, PyTuple>> {
        let first = first.into_iter().cloned();
        match self {
            Self::Event(connector, args) => match args.len() {
                0 => tuple(py, first, [connector.clone()]),
                1 => tuple(py, first, [connector.clone(), args.get_item(0)?]),
                2 => tuple(py, first, [connector.clone(), args.get_item(0)?, args.get_item(1)?]),
                _ => {
                    let mut all: Vec<_> = first.collect();
                    all.push(connector.clone());
                    all.extend(args.iter());
                    PyTuple::new(py, all)
                }
            },
            Self::Results(connector, results) => tuple(py, first, [connector.clone(), results.into_any()]),
            Self::Whole(args) if N == 0 => Ok(args),
            Self::Whole(args) => PyTuple::new(py, first.chain(args.iter()).collect::<Vec<_>>()),
        }
    }
}

/// A call of a handler.
pub(super) struct Call<'a, 'py> {
    pub function: Bound<'py, PyAny>,
    pub given: Given<'a, 'py>,
    pub kwargs: Option<Bound<'py, PyDict>>,
}

impl Call<'_, '_> {
    /// Calls a plain function in a copy of the present context.
    pub fn run(self, parts: &Parts) -> PyResult<Py<PyAny>> {
        let py = self.function.py();
        let context = parts.copy_context.bind(py).call0()?;
        let args = self.given.behind(py, [&context, &self.function])?;
        Ok(parts.context_run.bind(py).call(args, self.kwargs.as_ref())?.unbind())
    }

    /// The call of a coroutine function, which has not begun.
    pub fn steps(self, parts: &Parts) -> PyResult<Steps> {
        let py = self.function.py();
        let idle = IDLE.with_borrow_mut(Vec::pop);
        let driver = if let Some(driver) = idle {
            driver
        } else {
            let generator = parts.driver.bind(py).call0()?.cast_into::<PyIterator>()?;
            generator.send(py.None().bind(py))?;
            let send = generator.getattr(intern!(py, "send"))?.unbind();
            Driver { generator: generator.unbind(), send }
        };
        let args = self.given.behind(py, [])?;
        let call = (self.function, args, self.kwargs).into_pyobject(py)?.unbind();
        Ok(Steps { driver, call: Some(call) })
    }
}

/// What runs coroutine functions one after another: `servo.events.running._driver`.
struct Driver {
    generator: Py<PyIterator>,
    /// Its bound method.
    send: Py<PyAny>,
}

/// A coroutine of a handler, in the driver that steps it.
pub(super) struct Steps {
    driver: Driver,
    /// What is to be called first.
    call: Option<Py<PyTuple>>,
}

impl Steps {
    pub fn visit(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.driver.generator)?;
        visit.call(&self.driver.send)?;
        visit.call(&self.call)
    }

    /// Ends the coroutine: it sees `GeneratorExit` where it waits.
    pub fn close(self, py: Python<'_>) -> PyResult<()> {
        self.driver.generator.bind(py).call_method0(intern!(py, "close")).map(drop)
    }

    /// The coroutine, when it waits, for those who want to see where it stands.
    pub fn generator(&self, py: Python<'_>) -> Py<PyIterator> {
        self.driver.generator.clone_ref(py)
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
    static IDLE: RefCell<Vec<Driver>> = const { RefCell::new(Vec::new()) };
}

impl Work {
    /// Does a step inside that context, or inside the present one.
    pub fn step(self, py: Python<'_>, parts: &Parts, context: Option<&Bound<'_, PyAny>>) -> PyResult<Step> {
        let Self { mut steps, thrown } = self;
        let generator = steps.driver.generator.bind(py);
        let sent = steps.call.take();
        let sent = || sent.map_or_else(|| py.None().into_bound(py), |call| call.into_bound(py).into_any());
        let yielded = match (thrown, context) {
            // A driver yields what its handler returns: no exception brings it here.
            (None, Some(context)) => parts.context_run.bind(py).call1((context, &steps.driver.send, sent()))?,
            (None, None) => match generator.send(&sent())? {
                PySendResult::Next(yielded) => yielded,
                PySendResult::Return(value) => return Ok(Step::Finished(value.unbind())),
            },
            (Some(error), Some(context)) => {
                let throw = generator.getattr(intern!(py, "throw"))?;
                parts.context_run.bind(py).call1((context, throw, error.into_value(py)))?
            }
            (Some(error), None) => generator.call_method1(intern!(py, "throw"), (error.into_value(py),))?,
        };
        if let Ok(pair) = yielded.cast_exact::<PyTuple>()
            && pair.len() == 2
            && pair.get_borrowed_item(0)?.is(&parts.returned)
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

/// A tuple of known length.
fn tuple<'py, const N: usize>(
    py: Python<'py>,
    first: impl ExactSizeIterator<Item = Bound<'py, PyAny>>,
    rest: [Bound<'py, PyAny>; N],
) -> PyResult<Bound<'py, PyTuple>> {
    PyTuple::new(py, Joined { first, rest: rest.into_iter() })
}

/// Two iterators in a row whose length is known.
struct Joined<A, B> {
    first: A,
    rest: B,
}

impl<T, A: ExactSizeIterator<Item = T>, B: ExactSizeIterator<Item = T>> Iterator for Joined<A, B> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.first.next().or_else(|| self.rest.next())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let length = self.first.len() + self.rest.len();
        (length, Some(length))
    }
}

impl<T, A: ExactSizeIterator<Item = T>, B: ExactSizeIterator<Item = T>> ExactSizeIterator for Joined<A, B> {}

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
