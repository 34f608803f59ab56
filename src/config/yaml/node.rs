//! A document as a tree of values that know their place.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::Value as Json;

use super::Scalar;
use crate::config::Place;

/// A value and its place. A copy shares the parts: an alias costs nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What it is.
    pub value: Value,
    /// Where it starts.
    pub place: Place,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A value without parts.
    Scalar(Scalar),
    /// A list.
    Seq(Arc<[Node]>),
    /// A mapping, in the order of the file; what was merged with `<<` comes first.
    Map(Arc<IndexMap<Arc<str>, Entry>>),
}

/// The value of a key, and where the key is.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Where the key starts.
    pub key_place: Place,
    /// The value.
    pub node: Node,
}

impl Node {
    /// An empty mapping.
    pub fn empty(place: Place) -> Self {
        Self { value: Value::Map(Arc::default()), place }
    }

    /// The same as JSON, in the same order. Keys are unique and numbers finite since the composer refuses others.
    pub fn to_json(&self) -> Json {
        match &self.value {
            Value::Scalar(Scalar::Null) => Json::Null,
            Value::Scalar(Scalar::Bool(value)) => Json::Bool(*value),
            Value::Scalar(Scalar::Number(value) | Scalar::Respelled(value)) => Json::Number(value.clone()),
            Value::Scalar(Scalar::Text(value)) => Json::String(value.as_ref().to_owned()),
            Value::Seq(items) => items.iter().map(Self::to_json).collect(),
            Value::Map(entries) => {
                Json::Object(entries.iter().map(|(key, entry)| (key.to_string(), entry.node.to_json())).collect())
            }
        }
    }

    /// What it is, for messages: never the value, which may be a secret.
    pub fn kind(&self) -> &'static str {
        match &self.value {
            Value::Scalar(Scalar::Null) => "null",
            Value::Scalar(Scalar::Bool(_)) => "a boolean",
            Value::Scalar(Scalar::Number(_) | Scalar::Respelled(_)) => "a number",
            Value::Scalar(Scalar::Text(_)) => "text",
            Value::Seq(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }
}
