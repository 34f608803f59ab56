//! The text of a variable as the value that a schema expects.

use serde_json::{Number, Value as Json};

use super::search::branches;
use crate::config::schema::boolean;

/// What JSON Schema allows at a place.
struct Admitted(Vec<String>);

impl Admitted {
    fn of(root: &Json, schema: &Json) -> Self {
        let mut types = Vec::new();
        for branch in branches(root, schema) {
            match branch.get("type") {
                Some(Json::String(name)) => types.push(name.clone()),
                Some(Json::Array(names)) => types.extend(names.iter().filter_map(Json::as_str).map(str::to_owned)),
                _ => {}
            }
            for value in branch.get("enum").and_then(Json::as_array).into_iter().flatten().chain(branch.get("const")) {
                types.push(kind(value).to_owned());
            }
            if branch.get("format").and_then(Json::as_str) == Some("duration") {
                types.push("duration".to_owned());
            }
        }
        Self(types)
    }

    fn any_of(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.0.iter().any(|admitted| admitted == name))
    }
}

fn kind(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "boolean",
        Json::Number(_) => "number",
        Json::String(_) => "string",
        Json::Array(_) => "array",
        Json::Object(_) => "object",
    }
}

/// The value of a text, or what was expected. What is no value of the type stays text, of which validation speaks.
pub(super) fn read(root: &Json, schema: &Json, text: &str) -> Result<Json, String> {
    let admitted = Admitted::of(root, schema);
    let trimmed = text.trim();
    let parts = admitted.any_of(&["array", "object"]);
    if parts {
        match serde_json::from_str::<Json>(trimmed) {
            Ok(value) if admitted.any_of(&[kind(&value)]) && !value.is_string() => return Ok(value),
            _ if admitted.any_of(&["string", "boolean", "number", "integer", "duration"]) => {}
            // Of several kinds the validation knows more.
            _ if alternatives(schema) > 1 => {}
            // The text may hold secrets, and is not shown.
            Ok(_) => return Err(format!("expected JSON of {}, found another value", expected(&admitted))),
            Err(error) => {
                return Err(format!("expected JSON of {}, found none: {}", expected(&admitted), told(&error)));
            }
        }
    }
    if admitted.any_of(&["number", "integer", "duration"])
        && (!admitted.any_of(&["string"]) || admitted.any_of(&["duration"]))
        && let Some(number) = number(trimmed)
    {
        return Ok(Json::Number(number));
    }
    if admitted.any_of(&["boolean"])
        && let Some(value) = boolean(trimmed)
    {
        return Ok(Json::Bool(value));
    }
    if trimmed == "null" && admitted.any_of(&["null"]) && !admitted.any_of(&["string"]) {
        return Ok(Json::Null);
    }
    Ok(Json::String(text.to_owned()))
}

/// How many kinds of values beside null a schema names one by one.
fn alternatives(schema: &Json) -> usize {
    let lists = ["anyOf", "oneOf"].into_iter().filter_map(|key| schema.get(key)?.as_array());
    lists.flatten().filter(|branch| branch.get("type").and_then(Json::as_str) != Some("null")).count()
}

fn expected(admitted: &Admitted) -> &'static str {
    match (admitted.any_of(&["object"]), admitted.any_of(&["array"])) {
        (true, true) => "a mapping or a list",
        (true, false) => "a mapping",
        _ => "a list",
    }
}

/// Where JSON ended, without any of it.
fn told(error: &serde_json::Error) -> String {
    format!("it breaks at column {}", error.column())
}

fn number(text: &str) -> Option<Number> {
    if let Ok(whole) = text.parse::<i64>() {
        return Some(whole.into());
    }
    Number::from_f64(text.parse().ok()?)
}
