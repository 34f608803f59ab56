//! Checks a value against a JSON Schema, and finds everything that is wrong at once.
//!
//! Known is what schemars writes for serde types. `pattern` and the keys of `patternProperties` are not matched: the
//! type behind the schema parses such texts itself. A `format: duration` is read as a [`Duration`].

mod coerce;
mod describe;
mod limits;
mod union;

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};

pub(super) use self::coerce::{boolean, coerce};
use super::nearest::nearest;
use super::{Path, Problem};

/// References followed without a step into the value, after which a schema that refers to itself is left alone.
const MAX_HOPS: usize = 32;

/// Everything in which `value` differs from `schema`. Paths start at `value`.
pub fn check_schema(schema: &Json, value: &Json) -> Vec<Problem> {
    Checker { root: schema }.problems(schema, value, &Path::default(), 0)
}

#[derive(Clone, Copy)]
struct Checker<'s> {
    root: &'s Json,
}

impl<'s> Checker<'s> {
    fn problems(self, schema: &'s Json, value: &Json, path: &Path, hops: usize) -> Vec<Problem> {
        let mut problems = Vec::new();
        self.check(schema, value, path, hops, &mut problems);
        problems
    }

    /// What the `$ref` of a schema stands for.
    fn referred(self, schema: &Json) -> Option<&'s Json> {
        self.root.pointer(schema.get("$ref")?.as_str()?.strip_prefix('#')?)
    }

    /// The schema behind references.
    fn resolve(self, mut schema: &'s Json) -> &'s Json {
        for _ in 0..MAX_HOPS {
            let Some(target) = self.referred(schema) else { break };
            schema = target;
        }
        schema
    }

    fn check(self, schema: &'s Json, value: &Json, path: &Path, hops: usize, out: &mut Vec<Problem>) {
        if schema == &Json::Bool(false) {
            return out.push(Problem::new(path.clone(), "expected nothing at all"));
        }
        if hops >= MAX_HOPS {
            return;
        }
        let before = out.len();
        if let Some(target) = self.referred(schema) {
            self.check(target, value, path, hops + 1, out);
        } else if !describe::admits_type(schema, value) {
            out.push(Problem::new(path.clone(), describe::mismatch(schema, value)));
        }
        if out.len() > before {
            return;
        }
        if let Some(problem) = describe::misnamed(&describe::names(schema), value, path) {
            out.push(problem);
        }
        for part in parts(schema, "allOf") {
            self.check(part, value, path, hops + 1, out);
        }
        for key in ["anyOf", "oneOf"] {
            if let Some(branches) = schema.get(key).and_then(Json::as_array) {
                self.check_union(branches, value, path, hops + 1, out);
            }
        }
        limits::check(schema, value, path, out);
        match value {
            Json::Array(items) => self.check_items(schema, items, path, out),
            Json::Object(entries) => self.check_entries(schema, entries, path, out),
            _ => {}
        }
    }

    fn check_items(self, schema: &'s Json, items: &[Json], path: &Path, out: &mut Vec<Problem>) {
        let firsts = schema.get("prefixItems").and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
        let others = schema.get("items");
        for (at, item) in items.iter().enumerate() {
            if let Some(schema) = firsts.get(at).or(others) {
                self.check(schema, item, &path.index(at), 0, out);
            }
        }
    }

    fn check_entries(self, schema: &'s Json, entries: &Map<String, Json>, path: &Path, out: &mut Vec<Problem>) {
        let properties = schema.get("properties").and_then(Json::as_object);
        for key in parts(schema, "required").filter_map(Json::as_str) {
            if !entries.contains_key(key) {
                out.push(Problem::new(path.clone(), format!("required key '{key}' is missing")));
            }
        }
        let patterns = schema.get("patternProperties").and_then(Json::as_object);
        let others = schema.get("additionalProperties");
        let closed = schema.get("unevaluatedProperties") == Some(&Json::Bool(false));
        let known = if closed || others == Some(&Json::Bool(false)) {
            let mut known = BTreeSet::new();
            self.collect_properties(schema, closed, 0, &mut known);
            known
        } else {
            BTreeSet::new()
        };
        for (key, value) in entries {
            let own = properties.and_then(|properties| properties.get(key));
            let by_pattern = patterns.and_then(|patterns| patterns.values().next());
            match own.or(by_pattern).or(others) {
                Some(Json::Bool(false)) if own.is_none() => out.push(unknown_key(&path.key(key), key, &known)),
                Some(schema) => self.check(schema, value, &path.key(key), 0, out),
                None if closed && !known.contains(key.as_str()) => out.push(unknown_key(&path.key(key), key, &known)),
                None => {}
            }
        }
    }

    /// The keys that a schema names; with `deep` also those of the schemas it is composed of.
    fn collect_properties(self, schema: &'s Json, deep: bool, hops: usize, known: &mut BTreeSet<&'s str>) {
        if hops >= MAX_HOPS {
            return;
        }
        let properties = schema.get("properties").and_then(Json::as_object);
        known.extend(properties.into_iter().flat_map(Map::keys).map(String::as_str));
        if deep {
            let composed = ["allOf", "anyOf", "oneOf"].into_iter().flat_map(|key| parts(schema, key));
            for part in composed.chain(self.referred(schema)) {
                self.collect_properties(part, deep, hops + 1, known);
            }
        }
    }
}

/// The items of a list in a schema.
fn parts<'s>(schema: &'s Json, key: &str) -> impl Iterator<Item = &'s Json> + use<'s> {
    schema.get(key).and_then(Json::as_array).into_iter().flatten()
}

fn unknown_key(path: &Path, key: &str, known: &BTreeSet<&str>) -> Problem {
    let nearest = nearest(key, known.iter().copied());
    let message = match (&nearest, known.len()) {
        (Some(_), _) | (None, 0) => "unknown key".to_owned(),
        (None, _) => format!("unknown key, expected {}", describe::any_of(known.iter().copied())),
    };
    Problem { path: path.clone(), message, nearest, at_key: true }
}

#[cfg(test)]
mod tests;
