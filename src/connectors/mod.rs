//! The connectors that come with the engine.
//!
//! None imports another; each is one folder or file with its configuration and its [`Configurable`] type.
//!
//! [`Configurable`]: crate::connector::Configurable

pub mod load;
pub mod process;
pub mod wait;
