//! What a configuration needs to know of connectors and of the optimizer, which are layers above.

use serde_json::Value as Json;

use super::Problem;

/// The connectors that a configuration may name, and who checks their parts.
pub trait ConnectorCatalog {
    /// The default name of the type that an identifier stands for: a default name, a class name or a dotted path.
    fn resolve(&self, identifier: &str) -> Option<String>;

    /// Why an identifier stands for nothing, where more is known than that, such as an import that failed.
    fn unresolved(&self, _identifier: &str) -> Option<String> {
        None
    }

    /// The default names of all types.
    fn names(&self) -> Vec<String>;

    /// What is wrong with the part of a connector of that type; paths start at the part.
    fn validate(&self, name: &str, config: &Json) -> Vec<Problem>;

    /// The JSON Schema of the part of a connector of that type; `null` where it is unknown.
    fn schema(&self, _name: &str) -> Json {
        Json::Null
    }

    /// The JSON Schema by which the scalars of such a part are turned into what it asks for; `null` where its type does
    /// that itself.
    fn coercion_schema(&self, _name: &str) -> Json {
        Json::Null
    }

    /// The JSON Schema of `optimizer.local`; `null` where it is unknown.
    fn optimizer_schema(&self) -> Json {
        Json::Null
    }

    /// What is wrong with `optimizer.local`; paths start at the part.
    fn validate_optimizer(&self, local: &Json) -> Vec<Problem>;
}
