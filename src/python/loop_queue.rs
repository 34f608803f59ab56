//! Work of the engine's threads for an asyncio loop.
//!
//! Each loop has one queue, however many servos have connectors on it. One wake-up serves all that is queued by then:
//! threads that add more while one is under way do not ask for another. Where the loop can watch a socket the wake-up is
//! a byte through it, so that no thread of the engine waits for the GIL.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::{PyWeakrefMethods, PyWeakrefReference};

use super::bell::Bell;
use crate::telemetry::counting;

/// A piece of work for the loop's thread. The queue holds no more of them than there are handlers being waited for.
pub(super) type Job = Box<dyn FnOnce(Python<'_>, &Bound<'_, PyAny>) + Send>;

/// See the module.
pub(super) struct LoopQueue {
    /// Weak, for servos may outlive the loop that they lived on.
    event_loop: Py<PyWeakrefReference>,
    jobs: Mutex<VecDeque<Job>>,
    /// A wake-up is under way.
    armed: AtomicBool,
    /// The loop comes to no work any more.
    closed: AtomicBool,
    /// None for a loop that cannot watch it.
    bell: OnceLock<Bell>,
}

/// Those whose loop is alive, or whose servos are.
static QUEUES: Mutex<Vec<Weak<LoopQueue>>> = Mutex::new(Vec::new());

impl LoopQueue {
    /// The queue of the loop that runs in this thread.
    pub fn of_running_loop(py: Python<'_>) -> PyResult<Arc<Self>> {
        let running = pyo3_async_runtimes::get_running_loop(py)?;
        if let Some(known) = Self::known(&running) {
            // Its loop may have been stopped with a wake-up under way that never came.
            known.armed.store(false, Ordering::Release);
            return Ok(known);
        }
        let queue = Arc::new(Self {
            event_loop: PyWeakrefReference::new(&running)?.unbind(),
            jobs: Mutex::default(),
            armed: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            bell: OnceLock::new(),
        });
        if let Some((bell, watched)) = Bell::new() {
            let drain = Bound::new(py, Drain { queue: queue.clone(), watches: true })?;
            // Handlers see nothing of the context of whoever came first.
            let context = py.import("contextvars")?.getattr("Context")?.call0()?;
            // Not every loop can: that of Windows cannot.
            let watch = context.call_method1("run", (running.getattr("add_reader")?, watched, drain));
            if watch.is_ok() {
                let _ = queue.bell.set(bell);
            }
        }
        locked(&QUEUES).push(Arc::downgrade(&queue));
        Ok(queue)
    }

    fn known(event_loop: &Bound<'_, PyAny>) -> Option<Arc<Self>> {
        let queues: Vec<_> = {
            let mut queues = locked(&QUEUES);
            queues.retain(|queue| queue.strong_count() > 0);
            queues.iter().filter_map(Weak::upgrade).collect()
        };
        let py = event_loop.py();
        let of_it = |queue: &Arc<Self>| queue.event_loop.bind(py).upgrade().is_some_and(|other| other.is(event_loop));
        queues.into_iter().find(|queue| of_it(queue) && !queue.closed.load(Ordering::Acquire))
    }

    /// Queues work; may be called from any thread, with the GIL or without. It is dropped when the loop is closed.
    pub fn submit(self: &Arc<Self>, job: Job) {
        locked(&self.jobs).push_back(job);
        count(1.0);
        if self.closed.load(Ordering::Acquire) {
            return self.forget();
        }
        if self.armed.swap(true, Ordering::AcqRel) {
            return;
        }
        if let Some(bell) = self.bell.get() {
            return bell.ring();
        }
        let this = self.clone();
        // The GIL may be taken for long by Python code: no thread of the runtime waits for it.
        tokio::task::spawn_blocking(move || {
            Python::attach(|py| {
                if let Err(error) = this.wake(py) {
                    tracing::debug!("the event loop cannot be reached: {error}");
                    // Disarmed first, as in `drain`.
                    this.armed.store(false, Ordering::Release);
                    this.forget();
                }
            });
        });
    }

    fn wake(self: &Arc<Self>, py: Python<'_>) -> PyResult<()> {
        let Some(event_loop) = self.event_loop.bind(py).upgrade() else {
            return Err(PyRuntimeError::new_err("the event loop is gone"));
        };
        let drain = Bound::new(py, Drain { queue: self.clone(), watches: false })?;
        event_loop.call_method1("call_soon_threadsafe", (drain,)).map(drop)
    }

    /// Does all queued work, in the loop's thread.
    fn drain(&self, py: Python<'_>) -> PyResult<()> {
        let event_loop = pyo3_async_runtimes::get_running_loop(py)?;
        if let Some(bell) = self.bell.get() {
            bell.silence();
        }
        // Disarmed first: what is queued from now on asks for a wake-up of its own.
        self.armed.store(false, Ordering::Release);
        let jobs = std::mem::take(&mut *locked(&self.jobs));
        count(-(jobs.len() as f64));
        for job in jobs {
            job(py, &event_loop);
        }
        Ok(())
    }

    /// Lets go of the queued work, without the lock: it holds objects of Python.
    fn forget(&self) {
        let jobs = std::mem::take(&mut *locked(&self.jobs));
        count(-(jobs.len() as f64));
    }
}

/// So many calls more wait.
fn count(more: f64) {
    if counting() {
        metrics::gauge!("servo_asyncio_queue_depth").increment(more);
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the loop calls when it wakes up.
#[pyclass(frozen)]
struct Drain {
    queue: Arc<LoopQueue>,
    /// The loop holds it for as long as it watches the bell, which is until it is closed.
    watches: bool,
}

#[pymethods]
impl Drain {
    fn __call__(&self, py: Python<'_>) -> PyResult<()> {
        self.queue.drain(py)
    }
}

impl Drop for Drain {
    fn drop(&mut self) {
        // A loop that cannot watch lets go of it as well, sooner or later, and goes on.
        if self.watches && self.queue.bell.get().is_some() {
            self.queue.closed.store(true, Ordering::Release);
            self.queue.forget();
        }
    }
}
