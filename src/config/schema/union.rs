//! Values that may have one of several shapes: what is wrong is told of the shape that was most likely meant.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};

use super::{Checker, describe, parts, unknown_key};
use crate::config::{Path, Problem};

impl<'s> Checker<'s> {
    /// Nothing when one of the shapes fits, else the problems of the nearest.
    pub(super) fn check_union(
        self,
        branches: &'s [Json],
        value: &Json,
        path: &Path,
        hops: usize,
        out: &mut Vec<Problem>,
    ) {
        let mut tried: Vec<(&'s Json, Vec<Problem>)> = Vec::with_capacity(branches.len());
        for branch in branches {
            let problems = self.problems(branch, value, path, hops);
            if problems.is_empty() {
                return;
            }
            tried.push((self.resolve(branch), problems));
        }
        if let Json::Object(entries) = value
            && let Some(problems) = by_tag(&tried, entries, path).or_else(|| by_variant(&tried, entries, path))
        {
            return out.extend(problems);
        }
        // Names that are spread over several branches are one choice.
        let names: Vec<&Json> = tried.iter().flat_map(|(branch, _)| describe::names(branch)).collect();
        let mut fitting: Vec<_> = tried.iter().filter(|(branch, _)| describe::admits_type(branch, value)).collect();
        let meant: Vec<_> = if fitting.is_empty() { tried.iter().collect() } else { fitting.clone() };
        if meant.iter().all(|(branch, _)| is_null(branch) || !describe::names(branch).is_empty())
            && let Some(problem) = describe::misnamed(&names, value, path)
        {
            return out.push(problem);
        }
        if fitting.is_empty() {
            let shapes = tried.iter().map(|(branch, _)| branch).filter(|branch| !is_null(branch));
            let mut shapes: Vec<String> = shapes.map(|branch| describe::expected(branch)).collect();
            shapes.dedup();
            let found = describe::found(&Json::Null, value);
            let message = format!("expected {}, found {found}", shapes.join(" or "));
            return out.push(Problem::new(path.clone(), message));
        }
        // Of a word and a form, as `expo` or a duration, an unknown word was meant to have the form.
        fitting.sort_by_key(|(branch, problems)| (distance(problems), !describe::names(branch).is_empty()));
        out.extend(fitting[0].1.iter().cloned());
    }
}

fn is_null(branch: &Json) -> bool {
    branch.get("type").and_then(Json::as_str) == Some("null")
}

/// How far a value is from a shape. A key that is nearly right hints at the shape that was meant.
fn distance(problems: &[Problem]) -> usize {
    problems.iter().map(|problem| if problem.nearest.is_some() { 1 } else { 2 }).sum()
}

/// The problems where every shape names itself in the same key, as `type: http`.
fn by_tag(tried: &[(&Json, Vec<Problem>)], entries: &Map<String, Json>, path: &Path) -> Option<Vec<Problem>> {
    let objects: Vec<_> = tried.iter().filter(|(branch, _)| branch.get("properties").is_some()).collect();
    let (first, _) = objects.first()?;
    let tag_of = |branch: &Json, key: &str| Some(branch.get("properties")?.get(key)?.get("const")?.clone());
    let keys = first.get("properties")?.as_object()?.keys();
    let tag = keys.into_iter().find(|key| objects.iter().all(|(branch, _)| tag_of(branch, key).is_some()))?;
    if objects.len() < 2 {
        return None;
    }
    let names: Vec<Json> = objects.iter().filter_map(|(branch, _)| tag_of(branch, tag)).collect();
    let names: Vec<&Json> = names.iter().collect();
    let Some(name) = entries.get(tag) else {
        let message = format!("required key '{tag}' is missing, expected {}", describe::one_of(&names));
        return Some(vec![Problem::new(path.clone(), message)]);
    };
    if let Some(problem) = describe::misnamed(&names, name, &path.key(tag)) {
        return Some(vec![problem]);
    }
    let meant = objects.iter().filter(|(branch, _)| tag_of(branch, tag).as_ref() == Some(name));
    meant.min_by_key(|(_, problems)| distance(problems)).map(|(_, problems)| problems.clone())
}

/// The problems where every shape is one key of its own, as `preset: {…}`.
fn by_variant(tried: &[(&Json, Vec<Problem>)], entries: &Map<String, Json>, path: &Path) -> Option<Vec<Problem>> {
    let variants: Vec<(&str, &Vec<Problem>)> = tried
        .iter()
        .filter(|(branch, _)| branch.get("properties").is_some())
        .map(|(branch, problems)| {
            let only = branch.get("properties").and_then(Json::as_object).is_some_and(|keys| keys.len() == 1);
            let key = parts(branch, "required").next().and_then(Json::as_str).filter(|_| only)?;
            Some((key, problems))
        })
        .collect::<Option<_>>()?;
    if variants.len() < 2 {
        return None;
    }
    if let Some((_, problems)) = variants.iter().find(|(key, _)| entries.contains_key(*key)) {
        return Some((*problems).clone());
    }
    let known: BTreeSet<&str> = variants.iter().map(|(key, _)| *key).collect();
    if entries.is_empty() {
        let message = format!("expected a key, {}", describe::any_of(known.into_iter()));
        return Some(vec![Problem::new(path.clone(), message)]);
    }
    Some(entries.keys().map(|key| unknown_key(&path.key(key), key, &known)).collect())
}
