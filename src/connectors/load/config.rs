//! The part `load` of `servo.yaml`.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rate::{Rate, RateText};
use super::target::{self, Target, TargetFormat};
use crate::config::{Path, Problem};
use crate::model::Duration;

/// Configuration of the load connector
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Load Connector Configuration Schema")]
pub struct LoadConfiguration {
    /// What this load is, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,

    /// How many requests are sent in which time, such as 50/1s; a plain number means a second. 0 sends as many as
    /// max_workers manage, and needs max_workers.
    pub rate: RateText,

    /// How target and targets are written: http (request line, headers, @body-file) or json (one object a target).
    #[serde(default)]
    pub format: TargetFormat,

    /// The targets themselves, requested in turn. Exactly one of target and targets is to be given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,

    /// The path of a file of targets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "file-path"))]
    pub targets: Option<PathBuf>,

    /// The most connections to one host, and with it the most requests in flight.
    #[serde(default = "connections")]
    #[schemars(range(min = 1))]
    pub connections: u32,

    /// How many workers there are at the begin. Each sends one request at a time; more are added as they are needed.
    #[serde(default = "workers")]
    #[schemars(range(min = 1))]
    pub workers: u32,

    /// The most workers, and with it the most requests in flight. Without it connections is the only bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_workers: Option<u32>,

    /// The most bytes of a response's body that are read, -1 for all. A connection whose response was not read to its
    /// end is closed.
    #[serde(default = "max_body")]
    #[schemars(range(min = -1))]
    pub max_body: i64,

    /// Whether HTTP/2 is used with https targets that offer it.
    #[serde(default = "yes")]
    pub http2: bool,

    /// Whether connections are used for more than one request.
    #[serde(default = "yes")]
    pub keepalive: bool,

    /// Whether the certificates of https targets are accepted without a check.
    #[serde(default)]
    pub insecure: bool,

    /// The time between two data points, each of the requests of its own interval.
    #[serde(default = "reporting_interval")]
    pub reporting_interval: Duration,
}

fn connections() -> u32 {
    10_000
}

fn workers() -> u32 {
    10
}

fn max_body() -> i64 {
    -1
}

fn yes() -> bool {
    true
}

fn reporting_interval() -> Duration {
    Duration::from_secs(15)
}

impl LoadConfiguration {
    /// The configuration with defaults for all but the rate and the targets in the format `http`.
    pub fn new(rate: impl Into<String>, target: impl Into<String>) -> Self {
        Self {
            description: None,
            rate: RateText(rate.into()),
            format: TargetFormat::Http,
            target: Some(target.into()),
            targets: None,
            connections: connections(),
            workers: workers(),
            max_workers: None,
            max_body: max_body(),
            http2: true,
            keepalive: true,
            insecure: false,
            reporting_interval: reporting_interval(),
        }
    }

    /// The most requests in flight.
    pub fn max_in_flight(&self) -> u32 {
        match self.max_workers {
            None | Some(0) => self.connections,
            Some(workers) => workers.min(self.connections),
        }
    }

    /// The targets, at least one, or everything that is wrong with them. Reads the files that are named.
    pub fn read_targets(&self) -> Result<Vec<Target>, Vec<Problem>> {
        let (key, targets) = match (&self.target, &self.targets) {
            (Some(_), Some(_)) => {
                return Err(vec![Problem::new(Path::default(), "target and targets cannot both be configured")]);
            }
            (None, None) => return Err(vec![Problem::new(Path::default(), "target or targets must be configured")]),
            (Some(text), None) => ("target", target::parse(text, self.format, "target")),
            (None, Some(path)) => ("targets", target::read(path, self.format)),
        };
        let path = Path::default().key(key);
        targets.map_err(|problems| problems.into_iter().map(|text| Problem::new(path.clone(), text)).collect())
    }

    /// Everything that is wrong beyond wrong types and unknown keys.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = self.read_targets().err().unwrap_or_default();
        let mut add = |key: &str, message: String| problems.push(Problem::new(Path::default().key(key), message));
        match self.rate.rate() {
            Err(error) => add("rate", error.to_string()),
            Ok(Rate::Unlimited) if self.max_workers.unwrap_or(0) == 0 => add(
                "rate",
                format!("rate {} sends as many requests as possible, which needs max_workers to be set", self.rate),
            ),
            Ok(_) => {}
        }
        for (key, value) in [("connections", self.connections), ("workers", self.workers)] {
            if value == 0 {
                add(key, format!("{key} must be at least 1"));
            }
        }
        if self.max_body < -1 {
            add("max_body", format!("max_body must be -1 (all) or a number of bytes; found {}", self.max_body));
        }
        if self.reporting_interval <= Duration::ZERO {
            add(
                "reporting_interval",
                format!("reporting_interval must be longer than zero; found {}", self.reporting_interval),
            );
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn problems(config: serde_json::Value) -> Vec<String> {
        let config: LoadConfiguration = serde_json::from_value(config).unwrap();
        config.problems().into_iter().map(|problem| format!("{}: {}", problem.path, problem.message)).collect()
    }

    #[test]
    fn defaults_are_those_of_the_documentation() {
        let config: LoadConfiguration =
            serde_json::from_value(json!({"rate": 50, "target": "GET http://localhost/"})).unwrap();
        assert_eq!(config, LoadConfiguration::new("50", "GET http://localhost/"));
        assert_eq!(config.problems(), []);
        assert_eq!(config.max_in_flight(), 10_000);
        assert_eq!(config.reporting_interval.to_string(), "15s");
    }

    #[test]
    fn everything_wrong_is_told_at_once() {
        let found = problems(json!({
            "rate": "fast", "target": "nothing", "workers": 0, "connections": 0, "max_body": -2,
            "reporting_interval": 0,
        }));
        let places: Vec<_> = found.iter().map(|text| text.split(':').next().unwrap()).collect();
        assert_eq!(places, ["target", "rate", "connections", "workers", "max_body", "reporting_interval"]);
    }

    #[test]
    fn exactly_one_of_target_and_targets() {
        assert_eq!(problems(json!({"rate": 1})), [": target or targets must be configured"]);
        assert_eq!(
            problems(json!({"rate": 1, "target": "GET http://a", "targets": "b"})),
            [": target and targets cannot both be configured"]
        );
        assert_eq!(
            problems(json!({"rate": 1, "targets": "/no/b"})),
            ["targets: file or directory at path \"/no/b\" does not exist"]
        );
    }

    #[test]
    fn a_rate_without_bound_needs_max_workers() {
        let target = "GET http://localhost/";
        for rate in [json!(0), json!("infinity"), json!("50/0")] {
            let found = problems(json!({"rate": rate, "target": target}));
            assert!(found.len() == 1 && found[0].contains("needs max_workers"), "{found:?}");
            assert_eq!(problems(json!({"rate": rate, "target": target, "max_workers": 3})), [""; 0]);
        }
    }

    #[test]
    fn the_schema_is_closed_and_tells_every_key() {
        let schema = schemars::schema_for!(LoadConfiguration).to_value();
        assert_eq!(schema["title"], "Load Connector Configuration Schema");
        assert_eq!(schema["description"], "Configuration of the load connector");
        assert_eq!(schema["required"], json!(["rate"]));
        assert_eq!(schema["additionalProperties"], json!(false));
        for (key, property) in schema["properties"].as_object().unwrap() {
            assert!(property["description"].is_string(), "{key} has no description");
        }
        let unknown = json!({"rate": 1, "target": "GET http://a", "duration": "1m"});
        assert!(serde_json::from_value::<LoadConfiguration>(unknown).is_err());
    }
}
