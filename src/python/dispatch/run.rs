//! A dispatch while it runs: what its caller awaits.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use pyo3::exceptions::{PyRecursionError, PyRuntimeError, PyStopIteration};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyString, PyTuple, PyType};
use pyo3::{PyTraverseError, PyVisit};

use super::class::{ClassEvents, Handlers, with_own};
use super::invoke::{self, Invocation, Step, Work};
use super::nesting::{DEEPEST, Nesting};
use super::parts::Parts;
use super::phase::{Phase, Scene, Ticket};
use super::request::Request;
use super::{EventContext, burst, lock};
use crate::event::{Plan, Preposition, Target};

/// A connector on the bus, with its handlers of the event.
struct Member {
    name: String,
    connector: Py<PyAny>,
    /// The context variable that names it.
    variable: Py<PyAny>,
    handlers: Option<Arc<Handlers>>,
}

impl Target for Member {
    fn name(&self) -> &str {
        &self.name
    }

    fn responds_to(&self, _event: &str, preposition: Preposition) -> bool {
        self.handlers.as_ref().is_some_and(|handlers| !handlers[preposition as usize].is_empty())
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nothing has been done.
    Fresh,
    /// The loop was given its turn; nothing else has been done.
    Yielded,
    Runs,
    Over,
}

/// What changes while a dispatch runs.
pub(super) struct State {
    stage: Stage,
    plan: Plan,
    pub phase: Option<Phase>,
    /// What on-handlers gave.
    results: Option<Py<PyList>>,
    /// What the caller gets.
    outcome: Option<Py<PyAny>>,
    /// What the caller waits for.
    waiter: Option<Py<PyAny>>,
    /// What was thrown into the caller.
    interrupted: Option<PyErr>,
    nesting: Option<Arc<Nesting>>,
}

/// See the module.
#[pyclass(frozen, weakref, module = "servo._core", name = "EventDispatch")]
pub struct Run {
    request: Request,
    event_loop: OnceLock<Py<PyAny>>,
    members: OnceLock<Vec<Member>>,
    /// That of the present phase.
    preposition: AtomicU8,
    state: Mutex<State>,
}

/// What the handlers of Python see, and those who drive them.
impl Run {
    pub(super) fn new(request: Request) -> Self {
        let state = State {
            stage: Stage::Fresh,
            plan: Plan { before: Vec::new(), on: Vec::new(), after: Vec::new() },
            phase: None,
            results: None,
            outcome: None,
            waiter: None,
            interrupted: None,
            nesting: None,
        };
        let preposition = AtomicU8::new(Preposition::Before as u8);
        let (event_loop, members) = (OnceLock::new(), OnceLock::new());
        Self { request, event_loop, members, preposition, state: Mutex::new(state) }
    }

    pub(super) fn request(&self) -> &Request {
        &self.request
    }

    pub(super) fn state(&self) -> &Mutex<State> {
        &self.state
    }

    pub(super) fn preposition(&self) -> Preposition {
        match self.preposition.load(Ordering::Relaxed) {
            0 => Preposition::Before,
            1 => Preposition::On,
            _ => Preposition::After,
        }
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
    pub(super) fn task_name<'py>(&self, py: Python<'py>) -> Bound<'py, PyString> {
        PyString::new(py, &format!("{}:{}", self.preposition(), self.request.event_name))
    }

    /// What the handlers of the present phase share.
    pub(super) fn scene<'py>(&self, py: Python<'py>) -> Option<Scene<'py>> {
        let state = lock(&self.state);
        let phase = state.phase.as_ref()?;
        let manager = phase.manager.as_ref().map(|manager| manager.bind(py).clone());
        Some(Scene { base: phase.base.bind(py).clone(), manager })
    }

    pub(super) fn take_ready(&self) -> Option<Ticket> {
        lock(&self.state).phase.as_mut()?.take_ready()
    }

    fn member(&self, ticket: Ticket) -> &Member {
        &self.members.get().expect("a ticket is of a member")[ticket.member]
    }

    fn handlers(&self, ticket: Ticket) -> &[super::class::Entry] {
        let handlers = self.member(ticket).handlers.as_ref();
        handlers.map_or(&[], |handlers| &handlers[self.preposition() as usize])
    }

    /// How many handlers the lane of the ticket has.
    pub(super) fn handlers_of(&self, ticket: Ticket) -> usize {
        self.handlers(ticket).len()
    }

    /// The connector and the handler.
    pub(super) fn who(&self, py: Python<'_>, ticket: Ticket) -> (Py<PyAny>, Py<PyAny>) {
        (self.member(ticket).connector.clone_ref(py), self.handlers(ticket)[ticket.at].handler.clone_ref(py))
    }

    /// The function of the handler, and whether it gives a coroutine.
    pub(super) fn function<'py>(
        &self,
        parts: &Parts,
        py: Python<'py>,
        ticket: Ticket,
    ) -> PyResult<(Bound<'py, PyAny>, bool)> {
        self.handlers(ticket)[ticket.at].function(parts, py)
    }

    /// The first step of a handler, in that context or in the present one.
    pub(super) fn start<'py>(
        &self,
        parts: &Parts,
        scene: &Scene<'py>,
        ticket: Ticket,
        function: (Bound<'py, PyAny>, bool),
        context: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Step> {
        let py = scene.base.py();
        let call = self.invocation(parts, scene, ticket, function)?;
        invoke::step(py, parts, context, Work::Call(call))
    }

    fn invocation<'py>(
        &self,
        parts: &Parts,
        scene: &Scene<'py>,
        ticket: Ticket,
        (mut function, mut is_async): (Bound<'py, PyAny>, bool),
    ) -> PyResult<Invocation> {
        let py = scene.base.py();
        let member = self.member(ticket);
        let entry = &self.handlers(ticket)[ticket.at];
        let connector = member.connector.bind(py);
        let after = self.preposition() == Preposition::After && !self.request.alone;
        let given = self.request.kwargs.as_ref().filter(|_| !after).map(|kwargs| kwargs.bind(py));
        let own = entry.kwargs.bind(py);
        let mut kwargs = match given {
            _ if own.is_empty() => given.cloned(),
            None => Some(own.clone()),
            Some(given) => {
                let merged = own.copy()?;
                merged.update(given.as_mapping())?;
                Some(merged)
            }
        };
        let mut args = if after {
            let results = lock(&self.state).results.as_ref().map(|results| results.bind(py).clone());
            // Each has a list of its own: none can change what the caller or another handler gets.
            let results = results.map_or_else(|| PyList::empty(py), |results| results.get_slice(0, results.len()));
            PyTuple::new(py, [connector, results.as_any()])?
        } else {
            behind(connector, self.request.args.bind(py))?
        };
        if let Some(manager) = &scene.manager {
            let event_kwargs = self.request.kwargs.as_ref().map(|kwargs| kwargs.bind(py));
            let event_args = self.request.args.bind(py);
            let keywords = kwargs.take();
            args =
                (manager, connector, function, is_async, args, keywords, event_args, event_kwargs).into_pyobject(py)?;
            function = parts.events.bind(py).getattr(intern!(py, "_within"))?;
            is_async = true;
        }
        Ok(Invocation {
            variable: member.variable.clone_ref(py),
            connector: connector.clone().unbind(),
            function: function.unbind(),
            args: args.unbind(),
            kwargs: kwargs.map(Bound::unbind),
            is_async,
        })
    }

    /// Notes the task of a handler, for it may have to be cancelled; gives back what is to be dropped.
    pub(super) fn register(&self, ticket: Ticket, task: Py<PyAny>) -> Option<Py<PyAny>> {
        let mut state = lock(&self.state);
        let Some(phase) = &mut state.phase else { return Some(task) };
        let Some(lane) = phase.lanes.get_mut(ticket.lane) else { return Some(task) };
        // An eager task may have brought its handler to an end.
        if lane.at == ticket.at { lane.task.replace(task) } else { Some(task) }
    }

    /// The time of a result; one reading serves what ends at once.
    pub(super) fn now(&self, py: Python<'_>, parts: &Parts) -> PyResult<Py<PyAny>> {
        let known = lock(&self.state).phase.as_ref().and_then(|phase| phase.now(py));
        if let Some(now) = known {
            return Ok(now);
        }
        let now = parts.now(py)?.unbind();
        let former = lock(&self.state).phase.as_mut().and_then(|phase| phase.set_clock(now.clone_ref(py)));
        drop(former);
        Ok(now)
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

    fn is_stopping(&self) -> bool {
        lock(&self.state).phase.as_ref().is_some_and(|phase| phase.stopping)
    }

    fn open(&self) -> usize {
        lock(&self.state).phase.as_ref().map_or(0, |phase| phase.open)
    }
}

/// The phases.
impl Run {
    /// Finds the loop and plans the dispatch.
    fn begin(&self, py: Python<'_>, parts: &Parts) -> PyResult<()> {
        let event_loop = parts.running_loop.bind(py).call0()?;
        let _ = self.event_loop.set(event_loop.unbind());
        let nesting = Nesting::inside(EventContext::current_nesting(py, parts)?);
        if nesting.depth() > DEEPEST {
            nesting.end();
            let event = &self.request.event_name;
            return Err(PyRecursionError::new_err(format!(
                "the event '{event}' is dispatched inside {DEEPEST} dispatches that wait for it: a handler dispatches, \
                 directly or through others, an event that it handles"
            )));
        }
        let members = self.gather(py, parts)?;
        let plan = Plan::new(&members, &self.request.event_name, &self.request.options);
        let _ = self.members.set(members);
        let mut state = lock(&self.state);
        state.plan = plan;
        state.nesting = Some(nesting);
        state.stage = Stage::Runs;
        Ok(())
    }

    fn gather(&self, py: Python<'_>, parts: &Parts) -> PyResult<Vec<Member>> {
        let event = self.request.event_name.as_str();
        let by_name = self.request.options.include.is_some() || !self.request.options.exclude.is_empty();
        let bus = self.request.bus.bind(py);
        let mut members: Vec<Member> = Vec::with_capacity(bus.len());
        let mut last: Option<(Bound<'_, PyType>, Bound<'_, ClassEvents>)> = None;
        for connector in bus.iter() {
            let class = connector.get_type();
            // A bus mostly holds many connectors of few classes, next to each other.
            let index = match last {
                Some((ref known, ref index)) if known.is(&class) => index.clone(),
                _ => ClassEvents::of(&class)?,
            };
            let of_class = index.get();
            members.push(Member {
                name: if by_name { connector.getattr(intern!(py, "name"))?.extract()? } else { String::new() },
                variable: of_class.variable.clone_ref(py),
                handlers: with_own(parts, &connector, event, of_class.handlers(event))?,
                connector: connector.unbind(),
            });
            last = Some((class, index));
        }
        Ok(members)
    }

    /// Starts the handlers of the first of those phases that has any; false when none has.
    fn enter(slf: &Bound<'_, Self>, parts: &Parts, phases: &[Preposition]) -> PyResult<bool> {
        let (py, this) = (slf.py(), slf.get());
        for &preposition in phases {
            let (members, nesting) = {
                let mut state = lock(&this.state);
                let plan = &mut state.plan;
                let mut members = std::mem::take(match preposition {
                    Preposition::Before => &mut plan.before,
                    Preposition::On => &mut plan.on,
                    Preposition::After => &mut plan.after,
                });
                if this.request.options.first && preposition == Preposition::On {
                    // Each of them has a handler, so that the first one answers.
                    members.truncate(1);
                }
                (members, state.nesting.clone())
            };
            if members.is_empty() {
                continue;
            }
            let manager = this.request.event.bind(py).getattr(intern!(py, "on_handler_context_manager"))?;
            let manager = (!manager.is(&parts.no_context_manager)).then(|| manager.unbind());
            let now = parts.now(py)?.unbind();
            let of_phase = EventContext::of_phase(
                this.request.event.clone_ref(py),
                parts.preposition(py, preposition).clone().unbind(),
                now.clone_ref(py),
                nesting.unwrap_or_else(|| Nesting::inside(None)),
            );
            let variable = this.request.variable.as_ref().map(|(variable, value)| (variable.bind(py), value.bind(py)));
            let base = parts.context_of(&Bound::new(py, of_phase)?, variable)?.unbind();
            this.preposition.store(preposition as u8, Ordering::Relaxed);
            let former = lock(&this.state).phase.replace(Phase::new(preposition, base, manager, &members, now));
            drop(former);
            burst::pump(slf, parts);
            return Ok(true);
        }
        Ok(false)
    }

    /// The next step of the whole: what the caller is to wait for, or its outcome as an exception.
    fn drive(slf: &Bound<'_, Self>) -> PyResult<Option<Py<PyAny>>> {
        let (py, this) = (slf.py(), slf.get());
        let parts = Parts::get(py)?;
        let stage = lock(&this.state).stage;
        match stage {
            Stage::Fresh if burst::is_over() => {
                lock(&this.state).stage = Stage::Yielded;
                return Ok(Some(py.None()));
            }
            Stage::Fresh | Stage::Yielded => {
                this.begin(py, parts).inspect_err(|_| this.end())?;
                let every = [Preposition::Before, Preposition::On, Preposition::After];
                let entered = Self::enter(slf, parts, &every).inspect_err(|_| this.end())?;
                if !entered {
                    let interrupted = lock(&this.state).interrupted.take();
                    return this.complete(py, interrupted.map_or(Ok(()), Err));
                }
            }
            Stage::Runs => {}
            Stage::Over => return Err(PyRuntimeError::new_err("cannot reuse already awaited dispatch")),
        }
        loop {
            if this.open() > 0 {
                burst::end();
                return this.wait(py).map(Some);
            }
            let rest: &[Preposition] = match this.conclude(py, parts) {
                Ok(rest) => rest,
                Err(error) => return this.complete(py, Err(error)),
            };
            match Self::enter(slf, parts, rest) {
                Ok(true) => {}
                Ok(false) => return this.complete(py, Ok(())),
                Err(error) => return this.complete(py, Err(error)),
            }
        }
    }

    /// A future that is done when the phase is.
    fn wait(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let future = self.event_loop(py).call_method0(intern!(py, "create_future"))?;
        future.setattr(intern!(py, "_asyncio_future_blocking"), true)?;
        let former = lock(&self.state).waiter.replace(future.clone().unbind());
        drop(former);
        Ok(future.unbind())
    }

    /// What the end of the present phase means; gives the phases that follow.
    fn conclude(&self, py: Python<'_>, parts: &Parts) -> PyResult<&'static [Preposition]> {
        let (phase, interrupted) = {
            let mut state = lock(&self.state);
            (state.phase.take(), state.interrupted.take())
        };
        let Some(mut phase) = phase else { return Ok(&[]) };
        if let Some(fatal) = phase.fatal {
            return Err(fatal);
        }
        if let Some(interrupted) = interrupted {
            if !phase.errors.is_empty() {
                let errors = std::mem::take(&mut phase.errors);
                interrupted.set_context(py, Some(group(py, parts, errors)?));
            }
            return Err(interrupted);
        }
        let single = self.request.alone || (self.request.options.first && phase.preposition == Preposition::On);
        if !phase.errors.is_empty() {
            if single {
                return Err(phase.errors.swap_remove(0).1);
            }
            let cancelling = |error: &PyErr| error.is_instance(py, parts.event_cancelled.bind(py));
            if phase.preposition == Preposition::Before && phase.errors.iter().all(|(_, error)| cancelling(error)) {
                self.tell_of_cancellation(py, parts, &phase)?;
                return Ok(&[]);
            }
            return Err(group(py, parts, phase.errors)?);
        }
        if let Some(cancelled) = phase.cancelled {
            return Err(cancelled);
        }
        if self.request.alone || phase.preposition == Preposition::On {
            // Stable: the results of one connector stay in the order of its handlers.
            phase.results.sort_by_key(|(lane, _)| *lane);
            let results = PyList::new(py, phase.results.into_iter().map(|(_, result)| result))?;
            lock(&self.state).results = Some(results.unbind());
        }
        Ok(match phase.preposition {
            _ if self.request.alone => &[],
            Preposition::Before => &[Preposition::On, Preposition::After],
            Preposition::On => &[Preposition::After],
            Preposition::After => &[],
        })
    }

    fn tell_of_cancellation(&self, py: Python<'_>, parts: &Parts, phase: &Phase) -> PyResult<()> {
        let members = self.members.get().expect("a phase has members");
        let told = PyList::empty(py);
        for (lane, error) in &phase.errors {
            told.append((&members[phase.lanes[*lane].member].connector, error.value(py)))?;
        }
        parts.events.bind(py).call_method1(intern!(py, "_warn_of_cancellation"), (told,)).map(drop)
    }

    /// The dispatch is over: its value as StopIteration, or its error.
    fn complete(&self, py: Python<'_>, result: PyResult<()>) -> PyResult<Option<Py<PyAny>>> {
        self.end();
        result?;
        let results = lock(&self.state).results.take().map(|results| results.into_bound(py));
        let outcome = match results {
            Some(results) if self.request.options.first && !self.request.alone => results.get_item(0)?.unbind(),
            Some(results) => results.into_any().unbind(),
            None if self.request.options.first || self.request.alone => py.None(),
            None => PyList::empty(py).into_any().unbind(),
        };
        lock(&self.state).outcome = Some(outcome.clone_ref(py));
        Err(PyStopIteration::new_err((outcome,)))
    }

    fn end(&self) {
        let (nesting, phase, waiter) = {
            let mut state = lock(&self.state);
            state.stage = Stage::Over;
            (state.nesting.take(), state.phase.take(), state.waiter.take())
        };
        if let Some(nesting) = nesting {
            nesting.end();
        }
        drop((phase, waiter));
    }
}

/// The failures of a phase as one exception.
fn group(py: Python<'_>, parts: &Parts, errors: Vec<(usize, PyErr)>) -> PyResult<PyErr> {
    let plural = if errors.len() == 1 { "" } else { "s" };
    let text = format!("unhandled errors in a TaskGroup ({} sub-exception{plural})", errors.len());
    let errors = PyList::new(py, errors.into_iter().map(|(_, error)| error.into_value(py)))?;
    Ok(PyErr::from_value(parts.exception_group.bind(py).call1((text, errors))?))
}

/// The positional arguments of a handler: the connector, then those of the event.
fn behind<'py>(connector: &Bound<'py, PyAny>, args: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyTuple>> {
    let py = connector.py();
    match args.len() {
        0 => PyTuple::new(py, [connector]),
        1 => PyTuple::new(py, [connector, &args.get_item(0)?]),
        _ => {
            let mut all = vec![connector.clone()];
            all.extend(args.iter());
            PyTuple::new(py, all)
        }
    }
}

#[pymethods]
impl Run {
    fn __await__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        if lock(&slf.get().state).stage != Stage::Fresh {
            return Err(PyRuntimeError::new_err("cannot reuse already awaited dispatch"));
        }
        Ok(slf.clone())
    }

    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __next__(slf: &Bound<'_, Self>) -> PyResult<Option<Py<PyAny>>> {
        Self::drive(slf)
    }

    fn send(slf: &Bound<'_, Self>, _value: &Bound<'_, PyAny>) -> PyResult<Option<Py<PyAny>>> {
        Self::drive(slf)
    }

    /// The caller is cancelled, or something else is thrown into it: the handlers are cancelled and waited for first.
    #[pyo3(signature = (typ, val = None, _tb = None, /))]
    fn throw(
        slf: &Bound<'_, Self>,
        typ: &Bound<'_, PyAny>,
        val: Option<&Bound<'_, PyAny>>,
        _tb: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Option<Py<PyAny>>> {
        let (py, this) = (slf.py(), slf.get());
        let error = invoke::thrown(typ, val);
        if this.open() == 0 {
            this.end();
            return Err(error);
        }
        let again = {
            let mut state = lock(&this.state);
            if state.interrupted.is_none() { state.interrupted.replace(error) } else { Some(error) }
        };
        // Handlers that tidy up because another one failed are disturbed by the second wish alone.
        if again.is_some() || !this.is_stopping() {
            this.stop(py);
        }
        drop(again);
        Self::drive(slf)
    }

    /// Gives the dispatch up: its handlers are cancelled, nobody waits for them.
    fn close(&self, py: Python<'_>) {
        self.stop(py);
        self.end();
    }

    /// Called by the loop when a handler has failed.
    fn _stop(&self, py: Python<'_>) {
        if !self.is_stopping() {
            self.stop(py);
        }
    }

    #[getter]
    fn __qualname__(&self) -> String {
        format!("dispatch_event[{}]", self.request.event_name)
    }

    #[getter]
    fn __name__(&self) -> String {
        self.__qualname__()
    }

    #[getter]
    fn cr_running(&self) -> bool {
        lock(&self.state).stage == Stage::Runs
    }

    #[getter]
    fn cr_await<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        lock(&self.state).waiter.as_ref().map(|waiter| waiter.bind(py).clone())
    }

    #[getter]
    #[expect(clippy::unused_self, reason = "the protocol")]
    fn cr_frame(&self) -> Option<Py<PyAny>> {
        None
    }

    #[getter]
    #[expect(clippy::unused_self, reason = "the protocol")]
    fn cr_code(&self) -> Option<Py<PyAny>> {
        None
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.request.visit(&visit)?;
        if let Some(event_loop) = self.event_loop.get() {
            visit.call(event_loop)?;
        }
        for member in self.members.get().into_iter().flatten() {
            visit.call(&member.connector)?;
            visit.call(&member.variable)?;
        }
        if let Ok(state) = self.state.try_lock() {
            visit.call(&state.results)?;
            visit.call(&state.outcome)?;
            visit.call(&state.waiter)?;
            if let Some(phase) = &state.phase {
                phase.visit(&visit)?;
            }
        }
        Ok(())
    }

    fn __clear__(&self) {
        let (outcome, results) = {
            let mut state = lock(&self.state);
            (state.outcome.take(), state.results.take())
        };
        drop((outcome, results));
        self.end();
    }
}
