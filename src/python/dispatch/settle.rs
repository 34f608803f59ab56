//! What the end of a handler means for its dispatch.

use pyo3::exceptions::asyncio::CancelledError;
use pyo3::exceptions::{PyException, PyKeyboardInterrupt, PySystemExit, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;

use super::parts::Parts;
use super::phase::Ticket;
use super::run::Dispatch;
use super::{EventResult, lock};
use crate::event::Preposition;

/// Whether the exception ends the program.
pub(super) fn is_fatal(py: Python<'_>, error: &PyErr) -> bool {
    error.is_instance_of::<PyKeyboardInterrupt>(py) || error.is_instance_of::<PySystemExit>(py)
}

/// What ends the program is a failure of the handler where handlers are contained.
pub(super) fn contain<T>(run: &Bound<'_, Dispatch>, parts: &Parts, outcome: PyResult<T>) -> PyResult<T> {
    let (py, request) = (run.py(), &run.get().request);
    match outcome {
        Err(error) if request.contained && is_fatal(py, &error) => {
            let text = format!("a handler of '{}' raised {}", request.event_name(py)?, error.value(py).repr()?);
            let failure = PyErr::from_value(parts.event_error.bind(py).call1((text,))?);
            failure.set_cause(py, Some(error));
            Err(failure)
        }
        outcome => outcome,
    }
}

enum Verdict {
    /// None where nobody asks for results.
    Result(Option<Py<EventResult>>),
    Failed(PyErr),
    Cancelled(PyErr),
    Fatal(PyErr),
}

/// Records the end of a handler, and wakes the caller when it was the last of its phase. `pump` is to follow.
pub(super) fn settle(run: &Bound<'_, Dispatch>, parts: &Parts, ticket: Ticket, outcome: PyResult<Py<PyAny>>) {
    let py = run.py();
    let verdict = match contain(run, parts, outcome) {
        // What handlers before and after an event return is not looked at.
        Ok(_) if !run.get().request.alone && run.get().preposition() != Preposition::On => Verdict::Result(None),
        Ok(value) => result(run, parts, ticket, value).map_or_else(Verdict::Failed, |made| Verdict::Result(Some(made))),
        Err(error) => judge(run, parts, ticket, error),
    };
    let more = run.get().handlers(ticket).len() > ticket.at + 1;
    // An exception may hold much: it is dropped when the lock is not held any more.
    let mut surplus = None;
    let (dropped, last) = {
        let mut state = lock(&run.get().state);
        let Some(phase) = &mut state.phase else { return };
        let go_on = matches!(verdict, Verdict::Result(_));
        let failed = matches!(verdict, Verdict::Failed(_) | Verdict::Fatal(_));
        match verdict {
            Verdict::Result(Some(result)) => phase.results.push((ticket.lane, result)),
            Verdict::Result(None) => {}
            Verdict::Failed(error) => phase.errors.push((ticket.lane, error)),
            Verdict::Fatal(error) if phase.fatal.is_none() => phase.fatal = Some(error),
            Verdict::Cancelled(error) if !phase.stopping && phase.cancelled.is_none() => phase.cancelled = Some(error),
            Verdict::Fatal(error) | Verdict::Cancelled(error) => surplus = Some(error),
        }
        let task = phase.step(ticket, more && go_on);
        phase.stop_wanted |= failed;
        (task, phase.open == 0)
    };
    drop((dropped, surplus));
    if last {
        run.get().wake(py);
    }
}

/// The result of a handler.
fn result(run: &Bound<'_, Dispatch>, parts: &Parts, ticket: Ticket, value: Py<PyAny>) -> PyResult<Py<EventResult>> {
    let py = run.py();
    let this = run.get();
    let created_at = this.clock().now(py, parts)?;
    Py::new(
        py,
        EventResult {
            event: this.request.event.clone_ref(py),
            preposition: parts.preposition(py, this.preposition()).clone().unbind(),
            handler: this.entry(ticket).handler.clone_ref(py),
            connector: this.members().connector(py, ticket.member).clone().unbind(),
            created_at,
            value,
        },
    )
}

/// The rules for what handlers raise.
fn judge(run: &Bound<'_, Dispatch>, parts: &Parts, ticket: Ticket, error: PyErr) -> Verdict {
    let py = run.py();
    if is_fatal(py, &error) {
        return Verdict::Fatal(error);
    }
    if error.is_instance_of::<CancelledError>(py) {
        return Verdict::Cancelled(error);
    }
    if !error.is_instance_of::<PyException>(py) {
        return Verdict::Failed(error);
    }
    let preposition = run.get().preposition();
    let keep = run.get().request.keeps_errors(preposition);
    let mut error = error;
    let made = (|| {
        mark(run, parts, ticket, &error)?;
        // The engine knows cancelled commands, whoever cancels them.
        let may_cancel = preposition == Preposition::Before || run.get().request.contained;
        if !may_cancel && error.is_instance(py, parts.event_cancelled.bind(py)) {
            if preposition == Preposition::On && keep {
                parts.events.bind(py).call_method0(intern!(py, "_warn_of_late_cancellation"))?;
            } else {
                let text = format!("Cannot cancel an event from an {preposition} handler");
                let refusal = PyTypeError::new_err(text);
                refusal.set_cause(py, Some(error.clone_ref(py)));
                error = refusal;
                return mark(run, parts, ticket, &error);
            }
        }
        error
            .value(py)
            .getattr(intern!(py, "__event_result__"))?
            .cast_into::<EventResult>()
            .map_err(PyErr::from)
            .map(Bound::unbind)
    })();
    match made {
        Ok(result) if keep => Verdict::Result(Some(result)),
        Ok(_) => Verdict::Failed(error),
        Err(other) => Verdict::Failed(other),
    }
}

/// Notes on an exception where it came from.
fn mark(run: &Bound<'_, Dispatch>, parts: &Parts, ticket: Ticket, error: &PyErr) -> PyResult<Py<EventResult>> {
    let py = run.py();
    let value = error.value(py);
    let result = result(run, parts, ticket, value.clone().unbind().into_any())?;
    value.setattr(intern!(py, "__event_result__"), &result)?;
    Ok(result)
}
