//! A dispatch: what it is asked, where it stands, and what those who drive its handlers need of it.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};
use pyo3::{PyTraverseError, PyVisit, intern};

use super::class::Entry;
use super::clock::Clock;
use super::invoke::{Call, Given};
use super::lock;
use super::members::Members;
use super::nesting::Nesting;
use super::parts::Parts;
use super::phase::{Phase, Ticket};
use super::request::Request;
use crate::event::{Plan, Preposition};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// Nothing has been done.
    Fresh,
    /// Somebody is going to await it.
    Taken,
    /// Somebody awaits it.
    Awaited,
    /// The loop was given its turn; nothing else has been done.
    Yielded,
    Runs,
    Over,
}

/// What changes while a dispatch runs.
pub(super) struct State {
    pub stage: Stage,
    pub plan: Plan,
    pub phase: Option<Phase>,
    /// What on-handlers gave.
    pub results: Option<Py<PyList>>,
    /// What the caller gets.
    pub outcome: Option<Py<PyAny>>,
    /// Why handlers before the event called it off, as an exception group.
    pub cancellation: Option<Py<PyAny>>,
    /// What the caller waits for.
    pub waiter: Option<Py<PyAny>>,
    /// What was thrown into the caller.
    pub interrupted: Option<PyErr>,
    pub nesting: Option<Arc<Nesting>>,
    /// The keyword arguments of its tasks, once there is one; their name is that of the phase.
    pub task_options: Option<(Preposition, Py<PyDict>)>,
}

/// An event on its way to the connectors of a bus: await it, or await a call of it.
#[pyclass(frozen, weakref, module = "servo._core")]
pub struct Dispatch {
    pub(super) request: Request,
    pub(super) event_loop: OnceLock<Py<PyAny>>,
    pub(super) members: OnceLock<Members>,
    /// That of the present phase.
    preposition: AtomicU8,
    /// Whether the present phase reads the time from a clock of Python.
    python_clock: AtomicBool,
    waits: AtomicBool,
    pub(super) state: Mutex<State>,
    /// The temporary channel, a `servo.events.channel.DispatchChannel`, while there is one.
    pub(super) channel: Mutex<Option<Py<PyAny>>>,
}

impl Dispatch {
    pub(super) fn of(request: Request) -> Self {
        let state = State {
            stage: Stage::Fresh,
            plan: Plan { before: Vec::new(), on: Vec::new(), after: Vec::new() },
            phase: None,
            results: None,
            outcome: None,
            cancellation: None,
            waiter: None,
            interrupted: None,
            nesting: None,
            task_options: None,
        };
        Self {
            request,
            event_loop: OnceLock::new(),
            members: OnceLock::new(),
            preposition: AtomicU8::new(Preposition::Before as u8),
            python_clock: AtomicBool::new(false),
            waits: AtomicBool::new(false),
            state: Mutex::new(state),
            channel: Mutex::default(),
        }
    }

    pub(super) fn preposition(&self) -> Preposition {
        match self.preposition.load(Ordering::Relaxed) {
            0 => Preposition::Before,
            1 => Preposition::On,
            _ => Preposition::After,
        }
    }

    pub(super) fn set_preposition(&self, preposition: Preposition) {
        self.preposition.store(preposition as u8, Ordering::Relaxed);
    }

    /// The clock of the present phase.
    pub(super) fn clock(&self) -> Clock {
        if self.python_clock.load(Ordering::Relaxed) { Clock::Python } else { Clock::System }
    }

    pub(super) fn set_clock(&self, clock: Clock) {
        self.python_clock.store(clock == Clock::Python, Ordering::Relaxed);
    }

    /// What came of it, once it is over.
    pub(super) fn outcome<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        lock(&self.state).outcome.as_ref().map(|outcome| outcome.bind(py).clone())
    }

    /// The loop it runs on.
    pub(super) fn event_loop<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        self.event_loop.get().map_or_else(|| py.None().into_bound(py), |found| found.bind(py).clone())
    }

    /// The name of the tasks of the present phase.
    pub(super) fn task_name<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyString>> {
        // Each phase makes one: `format!` would take five times as long.
        let preposition = match self.preposition() {
            Preposition::Before => "before:",
            Preposition::On => "on:",
            Preposition::After => "after:",
        };
        Ok(PyString::new(py, &[preposition, self.request.event_name(py)?].concat()))
    }

    /// The context manager of the event, when it has one.
    pub(super) fn manager<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        lock(&self.state).phase.as_ref()?.manager.as_ref().map(|manager| manager.bind(py).clone())
    }

    pub(super) fn members(&self) -> &Members {
        self.members.get().expect("whoever has a ticket has found the members")
    }

    pub(super) fn handlers(&self, ticket: Ticket) -> &[Entry] {
        self.members().handlers(ticket.member, self.preposition())
    }

    pub(super) fn take_ready(&self) -> Option<Ticket> {
        lock(&self.state).phase.as_mut()?.take_ready()
    }

    /// Names the connector in the present context.
    pub(super) fn name_connector(&self, py: Python<'_>, ticket: Ticket) -> PyResult<()> {
        let members = self.members();
        let connector = members.connector(py, ticket.member);
        members.set_variable(py, ticket.member).call1((connector,)).map(drop)
    }

    /// The call of a handler, and whether it gives a coroutine.
    pub(super) fn call<'a, 'py>(
        &'a self,
        parts: &Parts,
        manager: Option<&Bound<'py, PyAny>>,
        py: Python<'py>,
        ticket: Ticket,
    ) -> PyResult<(Call<'a, 'py>, bool)> {
        let members = self.members();
        let entry = self.entry(ticket);
        let (function, is_async) = entry.function(parts, py)?;
        let connector = members.connector(py, ticket.member);
        let after = self.preposition() == Preposition::After && !self.request.alone;
        let given = self.request.kwargs.as_ref().filter(|_| !after).map(|kwargs| kwargs.bind(py));
        let own = entry.kwargs.bind(py);
        let kwargs = match given {
            _ if own.is_empty() => given.cloned(),
            None => Some(own.clone()),
            Some(given) => {
                let merged = own.copy()?;
                merged.update(given.as_mapping())?;
                Some(merged)
            }
        };
        let given = if after {
            let results = lock(&self.state).results.as_ref().map(|results| results.bind(py).clone());
            // Each has a list of its own: none can change what the caller or another handler gets.
            let results = results.map_or_else(|| PyList::empty(py), |results| results.get_slice(0, results.len()));
            Given::Results(connector, results)
        } else {
            Given::Event(connector, self.request.args.bind(py))
        };
        let Some(manager) = manager else { return Ok((Call { function, given, kwargs }, is_async)) };
        let args = given.behind(py, [])?;
        let event_kwargs = self.request.kwargs.as_ref().map(|kwargs| kwargs.bind(py));
        let args = (manager, connector, function, is_async, args, kwargs, self.request.args.bind(py), event_kwargs)
            .into_pyobject(py)?;
        let function = parts.events.bind(py).getattr(intern!(py, "_within"))?;
        Ok((Call { function, given: Given::Whole(args), kwargs: None }, true))
    }

    /// The registered handler of a call.
    pub(super) fn entry(&self, ticket: Ticket) -> &Entry {
        &self.handlers(ticket)[ticket.at]
    }

    /// Whether a task that was to serve several handlers of the present phase turned out to wait with one of them: the
    /// rest are then given tasks of their own.
    pub(super) fn is_waiting(&self) -> bool {
        self.waits.load(Ordering::Relaxed)
    }

    /// See [`Self::is_waiting`].
    pub(super) fn set_waiting(&self, waits: bool) {
        self.waits.store(waits, Ordering::Relaxed);
    }

    /// Forgets the task of a handler; gives back what is to be dropped.
    pub(super) fn unregister(&self, ticket: Ticket) -> Option<Py<PyAny>> {
        lock(&self.state).phase.as_mut()?.lanes.get_mut(ticket.lane)?.task.take()
    }

    /// Notes the task of a handler, for it may have to be cancelled; gives back what is to be dropped.
    pub(super) fn register(&self, ticket: Ticket, task: Py<PyAny>) -> Option<Py<PyAny>> {
        let mut state = lock(&self.state);
        let Some(phase) = &mut state.phase else { return Some(task) };
        let Some(lane) = phase.lanes.get_mut(ticket.lane) else { return Some(task) };
        // An eager task may have brought its handler to an end.
        if lane.at == ticket.at { lane.task.replace(task) } else { Some(task) }
    }

    /// The phase is over: the caller goes on.
    pub(super) fn wake(&self, py: Python<'_>) {
        let waiter = lock(&self.state).waiter.take();
        let Some(waiter) = waiter else { return };
        let waiter = waiter.bind(py);
        let woken = waiter.call_method0(intern!(py, "done")).and_then(|done| {
            if done.is_truthy()? {
                Ok(())
            } else {
                waiter.call_method1(intern!(py, "set_result"), (py.None(),)).map(drop)
            }
        });
        if let Err(error) = woken {
            error.write_unraisable(py, Some(waiter));
        }
    }

    /// Starts no further handler and cancels those that run.
    pub(super) fn stop(&self, py: Python<'_>) {
        let tasks = lock(&self.state).phase.as_mut().map(|phase| phase.stop(py)).unwrap_or_default();
        for task in tasks {
            if let Err(error) = task.bind(py).call_method0(intern!(py, "cancel")) {
                error.write_unraisable(py, Some(task.bind(py)));
            }
        }
        if lock(&self.state).phase.as_ref().is_some_and(|phase| phase.open == 0) {
            self.wake(py);
        }
    }

    /// Whether others still run although one has failed; true once.
    pub(super) fn is_to_stop(&self) -> bool {
        let mut state = lock(&self.state);
        let Some(phase) = &mut state.phase else { return false };
        std::mem::take(&mut phase.stop_wanted) && phase.open > 0 && !phase.stopping
    }

    pub(super) fn is_stopping(&self) -> bool {
        lock(&self.state).phase.as_ref().is_some_and(|phase| phase.stopping)
    }

    /// Whether somebody waits for what its handlers give.
    pub(super) fn is_awaited(&self) -> bool {
        lock(&self.state).stage != Stage::Over
    }

    pub(super) fn open(&self) -> usize {
        lock(&self.state).phase.as_ref().map_or(0, |phase| phase.open)
    }

    /// The temporary channel.
    pub(super) fn channel_of<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        lock(&self.channel).as_ref().map(|channel| channel.bind(py).clone())
    }

    pub(super) fn visit(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.request.visit(visit)?;
        if let Some(event_loop) = self.event_loop.get() {
            visit.call(event_loop)?;
        }
        if let Some(members) = self.members.get() {
            members.visit(visit)?;
        }
        if let Ok(channel) = self.channel.try_lock() {
            visit.call(&*channel)?;
        }
        if let Ok(state) = self.state.try_lock() {
            visit.call(&state.results)?;
            visit.call(&state.outcome)?;
            visit.call(&state.cancellation)?;
            visit.call(&state.waiter)?;
            if let Some((_, options)) = &state.task_options {
                visit.call(options)?;
            }
            if let Some(phase) = &state.phase {
                phase.visit(visit)?;
            }
        }
        Ok(())
    }
}
