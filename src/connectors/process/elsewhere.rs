//! The connector where there are no process groups: its configuration is checked, and it cannot be made.

use super::{METADATA, ProcessConfiguration, check};
use crate::config::Problem;
use crate::connector::{Configurable, Connector, Metadata, Subscriptions};

/// Runs the application under optimization as a child process, on Unix.
pub struct ProcessConnector(std::convert::Infallible);

impl Configurable for ProcessConnector {
    type Config = ProcessConfiguration;

    const METADATA: Metadata = METADATA;

    fn check(config: &ProcessConfiguration) -> Vec<Problem> {
        check(config)
    }

    fn new(name: &str, _config: ProcessConfiguration) -> Result<Self, String> {
        Err(format!(
            "the connector '{name}' (process) needs Linux, macOS or another Unix: it runs the application in a process \
             group; here, use a container or WSL"
        ))
    }
}

impl Connector for ProcessConnector {
    fn subscriptions(&self) -> Subscriptions {
        match self.0 {}
    }
}
