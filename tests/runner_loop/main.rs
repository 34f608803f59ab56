//! The run loop against an optimizer that answers anything, in paused time.

mod commands;
mod endings;
mod property;
mod replies;
mod script;
