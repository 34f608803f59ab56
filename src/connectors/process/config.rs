//! The part of `servo.yaml` that says how the application is run.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::size::Size;
use crate::model::{Duration, Value};

/// How the application is run, and what can be changed of it.
///
/// ```yaml
/// process:
///   component: web
///   command: [python3, app.py, --threads, "{threads}"]
///   environment: {PORT: 8080}
///   settings:
///     threads: {type: range, min: 1, max: 16, step: 1, value: 4}
///     level: {type: enum, values: [0, 1, 6, 9], value: 6, env: COMPRESSION}
///   health: {http: "http://127.0.0.1:8080/health"}
///   log: {file: web.log}
/// ```
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProcessConfiguration {
    /// A remark for people.
    #[serde(default)]
    pub description: Option<String>,
    /// The name of the component that the settings belong to; the connector's name by default.
    #[serde(default)]
    pub component: Option<String>,
    /// The program and its arguments. No shell runs them. `{name}` stands for the value of a setting, `{{` and `}}`
    /// for braces.
    pub command: CommandLine,
    /// The working directory of the application; a relative one starts from the servo's. The program, when it has a
    /// relative path such as `./app`, is looked up from here.
    #[serde(default = "here")]
    pub directory: String,
    /// Variables added to the environment that the application inherits from the servo.
    #[serde(default)]
    pub environment: IndexMap<String, Value>,
    /// What can be adjusted, by name. A value reaches the application through the placeholders of its name in
    /// `command`, and as an environment variable when it has none or when `env` is given.
    #[serde(default)]
    pub settings: IndexMap<String, SettingConfiguration>,
    /// When the application counts as up.
    #[serde(default)]
    pub health: HealthConfiguration,
    /// How the application is stopped.
    #[serde(default)]
    pub stop: StopConfiguration,
    /// Where the application's output (stdout and stderr) is kept; nowhere by default.
    #[serde(default)]
    pub log: Option<LogConfiguration>,
}

fn here() -> String {
    ".".into()
}

/// A program and its arguments.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum CommandLine {
    /// One text, cut into words at white space; `'…'`, `"…"` and a backslash hold words together as in a shell. There
    /// are no variables, pipes or redirections.
    Text(String),
    /// The program, then one item an argument.
    Words(Vec<Value>),
}

/// One setting.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SettingConfiguration {
    /// `range` (with `min`, `max` and `step`) or `enum` (with `values`).
    #[serde(rename = "type")]
    pub kind: Kind,
    /// The least value of a range.
    #[serde(default)]
    pub min: Option<Value>,
    /// The greatest value of a range.
    #[serde(default)]
    pub max: Option<Value>,
    /// The distance of neighbouring values of a range.
    #[serde(default)]
    pub step: Option<Value>,
    /// The choices of an enumeration.
    #[serde(default)]
    pub values: Option<Vec<Value>>,
    /// What the application is first started with.
    pub value: Value,
    /// The environment variable that carries the value. By default the name of the setting in upper case, with `_` for
    /// all but letters and digits; no variable by default for a setting with a placeholder in `command`.
    #[serde(default)]
    pub env: Option<String>,
    /// Whether the setting is shown but never changed.
    #[serde(default)]
    pub pinned: bool,
    /// The unit, for people: `cores`, `MiB`, …
    #[serde(default)]
    pub unit: Option<String>,
}

/// The kind of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Every `step` from `min` to `max`.
    Range,
    /// One of `values`.
    Enum,
}

/// When the application counts as up. One of `http`, `tcp` and `alive`; `alive: 1s` by default.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HealthConfiguration {
    /// When a GET of this `http://` address is answered with a status from 200 to 399.
    pub http: Option<String>,
    /// When this `host:port` accepts a connection.
    pub tcp: Option<String>,
    /// When it has run for this long; for applications that nobody can connect to.
    pub alive: Option<Duration>,
    /// The pause between two attempts.
    pub interval: Duration,
    /// How long one attempt may take.
    pub attempt: Duration,
    /// How long the application may take to come up, from its start.
    pub timeout: Duration,
}

impl Default for HealthConfiguration {
    fn default() -> Self {
        Self {
            http: None,
            tcp: None,
            alive: None,
            interval: Duration::from_micros(200_000),
            attempt: Duration::from_secs(2),
            timeout: Duration::from_secs(30),
        }
    }
}

/// How the application is stopped: SIGTERM to all of its processes, then SIGKILL to those that are left.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct StopConfiguration {
    /// How long the application may take to end on SIGTERM. A port still held by another process is waited for as long.
    pub timeout: Duration,
}

impl Default for StopConfiguration {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(3) }
    }
}

/// Where the application's output is kept.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogConfiguration {
    /// The file; its folders are made. A relative path starts from the servo's working directory.
    pub file: String,
    /// The file is put aside as `<file>.1` once it is larger than this.
    #[serde(default = "ten_mebibytes")]
    pub max_size: Size,
    /// How many files that were put aside are kept.
    #[serde(default = "three")]
    pub files: u16,
}

fn ten_mebibytes() -> Size {
    Size::from_bytes(10 << 20)
}

fn three() -> u16 {
    3
}
