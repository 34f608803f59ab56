//! Where the Python connectors of a servo live: the asyncio loop whose thread calls their handlers.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::PyRuntimeError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyWeakrefMethods, PyWeakrefReference};

use super::loop_queue::{Job, LoopQueue};

/// The connectors of a servo, and the queue of the loop that they live on.
#[derive(Default)]
pub(super) struct EventLoop {
    queue: Mutex<Option<Arc<LoopQueue>>>,
    /// Held here and nowhere else in the engine, so that the servo can show them to Python's garbage collector.
    connectors: Mutex<Vec<Py<PyAny>>>,
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
        Ok(())
    }

    /// Lets go of what is held.
    pub fn clear(&self) {
        // Dropped when nothing is locked any more: their finalizers may be Python code.
        let _connectors = std::mem::take(&mut *locked(&self.connectors));
        let _queue = locked(&self.queue).take();
    }

    /// The servo whose connectors live here.
    pub fn servo<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        locked(&self.servo).as_ref()?.bind(py).upgrade()
    }

    /// From now on work goes to the loop that runs in this thread.
    pub fn enter(&self, py: Python<'_>) -> PyResult<()> {
        let queue = LoopQueue::of_running_loop(py)?;
        let former = locked(&self.queue).replace(queue);
        drop(former);
        Ok(())
    }

    /// Queues work for the loop; may be called from any thread, with the GIL or without.
    ///
    /// The work is dropped when there is no loop, or it is closed.
    pub fn submit(&self, job: Job) {
        let queue = locked(&self.queue).clone();
        match queue {
            Some(queue) => queue.submit(job),
            None => drop(job),
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
