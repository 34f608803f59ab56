//! `process`: runs the application under optimization as a child process.
//!
//! The application and its workers form a process group of their own, which does not outlive the servo, whatever the
//! servo ends of. Settings reach it through its command line and environment; an adjustment restarts it, waits until it is
//! healthy, and goes back to the former settings when it does not come up.
//!
//! The application has to stay in the foreground: a process that leaves its group on purpose, as a daemon does by `setsid`,
//! is neither stopped nor watched.

// Elsewhere than on Unix the configuration is checked and nothing is run.
#![cfg_attr(not(unix), allow(dead_code))]

mod config;
mod health;
mod plan;
mod settings;
mod size;
mod template;
mod words;

#[cfg(unix)]
mod application;
#[cfg(unix)]
mod connector;
#[cfg(unix)]
mod group;
#[cfg(unix)]
mod keeper;
#[cfg(unix)]
mod output;
#[cfg(unix)]
mod request;

#[cfg(not(unix))]
#[path = "elsewhere.rs"]
mod connector;

pub use config::{
    CommandLine, HealthConfiguration, Kind, LogConfiguration, ProcessConfiguration, SettingConfiguration,
    StopConfiguration,
};
pub use connector::ProcessConnector;
pub use size::Size;

use crate::config::Problem;
use crate::connector::{Maturity, Metadata};

const METADATA: Metadata = Metadata {
    name: "process",
    class_name: "ProcessConnector",
    description: "Runs the application as a child process and adjusts it by restarts",
    version: "0.1.0",
    maturity: Maturity::Stable,
};

/// What the schema cannot say.
fn check(config: &ProcessConfiguration) -> Vec<Problem> {
    plan::Plan::compile("process", config).err().unwrap_or_default()
}
