//! Which key of a schema the name of a variable stands for.

use serde_json::Value as Json;

use super::variable_name;

/// The longest name, behind its prefix, that is looked at.
const LONGEST: usize = 512;
/// Keys that are compared for one name before it is given up: schemas may refer to themselves.
const FUEL: usize = 20_000;
/// Steps into a value.
const DEPTH: usize = 16;

/// The keys that lead to what the rest of a variable's name stands for, and its schema; `present` is what there is.
pub(super) fn search<'s>(root: &'s Json, present: Option<&Json>, rest: &str) -> Option<(Vec<String>, &'s Json)> {
    if rest.len() > LONGEST {
        return None;
    }
    Search { root, fuel: FUEL }.within(root, present, rest, 0)
}

/// The schema itself and what it is composed of, references followed.
pub(super) fn branches<'s>(root: &'s Json, schema: &'s Json) -> Vec<&'s Json> {
    let mut found: Vec<&Json> = vec![schema];
    let mut at = 0;
    while let Some(schema) = found.get(at).copied() {
        at += 1;
        let referred = schema.get("$ref").and_then(Json::as_str).and_then(|name| root.pointer(name.strip_prefix('#')?));
        let composed = ["allOf", "anyOf", "oneOf"].into_iter().filter_map(|key| schema.get(key)?.as_array()).flatten();
        for inner in referred.into_iter().chain(composed) {
            // One that is there already leads to nothing new.
            if found.len() < 256 && !found.iter().any(|other| std::ptr::eq(*other, inner)) {
                found.push(inner);
            }
        }
    }
    found
}

struct Search<'s> {
    root: &'s Json,
    fuel: usize,
}

impl<'s> Search<'s> {
    fn within(
        &mut self,
        schema: &'s Json,
        present: Option<&Json>,
        rest: &str,
        depth: usize,
    ) -> Option<(Vec<String>, &'s Json)> {
        if depth >= DEPTH {
            return None;
        }
        let branches = branches(self.root, schema);
        let mut keys: Vec<(&str, &Json)> = Vec::new();
        for branch in &branches {
            let properties = branch.get("properties").and_then(Json::as_object).into_iter().flatten();
            keys.extend(properties.map(|(key, inner)| (key.as_str(), inner)));
        }
        let values: Vec<&Json> = branches
            .iter()
            .filter_map(|branch| branch.get("additionalProperties"))
            .filter(|it| it.is_object())
            .collect();
        for inner in &values {
            let known = present.and_then(Json::as_object).into_iter().flatten();
            for (key, _) in known {
                if let Some(found) = self.key(key, inner, present, rest, depth) {
                    return Some(found);
                }
            }
        }
        // The longest first: `max_time` is no key within `max`.
        keys.sort_by_key(|(key, _)| std::cmp::Reverse(key.len()));
        for (key, inner) in keys {
            if let Some(found) = self.key(key, inner, present, rest, depth) {
                return Some(found);
            }
        }
        // A key of a mapping that is not there yet ends where the keys of its value begin.
        for inner in values {
            for (at, _) in rest.match_indices('_').filter(|(at, _)| *at > 0) {
                self.fuel = self.fuel.checked_sub(1)?;
                if let Some((mut steps, inner)) = self.within(inner, None, &rest[at + 1..], depth + 1) {
                    steps.insert(0, rest[..at].to_lowercase());
                    return Some((steps, inner));
                }
            }
        }
        None
    }

    fn key(
        &mut self,
        key: &str,
        inner: &'s Json,
        present: Option<&Json>,
        rest: &str,
        depth: usize,
    ) -> Option<(Vec<String>, &'s Json)> {
        self.fuel = self.fuel.checked_sub(1)?;
        let more = rest.strip_prefix(variable_name(key).as_str())?;
        if more.is_empty() {
            return Some((vec![key.to_owned()], inner));
        }
        let present = present.and_then(|value| value.get(key));
        let (mut steps, inner) = self.within(inner, present, more.strip_prefix('_')?, depth + 1)?;
        steps.insert(0, key.to_owned());
        Some((steps, inner))
    }
}
