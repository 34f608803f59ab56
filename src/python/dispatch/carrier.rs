//! The coroutine of an asyncio task in which handlers run.

use std::sync::Mutex;

use pyo3::exceptions::asyncio::CancelledError;
use pyo3::exceptions::{PyRuntimeError, PyStopIteration};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::{PyTraverseError, PyVisit};

use super::burst::pump;
use super::invoke::{self, Step, Steps, Work, suspended_coroutine};
use super::lock;
use super::parts::Parts;
use super::phase::Ticket;
use super::run::Dispatch;
use super::settle::{contain, is_fatal, settle};

/// Whose task it is.
pub(super) enum Kind {
    /// The task and its context are the handler's own.
    Own,
    /// It takes further handlers after one that did not wait, each in a context of its own.
    Shared,
    /// The task was made by somebody else: nobody knows its context.
    Foreign(Py<PyAny>),
}

enum At {
    Start(Ticket, Option<Steps>),
    /// The task is this handler's own from its first wait on.
    Waits(Ticket, Steps, Option<Py<PyAny>>),
    Over,
}

/// See the module.
#[pyclass(frozen, module = "servo._core", name = "EventHandlerCoroutine")]
pub(super) struct Carrier {
    kind: Kind,
    run: Mutex<Option<Py<Dispatch>>>,
    at: Mutex<At>,
}

impl Carrier {
    /// A coroutine that begins with the call of that handler.
    pub fn new(run: &Bound<'_, Dispatch>, kind: Kind, ticket: Ticket, steps: Option<Steps>) -> Self {
        Self { kind, run: Mutex::new(Some(run.clone().unbind())), at: Mutex::new(At::Start(ticket, steps)) }
    }

    /// The next step. Gives what the task is to wait for, None at the end.
    fn advance(&self, py: Python<'_>, thrown: Option<PyErr>) -> PyResult<Option<Py<PyAny>>> {
        let at = std::mem::replace(&mut *lock(&self.at), At::Over);
        let run = lock(&self.run).as_ref().map(|run| run.bind(py).clone());
        let Some(run) = run else { return Err(PyRuntimeError::new_err("cannot reuse already awaited coroutine")) };
        let parts = Parts::get(py)?;
        match (at, thrown) {
            (At::Over, _) => Err(PyRuntimeError::new_err("cannot reuse already awaited coroutine")),
            (At::Start(ticket, _), Some(error)) => self.finish(&run, parts, ticket, Err(error)),
            (At::Start(ticket, None), None) => {
                let this = run.get();
                let steps = match this.call(parts, this.manager(py).as_ref(), py, ticket) {
                    Ok((call, true)) => call.steps(parts),
                    Ok((call, false)) => return self.finish(&run, parts, ticket, call.run(parts)),
                    Err(error) => Err(error),
                };
                match steps {
                    Ok(steps) if matches!(self.kind, Kind::Shared) => {
                        // Whoever holds the task from here on has it from a handler.
                        let task = this.unregister(ticket);
                        drop(task);
                        self.share(&run, parts, ticket, steps)
                    }
                    Ok(steps) => {
                        let went = self.go_on(&run, parts, ticket, Work { steps, thrown: None }, None);
                        this.entry(ticket).set_waits(matches!(went, Ok(Some(_))));
                        went
                    }
                    Err(error) => self.finish(&run, parts, ticket, Err(error)),
                }
            }
            (At::Start(ticket, Some(steps)), None) => match &self.kind {
                Kind::Foreign(context) => {
                    let context = Some(context.clone_ref(py));
                    self.go_on(&run, parts, ticket, Work { steps, thrown: None }, context)
                }
                Kind::Shared | Kind::Own => self.share(&run, parts, ticket, steps),
            },
            (At::Waits(ticket, steps, context), thrown) => {
                self.go_on(&run, parts, ticket, Work { steps, thrown }, context)
            }
        }
    }

    fn go_on(
        &self,
        run: &Bound<'_, Dispatch>,
        parts: &Parts,
        ticket: Ticket,
        work: Work,
        context: Option<Py<PyAny>>,
    ) -> PyResult<Option<Py<PyAny>>> {
        let py = run.py();
        match work.step(py, parts, context.as_ref().map(|context| context.bind(py))) {
            Ok(Step::Waits(steps, awaited)) => Ok(Some(self.wait(awaited, ticket, steps, context))),
            Ok(Step::Finished(value)) => self.finish(run, parts, ticket, Ok(value)),
            Err(error) => self.finish(run, parts, ticket, Err(error)),
        }
    }

    /// Runs one handler after another, until one waits.
    fn share(
        &self,
        run: &Bound<'_, Dispatch>,
        parts: &Parts,
        mut ticket: Ticket,
        mut steps: Steps,
    ) -> PyResult<Option<Py<PyAny>>> {
        let (py, this) = (run.py(), run.get());
        let manager = this.manager(py);
        let task = parts.current_task.bind(py).call0()?;
        let cancelling = task.getattr(intern!(py, "cancelling"))?;
        let references = references_to(&task);
        loop {
            let context = parts.copy_context.bind(py).call0()?;
            let work = Work { steps, thrown: None };
            let outcome = match work.step(py, parts, Some(&context)) {
                Ok(Step::Waits(steps, awaited)) => {
                    drop(cancelling);
                    let former = this.register(ticket, task.unbind());
                    drop(former);
                    let awaited = self.wait(awaited, ticket, steps, Some(context.unbind()));
                    if !parts.eager {
                        this.entry(ticket).set_waits(true);
                        this.set_waiting(true);
                        pump(run, parts);
                    }
                    return Ok(Some(awaited));
                }
                Ok(Step::Finished(value)) => Ok(value),
                Err(error) => Err(error),
            };
            drop(context);
            let is_marked = || PyResult::Ok(references_to(&task) != references || cancelling.call0()?.is_truthy()?);
            // A task that a handler has cancelled or kept serves no other.
            if outcome.as_ref().is_err_and(|error| is_fatal(py, error)) || is_marked()? {
                return self.finish(run, parts, ticket, outcome);
            }
            settle(run, parts, ticket, outcome);
            loop {
                let Some(next) = this.take_ready() else {
                    if !parts.eager {
                        pump(run, parts);
                    }
                    self.forget();
                    return Ok(None);
                };
                ticket = next;
                match this.name_connector(py, ticket).and_then(|()| this.call(parts, manager.as_ref(), py, ticket)) {
                    Ok((call, true)) => match call.steps(parts) {
                        Ok(made) => {
                            steps = made;
                            break;
                        }
                        Err(error) => settle(run, parts, ticket, Err(error)),
                    },
                    Ok((call, false)) => {
                        let outcome = call.run(parts);
                        if outcome.as_ref().is_err_and(|error| is_fatal(py, error)) || is_marked()? {
                            return self.finish(run, parts, ticket, outcome);
                        }
                        settle(run, parts, ticket, outcome);
                    }
                    Err(error) => settle(run, parts, ticket, Err(error)),
                }
            }
        }
    }

    fn wait(&self, awaited: Py<PyAny>, ticket: Ticket, steps: Steps, context: Option<Py<PyAny>>) -> Py<PyAny> {
        *lock(&self.at) = At::Waits(ticket, steps, context);
        awaited
    }

    /// The task ends with the handler's outcome.
    fn finish(
        &self,
        run: &Bound<'_, Dispatch>,
        parts: &Parts,
        ticket: Ticket,
        outcome: PyResult<Py<PyAny>>,
    ) -> PyResult<Option<Py<PyAny>>> {
        let py = run.py();
        let outcome = contain(run, parts, outcome);
        let shown = match &outcome {
            Ok(value) if !value.is_none(py) => Err(PyStopIteration::new_err((value.clone_ref(py),))),
            Ok(_) => Ok(None),
            Err(error) => Err(error.clone_ref(py)),
        };
        if let Err(error) = &outcome
            && !error.is_instance_of::<CancelledError>(py)
            && run.get().is_awaited()
        {
            // The dispatch tells of it; asyncio is not to call it unseen. Of one that was given up, asyncio tells.
            let task = parts.current_task.bind(py).call0()?;
            let seen = parts.task.bind(py).getattr(intern!(py, "exception"))?;
            task.call_method1(intern!(py, "add_done_callback"), (seen,))?;
        }
        settle(run, parts, ticket, outcome);
        pump(run, parts);
        self.forget();
        shown
    }

    fn forget(&self) {
        let run = lock(&self.run).take();
        drop(run);
    }

    /// The coroutine of the handler, when it waits.
    fn inner<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        let steps = match &*lock(&self.at) {
            At::Waits(_, steps, _) => steps.generator(py),
            _ => return None,
        };
        suspended_coroutine(steps.bind(py))
    }
}

/// How many hold the task.
#[expect(deprecated, reason = "what is to replace it is unsafe")]
fn references_to(task: &Bound<'_, PyAny>) -> isize {
    task.get_refcnt()
}

#[pymethods]
impl Carrier {
    fn __await__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        self.advance(py, None)
    }

    fn send(&self, py: Python<'_>, _value: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        self.advance(py, None)?.ok_or_else(|| PyStopIteration::new_err(()))
    }

    #[pyo3(signature = (typ, val = None, _tb = None, /))]
    fn throw(
        &self,
        py: Python<'_>,
        typ: &Bound<'_, PyAny>,
        val: Option<&Bound<'_, PyAny>>,
        _tb: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let error = invoke::thrown(typ, val);
        self.advance(py, Some(error))?.ok_or_else(|| PyStopIteration::new_err(()))
    }

    /// Ends it; the handler sees GeneratorExit where it waits.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        let at = std::mem::replace(&mut *lock(&self.at), At::Over);
        self.forget();
        match at {
            At::Waits(_, steps, _) => steps.close(py),
            _ => Ok(()),
        }
    }

    #[getter]
    fn __qualname__(&self, py: Python<'_>) -> String {
        match self.inner(py).and_then(|inner| inner.getattr(intern!(py, "__qualname__")).ok()) {
            Some(name) => name.to_string(),
            None => "event_handler".to_owned(),
        }
    }

    #[getter]
    fn __name__(&self, py: Python<'_>) -> String {
        self.__qualname__(py)
    }

    #[getter]
    fn cr_frame<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        self.inner(py)?.getattr(intern!(py, "cr_frame")).ok()
    }

    #[getter]
    fn cr_code<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        self.inner(py)?.getattr(intern!(py, "cr_code")).ok()
    }

    #[getter]
    fn cr_await<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        self.inner(py)?.getattr(intern!(py, "cr_await")).ok()
    }

    #[getter]
    #[expect(clippy::unused_self, reason = "the protocol")]
    fn cr_running(&self) -> bool {
        false
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        if let Ok(run) = self.run.try_lock() {
            visit.call(&*run)?;
        }
        if let Kind::Foreign(context) = &self.kind {
            visit.call(context)?;
        }
        if let Ok(at) = self.at.try_lock() {
            match &*at {
                At::Start(_, Some(steps)) => steps.visit(&visit)?,
                At::Waits(_, steps, context) => {
                    steps.visit(&visit)?;
                    visit.call(context)?;
                }
                At::Start(_, None) | At::Over => {}
            }
        }
        Ok(())
    }

    fn __clear__(&self) {
        self.forget();
    }
}
