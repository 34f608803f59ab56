//! What a connector is, which types of connectors there are, and how `servo.yaml` names them.

mod metadata;
mod native;
mod registry;

pub use metadata::{Maturity, Metadata, default_name};
pub(crate) use native::Native;
pub use native::{Connector, Subscriptions};
pub use registry::{BuildError, Configurable, ConnectorType, Registry};
