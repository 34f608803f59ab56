//! The asyncio loop that owns the Python connectors of a servo, as the engine's threads reach it.
//!
//! Work for the loop is queued, and one wake-up serves all that is queued by then: threads that add more while one is
//! under way do not ask for another.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use pyo3::prelude::*;
use pyo3::types::{PyWeakrefMethods, PyWeakrefReference};

/// A piece of work for the loop's thread. The queue holds no more of them than there are handlers being waited for.
type Job = Box<dyn FnOnce(Python<'_>, &Bound<'_, PyAny>) + Send>;

/// One loop, and the work queued for it.
#[derive(Default)]
pub(super) struct EventLoop {
    asyncio: Mutex<Option<Py<PyAny>>>,
    queue: Mutex<VecDeque<Job>>,
    armed: AtomicBool,
    /// The servo whose connectors live here, as Python sees it; weak, for it holds this.
    servo: Mutex<Option<Py<PyWeakrefReference>>>,
}

impl EventLoop {
    /// Tells which servo the connectors of this loop belong to.
    pub fn belong_to(&self, servo: &Bound<'_, PyAny>) -> PyResult<()> {
        let reference = PyWeakrefReference::new(servo)?.unbind();
        *self.servo.lock().unwrap_or_else(PoisonError::into_inner) = Some(reference);
        Ok(())
    }

    /// The servo whose connectors live here.
    pub fn servo<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        self.servo.lock().unwrap_or_else(PoisonError::into_inner).as_ref()?.bind(py).upgrade()
    }

    /// From now on work goes to the loop that runs in this thread.
    pub fn enter(&self, py: Python<'_>) -> PyResult<()> {
        let running = pyo3_async_runtimes::get_running_loop(py)?.unbind();
        // An earlier loop may have ended with a wake-up under way that never came.
        self.armed.store(false, Ordering::Release);
        *self.asyncio.lock().unwrap_or_else(PoisonError::into_inner) = Some(running);
        Ok(())
    }

    /// Queues work for the loop; may be called from any thread, with the GIL or without.
    ///
    /// The work is dropped when there is no loop, or it is closed.
    pub fn submit(self: &Arc<Self>, job: Job) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).push_back(job);
        if self.armed.swap(true, Ordering::AcqRel) {
            return;
        }
        let this = self.clone();
        // The GIL may be taken for long by Python code: no thread of the runtime waits for it.
        tokio::task::spawn_blocking(move || {
            Python::attach(|py| {
                if let Err(error) = this.wake(py) {
                    tracing::debug!("the event loop cannot be reached: {error}");
                    this.queue.lock().unwrap_or_else(PoisonError::into_inner).clear();
                    this.armed.store(false, Ordering::Release);
                }
            });
        });
    }

    fn wake(self: &Arc<Self>, py: Python<'_>) -> PyResult<()> {
        let event_loop = self.asyncio.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|l| l.clone_ref(py));
        let Some(event_loop) = event_loop else {
            return Err(pyo3::exceptions::PyRuntimeError::new_err("no event loop runs"));
        };
        let drain = Bound::new(py, Drain { target: self.clone() })?;
        event_loop.bind(py).call_method1("call_soon_threadsafe", (drain,)).map(drop)
    }

    /// Does all queued work, in the loop's thread.
    fn drain(&self, py: Python<'_>) -> PyResult<()> {
        let event_loop = pyo3_async_runtimes::get_running_loop(py)?;
        // Disarmed first: what is queued from now on asks for a wake-up of its own.
        self.armed.store(false, Ordering::Release);
        let jobs = std::mem::take(&mut *self.queue.lock().unwrap_or_else(PoisonError::into_inner));
        for job in jobs {
            job(py, &event_loop);
        }
        Ok(())
    }
}

/// What the loop calls when it wakes up.
#[pyclass(frozen)]
struct Drain {
    target: Arc<EventLoop>,
}

#[pymethods]
impl Drain {
    fn __call__(&self, py: Python<'_>) -> PyResult<()> {
        self.target.drain(py)
    }
}
