//! Events between Python connectors, on the asyncio loop that runs them.
//!
//! A dispatch never leaves the loop's thread and never touches tokio. [`run::Run`] is what the caller awaits: it plans the
//! dispatch with [`crate::event::Plan`] and takes it through its phases. A synchronous handler runs in place, each in a
//! context of its own. A coroutine is driven by a [`carrier::Carrier`], the coroutine of an asyncio task: where Python
//! can start tasks eagerly (3.12), one task serves handlers one after another until one suspends, is then that handler's
//! own, and another takes the rest; before that every coroutine has its task. Handlers report for themselves, so that
//! no task needs a callback.
//!
//! Two rules hold everywhere here: no lock is held across a call into Python (it may re-enter), and no object is dropped
//! under a lock (its finalizer may re-enter).

#![expect(clippy::needless_pass_by_value, reason = "`__traverse__` takes its visitor by value")]

mod burst;
mod carrier;
mod class;
mod context;
mod invoke;
mod nesting;
mod parts;
mod phase;
mod request;
mod result;
mod run;
mod settle;

pub use class::use_instance_handlers;
pub use context::EventContext;
pub use request::Dispatch;
pub use result::EventResult;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The lock of a mutex whose holder may have panicked: what it guards is sound between any two statements.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
