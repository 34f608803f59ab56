//! A document as the configuration of one servo.

use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};

use super::problem::kind;
use super::routes::{list, null_part, routes};
use super::{
    ChecksSettings, CommonSettings, ConfigError, ConnectorCatalog, Document, OptimizerConfig, Path, Problem, Route,
    read,
};

/// The keys of a document that are no connectors.
pub(super) const TOP_LEVEL_KEYS: [&str; 8] =
    ["name", "description", "servo_uid", "optimizer", "connectors", "no_diagnostics", "settings", "checks"];

/// The configuration of one servo.
#[derive(Clone)]
pub struct ServoConfig {
    /// What the servo is called, where that is said.
    pub name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// What a service is told with every request.
    pub servo_uid: Option<String>,
    /// Who says what to measure and adjust.
    pub optimizer: OptimizerConfig,
    /// The active connectors: in the order of `connectors`, or else of the file. With a local optimizer never none.
    pub connectors: Vec<Route>,
    /// Whether the optimizer's requests for diagnostics are declined. `true` unless said otherwise.
    pub no_diagnostics: bool,
    /// `settings:` as written, which [`CommonSettings`] reads; `{}` where absent.
    pub settings: Json,
    /// `checks:` as written, which [`ChecksSettings`] reads; `{}` where absent.
    pub checks: Json,
    /// Where all of it was read, for problems that are found later.
    pub document: Arc<Document>,
}

/// The parts may hold secrets.
impl fmt::Debug for ServoConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServoConfig")
            .field("name", &self.name)
            .field("optimizer", &self.optimizer)
            .field("connectors", &self.connectors)
            .field("document", &self.document)
            .finish_non_exhaustive()
    }
}

impl ServoConfig {
    /// The configuration that a document holds.
    ///
    /// # Errors
    /// Everything that is wrong with it, sorted by place.
    pub fn load(document: Arc<Document>, catalog: &dyn ConnectorCatalog) -> Result<Self, ConfigError> {
        let entries = match document.to_json() {
            Json::Object(entries) => entries,
            other => {
                let problem = Problem::new(Path::default(), no_mapping(&other));
                return Err(ConfigError::located(&document.file, document.located(vec![problem])));
            }
        };
        let (config, problems) = Self::read(&entries, document, catalog);
        let mut found = config.document.located(problems);
        found.extend(config.document.unreadable_variables());
        if found.is_empty() {
            return Ok(config);
        }
        Err(ConfigError::located(&config.document.file, found))
    }

    /// What the servo is called: its name, the identifier at its service, or `servo`.
    pub fn servo_name(&self) -> String {
        let identifier = match &self.optimizer {
            OptimizerConfig::Local(_) => None,
            OptimizerConfig::Remote(remote) => {
                ["id", "optimizer_id"].iter().find_map(|key| remote.get(key)?.as_str()).map(str::to_owned)
            }
        };
        self.name.clone().filter(|name| !name.is_empty()).or(identifier).unwrap_or_else(|| "servo".to_owned())
    }

    /// Problems that were found later, with their places in the document.
    pub fn error(&self, problems: Vec<Problem>) -> ConfigError {
        ConfigError::located(&self.document.file, self.document.located(problems))
    }

    fn read(
        entries: &Map<String, Json>,
        document: Arc<Document>,
        catalog: &dyn ConnectorCatalog,
    ) -> (Self, Vec<Problem>) {
        let mut problems = Vec::new();
        let name = text(entries, "name", &mut problems);
        let description = text(entries, "description", &mut problems);
        let servo_uid = text(entries, "servo_uid", &mut problems);
        let no_diagnostics = match entries.get("no_diagnostics") {
            None => true,
            Some(Json::Bool(value)) => *value,
            Some(other) => {
                let message = format!("expected true or false, found {}", kind(other));
                problems.push(Problem::new(Path::default().key("no_diagnostics"), message));
                true
            }
        };
        let settings = part(entries, "settings", CommonSettings::check, &mut problems);
        let checks = part(entries, "checks", ChecksSettings::check, &mut problems);
        let (optimizer, wrong) = OptimizerConfig::read(entries.get("optimizer"), catalog);
        problems.extend(wrong);
        let (connectors, wrong) = routes(entries, catalog);
        // A service may ask for nothing but what the servo itself answers.
        if connectors.is_empty() && wrong.is_empty() && matches!(optimizer, OptimizerConfig::Local(_)) {
            let names = catalog.names();
            let example = names.first().map(|name| format!(", such as '{name}: {{…}}'")).unwrap_or_default();
            let message = if names.is_empty() {
                "no connector is configured, and none is known".to_owned()
            } else {
                format!("no connector is configured, add the key of at least {}{example}", list(&names))
            };
            problems.push(Problem::new(Path::default(), message));
        }
        problems.extend(wrong);
        for route in &connectors {
            let path = Path::default().key(&route.name);
            let wrong = catalog.validate(&route.type_name, &route.config);
            problems.extend(wrong.into_iter().map(|problem| problem.under(&path)));
        }
        let config =
            Self { name, description, servo_uid, optimizer, connectors, no_diagnostics, settings, checks, document };
        (config, problems)
    }
}

fn text(entries: &Map<String, Json>, key: &str, problems: &mut Vec<Problem>) -> Option<String> {
    match entries.get(key)? {
        Json::Null => None,
        Json::String(text) => Some(text.clone()),
        other => {
            let hint = if other.is_object() || other.is_array() { "" } else { ", quote it if text is meant" };
            let message = format!("expected text, found {}{hint}", kind(other));
            problems.push(Problem::new(Path::default().key(key), message));
            None
        }
    }
}

/// A part that is checked against the type that reads it later.
fn part<T: DeserializeOwned + JsonSchema>(
    entries: &Map<String, Json>,
    key: &str,
    check: fn(&T) -> Vec<Problem>,
    problems: &mut Vec<Problem>,
) -> Json {
    let value = match entries.get(key) {
        None => return Json::Object(Map::new()),
        Some(Json::Null) => {
            problems.push(null_part(key));
            return Json::Null;
        }
        Some(value) => value,
    };
    let wrong = read(value, check).err().unwrap_or_default();
    let path = Path::default().key(key);
    problems.extend(wrong.into_iter().map(|problem| problem.under(&path)));
    value.clone()
}

fn no_mapping(document: &Json) -> String {
    match document {
        Json::Null => "the document is empty, expected a mapping with at least one connector, or no '---'".to_owned(),
        other => format!("expected a mapping with at least one connector, found {}", kind(other)),
    }
}
