use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::Environment;
use crate::config::{ConnectorCatalog, OptimizerConfig, Problem, ServoConfig, check_schema, load_bytes_in};

/// Two types: one with fields at several depths, one without any.
struct Catalog;

fn schema() -> Json {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["rate"],
        "properties": {
            "rate": { "type": "string" },
            "workers": { "type": ["integer", "null"] },
            "max": { "type": "object", "properties": { "time": { "type": "string" } } },
            "max_time": { "type": ["string", "number"], "format": "duration" },
            "on": { "type": "boolean" },
            "verify": { "anyOf": [{ "type": "boolean" }, { "type": "string" }] },
            "targets": { "type": "array", "items": { "$ref": "#/$defs/Target" } },
            "target": { "anyOf": [{ "$ref": "#/$defs/Target" }, { "type": "null" }] },
            "by_name": { "type": "object", "additionalProperties": { "$ref": "#/$defs/Target" } },
            "secret": { "type": "string", "env": "LOAD_SECRET" },
        },
        "$defs": { "Target": {
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "url": { "type": "string" },
                "retries": { "type": "integer" },
                "next": { "$ref": "#/$defs/Target" },
            },
        } },
    })
}

impl ConnectorCatalog for Catalog {
    fn resolve(&self, identifier: &str) -> Option<String> {
        ["load", "wait"].contains(&identifier).then(|| identifier.to_owned())
    }

    fn names(&self) -> Vec<String> {
        vec!["load".into(), "wait".into()]
    }

    fn schema(&self, name: &str) -> Json {
        if name == "load" { schema() } else { json!({ "type": "object", "additionalProperties": false }) }
    }

    fn validate(&self, name: &str, config: &Json) -> Vec<Problem> {
        check_schema(&self.schema(name), config)
    }

    fn validate_optimizer(&self, _local: &Json) -> Vec<Problem> {
        Vec::new()
    }
}

fn load(text: &str, variables: &[(&str, &str)]) -> Result<Vec<ServoConfig>, String> {
    let environment: Environment = variables.iter().copied().collect();
    load_bytes_in("servo.yaml", text.as_bytes(), &Catalog, &environment).map_err(|error| error.to_string())
}

/// The only servo of a text.
fn one(text: &str, variables: &[(&str, &str)]) -> ServoConfig {
    load(text, variables).unwrap().remove(0)
}

fn part(text: &str, variables: &[(&str, &str)]) -> Json {
    one(text, variables).connectors[0].config.clone()
}

const RATE: &str = "load: {rate: a}\n";

#[test]
fn fields_are_filled_at_every_depth_with_the_type_of_the_schema() {
    for (variable, text, path, expected) in [
        ("SERVO_LOAD_WORKERS", "4", "/workers", json!(4)),
        ("SERVO_LOAD_WORKERS", "null", "/workers", Json::Null),
        ("SERVO_LOAD_MAX_TIME", "5m", "/max_time", json!("5m")),
        ("SERVO_LOAD_MAX_TIME", "90", "/max_time", json!(90)),
        ("SERVO_LOAD_ON", "Yes", "/on", json!(true)),
        ("SERVO_LOAD_VERIFY", "off", "/verify", json!(false)),
        ("SERVO_LOAD_VERIFY", "/ca.pem", "/verify", json!("/ca.pem")),
        ("SERVO_LOAD_TARGETS", r#"[{"url": "u"}]"#, "/targets/0/url", json!("u")),
        ("SERVO_LOAD_TARGET", r#"{"url": "u"}"#, "/target/url", json!("u")),
        ("SERVO_LOAD_TARGET_URL", "u", "/target/url", json!("u")),
        ("SERVO_LOAD_TARGET_NEXT_NEXT_RETRIES", "2", "/target/next/next/retries", json!(2)),
        ("SERVO_LOAD_BY_NAME_BLUE_URL", "u", "/by_name/blue/url", json!("u")),
        ("SERVO_LOAD_BY_NAME_DEEP_BLUE_NEXT_URL", "u", "/by_name/deep_blue/next/url", json!("u")),
        ("LOAD_SECRET", "s", "/secret", json!("s")),
    ] {
        assert_eq!(part(RATE, &[(variable, text)]).pointer(path), Some(&expected), "{variable}");
    }
}

#[test]
fn a_key_of_a_mapping_is_found_as_it_is_written() {
    let text = "load: {rate: a, by_name: {Dark-Blue: {url: u}}}\n";
    let found = part(text, &[("SERVO_LOAD_BY_NAME_DARK_BLUE_RETRIES", "3")]);
    assert_eq!(found["by_name"], json!({ "Dark-Blue": { "url": "u", "retries": 3 } }));
}

#[test]
fn the_file_wins_then_the_whole_part_then_the_field_then_the_older_name() {
    let variables =
        [("SERVO_LOAD", r#"{"rate": "b", "target": {"url": "v", "retries": 1}}"#), ("SERVO_LOAD_TARGET_RETRIES", "2")];
    let found = part("load: {rate: a, target: {url: u}}\n", &variables);
    assert_eq!(found, json!({ "rate": "a", "target": { "url": "u", "retries": 1 } }));
    let variables =
        [("SERVO_SETTINGS_PROXIES", "http://b:1"), ("COMMON_PROXIES", "http://c:1"), ("COMMON_SSL_VERIFY", "no")];
    assert_eq!(one(RATE, &variables).settings, json!({ "proxies": "http://b:1", "ssl_verify": false }));
    let variables = [("CHECKS_WAIT", "5m"), ("CHECKS_NAME", r#"["a"]"#)];
    assert_eq!(one(RATE, &variables).checks, json!({ "name": ["a"], "wait": "5m" }));
    // What is null in the file, or no mapping, is there.
    let error = load("load: {rate: a, target: null}\n", &[("SERVO_LOAD_TARGET_URL", "u")]).unwrap();
    assert_eq!(error[0].connectors[0].config["target"], Json::Null);
}

#[test]
fn what_no_schema_knows_is_not_read() {
    // A service of Kubernetes that is called `servo-load`, and more of the kind.
    let variables = [
        ("SERVO_LOAD_PORT", "tcp://10.0.0.1:80"),
        ("SERVO_LOAD_SERVICE_HOST", "10.0.0.1"),
        ("SERVO_LOAD_MAX_TIMES", "x"),
        ("SERVO_CONFIG_FILE", "x"),
        ("SERVO_LOG_LEVEL", "DEBUG"),
        ("RATE", "b"),
        ("URL", "b"),
        ("SERVO_UNKNOWN", "{}"),
    ];
    assert_eq!(part(RATE, &variables), json!({ "rate": "a" }));
}

#[test]
fn a_field_alone_activates_only_what_is_listed() {
    let rate = [("SERVO_LOAD_RATE", "b")];
    let names = |configs: Vec<ServoConfig>| configs[0].connectors.iter().map(|it| it.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(load("wait: {}\n", &rate).unwrap()), ["wait"]);
    assert_eq!(names(load("connectors: [load]\n", &rate).unwrap()), ["load"]);
    assert_eq!(names(load("wait: {}\n", &[("SERVO_LOAD", r#"{"rate": "b"}"#)]).unwrap()), ["wait", "load"]);
    let listed = [("SERVO_CONNECTORS", r#"{"blue-1": "load"}"#), ("SERVO_BLUE_1_RATE", "b")];
    assert_eq!(part("{}\n", &listed), json!({ "rate": "b" }));
}

#[test]
fn a_name_is_for_one_servo_alone() {
    let name = [("SERVO_NAME", "cart"), ("SERVO_UID", "7")];
    assert_eq!(one(RATE, &name).servo_name(), "cart");
    let two = "name: a\noptimizer: {local: {}}\nload: {rate: a}\n---\noptimizer: {local: {}}\nload: {rate: a}\n";
    let found = load(two, &name).unwrap();
    assert_eq!(found.iter().map(ServoConfig::servo_name).collect::<Vec<_>>(), ["a", "servo"]);
    assert!(found.iter().all(|servo| servo.servo_uid.as_deref() == Some("7")));
}

fn remote(text: &str, variables: &[(&str, &str)]) -> Json {
    match one(&format!("{text}load: {{rate: a}}\n"), variables).optimizer {
        OptimizerConfig::Remote(remote) => remote,
        OptimizerConfig::Local(local) => json!({ "local": local }),
    }
}

#[test]
fn an_optimizer_is_completed_or_chosen() {
    let opsani = [("OPSANI_OPTIMIZER", "retail.example/cart"), ("OPSANI_TOKEN", "t"), ("OPSANI_ID", "x")];
    assert_eq!(remote("", &opsani), json!({ "id": "retail.example/cart", "token": "t" }));
    assert_eq!(remote("optimizer: {id: abcde/x}\n", &opsani), json!({ "id": "abcde/x", "token": "t" }));
    assert_eq!(remote("optimizer: {local: {}}\n", &opsani), json!({ "local": {} }));
    assert_eq!(remote("", &[]), json!({ "local": {} }));
    let appd = [("APPD_OPTIMIZER_ID", "o"), ("APPD_CONNECTION_FILE", "/c.yaml"), opsani[0], opsani[1]];
    assert_eq!(remote("", &appd), json!({ "optimizer_id": "o", "connection_file": "/c.yaml" }));
    assert_eq!(remote("", &[appd[0], opsani[0], opsani[1]])["token"], "t");
    assert_eq!(remote("optimizer: {optimizer_id: p}\n", &appd)["connection_file"], "/c.yaml");
}

#[test]
fn a_token_comes_from_its_file_first() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "  from-file\n").unwrap();
    let file = file.to_str().unwrap();
    let variables = [("OPSANI_TOKEN_FILE", file), ("OPSANI_TOKEN", "t")];
    assert_eq!(remote("optimizer: {id: abcde/x}\n", &variables)["token"], "from-file");
    assert_eq!(remote("optimizer: {id: abcde/x, token: own}\n", &variables)["token"], "own");
    let text = "optimizer: {id: abcde/x}\nload: {rate: a}\n";
    let error = load(text, &[("OPSANI_TOKEN_FILE", "/no/such/file")]).unwrap_err();
    assert!(error.starts_with("environment variable OPSANI_TOKEN_FILE: optimizer.token: expected a file"), "{error}");
}

#[test]
fn errors_name_the_variable_and_never_its_value() {
    for (variables, expected) in [
        (
            &[("SERVO_LOAD_WORKERS", "many")][..],
            "environment variable SERVO_LOAD_WORKERS: load.workers: expected a whole number",
        ),
        (
            &[("SERVO_LOAD_TARGETS", "s3cret")],
            "environment variable SERVO_LOAD_TARGETS: load.targets: expected JSON of a list",
        ),
        (
            &[("SERVO_LOAD_TARGETS", r#"{"s3cret": 1}"#)],
            "environment variable SERVO_LOAD_TARGETS: load.targets: expected JSON",
        ),
        (
            &[("SERVO_LOAD", r#"{"workrs": 1}"#)],
            "environment variable SERVO_LOAD: load.workrs: unknown key, did you mean",
        ),
        (&[("SERVO_CHECKS", "s3cret")], "environment variable SERVO_CHECKS: checks: expected JSON of a mapping"),
        (&[("SERVO_CONNECTORS", r#"["lod"]"#)], "environment variable SERVO_CONNECTORS: connectors[0]: no connector"),
        (
            &[("SERVO_NO_DIAGNOSTICS", "s3cret")],
            "environment variable SERVO_NO_DIAGNOSTICS: no_diagnostics: expected true",
        ),
    ] {
        let error = load("load: {rate: a}\n", variables).unwrap_err();
        assert!(error.starts_with(expected), "{error}");
        assert!(!error.contains("s3cret"), "{error}");
    }
    // What is wrong in the file is told with its place, also beside a variable for the same part.
    let error = load("load: {rate: 5}\n", &[("SERVO_LOAD", "["), ("SERVO_LOAD_ON", "1")]).unwrap_err();
    let lines: Vec<_> = error.lines().collect();
    assert!(lines[0].starts_with("servo.yaml:1:14: load.rate: "), "{error}");
    assert!(lines[1].starts_with("environment variable SERVO_LOAD: load: "), "{error}");
}

#[test]
fn values_are_not_shown_by_debug() {
    let environment: Environment = [("OPSANI_TOKEN", "s3cret")].into_iter().collect();
    assert_eq!(format!("{environment:?}"), r#"{"OPSANI_TOKEN"}"#);
}

#[test]
fn a_schema_of_mappings_within_mappings_is_searched_in_bounded_time() {
    let root = json!({ "$defs": { "M": { "additionalProperties": { "$ref": "#/$defs/M" } } }, "$ref": "#/$defs/M" });
    let name = "A_".repeat(250);
    let environment: Environment = [(format!("X_{name}"), "1")].into_iter().collect();
    assert_eq!(environment.values("X_", &root), Ok(json!({})));
}

fn names() -> impl Strategy<Value = String> {
    let key = prop::sample::select(vec![
        "LOAD",
        "WAIT",
        "SETTINGS",
        "CHECKS",
        "OPTIMIZER",
        "CONNECTORS",
        "NAME",
        "UID",
        "RATE",
        "TARGET",
        "TARGETS",
        "URL",
        "BY",
        "NAME",
        "MAX",
        "TIME",
        "BACKOFF",
        "PROXIES",
        "TIMEOUTS",
        "LOCAL",
        "NEXT",
        "WORKERS",
        "ID",
        "TOKEN",
        "",
    ]);
    let prefix = prop::sample::select(vec!["SERVO", "COMMON", "CHECKS", "OPSANI", "APPD"]);
    let known = (prefix, prop::collection::vec(key, 0..6))
        .prop_map(|(prefix, keys)| [prefix].into_iter().chain(keys).collect::<Vec<_>>().join("_"));
    prop_oneof![4 => known, 1 => "SERVO_\\PC{0,12}"]
}

fn texts() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "",
        "1",
        "-1",
        "1e999",
        "true",
        "null",
        "[]",
        "{}",
        r#"["load"]"#,
        r#"{"load": "load"}"#,
        r#"{"rate": "1"}"#,
        "[1",
        "5m",
        r#"{"url": {"a": []}}"#,
        "nan",
        "\"x\"",
        "abcde/x",
    ])
    .prop_map(str::to_owned);
    prop_oneof![3 => known, 1 => "\\PC{0,20}"]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Any environment gives servos, or errors each of which has a place or a variable.
    #[test]
    fn any_environment_is_read_or_told(
        variables in prop::collection::btree_map(names(), texts(), 0..8),
        text in prop::sample::select(vec![
            "{}\n", "load: {rate: a}\n", "connectors: [load]\n", "connectors: {blue: load}\nblue: {target: {}}\n",
            "optimizer: {}\nload: null\n", "settings: null\nload: []\n", "a\n", "wait: {}\n---\nload: {rate: a}\n",
        ]),
    ) {
        let environment: Environment = variables.clone().into_iter().collect();
        match load_bytes_in(Arc::from("servo.yaml"), text.as_bytes(), &Catalog, &environment) {
            Ok(servos) => prop_assert!(!servos.is_empty()),
            Err(error) => for problem in error.problems() {
                prop_assert!(problem.place.is_some() != problem.variable.is_some(), "{problem}");
                if let Some(variable) = &problem.variable {
                    prop_assert!(variables.contains_key(variable.as_ref()), "{problem}");
                }
            },
        }
    }

    /// Without any variable of ours, the environment changes nothing.
    #[test]
    fn other_variables_change_nothing(variables in prop::collection::btree_map("[A-RT-Z][A-Z_]{0,12}", texts(), 0..8)) {
        let ours = |name: &String| ["COMMON_", "CHECKS_", "OPSANI_", "APPD_"].iter().any(|it| name.starts_with(it));
        let variables: BTreeMap<_, _> = variables.into_iter().filter(|(name, _)| !ours(name)).collect();
        let environment: Environment = variables.into_iter().collect();
        let found = load_bytes_in("servo.yaml", RATE.as_bytes(), &Catalog, &environment).unwrap().remove(0);
        prop_assert_eq!(&found.connectors[0].config, &json!({ "rate": "a" }));
        prop_assert_eq!((found.settings, found.checks), (json!({}), json!({})));
    }
}
