//! The connectors that a dispatch reaches, with their handlers of the event.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::PyType;
use pyo3::{PyTraverseError, PyVisit, intern};

use super::class::{ClassEvents, Entry, Handlers, with_own};
use super::parts::Parts;
use super::request::Request;
use crate::event::{Plan, Preposition, Target};

/// What connectors of one class have in common.
struct Group {
    /// `set` of the context variable that names the connector.
    set_variable: Py<PyAny>,
    handlers: Arc<Handlers>,
}

/// A connector on the bus that has handlers of the event.
pub(super) struct Member {
    /// Empty when nobody asked for names.
    name: String,
    pub connector: Py<PyAny>,
    group: usize,
    responds: [bool; 3],
}

impl Target for Member {
    fn name(&self) -> &str {
        &self.name
    }

    fn responds_to(&self, _event: &str, preposition: Preposition) -> bool {
        self.responds[preposition as usize]
    }
}

/// See the module.
pub(super) struct Members {
    members: Vec<Member>,
    groups: Vec<Group>,
}

impl Members {
    /// Finds them, in the order of the bus.
    pub fn gather(py: Python<'_>, parts: &Parts, request: &Request) -> PyResult<Self> {
        let event = request.event_name(py)?;
        let by_name = request.options.include.is_some() || !request.options.exclude.is_empty();
        let bus = request.bus.bind(py);
        let mut found = Self { members: Vec::with_capacity(bus.len()), groups: Vec::new() };
        // A bus mostly holds many connectors of few classes, next to each other.
        let mut last: Option<(Bound<'_, PyType>, Bound<'_, ClassEvents>)> = None;
        let mut group: Option<(usize, Arc<Handlers>)> = None;
        for connector in bus.iter() {
            let class = connector.get_type();
            if last.as_ref().is_none_or(|(known, _)| !known.is(&class)) {
                let index = ClassEvents::of(&connector, &class)?;
                last = Some((class, index));
                group = None;
            }
            let Some((_, index)) = &last else { continue };
            let (at, responds) = match &group {
                Some((at, handlers)) if !super::class::has_instance_handlers() => (*at, responds(handlers)),
                _ => {
                    let of_class = index.get().handlers(event);
                    let Some(handlers) = with_own(parts, &connector, event, of_class)? else { continue };
                    let responds = responds(&handlers);
                    let at = found.groups.len();
                    group = Some((at, handlers.clone()));
                    found.groups.push(Group { set_variable: index.get().set_variable.clone_ref(py), handlers });
                    (at, responds)
                }
            };
            let name = if by_name { connector.getattr(intern!(py, "name"))?.extract()? } else { String::new() };
            found.members.push(Member { name, connector: connector.unbind(), group: at, responds });
        }
        Ok(found)
    }

    /// Which of them each phase calls.
    pub fn plan(&self, request: &Request) -> Plan {
        Plan::new(&self.members, "", &request.options)
    }

    /// The connector of a member.
    pub fn connector<'py>(&self, py: Python<'py>, member: usize) -> &Bound<'py, PyAny> {
        self.members[member].connector.bind(py)
    }

    /// `set` of the context variable that names a member.
    pub fn set_variable<'py>(&self, py: Python<'py>, member: usize) -> &Bound<'py, PyAny> {
        self.groups[self.members[member].group].set_variable.bind(py)
    }

    /// The handlers of a member for a phase.
    pub fn handlers(&self, member: usize, preposition: Preposition) -> &[Entry] {
        &self.groups[self.members[member].group].handlers[preposition as usize]
    }

    pub fn visit(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.members.iter().try_for_each(|member| visit.call(&member.connector))?;
        self.groups.iter().try_for_each(|group| visit.call(&group.set_variable))
    }
}

fn responds(handlers: &Handlers) -> [bool; 3] {
    [0, 1, 2].map(|at| !handlers[at].is_empty())
}
