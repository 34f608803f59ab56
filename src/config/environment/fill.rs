//! Puts values of variables where a document has none.

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::search::search;
use super::text::read;
use super::{Environment, Origins};
use crate::config::{Path, Problem, Step};

/// A document on its way to be filled.
pub(super) struct Filling<'e> {
    pub environment: &'e Environment,
    pub origins: Origins,
    /// What is wrong with a variable itself.
    pub problems: Vec<(Arc<str>, Problem)>,
}

impl<'e> Filling<'e> {
    pub fn new(environment: &'e Environment) -> Self {
        Self { environment, origins: Origins::new(), problems: Vec::new() }
    }

    /// Fills the value of a path with that of a variable.
    pub fn value(&mut self, document: &mut Json, path: &Path, variable: &str, schema: &Json) {
        if let Some(text) = self.environment.get(variable) {
            self.read(document, path, variable, text, schema, schema);
        }
    }

    /// Fills the fields of the value at a path with the variables of that prefix, at every depth.
    pub fn fields(&mut self, document: &mut Json, path: &Path, prefix: &str, schema: &Json) {
        let environment = self.environment;
        let present = pointed(document, path);
        let mut found: Vec<_> = environment
            .starting_with(prefix)
            .filter_map(|(name, text)| Some((search(schema, present, name.strip_prefix(prefix)?)?, name, text)))
            .collect();
        // What speaks of more goes before what speaks of a part of it, as the whole part of a connector does.
        found.sort_by_key(|((steps, _), name, _)| (steps.len(), *name));
        for ((steps, inner), name, text) in found {
            let path = steps.into_iter().fold(path.clone(), |path, key| path.key(key));
            self.read(document, &path, name, text, schema, inner);
        }
    }

    /// Fills the fields of the value at a path with the variables that the schema itself names with `env`.
    pub fn declared(&mut self, document: &mut Json, path: &Path, schema: &Json) {
        let properties = schema.get("properties").and_then(Json::as_object).into_iter().flatten();
        for (key, inner) in properties {
            let names: Vec<&str> = match inner.get("env") {
                Some(Json::String(name)) => vec![name],
                Some(Json::Array(names)) => names.iter().filter_map(Json::as_str).collect(),
                _ => continue,
            };
            for name in names {
                if let Some(text) = self.environment.get(name) {
                    self.read(document, &path.key(key), name, text, schema, inner);
                }
            }
        }
    }

    fn read(&mut self, document: &mut Json, path: &Path, variable: &str, text: &str, root: &Json, schema: &Json) {
        match read(root, schema, text) {
            Ok(value) => self.put(document, path, value, variable),
            // What the file has of its own is not disturbed by a variable that nobody needs.
            Err(_) if pointed(document, path).is_some_and(|present| !present.is_object()) => {}
            Err(message) => {
                self.problems.push((variable.into(), Problem::new(path.clone(), message)));
            }
        }
    }

    /// Puts a value where there is none; a mapping is merged into one that is there.
    pub fn put(&mut self, document: &mut Json, path: &Path, value: Json, variable: &str) {
        let mut around = document;
        let mut at = Path::default();
        for step in &path.0 {
            let (Step::Key(key), Json::Object(entries)) = (step, around) else { return };
            at = at.key(key);
            around = entries.entry(key.clone()).or_insert_with(|| {
                self.origins.insert(at.clone(), variable.into());
                // Stands for what is not there yet, and is replaced by the mapping or the value below.
                Json::Object(Map::new())
            });
        }
        self.merge(around, &at, value, variable);
    }

    fn merge(&mut self, present: &mut Json, at: &Path, value: Json, variable: &str) {
        let fresh = self.origins.get(at).is_some_and(|origin| origin.as_ref() == variable);
        match (present, value) {
            (Json::Object(entries), Json::Object(values)) => {
                for (key, value) in values {
                    let at = at.key(&key);
                    if let Some(present) = entries.get_mut(&key) {
                        self.merge(present, &at, value, variable);
                    } else {
                        self.origins.insert(at, variable.into());
                        entries.insert(key, value);
                    }
                }
            }
            (present @ Json::Object(_), value) if fresh && present.as_object().is_some_and(Map::is_empty) => {
                *present = value;
            }
            _ => {}
        }
    }
}

/// The value at a path, if there is one.
fn pointed<'j>(document: &'j Json, path: &Path) -> Option<&'j Json> {
    path.0.iter().try_fold(document, |value, step| match step {
        Step::Key(key) => value.get(key),
        Step::Index(index) => value.get(*index),
    })
}
