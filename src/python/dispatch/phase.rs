//! The state of one phase of a dispatch: who still runs, what came of the others.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use pyo3::{PyTraverseError, PyVisit};

use super::EventResult;
use crate::event::Preposition;

/// How long a reading of the clock stands for the results of one burst.
const CLOCK: Duration = Duration::from_millis(1);

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

/// What all handlers of a phase share.
pub(super) struct Scene<'py> {
    /// The context of which every handler gets a copy.
    pub base: Bound<'py, PyAny>,
    /// The context manager of the event, when it has one.
    pub manager: Option<Bound<'py, PyAny>>,
}

impl<'py> Scene<'py> {
    /// A context for one handler.
    pub fn context(&self) -> PyResult<Bound<'py, PyAny>> {
        self.base.call_method0(intern!(self.base.py(), "copy"))
    }
}

/// See the module.
pub(super) struct Phase {
    pub preposition: Preposition,
    /// The context of the phase, of which every handler gets a copy.
    pub base: Py<PyAny>,
    /// The context manager of the event, when it has one.
    pub manager: Option<Py<PyAny>>,
    /// The keyword arguments of its tasks, once there is one.
    pub task_options: Option<Py<PyDict>>,
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
    clock: Option<(Instant, Py<PyAny>)>,
}

impl Phase {
    pub fn new(
        preposition: Preposition,
        base: Py<PyAny>,
        manager: Option<Py<PyAny>>,
        members: &[usize],
        now: Py<PyAny>,
    ) -> Self {
        Self {
            preposition,
            base,
            manager,
            task_options: None,
            lanes: members.iter().map(|&member| Lane { member, at: 0, task: None }).collect(),
            ready: (0..members.len()).collect(),
            open: members.len(),
            results: Vec::with_capacity(members.len()),
            errors: Vec::new(),
            cancelled: None,
            fatal: None,
            stopping: false,
            stop_wanted: false,
            clock: Some((Instant::now(), now)),
        }
    }

    /// The next call that is to be made.
    pub fn take_ready(&mut self) -> Option<Ticket> {
        let lane = self.ready.pop_front()?;
        let Lane { member, at, .. } = self.lanes[lane];
        Some(Ticket { lane, member, at })
    }

    /// The reading of the clock, if it is fresh.
    pub fn now(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.clock.as_ref().filter(|(at, _)| at.elapsed() < CLOCK).map(|(_, now)| now.clone_ref(py))
    }

    /// A new reading of the clock; gives the former one.
    pub fn set_clock(&mut self, now: Py<PyAny>) -> Option<Py<PyAny>> {
        self.clock.replace((Instant::now(), now)).map(|(_, former)| former)
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

    /// Starts no handler any more; gives the tasks of those that run.
    pub fn stop(&mut self, py: Python<'_>) -> Vec<Py<PyAny>> {
        self.stopping = true;
        self.open -= self.ready.len();
        self.ready.clear();
        self.lanes.iter().filter_map(|lane| lane.task.as_ref()).map(|task| task.clone_ref(py)).collect()
    }

    pub fn visit(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.base)?;
        visit.call(&self.manager)?;
        visit.call(&self.task_options)?;
        self.lanes.iter().try_for_each(|lane| visit.call(&lane.task))?;
        self.results.iter().try_for_each(|(_, result)| visit.call(result))
    }
}
