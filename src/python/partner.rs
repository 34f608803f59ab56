//! A Python object whose coroutines the engine waits for.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::asyncio::CancelledError;
use pyo3::prelude::*;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::event_loop::EventLoop;

/// Reads what a task gave; in the loop's thread.
type Read = Box<dyn FnOnce(Python<'_>, PyResult<Bound<'_, PyAny>>) + Send>;

/// A Python object that lives on an asyncio loop.
#[derive(Clone)]
pub(super) struct Partner {
    event_loop: Arc<EventLoop>,
    /// Which of the loop's objects it is.
    at: usize,
}

impl Partner {
    pub fn new(object: Py<PyAny>, event_loop: Arc<EventLoop>) -> Self {
        let at = event_loop.adopt(object);
        Self { event_loop, at }
    }

    /// Has the object start a task and waits for its end; `None` when the loop has ended.
    ///
    /// The task is cancelled when nobody waits any more, and when the token is; then its end is waited for.
    pub async fn ask<T: Send + 'static>(
        &self,
        cancelled: Option<&CancellationToken>,
        start: impl for<'py> FnOnce(&Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> + Send + 'static,
        read: impl FnOnce(Python<'_>, PyResult<Bound<'_, PyAny>>) -> T + Send + 'static,
    ) -> Option<T> {
        let (done, mut answered) = oneshot::channel();
        let task = Task { event_loop: self.event_loop.clone(), slot: Slot::default() };
        let read: Read = Box::new(move |py, outcome| {
            // Whoever asked may have gone.
            let _ = done.send(read(py, outcome));
        });
        self.start(task.slot.clone(), start, read);
        if let Some(cancelled) = cancelled {
            tokio::select! {
                answer = &mut answered => return answer.ok(),
                () = cancelled.cancelled() => task.cancel(),
            }
        }
        answered.await.ok()
    }

    fn start(
        &self,
        slot: Slot,
        start: impl for<'py> FnOnce(&Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> + Send + 'static,
        read: Read,
    ) {
        let (home, at) = (self.event_loop.clone(), self.at);
        self.event_loop.submit(Box::new(move |py, _| {
            if locked(&slot).is_abandoned {
                return;
            }
            let report = Bound::new(py, Report { slot: slot.clone(), read: Mutex::new(Some(read)) });
            let started = report.map(|report| {
                let outcome = home.connector(py, at).and_then(|object| start(&object)).and_then(|task| {
                    task.call_method1("add_done_callback", (&report,))?;
                    locked(&slot).task = Some(task.unbind());
                    Ok(())
                });
                if let Err(error) = outcome {
                    report.get().tell(py, Err(error));
                }
            });
            if let Err(error) = started {
                tracing::error!("a task could not be started: {error}");
            }
        }));
    }
}

/// An asyncio task that is waited for.
#[derive(Default)]
struct Running {
    /// While it runs.
    task: Option<Py<PyAny>>,
    /// Nobody waits for it any more.
    is_abandoned: bool,
}

type Slot = Arc<Mutex<Running>>;

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Cancels the task when it is dropped.
struct Task {
    event_loop: Arc<EventLoop>,
    slot: Slot,
}

impl Task {
    fn cancel(&self) {
        let slot = self.slot.clone();
        self.event_loop.submit(Box::new(move |py, _| {
            let task = locked(&slot).task.as_ref().map(|task| task.clone_ref(py));
            if let Some(task) = task
                && let Err(error) = task.bind(py).call_method0("cancel")
            {
                tracing::debug!("a task could not be cancelled: {error}");
            }
        }));
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        let runs = {
            let mut running = locked(&self.slot);
            running.is_abandoned = true;
            running.task.is_some()
        };
        if runs && tokio::runtime::Handle::try_current().is_ok() {
            self.cancel();
        }
    }
}

/// Called by asyncio when the task is done.
#[pyclass(frozen)]
struct Report {
    slot: Slot,
    read: Mutex<Option<Read>>,
}

impl Report {
    fn tell(&self, py: Python<'_>, outcome: PyResult<Bound<'_, PyAny>>) {
        let read = locked(&self.read).take();
        if let Some(read) = read {
            read(py, outcome);
        }
    }
}

#[pymethods]
impl Report {
    fn __call__(&self, task: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = task.py();
        let former = locked(&self.slot).task.take();
        drop(former);
        let outcome = if task.call_method0("cancelled")?.is_truthy()? {
            Err(CancelledError::new_err(()))
        } else {
            task.call_method0("result")
        };
        self.tell(py, outcome);
        Ok(())
    }
}
