//! What a schema expects and what was found, in words.

use serde_json::Value as Json;

use super::parts;
use crate::config::nearest::nearest;
use crate::config::{Path, Problem};

/// How much of a text a message shows.
const SHOWN: usize = 60;
/// How many names a message lists.
const LISTED: usize = 16;

pub(super) fn types(schema: &Json) -> Vec<&str> {
    match schema.get("type") {
        Some(Json::String(only)) => vec![only],
        Some(Json::Array(several)) => several.iter().filter_map(Json::as_str).collect(),
        _ => Vec::new(),
    }
}

/// Whether the type of the value is one that the schema allows.
pub(super) fn admits_type(schema: &Json, value: &Json) -> bool {
    let types = types(schema);
    types.is_empty()
        || types.iter().any(|name| match value {
            Json::Null => *name == "null",
            Json::Bool(_) => *name == "boolean",
            Json::Number(number) => *name == "number" || (*name == "integer" && !number.is_f64()),
            Json::String(_) => *name == "string",
            Json::Array(_) => *name == "array",
            Json::Object(_) => *name == "object",
        })
}

/// What a schema without references expects, such as `a whole number`.
pub(super) fn expected(schema: &Json) -> String {
    let types = types(schema);
    let duration = is_duration(schema);
    let names = names(schema);
    if !names.is_empty() {
        return one_of(&names);
    }
    let mut words: Vec<&str> = types
        .iter()
        .filter(|name| **name != "null" || types.len() == 1)
        .map(|name| match *name {
            "string" if duration => "a duration such as '30s' or '1h30m'",
            "number" if duration => "a number of seconds",
            "string" => "text",
            "integer" => "a whole number",
            "number" => "a number",
            "boolean" => "true or false",
            "array" => "a list",
            "object" => "a mapping",
            _ => "null",
        })
        .collect();
    words.dedup();
    if words.is_empty() { "another value".to_owned() } else { words.join(" or ") }
}

/// What a value is. A schema marked as a secret keeps its value to itself.
pub(super) fn found(schema: &Json, value: &Json) -> String {
    let secret = schema.get("writeOnly") == Some(&Json::Bool(true))
        || schema.get("format").and_then(Json::as_str) == Some("password");
    match value {
        Json::Null => "null".to_owned(),
        Json::Array(_) => "a list".to_owned(),
        Json::Object(_) => "a mapping".to_owned(),
        Json::String(_) if secret => "text".to_owned(),
        Json::Bool(_) | Json::Number(_) if secret => "another scalar".to_owned(),
        Json::Bool(value) => value.to_string(),
        Json::Number(number) => format!("the number {number}"),
        Json::String(text) => format!("the text {}", quoted(text)),
    }
}

/// That a value has another type than the schema allows, and what to do about it.
pub(super) fn mismatch(schema: &Json, value: &Json) -> String {
    let types = types(schema);
    let hint = match value {
        Json::Bool(_) | Json::Number(_) if types.contains(&"string") && !is_duration(schema) => {
            ", quote it if text is meant"
        }
        Json::String(text) if types.iter().any(|name| matches!(*name, "number" | "integer")) => misread(text),
        _ => "",
    };
    format!("expected {}, found {}{hint}", expected(schema), found(schema, value))
}

/// Why YAML reads a number as text.
fn misread(text: &str) -> &'static str {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && text.contains(['e', 'E']) => ", write exponents as in 1.0e+3",
        Ok(number) if number.is_finite() => ", remove the quotes",
        _ => "",
    }
}

fn is_duration(schema: &Json) -> bool {
    schema.get("format").and_then(Json::as_str) == Some("duration")
}

/// The values that a schema names one by one.
pub(super) fn names(schema: &Json) -> Vec<&Json> {
    parts(schema, "enum").chain(schema.get("const")).collect()
}

/// That a value is none of those named one by one.
pub(super) fn misnamed(names: &[&Json], value: &Json, path: &Path) -> Option<Problem> {
    if names.is_empty() || names.contains(&value) {
        return None;
    }
    let nearest = value.as_str().and_then(|text| nearest(text, names.iter().filter_map(|name| name.as_str())));
    let shown = value.as_str().map_or_else(|| found(&Json::Null, value), |text| format!("'{}'", shortened(text)));
    let message = format!("expected {}, found {shown}", one_of(names));
    Some(Problem { path: path.clone(), message, nearest, at_key: false })
}

/// `one of 'a', 'b'`, or just `'a'`.
pub(super) fn one_of(names: &[&Json]) -> String {
    let shown = names.iter().map(|name| name.as_str().map_or_else(|| name.to_string(), str::to_owned));
    any_of(shown.collect::<Vec<_>>().iter().map(String::as_str))
}

/// `one of 'a', 'b'`, or just `'a'`.
pub(super) fn any_of<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> String {
    let count = names.len();
    let mut listed = names.take(LISTED).map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ");
    if count > LISTED {
        listed.push_str(", …");
    }
    if count == 1 { listed } else { format!("one of {listed}") }
}

/// A text in quotes, shortened.
pub(super) fn quoted(text: &str) -> String {
    format!("{:?}", shortened(text))
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
