//! The asyncio loop that owns the Python connectors of a servo, as the engine's threads reach it.
//!
//! Work for the loop is queued, and one wake-up serves all that is queued by then: threads that add more while one is
//! under way do not ask for another.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::PyRuntimeError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyWeakrefMethods, PyWeakrefReference};

/// A piece of work for the loop's thread. The queue holds no more of them than there are handlers being waited for.
type Job = Box<dyn FnOnce(Python<'_>, &Bound<'_, PyAny>) + Send>;

/// One loop, the connectors that live on it, and the work queued for it.
#[derive(Default)]
pub(super) struct EventLoop {
    asyncio: Mutex<Option<Py<PyAny>>>,
    /// Held here and nowhere else in the engine, so that the servo can show them to Python's garbage collector.
    connectors: Mutex<Vec<Py<PyAny>>>,
    queue: Mutex<VecDeque<Job>>,
    armed: AtomicBool,
    /// The servo whose connectors live here, as Python sees it; weak, for it holds this.
    servo: Mutex<Option<Py<PyWeakrefReference>>>,
}

impl EventLoop {
    /// Tells which servo the connectors of this loop belong to.
    pub fn belong_to(&self, servo: &Bound<'_, PyAny>) -> PyResult<()> {
        let reference = PyWeakrefReference::new(servo)?.unbind();
        *locked(&self.servo) = Some(reference);
        Ok(())
    }

    /// Takes a connector in; gives where it is found again.
    pub fn adopt(&self, connector: Py<PyAny>) -> usize {
        let mut connectors = locked(&self.connectors);
        connectors.push(connector);
        connectors.len() - 1
    }

    /// A connector that was taken in; raises when the servo is gone.
    pub fn connector<'py>(&self, py: Python<'py>, at: usize) -> PyResult<Bound<'py, PyAny>> {
        let connector = locked(&self.connectors).get(at).map(|connector| connector.bind(py).clone());
        connector.ok_or_else(|| PyRuntimeError::new_err("the servo of the connector is gone"))
    }

    /// Whether no connector was taken in.
    pub fn is_empty(&self) -> bool {
        locked(&self.connectors).is_empty()
    }

    /// The connectors that were taken in.
    pub fn connectors<'py>(&self, py: Python<'py>) -> Vec<Bound<'py, PyAny>> {
        locked(&self.connectors).iter().map(|connector| connector.bind(py).clone()).collect()
    }

    /// Shows the garbage collector what is held. What is locked just now is in use, and is not shown.
    pub fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        if let Ok(connectors) = self.connectors.try_lock() {
            connectors.iter().try_for_each(|connector| visit.call(connector))?;
        }
        if let Ok(event_loop) = self.asyncio.try_lock() {
            visit.call(&*event_loop)?;
        }
        Ok(())
    }

    /// Lets go of what is held.
    pub fn clear(&self) {
        // Dropped when nothing is locked any more: their finalizers may be Python code.
        let _connectors = std::mem::take(&mut *locked(&self.connectors));
        let _event_loop = locked(&self.asyncio).take();
    }

    /// The servo whose connectors live here.
    pub fn servo<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        locked(&self.servo).as_ref()?.bind(py).upgrade()
    }

    /// From now on work goes to the loop that runs in this thread.
    pub fn enter(&self, py: Python<'_>) -> PyResult<()> {
        let running = pyo3_async_runtimes::get_running_loop(py)?.unbind();
        // An earlier loop may have ended with a wake-up under way that never came.
        self.armed.store(false, Ordering::Release);
        *locked(&self.asyncio) = Some(running);
        Ok(())
    }

    /// Queues work for the loop; may be called from any thread, with the GIL or without.
    ///
    /// The work is dropped when there is no loop, or it is closed.
    pub fn submit(self: &Arc<Self>, job: Job) {
        locked(&self.queue).push_back(job);
        if self.armed.swap(true, Ordering::AcqRel) {
            return;
        }
        let this = self.clone();
        // The GIL may be taken for long by Python code: no thread of the runtime waits for it.
        tokio::task::spawn_blocking(move || {
            Python::attach(|py| {
                if let Err(error) = this.wake(py) {
                    tracing::debug!("the event loop cannot be reached: {error}");
                    // Disarmed first, as in `drain`; dropped without the lock, for the work holds objects.
                    this.armed.store(false, Ordering::Release);
                    drop(std::mem::take(&mut *locked(&this.queue)));
                }
            });
        });
    }

    fn wake(self: &Arc<Self>, py: Python<'_>) -> PyResult<()> {
        let event_loop = locked(&self.asyncio).as_ref().map(|l| l.clone_ref(py));
        let Some(event_loop) = event_loop else {
            return Err(PyRuntimeError::new_err("no event loop runs"));
        };
        let drain = Bound::new(py, Drain { target: self.clone() })?;
        event_loop.bind(py).call_method1("call_soon_threadsafe", (drain,)).map(drop)
    }

    /// Does all queued work, in the loop's thread.
    fn drain(&self, py: Python<'_>) -> PyResult<()> {
        let event_loop = pyo3_async_runtimes::get_running_loop(py)?;
        // Disarmed first: what is queued from now on asks for a wake-up of its own.
        self.armed.store(false, Ordering::Release);
        let jobs = std::mem::take(&mut *locked(&self.queue));
        for job in jobs {
            job(py, &event_loop);
        }
        Ok(())
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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
