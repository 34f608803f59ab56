//! The event bus: what is called, by whom it is answered, in which order.
//!
//! A dispatch is first planned ([`Plan`]: which responders, in which phases) and then run by an executor.
//! [`dispatch`] is the executor of native responders, on tokio; handlers written in Python run on their own
//! asyncio loop behind the same [`Responder`] trait.

mod call;
mod context;
mod error;
mod executor;
mod plan;
mod responder;

pub use call::{Answer, Call};
pub use context::{Context, Progress};
#[cfg_attr(not(feature = "python"), allow(unused_imports))]
pub(crate) use error::Rank;
pub use error::{ErrorKind, EventError};
pub use executor::{Dispatched, Outcome, dispatch};
pub use plan::{Options, Plan, Target};
pub use responder::{Preposition, Prepositions, Responder};
