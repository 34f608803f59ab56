//! Connectors written in Python, as members of a bus.
//!
//! Their handlers run on the asyncio loop that owns the connector. The handlers of one connector for one event are one
//! task there; the engine waits for the task and turns its results into answers.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use async_trait::async_trait;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};
use tokio::sync::oneshot;

use super::calls::{answer, arguments};
use super::dispatch::has_instance_handlers;
use super::errors;
use super::event_loop::EventLoop;
use crate::event::{Answer, Call, Context, ErrorKind, EventError, Outcome, Preposition, Responder};

/// A Python connector on a bus.
pub(super) struct PyConnector {
    name: String,
    kind: Arc<str>,
    event_loop: Arc<EventLoop>,
    /// Which of the loop's connectors it is.
    at: usize,
    handles: Handles,
}

/// The `(preposition, event)` pairs that a connector handles. Those of its class are there from the begin; it may get
/// further ones of its own while it handles an event.
type Handles = Arc<RwLock<Vec<(Preposition, String)>>>;

/// Reads what a connector handles.
fn subscriptions(object: &Bound<'_, PyAny>) -> PyResult<Vec<(Preposition, String)>> {
    let listed = object.py().import("servo._handlers")?.call_method1("subscriptions", (object,))?;
    let mut handles = Vec::new();
    for pair in listed.try_iter()? {
        let (preposition, event): (String, String) = pair?.extract()?;
        let preposition = match preposition.as_str() {
            "before" => Preposition::Before,
            "after" => Preposition::After,
            _ => Preposition::On,
        };
        handles.push((preposition, event));
    }
    Ok(handles)
}

impl PyConnector {
    /// The member of a bus for a Python connector of that type, whose handlers run on that loop.
    pub fn new(object: &Bound<'_, PyAny>, kind: Arc<str>, event_loop: Arc<EventLoop>) -> PyResult<Self> {
        let handles = Arc::new(RwLock::new(subscriptions(object)?));
        let name = object.getattr("name")?.extract()?;
        let at = event_loop.adopt(object.clone().unbind());
        Ok(Self { name, kind, event_loop, at, handles })
    }
}

#[async_trait]
impl Responder for PyConnector {
    fn name(&self) -> &str {
        &self.name
    }

    fn kind(&self) -> &str {
        &self.kind
    }

    fn responds_to(&self, event: &str, preposition: Preposition) -> bool {
        let handles = self.handles.read().unwrap_or_else(PoisonError::into_inner);
        handles.iter().any(|(at, name)| *at == preposition && name == event)
    }

    async fn respond(
        &self,
        preposition: Preposition,
        call: &Call,
        results: &[Outcome],
        context: &Context,
    ) -> Result<Vec<Answer>, EventError> {
        let (done, answers) = oneshot::channel();
        let task = RunningTask { event_loop: self.event_loop.clone(), task: Arc::default() };
        let slot = task.task.clone();
        let (at, call, results) = (self.at, call.clone(), results.to_vec());
        let handles = self.handles.clone();
        let home = self.event_loop.clone();
        let command_uid = context.command_uid.clone();
        self.event_loop.submit(Box::new(move |py, event_loop| {
            if done.is_closed() {
                // The engine stopped waiting before the loop came to it.
                return;
            }
            let done = Arc::new(Mutex::new(Some(done)));
            let start = || -> PyResult<()> {
                let (args, kwargs) = arguments(py, preposition, &call, &results, home.servo(py))?;
                let run = py.import("servo._handlers")?.getattr("run")?;
                let connector = home.connector(py, at)?;
                let preposition_text = preposition.to_string();
                let coroutine =
                    run.call1((&connector, call.event(), preposition_text, args, kwargs, command_uid.as_deref()))?;
                let connector = connector.unbind();
                let task = event_loop.call_method1("create_task", (coroutine,))?;
                let report = Bound::new(
                    py,
                    Done { sender: done.clone(), task: slot.clone(), call, preposition, connector, handles },
                )?;
                task.call_method1("add_done_callback", (report,))?;
                *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(task.unbind());
                Ok(())
            };
            if let Err(error) = start()
                && let Some(done) = done.lock().unwrap_or_else(PoisonError::into_inner).take()
            {
                let _ = done.send(Err(errors::from_python(py, &error)));
            }
        }));
        tokio::pin!(answers);
        let answered = tokio::select! {
            answered = &mut answers => answered,
            () = context.cancelled.cancelled() => {
                task.cancel();
                answers.await
            }
        };
        // Nobody answers when the loop has ended.
        answered.unwrap_or_else(|_| Err(EventError::failed("the event loop of the connector has ended")))
    }
}

/// The asyncio task of the handlers; it is cancelled when nobody waits for it any more.
struct RunningTask {
    event_loop: Arc<EventLoop>,
    task: Slot,
}

/// A task while it runs; empty before and after.
type Slot = Arc<Mutex<Option<Py<PyAny>>>>;

impl RunningTask {
    fn cancel(&self) {
        let slot = self.task.clone();
        self.event_loop.submit(Box::new(move |py, _| {
            let task = slot.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|task| task.clone_ref(py));
            if let Some(task) = task
                && let Err(error) = task.bind(py).call_method0("cancel")
            {
                tracing::debug!("a handler could not be cancelled: {error}");
            }
        }));
    }
}

impl Drop for RunningTask {
    fn drop(&mut self) {
        let running = self.task.lock().unwrap_or_else(PoisonError::into_inner).is_some();
        if running && tokio::runtime::Handle::try_current().is_ok() {
            self.cancel();
        }
    }
}

/// Where the answers go, once.
type Reply = Arc<Mutex<Option<oneshot::Sender<Result<Vec<Answer>, EventError>>>>>;

/// Called by asyncio when the handlers' task is done.
#[pyclass]
struct Done {
    sender: Reply,
    task: Slot,
    call: Call,
    preposition: Preposition,
    connector: Py<PyAny>,
    handles: Handles,
}

#[pymethods]
impl Done {
    fn __call__(&self, py: Python<'_>, task: &Bound<'_, PyAny>) -> PyResult<()> {
        let _ended = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if has_instance_handlers() {
            let handles = subscriptions(self.connector.bind(py))?;
            *self.handles.write().unwrap_or_else(PoisonError::into_inner) = handles;
        }
        let Some(sender) = self.sender.lock().unwrap_or_else(PoisonError::into_inner).take() else { return Ok(()) };
        let result = if task.call_method0("cancelled")?.is_truthy()? {
            Err(EventError::new(ErrorKind::Cancelled, format!("'{}' was cancelled", self.call.event())))
        } else {
            task.call_method0("result").and_then(|values| self.answers(&values)).map_err(|error| {
                tracing::debug!("{}", errors::traceback(py, &error));
                errors::from_python(py, &error)
            })
        };
        // The engine may have stopped waiting.
        let _ = sender.send(result);
        Ok(())
    }
}

impl Done {
    fn answers(&self, values: &Bound<'_, PyAny>) -> PyResult<Vec<Answer>> {
        values.cast::<PyList>()?.iter().map(|value| answer(self.preposition, &self.call, &value)).collect()
    }
}

/// The positional and the keyword arguments of a handler.
pub(super) type Arguments<'py> = (Bound<'py, PyTuple>, Bound<'py, PyDict>);
