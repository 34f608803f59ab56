//! Which connectors a document makes active, and under which keys.

use std::collections::HashSet;

use indexmap::IndexMap;
use serde_json::{Map, Value as Json};

use super::nearest::nearest;
use super::problem::kind;
use super::servo::TOP_LEVEL_KEYS;
use super::{ConnectorCatalog, Path, Problem};

/// Names that mean something else to ServoX and its commands.
const RESERVED: [&str; 5] = ["connectors", "control", "measure", "adjust", "optimization"];

/// An active connector.
#[derive(Clone, PartialEq)]
pub struct Route {
    /// Its key in the document, which is the name of the connector.
    pub name: String,
    /// What the document calls its type: a default name, a class name or a dotted path.
    pub identifier: String,
    /// The default name of its type.
    pub type_name: String,
    /// Its part of the document.
    pub config: Json,
}

/// Parts may hold secrets, so only the names are shown.
impl std::fmt::Debug for Route {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { name, identifier, type_name, config: _ } = self;
        f.debug_struct("Route")
            .field("name", name)
            .field("identifier", identifier)
            .field("type_name", type_name)
            .finish_non_exhaustive()
    }
}

/// A key that must be there: where it was asked for, and what type it is of.
struct Wanted {
    path: Path,
    identifier: String,
    type_name: String,
}

/// What `connectors` asks for.
#[derive(Default)]
struct Descriptor {
    wanted: IndexMap<String, Wanted>,
    /// Keys that belong to an entry with a problem, which need no other one.
    excused: HashSet<String>,
    /// Whether it names connectors at all, or leaves it to the keys of the document.
    explicit: bool,
}

/// The routes of a document as far as they are right, and what is wrong with them and with unknown keys.
pub(super) fn routes(document: &Map<String, Json>, catalog: &dyn ConnectorCatalog) -> (Vec<Route>, Vec<Problem>) {
    let mut problems = Vec::new();
    let decoded;
    let descriptor = match document.get("connectors") {
        // The form of the environment variable, which files hold too.
        Some(Json::String(text)) if serde_json::from_str::<Json>(text).is_ok_and(|value| !value.is_string()) => {
            decoded = serde_json::from_str(text).unwrap_or_default();
            Some(&decoded)
        }
        other => other,
    };
    let names = catalog.names();
    let mut asked = read(descriptor, &names, catalog, &mut problems);
    if !asked.explicit {
        for key in document.keys().filter(|key| names.contains(key) && !document[key.as_str()].is_null()) {
            let path = Path::default().key(key);
            asked.wanted.insert(key.clone(), Wanted { path, identifier: key.clone(), type_name: key.clone() });
        }
    }
    let routes = present(document, &asked.wanted, &mut problems);
    unknown_keys(document, &asked, &names, &mut problems);
    (routes, problems)
}

fn read(
    descriptor: Option<&Json>,
    names: &[String],
    catalog: &dyn ConnectorCatalog,
    problems: &mut Vec<Problem>,
) -> Descriptor {
    let at = Path::default().key("connectors");
    let mut asked = Descriptor { explicit: true, ..Descriptor::default() };
    match descriptor {
        None | Some(Json::Null) => asked.explicit = false,
        Some(Json::Array(items)) => {
            asked.explicit = !items.is_empty();
            for (index, item) in items.iter().enumerate() {
                let path = at.index(index);
                match resolve(item, &path, names, catalog) {
                    Ok((identifier, type_name)) => {
                        asked.wanted.entry(type_name.clone()).or_insert(Wanted { path, identifier, type_name });
                    }
                    Err(problem) => {
                        asked
                            .excused
                            .extend(item.as_str().map(str::to_owned).into_iter().chain(problem.nearest.clone()));
                        problems.push(problem);
                    }
                }
            }
        }
        Some(Json::Object(entries)) => {
            asked.explicit = !entries.is_empty();
            for (alias, item) in entries {
                let path = at.key(alias);
                let resolved = resolve(item, &path, names, catalog);
                let type_name = resolved.as_ref().ok().map(|(_, type_name)| type_name.as_str());
                let misnamed = misnamed(alias, type_name, names)
                    .map(|message| Problem { at_key: true, ..Problem::new(path.clone(), message) });
                match (misnamed, resolved) {
                    (None, Ok((identifier, type_name))) => {
                        asked.wanted.insert(alias.clone(), Wanted { path, identifier, type_name });
                    }
                    (misnamed, resolved) => {
                        asked.excused.insert(alias.clone());
                        problems.extend(misnamed.into_iter().chain(resolved.err()));
                    }
                }
            }
        }
        Some(other) => {
            asked.excused.extend(names.iter().cloned());
            let message = "expected a list of connectors or a mapping of names to connectors";
            problems.push(Problem::new(at, format!("{message}, found {}", kind(other))));
        }
    }
    asked
}

/// The wanted keys that are there.
fn present(document: &Map<String, Json>, wanted: &IndexMap<String, Wanted>, problems: &mut Vec<Problem>) -> Vec<Route> {
    let mut routes = Vec::new();
    for (name, Wanted { path, identifier, type_name }) in wanted {
        match document.get(name) {
            None => {
                let message =
                    format!("required key '{name}' is missing, add it with the connector's settings, or with {{}}");
                problems.push(Problem::new(path.clone(), message));
            }
            Some(Json::Null) => problems.push(null_part(name)),
            Some(config) => routes.push(Route {
                name: name.clone(),
                identifier: identifier.clone(),
                type_name: type_name.clone(),
                config: config.clone(),
            }),
        }
    }
    routes
}

/// That a key has nothing behind it.
pub(super) fn null_part(key: &str) -> Problem {
    let message = "none is not an allowed value, use {} or remove the key";
    Problem { at_key: true, ..Problem::new(Path::default().key(key), message) }
}

/// What an identifier stands for: the identifier and the default name of its type.
fn resolve(
    item: &Json,
    path: &Path,
    names: &[String],
    catalog: &dyn ConnectorCatalog,
) -> Result<(String, String), Problem> {
    let Json::String(identifier) = item else {
        let message = format!("expected the name of a connector, found {}", kind(item));
        return Err(Problem::new(path.clone(), message));
    };
    if let Some(type_name) = catalog.resolve(identifier) {
        return Ok((identifier.clone(), type_name));
    }
    if let Some(why) = catalog.unresolved(identifier) {
        return Err(Problem::new(path.clone(), format!("the connector '{identifier}' cannot be used: {why}")));
    }
    let nearest = nearest(identifier, names.iter().map(String::as_str));
    let mut message = format!("no connector found for the identifier '{identifier}'");
    if nearest.is_none() && !names.is_empty() {
        message = format!("{message}, expected {}", list(names));
    }
    Err(Problem { nearest, ..Problem::new(path.clone(), message) })
}

/// Why a connector may not have that name.
fn misnamed(alias: &str, type_name: Option<&str>, names: &[String]) -> Option<String> {
    let fits = (3..=128).contains(&alias.chars().count())
        && alias.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/' | '.'));
    if !fits {
        return Some(format!(
            "'{alias}' is not a valid connector name, expected 3 to 128 letters, digits, hyphens, slashes, periods and underscores"
        ));
    }
    if RESERVED.contains(&alias) || TOP_LEVEL_KEYS.contains(&alias) {
        return Some(format!("the name '{alias}' is reserved, expected another one"));
    }
    let of_another = names.iter().any(|name| name == alias) && type_name.is_some_and(|type_name| type_name != alias);
    of_another.then(|| format!("the name '{alias}' is reserved for the connector of that name, expected another one"))
}

fn unknown_keys(document: &Map<String, Json>, asked: &Descriptor, names: &[String], problems: &mut Vec<Problem>) {
    let known =
        |key: &str| TOP_LEVEL_KEYS.contains(&key) || asked.wanted.contains_key(key) || asked.excused.contains(key);
    for key in document.keys().filter(|key| !known(key)) {
        let path = Path::default().key(key);
        if names.contains(key) {
            // Without a list of connectors this is a part without content, whose connector is not active.
            if asked.explicit {
                let message = "this connector is not among 'connectors', add it there or remove the key";
                problems.push(Problem { at_key: true, ..Problem::new(path, message) });
            }
            continue;
        }
        let active = asked.wanted.keys().filter(|_| asked.explicit).take(64);
        let possible = names.iter().filter(|_| !asked.explicit);
        let nearest = nearest(key, active.chain(possible).map(String::as_str).chain(TOP_LEVEL_KEYS));
        let message = if nearest.is_some() {
            "unknown key".to_owned()
        } else {
            format!("unknown key, expected a connector or one of '{}'", TOP_LEVEL_KEYS.join("', '"))
        };
        problems.push(Problem { nearest, at_key: true, ..Problem::new(path, message) });
    }
}

/// `'a', 'b'`, shortened.
pub(super) fn list(names: &[String]) -> String {
    const LISTED: usize = 16;
    let mut text = names.iter().take(LISTED).map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ");
    if names.len() > LISTED {
        text.push_str(", …");
    }
    if names.len() == 1 { text } else { format!("one of {text}") }
}
