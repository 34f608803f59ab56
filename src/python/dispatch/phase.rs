//! The state of one phase of a dispatch: who still runs, what came of the others.

use std::collections::VecDeque;

use pyo3::prelude::*;
use pyo3::{PyTraverseError, PyVisit};

use super::{EventContext, EventResult};
use crate::event::Preposition;

/// The handlers of one connector, which run one after another.
pub(super) struct Lane {
    pub member: usize,
    /// The handler that runs, or is to run.
    pub at: usize,
    /// The task of the handler that runs, for those that can be cancelled.
    pub task: Option<Py<PyAny>>,
}

/// One call that is to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticket {
    pub lane: usize,
    pub member: usize,
    pub at: usize,
}

/// See the module.
pub(super) struct Phase {
    pub preposition: Preposition,
    /// The context in which handlers are started; every handler gets a copy.
    pub base: Py<PyAny>,
    /// What is to be the current event in it, until it is.
    pub event: Option<Py<EventContext>>,
    /// Handlers are being started, somewhere below on the stack.
    pub bursting: bool,
    /// The context manager of the event, when it has one.
    pub manager: Option<Py<PyAny>>,
    pub lanes: Vec<Lane>,
    pub ready: VecDeque<usize>,
    /// The number of lanes that are not at their end.
    pub open: usize,
    pub results: Vec<(usize, Py<EventResult>)>,
    pub errors: Vec<(usize, PyErr)>,
    /// A handler ended with `CancelledError`, which nobody here had asked for.
    pub cancelled: Option<PyErr>,
    /// KeyboardInterrupt or SystemExit.
    pub fatal: Option<PyErr>,
    /// No further handler is to start.
    pub stopping: bool,
    /// A handler failed, which is to stop the others.
    pub stop_wanted: bool,
}

impl Phase {
    pub fn new(
        preposition: Preposition,
        base: Py<PyAny>,
        event: Py<EventContext>,
        manager: Option<Py<PyAny>>,
        members: &[usize],
    ) -> Self {
        Self {
            preposition,
            base,
            event: Some(event),
            bursting: false,
            manager,
            lanes: members.iter().map(|&member| Lane { member, at: 0, task: None }).collect(),
            ready: (0..members.len()).collect(),
            open: members.len(),
            results: Vec::with_capacity(members.len()),
            errors: Vec::new(),
            cancelled: None,
            fatal: None,
            stopping: false,
            stop_wanted: false,
        }
    }

    /// The next call that is to be made.
    pub fn take_ready(&mut self) -> Option<Ticket> {
        let lane = self.ready.pop_front()?;
        let Lane { member, at, .. } = self.lanes[lane];
        Some(Ticket { lane, member, at })
    }

    /// The handler of a lane is done, and `more` are left; gives its task.
    pub fn step(&mut self, ticket: Ticket, more: bool) -> Option<Py<PyAny>> {
        let lane = &mut self.lanes[ticket.lane];
        lane.at = ticket.at + 1;
        if more && !self.stopping {
            self.ready.push_front(ticket.lane);
        } else {
            self.open -= 1;
        }
        lane.task.take()
    }

    /// No handler can be started; gives whether none runs.
    pub fn fail(&mut self, error: PyErr) -> bool {
        self.errors.push((0, error));
        self.stop_wanted = true;
        self.open -= self.ready.len();
        self.ready.clear();
        self.open == 0
    }

    /// Starts no handler any more; gives the tasks of those that run.
    pub fn stop(&mut self, py: Python<'_>) -> Vec<Py<PyAny>> {
        self.stopping = true;
        self.open -= self.ready.len();
        self.ready.clear();
        self.lanes.iter().filter_map(|lane| lane.task.as_ref()).map(|task| task.clone_ref(py)).collect()
    }

    pub fn visit(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.base)?;
        visit.call(&self.event)?;
        visit.call(&self.manager)?;
        self.lanes.iter().try_for_each(|lane| visit.call(&lane.task))?;
        self.results.iter().try_for_each(|(_, result)| visit.call(result))
    }
}
