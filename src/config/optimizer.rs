//! `optimizer:` of a document: which optimizer the servo talks to.

use std::fmt;

use serde_json::{Map, Value as Json};

use super::nearest::nearest;
use super::problem::kind;
use super::routes::null_part;
use super::{ConnectorCatalog, Path, Problem};

/// The optimizer of a servo.
#[derive(Clone, PartialEq)]
pub enum OptimizerConfig {
    /// The optimizer of this process, with what stands under `local`, `{}` for its defaults.
    Local(Json),
    /// A service, with its keys as written: `id`, `token`, `base_url`, `url`, or `optimizer_id` and the keys beside it.
    ///
    /// What is missing may come from the environment and is not complained of here.
    Remote(Json),
}

/// The keys of a service hold secrets.
impl fmt::Debug for OptimizerConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(local) => f.debug_tuple("Local").field(local).finish(),
            Self::Remote(_) => f.debug_tuple("Remote").finish_non_exhaustive(),
        }
    }
}

/// How the value of a key is checked.
#[derive(Clone, Copy)]
enum Form {
    Id,
    Text,
    Url,
}

/// A service that knows the servo by a token.
const TOKEN_KEYS: &[(&str, Form)] =
    &[("id", Form::Id), ("token", Form::Text), ("base_url", Form::Url), ("url", Form::Url)];

/// A service that gives out tokens to clients, or has a file with one.
const CLIENT_KEYS: &[(&str, Form)] = &[
    ("optimizer_id", Form::Text),
    ("tenant_id", Form::Text),
    ("base_url", Form::Url),
    ("client_id", Form::Text),
    ("client_secret", Form::Text),
    ("connection_file", Form::Text),
    ("token", Form::Text),
    ("url", Form::Url),
    ("token_url", Form::Url),
];

impl OptimizerConfig {
    /// Reads `optimizer:`; paths of problems start at the document.
    pub(super) fn read(value: Option<&Json>, catalog: &dyn ConnectorCatalog) -> (Self, Vec<Problem>) {
        let path = Path::default().key("optimizer");
        let entries = match value {
            None => return (Self::Local(Json::Object(Map::new())), Vec::new()),
            Some(Json::Object(entries)) => entries,
            Some(other) => {
                if other.is_null() {
                    return (Self::Remote(Json::Null), vec![null_part("optimizer")]);
                }
                let message =
                    format!("expected a mapping with 'local' or with the 'id' of a service, found {}", kind(other));
                return (Self::Remote(Json::Null), vec![Problem::new(path, message)]);
            }
        };
        if entries.is_empty() {
            return (Self::Local(Json::Object(Map::new())), Vec::new());
        }
        if let Some(local) = entries.get("local") {
            return Self::read_local(entries, local, &path, catalog);
        }
        let (keys, id) = if entries.contains_key("optimizer_id") || !entries.contains_key("id") && is_client(entries) {
            (CLIENT_KEYS, "optimizer_id")
        } else {
            (TOKEN_KEYS, "id")
        };
        let mut problems = Vec::new();
        let mut misspelt = false;
        for (key, value) in entries {
            if let Some((_, form)) = keys.iter().find(|(known, _)| known == key) {
                problems.extend(check(key, value, *form, &path));
                continue;
            }
            if TOKEN_KEYS.iter().chain(CLIENT_KEYS).any(|(other, _)| other == key) {
                let message = format!("expected no '{key}' beside '{id}', remove one of them");
                problems.push(Problem { at_key: true, ..Problem::new(path.key(key), message) });
                continue;
            }
            let nearest = nearest(key, keys.iter().map(|(known, _)| *known).chain(["local"]));
            misspelt |= nearest.as_deref().is_some_and(|name| name == id || name == "local");
            problems.push(Problem { nearest, at_key: true, ..Problem::new(path.key(key), "unknown key") });
        }
        if !entries.contains_key(id) && !misspelt {
            problems.push(Problem::new(path, format!("required key '{id}' is missing")));
        }
        (Self::Remote(Json::Object(entries.clone())), problems)
    }

    fn read_local(
        entries: &Map<String, Json>,
        local: &Json,
        path: &Path,
        catalog: &dyn ConnectorCatalog,
    ) -> (Self, Vec<Problem>) {
        let mut problems: Vec<Problem> = entries
            .keys()
            .filter(|key| *key != "local")
            .map(|key| Problem {
                at_key: true,
                ..Problem::new(path.key(key), "expected no other key beside 'local', remove one of them")
            })
            .collect();
        let local = match local {
            Json::Null => Json::Object(Map::new()),
            other => other.clone(),
        };
        let path = path.key("local");
        if local.is_object() {
            problems.extend(catalog.validate_optimizer(&local).into_iter().map(|problem| problem.under(&path)));
        } else {
            problems.push(Problem::new(path, format!("expected a mapping, found {}", kind(&local))));
        }
        (Self::Local(local), problems)
    }
}

/// Whether a key is there that only a service with clients has.
fn is_client(entries: &Map<String, Json>) -> bool {
    CLIENT_KEYS.iter().any(|(key, _)| entries.contains_key(*key) && !TOKEN_KEYS.iter().any(|(other, _)| other == key))
}

/// Messages never show the value: it may be a token in the wrong place.
fn check(key: &str, value: &Json, form: Form, path: &Path) -> Option<Problem> {
    let optional = !matches!(key, "id" | "optimizer_id" | "token");
    let message = match (value, form) {
        (Json::Null, _) if optional => return None,
        (Json::Null, _) => "none is not an allowed value, expected text",
        (Json::String(text), Form::Id) if !is_id(text) => {
            "expected '<organization>/<name>', an organization of 5 to 50 letters, digits, hyphens and periods that starts \
             with no hyphen, and a name of 1 to 64 letters, digits, hyphens, periods and underscores"
        }
        (Json::String(text), Form::Url) if !is_url(text) => "expected a URL that starts with http:// or https://",
        (Json::String(_), _) => return None,
        (Json::Bool(_) | Json::Number(_), _) => "expected text, quote it",
        (Json::Array(_), _) => "expected text, found a list",
        (Json::Object(_), _) => "expected text, found a mapping",
    };
    Some(Problem::new(path.key(key), message))
}

/// Whether a text is what a service calls an application: `<organization>/<name>`.
pub fn is_id(text: &str) -> bool {
    let Some((organization, name)) = text.split_once('/') else { return false };
    let common = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    (5..=50).contains(&organization.len())
        && !organization.starts_with('-')
        && organization.chars().all(common)
        && (1..=64).contains(&name.len())
        && name.chars().all(|c| common(c) || c == '_')
}

/// Whether a text is the URL of something that speaks HTTP.
pub(super) fn is_url(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

#[cfg(test)]
mod tests {
    use super::is_id;

    #[test]
    fn ids_have_two_parts() {
        for id in ["retail.example/storefront", "abcde/a", "12345/this.that.the.other", "a-b.c/APP-NAME_1"] {
            assert!(is_id(id), "{id}");
        }
        let long = format!("abcde/{}", "x".repeat(65));
        for id in ["abcd/x", "-abcde/x", "abc_de/x", "abcde/", "abcde", "abcde/x/y", "abcde/x y", &long] {
            assert!(!is_id(id), "{id}");
        }
    }
}
