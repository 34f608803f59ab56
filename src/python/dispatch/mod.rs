//! Events between Python connectors, on the asyncio loop that runs them.
//!
//! A dispatch never leaves the loop's thread and never touches tokio. [`run::Dispatch`] is what the caller awaits: it
//! plans the dispatch with [`crate::event::Plan`] and takes it through its phases. Handlers are started inside a copy of
//! the caller's context, which names the event; the name of the connector is set there before each start, and every
//! handler gets a copy of that. A synchronous handler runs in place. A coroutine is driven by a [`carrier::Carrier`],
//! the coroutine of an asyncio task that serves handlers one after another until one suspends, and is then that
//! handler's own. Where Python can start tasks eagerly (3.12) the first carrier starts at once and another takes the
//! rest. Before that a carrier starts with the next turn of the loop; the rest are given a task each then, as is, from
//! the start, every handler that suspended when it ran last: all that wait begin in the same turn. Handlers report for
//! themselves, so that no task needs a callback.
//!
//! Two rules hold everywhere here: no lock is held across a call into Python (it may re-enter), and no object is dropped
//! under a lock (its finalizer may re-enter).

#![expect(clippy::needless_pass_by_value, reason = "`__traverse__` takes its visitor by value")]

mod awaitable;
mod burst;
mod carrier;
mod class;
mod clock;
mod context;
mod invoke;
mod members;
mod nesting;
mod parts;
mod phase;
mod phases;
mod request;
mod result;
mod run;
mod settle;

pub use class::{has_instance_handlers, use_instance_handlers};
pub use context::EventContext;
pub use result::EventResult;
pub use run::Dispatch;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The lock of a mutex whose holder may have panicked: what it guards is sound between any two statements.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
