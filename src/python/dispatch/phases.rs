//! The way of a dispatch through its phases.

use pyo3::exceptions::{PyRecursionError, PyRuntimeError, PyStopIteration};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyList;

use super::clock::Clock;
use super::members::Members;
use super::nesting::{DEEPEST, Nesting};
use super::parts::Parts;
use super::phase::Phase;
use super::run::{Dispatch, Stage};
use super::{EventContext, burst, lock};
use crate::event::Preposition;

impl Dispatch {
    /// The next step of the whole: what the caller is to wait for, or its outcome as an exception.
    pub(super) fn drive(slf: &Bound<'_, Self>) -> PyResult<Option<Py<PyAny>>> {
        let (py, this) = (slf.py(), slf.get());
        let parts = Parts::get(py)?;
        let stage = lock(&this.state).stage;
        match stage {
            Stage::Fresh | Stage::Taken | Stage::Awaited if burst::is_over() => {
                lock(&this.state).stage = Stage::Yielded;
                return Ok(Some(py.None()));
            }
            Stage::Fresh | Stage::Taken | Stage::Awaited | Stage::Yielded => {
                this.begin(py, parts).inspect_err(|_| this.end())?;
                let every = [Preposition::Before, Preposition::On, Preposition::After];
                let entered = Self::enter(slf, parts, &every).inspect_err(|_| this.end())?;
                if !entered {
                    let interrupted = lock(&this.state).interrupted.take();
                    return this.complete(py, interrupted.map_or(Ok(()), Err));
                }
            }
            Stage::Runs => {}
            Stage::Over => return Err(PyRuntimeError::new_err("Event dispatch has already run")),
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

    /// Finds the loop and plans the dispatch.
    fn begin(&self, py: Python<'_>, parts: &Parts) -> PyResult<()> {
        let event_loop = parts.running_loop.bind(py).call0()?;
        let _ = self.event_loop.set(event_loop.unbind());
        let nesting = Nesting::inside(EventContext::current_nesting(py, parts)?);
        if nesting.depth() > DEEPEST {
            nesting.end();
            let event = self.request.event_name(py)?;
            return Err(PyRecursionError::new_err(format!(
                "the event '{event}' is dispatched inside {DEEPEST} dispatches that wait for it: a handler dispatches, \
                 directly or through others, an event that it handles"
            )));
        }
        let members = Members::gather(py, parts, &self.request)?;
        let plan = members.plan(&self.request);
        let _ = self.members.set(members);
        let mut state = lock(&self.state);
        state.plan = plan;
        state.nesting = Some(nesting);
        state.stage = Stage::Runs;
        Ok(())
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
            let event = &this.request.event;
            let manager = event.bind(py).getattr(intern!(py, "on_handler_context_manager"))?;
            let manager = (!manager.is(&parts.no_context_manager)).then(|| manager.unbind());
            let clock = Clock::of(py, parts)?;
            let of_phase = EventContext::of_phase(
                event.clone_ref(py),
                parts.preposition(py, preposition).clone().unbind(),
                clock.now(py, parts)?,
                nesting.unwrap_or_else(|| Nesting::inside(None)),
            );
            let base = parts.copy_context.bind(py).call0()?.unbind();
            this.set_preposition(preposition);
            this.set_clock(clock);
            this.set_waiting(false);
            let phase = Phase::new(preposition, base, Py::new(py, of_phase)?, manager, &members);
            let former = lock(&this.state).phase.replace(phase);
            drop(former);
            burst::pump(slf, parts);
            return Ok(true);
        }
        Ok(false)
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
                let cancellation = group(py, parts, phase.errors)?.into_value(py).into_any();
                let former = lock(&self.state).cancellation.replace(cancellation);
                drop(former);
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
        let told = PyList::empty(py);
        for (lane, error) in &phase.errors {
            let connector = self.members().connector(py, phase.lanes[*lane].member);
            told.append((connector, error.value(py)))?;
        }
        parts.events.bind(py).call_method1(intern!(py, "_warn_of_cancellation"), (told,)).map(drop)
    }

    /// The dispatch is over: its value as StopIteration, or its error.
    fn complete(&self, py: Python<'_>, result: PyResult<()>) -> PyResult<Option<Py<PyAny>>> {
        self.end();
        if let Some(channel) = self.channel_of(py) {
            channel.call_method0(intern!(py, "end"))?;
        }
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

    pub(super) fn end(&self) {
        let (nesting, phase, waiter, options) = {
            let mut state = lock(&self.state);
            state.stage = Stage::Over;
            (state.nesting.take(), state.phase.take(), state.waiter.take(), state.task_options.take())
        };
        if let Some(nesting) = nesting {
            nesting.end();
        }
        drop((phase, waiter, options));
    }
}

/// The failures of a phase as one exception.
fn group(py: Python<'_>, parts: &Parts, errors: Vec<(usize, PyErr)>) -> PyResult<PyErr> {
    // Python adds how many there are.
    let text = intern!(py, "unhandled errors in a TaskGroup");
    let errors = PyList::new(py, errors.into_iter().map(|(_, error)| error.into_value(py)))?;
    Ok(PyErr::from_value(parts.exception_group.bind(py).call1((text, errors))?))
}
