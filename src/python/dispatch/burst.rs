//! Starts the handlers that are to run: those that are synchronous in place, the others in tasks.

use std::cell::Cell;

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::carrier::{Carrier, Kind};
use super::invoke::Call;
use super::lock;
use super::parts::Parts;
use super::phase::Ticket;
use super::run::Dispatch;
use super::settle::{is_fatal, settle};

/// After so many dispatches in a row that never waited, the next one lets the loop do other work first.
const BURST: u32 = 128;

thread_local! {
    static IN_A_ROW: Cell<u32> = const { Cell::new(0) };
    /// The dispatch whose handlers [`burst_inside`] is to start.
    static STARTS: Cell<Option<Py<Dispatch>>> = const { Cell::new(None) };
}

/// Whether a dispatch that starts now is to yield to the loop first.
pub(super) fn is_over() -> bool {
    IN_A_ROW.with(|count| {
        count.set(count.get() + 1);
        count.get() > BURST && count.replace(0) > 0
    })
}

/// The loop gets its turn.
pub(super) fn end() {
    IN_A_ROW.with(|count| count.set(0));
}

/// Starts all handlers that can start.
pub(super) fn pump(run: &Bound<'_, Dispatch>, parts: &Parts) {
    let (py, this) = (run.py(), run.get());
    if let Some(base) = begin(this, py) {
        STARTS.set(Some(run.clone().unbind()));
        let started = parts.context_run.bind(py).call1((base, &parts.burst_inside));
        drop(STARTS.take());
        let nothing_runs = match &mut lock(&this.state).phase {
            Some(phase) => {
                phase.bursting = false;
                started.map_or_else(|error| phase.fail(error), |_| false)
            }
            None => false,
        };
        if nothing_runs {
            this.wake(py);
        }
    }
    if this.is_to_stop() {
        // Those that are about to take their first step take it: what fails at the same time is told together.
        let asked = run
            .getattr(intern!(py, "_stop"))
            .and_then(|stop| this.event_loop(py).call_method1(intern!(py, "call_soon"), (stop,)));
        if asked.is_err() {
            this.stop(py);
        }
    }
}

/// The context in which handlers are to be started; None when there are none, or when that is going on already.
fn begin<'py>(run: &Dispatch, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
    let mut state = lock(&run.state);
    let phase = state.phase.as_mut()?;
    if phase.bursting || phase.ready.is_empty() {
        return None;
    }
    phase.bursting = true;
    Some(phase.base.bind(py).clone())
}

/// What `Context.run` calls.
#[pyfunction]
pub(super) fn burst_inside(py: Python<'_>) -> PyResult<()> {
    let Some(run) = STARTS.take() else { return Ok(()) };
    let (run, parts) = (run.bind(py), Parts::get(py)?);
    let this = run.get();
    let event = lock(&this.state).phase.as_mut().and_then(|phase| phase.event.take());
    if let Some(event) = event {
        parts.set_current_event.bind(py).call1((event,))?;
        if let Some(variable) = &this.request.variable {
            variable.bind(py).call_method1(intern!(py, "set"), (&this.request.owner,))?;
        }
    }
    let manager = this.manager(py);
    while let Some(ticket) = this.take_ready() {
        match this.name_connector(py, ticket).and_then(|()| this.call(parts, manager.as_ref(), py, ticket)) {
            Ok((call, false)) => settle(run, parts, ticket, call.run(parts)),
            Ok((call, true)) => {
                if launch(run, parts, ticket, call) {
                    break;
                }
            }
            Err(error) => settle(run, parts, ticket, Err(error)),
        }
    }
    Ok(())
}

/// Starts a task for a handler. Gives whether it serves those that are ready too, when the loop comes to it.
fn launch(run: &Bound<'_, Dispatch>, parts: &Parts, ticket: Ticket, call: Call<'_, '_>) -> bool {
    let (task, serves) = match start_task(run, parts, ticket, call) {
        Ok(started) => started,
        // It has been recorded by the handler that raised it.
        Err(error) if is_fatal(run.py(), &error) => return false,
        Err(error) => {
            settle(run, parts, ticket, Err(error));
            return false;
        }
    };
    let task = run.get().register(ticket, task.unbind());
    drop(task);
    serves
}

fn start_task<'py>(
    run: &Bound<'py, Dispatch>,
    parts: &Parts,
    ticket: Ticket,
    call: Call<'_, 'py>,
) -> PyResult<(Bound<'py, PyAny>, bool)> {
    let (py, this) = (run.py(), run.get());
    let Some(options) = options(run, parts)? else {
        // The loop makes its tasks in a way of its own.
        let name = PyDict::new(py);
        name.set_item(intern!(py, "name"), this.task_name(py)?)?;
        let context = parts.copy_context.bind(py).call0()?.unbind();
        let carrier = Bound::new(py, Carrier::new(run, Kind::Foreign(context), ticket, Some(call.steps(parts)?)))?;
        let task = this.event_loop(py).call_method(intern!(py, "create_task"), (carrier,), Some(&name))?;
        return Ok((task, false));
    };
    let (carrier, serves) = if parts.eager {
        (Carrier::new(run, Kind::Shared, ticket, Some(call.steps(parts)?)), false)
    } else {
        // It begins when the loop comes to it. A handler that is going to wait has a task of its own, so that all of
        // those begin at once.
        let own = this.is_waiting() || this.entry(ticket).waits();
        (Carrier::new(run, if own { Kind::Own } else { Kind::Shared }, ticket, None), !own)
    };
    Ok((parts.task.bind(py).call((Bound::new(py, carrier)?,), Some(&options))?, serves))
}

/// The keyword arguments of the tasks of the present phase; None when the loop has a task factory. A task copies the
/// present context.
fn options<'py>(run: &Bound<'py, Dispatch>, parts: &Parts) -> PyResult<Option<Bound<'py, PyDict>>> {
    let (py, this) = (run.py(), run.get());
    let preposition = this.preposition();
    let known = lock(&this.state).task_options.as_ref().map(|(of, options)| (*of, options.bind(py).clone()));
    let options = match known {
        Some((of, options)) if of == preposition => return Ok(Some(options)),
        Some((_, options)) => options,
        None => {
            let event_loop = this.event_loop(py);
            if !event_loop.call_method0(intern!(py, "get_task_factory"))?.is_none() {
                return Ok(None);
            }
            let options = PyDict::new(py);
            options.set_item(intern!(py, "loop"), event_loop)?;
            if parts.eager {
                options.set_item(intern!(py, "eager_start"), true)?;
            }
            options
        }
    };
    options.set_item(intern!(py, "name"), this.task_name(py)?)?;
    let former = lock(&this.state).task_options.replace((preposition, options.clone().unbind()));
    drop(former);
    Ok(Some(options))
}
