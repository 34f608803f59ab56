//! What environment variables add to a document, before anything of it is checked.
//!
//! The file always wins: a variable fills a gap, and mappings are merged key by key. Only variables are looked at whose
//! name stands for a key that the schema of that part has, so what else there is in the environment does no harm.

mod fill;
mod optimizer;
mod search;
mod text;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::ops::Bound;
use std::sync::Arc;

use schemars::schema_for;
use serde_json::{Map, Value as Json, json};

use self::fill::Filling;
use super::{ChecksSettings, CommonSettings, ConnectorCatalog, Path, Problem};

/// Where values of a document came from that are not in the file: the path, and the variable.
pub(super) type Origins = HashMap<Path, Arc<str>>;

/// The variables that configurations may read.
#[derive(Clone, Default)]
pub struct Environment {
    variables: BTreeMap<String, String>,
}

/// Values may be secrets.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(variables: I) -> Self {
        Self { variables: variables.into_iter().map(|(name, text)| (name.into(), text.into())).collect() }
    }
}

impl Environment {
    /// The environment of this process; variables that are no Unicode are left out.
    pub fn of_process() -> Self {
        std::env::vars_os()
            .filter_map(|(name, text)| Some((name.into_string().ok()?, text.into_string().ok()?)))
            .collect()
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    /// The variables whose names start with that text.
    fn starting_with<'e>(&'e self, prefix: &'e str) -> impl Iterator<Item = (&'e str, &'e str)> {
        self.variables
            .range::<str, _>((Bound::Included(prefix), Bound::Unbounded))
            .take_while(move |(name, _)| name.starts_with(prefix))
            .map(|(name, text)| (name.as_str(), text.as_str()))
    }

    /// The values that variables give to the keys of a schema: `<PREFIX><KEY>`, `<PREFIX><KEY>_<KEY>` and so on.
    ///
    /// # Errors
    /// Each variable that should hold JSON and does not, with the problem; paths start at the value.
    pub fn values(&self, prefix: &str, schema: &Json) -> Result<Json, Vec<(Arc<str>, Problem)>> {
        let mut value = Json::Object(Map::new());
        let mut filling = Filling::new(self);
        // Without a prefix, only what the schema itself names is read.
        if !prefix.is_empty() {
            filling.fields(&mut value, &Path::default(), prefix, schema);
        }
        filling.declared(&mut value, &Path::default(), schema);
        if filling.problems.is_empty() { Ok(value) } else { Err(filling.problems) }
    }

    /// Fills the gaps of a document; `alone` when it is the only one of its file.
    pub(super) fn fill(
        &self,
        entries: Map<String, Json>,
        alone: bool,
        catalog: &dyn ConnectorCatalog,
    ) -> (Json, Origins, Vec<(Arc<str>, Problem)>) {
        let mut document = Json::Object(entries);
        let root = Path::default();
        let mut filling = Filling::new(self);
        // A name for all of several servos would be one for none. With several, the variable chooses one of them.
        if alone {
            filling.value(&mut document, &root.key("name"), "SERVO_NAME", &json!({ "type": "string" }));
        }
        for (key, variable, schema) in [
            ("description", "SERVO_DESCRIPTION", json!({ "type": "string" })),
            ("servo_uid", "SERVO_UID", json!({ "type": "string" })),
            ("no_diagnostics", "SERVO_NO_DIAGNOSTICS", json!({ "type": "boolean" })),
            ("connectors", "SERVO_CONNECTORS", json!({ "type": ["array", "object", "string"] })),
        ] {
            filling.value(&mut document, &root.key(key), variable, &schema);
        }
        for (key, fallback) in [("settings", "COMMON_"), ("checks", "CHECKS_")] {
            let schema = if key == "settings" { schema_for!(CommonSettings) } else { schema_for!(ChecksSettings) };
            let (schema, path, variable) = (schema.to_value(), root.key(key), variable_name(key));
            filling.value(&mut document, &path, &format!("SERVO_{variable}"), &json!({ "type": "object" }));
            filling.fields(&mut document, &path, &format!("SERVO_{variable}_"), &schema);
            filling.fields(&mut document, &path, fallback, &schema);
        }
        optimizer::fill(&mut filling, &mut document, catalog);
        connectors(&mut filling, &mut document, catalog);
        let Filling { origins, problems, .. } = filling;
        (document, origins, problems)
    }
}

/// Fills the parts of connectors. What names one explicitly activates it with a single field, else only the whole part.
fn connectors(filling: &mut Filling<'_>, document: &mut Json, catalog: &dyn ConnectorCatalog) {
    let names = catalog.names();
    let decoded;
    let descriptor = match document.get("connectors") {
        Some(Json::String(text)) => {
            decoded = serde_json::from_str(text).unwrap_or_default();
            Some(&decoded)
        }
        other => other,
    };
    let (mut asked, explicit): (Vec<(String, String)>, bool) = match descriptor {
        Some(Json::Array(items)) if !items.is_empty() => {
            let known = items.iter().filter_map(Json::as_str).filter_map(|identifier| catalog.resolve(identifier));
            (known.map(|name| (name.clone(), name)).collect(), true)
        }
        Some(Json::Object(entries)) if !entries.is_empty() => {
            let known =
                entries.iter().filter_map(|(alias, item)| Some((alias.clone(), catalog.resolve(item.as_str()?)?)));
            (known.collect(), true)
        }
        _ => (names.iter().map(|name| (name.clone(), name.clone())).collect(), false),
    };
    asked.sort();
    asked.dedup();
    for (key, type_name) in asked {
        let path = Path::default().key(&key);
        // Older names keep hyphens and periods; those that a shell can set have underscores instead.
        let mut variables = vec![format!("SERVO_{}", variable_name(&key)), format!("SERVO_{}", key.to_uppercase())];
        variables.dedup();
        for variable in &variables {
            filling.value(document, &path, variable, &json!({ "type": "object" }));
        }
        let wanted = explicit || document.get(&key).is_some();
        if !wanted || document.get(&key).is_some_and(|part| !part.is_object()) {
            continue;
        }
        let schema = catalog.schema(&type_name);
        for variable in &variables {
            filling.fields(document, &path, &format!("{variable}_"), &schema);
        }
        filling.declared(document, &path, &schema);
    }
}

/// A key as a part of the name of a variable: in capitals, with `_` for what is no letter and no digit.
fn variable_name(key: &str) -> String {
    key.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect::<String>().to_uppercase()
}

#[cfg(test)]
mod tests;
