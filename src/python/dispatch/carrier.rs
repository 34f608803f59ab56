//! The coroutine of an asyncio task in which handlers run.

use std::sync::Mutex;

use pyo3::exceptions::asyncio::CancelledError;
use pyo3::exceptions::{PyRuntimeError, PyStopIteration};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::{PyTraverseError, PyVisit};

use super::burst::pump;
use super::invoke::{self, Step, Suspended, Work};
use super::lock;
use super::parts::Parts;
use super::phase::Ticket;
use super::run::Run;
use super::settle::{is_fatal, settle};

enum At {
    Start(Ticket),
    /// The task is this handler's own from its first wait on.
    Waits {
        ticket: Ticket,
        suspended: Suspended,
        context: Option<Py<PyAny>>,
    },
    Over,
}

/// What is to happen to the handler.
enum Push {
    Resume,
    Throw(PyErr),
}

/// See the module.
#[pyclass(frozen, module = "servo._core", name = "EventHandlerCoroutine")]
pub(super) struct Carrier {
    /// Whether it takes further handlers after one that did not wait.
    shared: bool,
    /// Whether the context of the task is the handler's own.
    in_task_context: bool,
    run: Mutex<Option<Py<Run>>>,
    at: Mutex<At>,
}

impl Carrier {
    pub fn new(run: &Bound<'_, Run>, ticket: Ticket, shared: bool, in_task_context: bool) -> Self {
        Self { shared, in_task_context, run: Mutex::new(Some(run.clone().unbind())), at: Mutex::new(At::Start(ticket)) }
    }

    /// The next step. Gives what the task is to wait for, None at the end.
    fn advance(&self, py: Python<'_>, push: Push) -> PyResult<Option<Py<PyAny>>> {
        let at = std::mem::replace(&mut *lock(&self.at), At::Over);
        let run = lock(&self.run).as_ref().map(|run| run.bind(py).clone());
        let (Some(run), parts) = (run, Parts::get(py)?) else {
            return Err(PyRuntimeError::new_err("cannot reuse already awaited coroutine"));
        };
        match (at, push) {
            (At::Over, _) => Err(PyRuntimeError::new_err("cannot reuse already awaited coroutine")),
            (At::Start(ticket), Push::Throw(error)) => self.finish(&run, parts, ticket, Err(error)),
            (At::Start(ticket), Push::Resume) => self.start(&run, parts, ticket),
            (At::Waits { ticket, suspended, context }, push) => {
                let inside = context.as_ref().map(|context| context.bind(py));
                let work = match push {
                    Push::Resume => Work::Resume(suspended),
                    Push::Throw(error) => Work::Throw(suspended, error),
                };
                match invoke::step(py, parts, inside, work) {
                    Ok(Step::Waits(again)) => Ok(Some(self.wait(py, again, ticket, context))),
                    outcome => self.finish(&run, parts, ticket, outcome),
                }
            }
        }
    }

    fn start(&self, run: &Bound<'_, Run>, parts: &Parts, ticket: Ticket) -> PyResult<Option<Py<PyAny>>> {
        let (py, this) = (run.py(), run.get());
        let Some(scene) = this.scene(py) else { return Ok(None) };
        if !self.shared {
            let context = if self.in_task_context { None } else { Some(scene.context()?) };
            let outcome = this
                .function(parts, py, ticket)
                .and_then(|function| this.start(parts, &scene, ticket, function, context.as_ref()));
            return match outcome {
                Ok(Step::Waits(suspended)) => Ok(Some(self.wait(py, suspended, ticket, context.map(Bound::unbind)))),
                outcome => self.finish(run, parts, ticket, outcome),
            };
        }
        let task = parts.current_task.bind(py).call0()?;
        let mut ticket = ticket;
        loop {
            let references = references_to(&task);
            let context = scene.context()?;
            let outcome = this
                .function(parts, py, ticket)
                .and_then(|function| this.start(parts, &scene, ticket, function, Some(&context)));
            let outcome = match outcome {
                Ok(Step::Waits(suspended)) => {
                    let former = this.register(ticket, task.unbind());
                    drop(former);
                    return Ok(Some(self.wait(py, suspended, ticket, Some(context.unbind()))));
                }
                outcome => outcome,
            };
            // A task that a handler has cancelled or kept serves no other.
            if outcome.as_ref().is_err_and(|error| is_fatal(py, error))
                || references_to(&task) != references
                || task.call_method0(intern!(py, "cancelling"))?.is_truthy()?
            {
                return self.finish(run, parts, ticket, outcome);
            }
            settle(run, parts, ticket, outcome);
            match this.take_ready() {
                Some(next) => ticket = next,
                None => break,
            }
        }
        self.forget();
        Ok(None)
    }

    fn wait(&self, py: Python<'_>, mut suspended: Suspended, ticket: Ticket, context: Option<Py<PyAny>>) -> Py<PyAny> {
        let awaited = suspended.take_awaited(py);
        *lock(&self.at) = At::Waits { ticket, suspended, context };
        awaited
    }

    /// The task ends with the handler's outcome.
    fn finish(
        &self,
        run: &Bound<'_, Run>,
        parts: &Parts,
        ticket: Ticket,
        outcome: PyResult<Step>,
    ) -> PyResult<Option<Py<PyAny>>> {
        let py = run.py();
        let shown = match &outcome {
            Ok(Step::Finished(value)) if !value.is_none(py) => Err(PyStopIteration::new_err((value.clone_ref(py),))),
            Ok(_) => Ok(None),
            Err(error) => Err(error.clone_ref(py)),
        };
        if let Err(error) = &outcome
            && !error.is_instance_of::<CancelledError>(py)
        {
            // The dispatch tells of it; asyncio is not to call it unseen.
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
        match &*lock(&self.at) {
            At::Waits { suspended, .. } => Some(suspended.coroutine(py).clone()),
            _ => None,
        }
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
        self.advance(py, Push::Resume)
    }

    fn send(&self, py: Python<'_>, _value: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        self.advance(py, Push::Resume)?.ok_or_else(|| PyStopIteration::new_err(()))
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
        self.advance(py, Push::Throw(error))?.ok_or_else(|| PyStopIteration::new_err(()))
    }

    /// Ends it; the handler sees GeneratorExit where it waits.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        let inner = self.inner(py);
        let at = std::mem::replace(&mut *lock(&self.at), At::Over);
        drop(at);
        self.forget();
        match inner {
            Some(coroutine) => coroutine.call_method0(intern!(py, "close")).map(drop),
            None => Ok(()),
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
        if let Ok(at) = self.at.try_lock()
            && let At::Waits { suspended, context, .. } = &*at
        {
            suspended.visit(&visit)?;
            visit.call(context)?;
        }
        Ok(())
    }

    fn __clear__(&self) {
        self.forget();
    }
}
