//! Starts the handlers that are to run: those that are synchronous in place, the others in tasks.

use std::cell::Cell;

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::carrier::Carrier;
use super::lock;
use super::parts::Parts;
use super::phase::{Scene, Ticket};
use super::run::Run;
use super::settle::{is_fatal, settle};

/// After so many dispatches in a row that never waited, the next one lets the loop do other work first.
const BURST: u32 = 128;

thread_local! {
    static IN_A_ROW: Cell<u32> = const { Cell::new(0) };
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
pub(super) fn pump(run: &Bound<'_, Run>, parts: &Parts) {
    let (py, this) = (run.py(), run.get());
    let scene = this.scene(py);
    while let (Some(scene), Some(ticket)) = (&scene, this.take_ready()) {
        match this.function(parts, py, ticket) {
            Ok((function, is_async)) if !is_async && scene.manager.is_none() => {
                let outcome = scene
                    .context()
                    .and_then(|context| this.start(parts, scene, ticket, (function, is_async), Some(&context)));
                settle(run, parts, ticket, outcome);
            }
            Ok(_) => launch(run, parts, scene, ticket),
            Err(error) => settle(run, parts, ticket, Err(error)),
        }
    }
    if run.get().is_to_stop() {
        // Those that are about to take their first step take it: what fails at the same time is told together.
        let event_loop = run.get().event_loop(run.py());
        let asked = run
            .getattr(intern!(run.py(), "_stop"))
            .and_then(|stop| event_loop.call_method1(intern!(run.py(), "call_soon"), (stop,)));
        if asked.is_err() {
            run.get().stop(run.py());
        }
    }
}

/// Starts a task for a handler; an eager one may run others too.
fn launch(run: &Bound<'_, Run>, parts: &Parts, scene: &Scene<'_>, ticket: Ticket) {
    let task = match start_task(run, parts, scene, ticket) {
        Ok(task) => task,
        // It has been recorded by the handler that raised it.
        Err(error) if is_fatal(run.py(), &error) => return,
        Err(error) => return settle(run, parts, ticket, Err(error)),
    };
    let task = run.get().register(ticket, task.unbind());
    drop(task);
}

fn start_task<'py>(
    run: &Bound<'py, Run>,
    parts: &Parts,
    scene: &Scene<'py>,
    ticket: Ticket,
) -> PyResult<Bound<'py, PyAny>> {
    let py = run.py();
    let Some(options) = options(run, parts)? else {
        // The loop makes its tasks in a way of its own.
        let name = PyDict::new(py);
        name.set_item(intern!(py, "name"), run.get().task_name(py))?;
        let carrier = Bound::new(py, Carrier::new(run, ticket, false, false))?;
        return run.get().event_loop(py).call_method(intern!(py, "create_task"), (carrier,), Some(&name));
    };
    if !parts.eager {
        options.set_item(intern!(py, "context"), scene.context()?)?;
    }
    let carrier = Bound::new(py, Carrier::new(run, ticket, parts.eager, !parts.eager))?;
    parts.task.bind(py).call((carrier,), Some(&options))
}

/// The keyword arguments of the tasks of the present phase; None when the loop has a task factory.
fn options<'py>(run: &Bound<'py, Run>, parts: &Parts) -> PyResult<Option<Bound<'py, PyDict>>> {
    let py = run.py();
    if let Some(phase) = &lock(run.get().state()).phase
        && let Some(options) = &phase.task_options
    {
        return Ok(Some(options.bind(py).clone()));
    }
    let event_loop = run.get().event_loop(py);
    if !event_loop.call_method0(intern!(py, "get_task_factory"))?.is_none() {
        return Ok(None);
    }
    let options = PyDict::new(py);
    options.set_item(intern!(py, "loop"), event_loop)?;
    options.set_item(intern!(py, "name"), run.get().task_name(py))?;
    if parts.eager {
        options.set_item(intern!(py, "eager_start"), true)?;
    }
    if let Some(phase) = &mut lock(run.get().state()).phase {
        phase.task_options = Some(options.clone().unbind());
    }
    Ok(Some(options))
}
