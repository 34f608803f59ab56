//! Puts a servo together from its document.

use super::Servo;
use crate::config::{ConfigError, Path, Problem, ServoConfig};
use crate::connector::{BuildError, Registry};

impl Servo {
    /// The servo of a document, with its connectors in the order of their routes.
    ///
    /// Fails with every connector that could not be built, each at its place in the document.
    pub fn assemble(config: &ServoConfig, registry: &Registry) -> Result<Self, ConfigError> {
        let mut builder = Self::builder(config.servo_name()).uid(config.servo_uid.clone());
        let mut problems = Vec::new();
        for route in &config.connectors {
            let at = Path::default().key(&route.name);
            let Some(kind) = registry.resolve(&route.identifier) else {
                problems.push(Problem::new(at, format!("no connector found for '{}'", route.identifier)));
                continue;
            };
            match kind.build(&route.name, route.config.clone()) {
                Ok(responder) => builder = builder.responder(responder),
                Err(BuildError::Config(found)) => problems.extend(found.into_iter().map(|p| p.under(&at))),
                Err(BuildError::Other(message)) => problems.push(Problem::new(at, message)),
            }
        }
        if problems.is_empty() { Ok(builder.build()) } else { Err(config.error(problems)) }
    }
}
