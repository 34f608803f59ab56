//! The connectors that come with the engine.
//!
//! None imports another; each is one folder or file with its configuration and its [`Configurable`] type.
//!
//! [`Configurable`]: crate::connector::Configurable

pub mod load;
pub mod process;
pub mod wait;

use crate::config::read;
use crate::connector::{ConnectorType, Registry};
use crate::optimizer::local::LocalConfig;

/// Every type of connector that comes with the engine, and the check of `optimizer.local`.
pub fn registry() -> Registry {
    let mut registry = Registry::empty();
    registry.register(ConnectorType::of::<load::LoadConnector>());
    registry.register(ConnectorType::of::<process::ProcessConnector>());
    registry.register(ConnectorType::of::<wait::WaitConnector>());
    registry.validate_optimizer_with(|local| read(local, LocalConfig::check).err().unwrap_or_default());
    registry.describe_optimizer_with(schemars::schema_for!(LocalConfig).to_value());
    registry
}
