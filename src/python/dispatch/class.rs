//! The handlers of a connector class, sorted by event.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyType};
use pyo3::{PyTraverseError, PyVisit, intern};

use super::parts::Parts;

/// One registered handler.
pub(super) struct Entry {
    /// The `servo.EventHandler`.
    pub handler: Py<PyAny>,
    /// Its supplemental arguments.
    pub kwargs: Py<PyDict>,
    /// The function seen first, and whether it is a coroutine function.
    seen: OnceLock<(Py<PyAny>, bool)>,
    /// Whether it suspended when it ran last; a guess at what it will do.
    waits: AtomicBool,
}

impl Entry {
    /// The function that is to be called, read each time for tests replace it; and whether it gives a coroutine.
    pub fn function<'py>(&self, parts: &Parts, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, bool)> {
        let function = self.handler.bind(py).getattr(intern!(py, "handler"))?;
        if let Some((seen, is_async)) = self.seen.get()
            && seen.is(&function)
        {
            return Ok((function, *is_async));
        }
        let is_async = parts.events.bind(py).call_method1(intern!(py, "_is_async"), (&function,))?.is_truthy()?;
        let _ = self.seen.set((function.clone().unbind(), is_async));
        Ok((function, is_async))
    }

    /// Whether it suspended when it ran last.
    pub fn waits(&self) -> bool {
        self.waits.load(Ordering::Relaxed)
    }

    /// Notes whether it suspended.
    pub fn set_waits(&self, waits: bool) {
        self.waits.store(waits, Ordering::Relaxed);
    }
}

/// The handlers of one event by preposition, in the order they were registered.
pub(super) type Handlers = [Vec<Entry>; 3];

/// What a class answers; kept on the class, and made anew when its list of handlers changes.
#[pyclass(frozen, module = "servo._core")]
pub(super) struct ClassEvents {
    list: Py<PyList>,
    snapshot: Vec<Py<PyAny>>,
    /// `set` of the context variable that names the connector while a handler runs.
    pub set_variable: Py<PyAny>,
    events: HashMap<String, Arc<Handlers>>,
}

impl ClassEvents {
    /// What the class of a connector answers.
    pub fn of<'py>(connector: &Bound<'py, PyAny>, class: &Bound<'py, PyType>) -> PyResult<Bound<'py, Self>> {
        let py = class.py();
        // Asked of the object: metaclasses with a `__getattr__` make the class itself slow to ask.
        let list = connector.getattr(intern!(py, "__event_handlers__"))?.cast_into::<PyList>()?;
        let name = intern!(py, "__event_index__");
        if let Ok(index) = connector.getattr(name)
            && let Ok(index) = index.cast_into_exact::<Self>()
            && index.get().is_of(&list)
        {
            return Ok(index);
        }
        let index = Self {
            snapshot: list.iter().map(Bound::unbind).collect(),
            set_variable: class.getattr(intern!(py, "__context_variable__"))?.getattr(intern!(py, "set"))?.unbind(),
            events: sorted(&list)?,
            list: list.unbind(),
        };
        let index = Bound::new(py, index)?;
        class.setattr(name, &index)?;
        Ok(index)
    }

    /// The handlers of an event.
    pub fn handlers(&self, event: &str) -> Option<&Arc<Handlers>> {
        self.events.get(event)
    }

    fn is_of(&self, list: &Bound<'_, PyList>) -> bool {
        self.list.is(list)
            && self.snapshot.len() == list.len()
            && self.snapshot.iter().zip(list.iter()).all(|(known, handler)| known.is(&handler))
    }
}

#[pymethods]
impl ClassEvents {
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.list)?;
        visit.call(&self.set_variable)?;
        self.snapshot.iter().try_for_each(|handler| visit.call(handler))?;
        // The entries hold the same handlers; a class that is not used any more loses this by its own dictionary.
        Ok(())
    }
}

/// Handlers by event.
fn sorted(list: &Bound<'_, PyList>) -> PyResult<HashMap<String, Arc<Handlers>>> {
    let py = list.py();
    let parts = Parts::get(py)?;
    let mut events: HashMap<String, Handlers> = HashMap::new();
    for handler in list.iter() {
        let name = handler.getattr(intern!(py, "event"))?.getattr(intern!(py, "name"))?.extract()?;
        let among = parts.among(&handler.getattr(intern!(py, "preposition"))?)?;
        let slots = events.entry(name).or_default();
        for (slot, wanted) in slots.iter_mut().zip(among) {
            if wanted {
                let kwargs = handler.getattr(intern!(py, "kwargs"))?.cast_into()?.unbind();
                slot.push(Entry {
                    handler: handler.clone().unbind(),
                    kwargs,
                    seen: OnceLock::new(),
                    waits: AtomicBool::new(false),
                });
            }
        }
    }
    Ok(events.into_iter().map(|(name, handlers)| (name, Arc::new(handlers))).collect())
}

/// Whether any connector has handlers beside those of its class.
static INSTANCE_HANDLERS: AtomicBool = AtomicBool::new(false);

/// From now on, connectors may have handlers beside those of their class.
#[pyfunction]
pub fn use_instance_handlers() {
    INSTANCE_HANDLERS.store(true, Ordering::Relaxed);
}

/// Whether a connector may have handlers beside those of its class.
pub fn has_instance_handlers() -> bool {
    INSTANCE_HANDLERS.load(Ordering::Relaxed)
}

/// The handlers of that event which belong to this connector alone, behind those of its class.
pub(super) fn with_own(
    parts: &Parts,
    connector: &Bound<'_, PyAny>,
    event: &str,
    of_class: Option<&Arc<Handlers>>,
) -> PyResult<Option<Arc<Handlers>>> {
    if !has_instance_handlers() {
        return Ok(of_class.cloned());
    }
    let py = connector.py();
    let own = parts.events.bind(py).call_method1(intern!(py, "_own_handlers"), (connector,))?.cast_into::<PyList>()?;
    if own.is_empty() {
        return Ok(of_class.cloned());
    }
    let all = PyList::empty(py);
    for handler in of_class.iter().flat_map(|handlers| handlers.iter().flatten()) {
        // One of several prepositions stands in several slots.
        if !all.iter().any(|known| known.is(&handler.handler)) {
            all.append(&handler.handler)?;
        }
    }
    for handler in own.iter() {
        all.append(handler)?;
    }
    Ok(sorted(&all)?.remove(event))
}
