//! The types of connectors that `servo.yaml` may name.

use std::sync::Arc;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use super::native::Native;
use super::{Connector, Metadata};
use crate::config::{ConnectorCatalog, Problem, read_with};
use crate::event::Responder;

/// A connector that is built from its part of `servo.yaml`.
pub trait Configurable: Connector + Sized + 'static {
    /// Its part of `servo.yaml`. The JSON Schema finds wrong types and unknown keys, all at once.
    type Config: DeserializeOwned + JsonSchema;

    /// What is told of the type.
    const METADATA: Metadata;

    /// What the schema cannot say, such as keys that exclude each other. Paths are relative to the part.
    fn check(_config: &Self::Config) -> Vec<Problem> {
        Vec::new()
    }

    /// The connector of that name and configuration.
    fn new(name: &str, config: Self::Config) -> Result<Self, String>;
}

/// Why a connector could not be built.
#[derive(Debug)]
pub enum BuildError {
    /// Its part of `servo.yaml` is wrong; paths are relative to the part.
    Config(Vec<Problem>),
    /// Something else; says what and what to do.
    Other(String),
}

type Schema = dyn Fn() -> Json + Send + Sync;
type Validate = dyn Fn(&Json) -> Vec<Problem> + Send + Sync;
type Build = dyn Fn(&str, Json) -> Result<Arc<dyn Responder>, BuildError> + Send + Sync;

/// A type of connectors, with its own type erased.
#[derive(Clone)]
pub struct ConnectorType {
    /// The key in `servo.yaml`.
    pub name: String,
    /// Other identifiers: the class name, dotted paths.
    pub identifiers: Vec<String>,
    /// What is told of it, where it is a native type.
    pub metadata: Option<Metadata>,
    schema: Arc<Schema>,
    validate: Arc<Validate>,
    build: Arc<Build>,
}

impl ConnectorType {
    /// The type of a native connector.
    pub fn of<C: Configurable>() -> Self {
        let schema = schemars::schema_for!(C::Config).to_value();
        let parse = {
            let schema = schema.clone();
            Arc::new(move |config: &Json| read_with(&schema, config, C::check))
        };
        Self {
            name: C::METADATA.name.to_owned(),
            identifiers: vec![C::METADATA.class_name.to_owned()],
            metadata: Some(C::METADATA),
            schema: Arc::new(move || schema.clone()),
            validate: Arc::new({
                let parse = parse.clone();
                move |config| parse(config).err().unwrap_or_default()
            }),
            build: Arc::new(move |name, config| {
                let config = parse(&config).map_err(BuildError::Config)?;
                let connector = C::new(name, config).map_err(BuildError::Other)?;
                Ok(Arc::new(Native::new(name, C::METADATA.name, Arc::new(connector))))
            }),
        }
    }

    /// A type whose configuration is validated, and whose connectors are built, elsewhere.
    pub fn foreign(
        name: String,
        identifiers: Vec<String>,
        validate: impl Fn(&Json) -> Vec<Problem> + Send + Sync + 'static,
        build: impl Fn(&str, Json) -> Result<Arc<dyn Responder>, BuildError> + Send + Sync + 'static,
    ) -> Self {
        let schema = Arc::new(|| Json::Null);
        Self { name, identifiers, metadata: None, schema, validate: Arc::new(validate), build: Arc::new(build) }
    }

    /// The same type with the JSON Schema of its part of `servo.yaml`, which is asked for when it is needed.
    #[must_use]
    pub fn with_schema(self, schema: impl Fn() -> Json + Send + Sync + 'static) -> Self {
        Self { schema: Arc::new(schema), ..self }
    }

    /// Its part of `servo.yaml` as JSON Schema, `null` where unknown.
    pub fn schema(&self) -> Json {
        (self.schema)()
    }

    /// What is wrong with a part of `servo.yaml`; paths are relative to the part.
    pub fn validate(&self, config: &Json) -> Vec<Problem> {
        (self.validate)(config)
    }

    /// The connector of that name and part of `servo.yaml`, as a member of a bus.
    pub fn build(&self, name: &str, config: Json) -> Result<Arc<dyn Responder>, BuildError> {
        (self.build)(name, config)
    }
}

/// The known types, in the order they were registered.
#[derive(Clone, Default)]
pub struct Registry {
    types: IndexMap<String, ConnectorType>,
    optimizer: Option<Arc<Validate>>,
    optimizer_schema: Arc<Json>,
}

impl Registry {
    /// No types.
    pub fn empty() -> Self {
        Self::default()
    }

    /// Adds a type; one of the same name is replaced.
    pub fn register(&mut self, kind: ConnectorType) {
        self.types.insert(kind.name.clone(), kind);
    }

    /// Says who checks `optimizer.local`, which is a layer above; paths of problems start at that part.
    pub fn validate_optimizer_with(&mut self, validate: impl Fn(&Json) -> Vec<Problem> + Send + Sync + 'static) {
        self.optimizer = Some(Arc::new(validate));
    }

    /// Says what `optimizer.local` looks like, as JSON Schema.
    pub fn describe_optimizer_with(&mut self, schema: Json) {
        self.optimizer_schema = Arc::new(schema);
    }

    /// The type of an identifier: a default name, a class name or a dotted path.
    pub fn resolve(&self, identifier: &str) -> Option<&ConnectorType> {
        self.types
            .get(identifier)
            .or_else(|| self.types.values().find(|kind| kind.identifiers.iter().any(|other| other == identifier)))
    }

    /// The types, in the order they were registered.
    pub fn types(&self) -> impl Iterator<Item = &ConnectorType> {
        self.types.values()
    }
}

impl ConnectorCatalog for Registry {
    fn resolve(&self, identifier: &str) -> Option<String> {
        Registry::resolve(self, identifier).map(|kind| kind.name.clone())
    }

    fn names(&self) -> Vec<String> {
        self.types.keys().cloned().collect()
    }

    /// Nothing is wrong with the part of a type that is not known; [`ConnectorCatalog::resolve`] says which are.
    fn validate(&self, name: &str, config: &Json) -> Vec<Problem> {
        self.types.get(name).map(|kind| kind.validate(config)).unwrap_or_default()
    }

    fn schema(&self, name: &str) -> Json {
        self.types.get(name).map(ConnectorType::schema).unwrap_or_default()
    }

    fn coercion_schema(&self, name: &str) -> Json {
        let native = self.types.get(name).filter(|kind| kind.metadata.is_some());
        native.map(ConnectorType::schema).unwrap_or_default()
    }

    fn optimizer_schema(&self) -> Json {
        (*self.optimizer_schema).clone()
    }

    fn validate_optimizer(&self, local: &Json) -> Vec<Problem> {
        self.optimizer.as_ref().map(|validate| validate(local)).unwrap_or_default()
    }
}
