//! Publish and subscribe: which subscriptions a channel's name concerns.
//!
//! Messages are objects of whoever publishes them, and are delivered where they were made. What is found here is the
//! part that does not depend on them: [`Glob`], and the [`Index`] from names to subscriptions.

mod glob;
mod index;

pub use glob::Glob;
pub use index::Index;
