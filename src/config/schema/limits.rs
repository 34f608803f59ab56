//! How large numbers, texts, lists and mappings may be, and the formats of texts.

use serde_json::Value as Json;

use super::describe::quoted;
use crate::config::{Path, Problem};
use crate::model::Duration;

/// Whether a number is within a limit.
type Fits = fn(f64, f64) -> bool;

/// Everything in which the size or the form of a value differs from what the schema allows.
pub(super) fn check(schema: &Json, value: &Json, path: &Path, out: &mut Vec<Problem>) {
    let mut wrong = |message: String| out.push(Problem::new(path.clone(), message));
    match value {
        Json::Number(number) => {
            let size = number.as_f64().unwrap_or_default();
            let limits: [(&str, &str, Fits); 4] = [
                ("minimum", "at least", |size, limit| size >= limit),
                ("maximum", "at most", |size, limit| size <= limit),
                ("exclusiveMinimum", "more than", |size, limit| size > limit),
                ("exclusiveMaximum", "less than", |size, limit| size < limit),
            ];
            for (key, words, fits) in limits {
                if let Some(Json::Number(limit)) = schema.get(key)
                    && limit.as_f64().is_some_and(|limit| !fits(size, limit))
                {
                    wrong(format!("expected {words} {limit}, found the number {number}"));
                }
            }
        }
        Json::String(text) => {
            count(schema, text.chars().count(), ["minLength", "maxLength"], "character(s)", &mut wrong);
            if schema.get("format").and_then(Json::as_str) == Some("duration")
                && let Err(error) = text.parse::<Duration>()
            {
                let numbers =
                    if text.parse::<f64>().is_ok() { ", a number of seconds goes without quotes" } else { "" };
                wrong(format!("{error}, expected numbers with units such as '250ms', '30s' or '1h30m'{numbers}"));
            }
        }
        Json::Array(items) => {
            count(schema, items.len(), ["minItems", "maxItems"], "item(s)", &mut wrong);
            if schema.get("uniqueItems") == Some(&Json::Bool(true)) {
                repeated(items, path, out);
            }
        }
        Json::Object(entries) => count(schema, entries.len(), ["minProperties", "maxProperties"], "key(s)", &mut wrong),
        Json::Null | Json::Bool(_) => {}
    }
}

fn count(schema: &Json, size: usize, keys: [&str; 2], of: &str, wrong: &mut impl FnMut(String)) {
    let limit = |key| schema.get(key).and_then(Json::as_u64);
    if let Some(least) = limit(keys[0]).filter(|least| (size as u64) < *least) {
        wrong(format!("expected at least {least} {of}, found {size}"));
    }
    if let Some(most) = limit(keys[1]).filter(|most| (size as u64) > *most) {
        wrong(format!("expected at most {most} {of}, found {size}"));
    }
}

/// Texts are what sets are made of here; other items are left to the type behind the schema.
fn repeated(items: &[Json], path: &Path, out: &mut Vec<Problem>) {
    let mut seen = std::collections::HashSet::new();
    for (at, item) in items.iter().enumerate() {
        if let Some(text) = item.as_str().filter(|text| !seen.insert(*text)) {
            out.push(Problem::new(path.index(at), format!("expected {} once", quoted(text))));
        }
    }
}
