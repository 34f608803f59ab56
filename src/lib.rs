//! Connects an application to an optimizer.
//!
//! A *servo* describes an application, measures it, adjusts it and reports back, through connectors. The optimizer
//! says what is next: a remote service, or the local optimizer of this crate.
//!
//! The layers, each of which knows only those before it: [`model`] and [`telemetry`], [`event`], [`config`] and
//! [`pubsub`], [`connector`], [`optimizer`] and `runner`, [`connectors`].

mod certificate;
pub mod config;
pub mod connector;
pub mod connectors;
pub mod event;
pub mod model;
pub mod optimizer;
pub mod pubsub;
pub mod runner;
pub mod telemetry;

#[cfg(feature = "python")]
#[allow(missing_docs)]
mod python;
