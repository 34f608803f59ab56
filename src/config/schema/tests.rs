use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::check_schema;
use crate::model::Duration;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
struct Load {
    rate: u32,
    target: Option<String>,
    #[serde(default)]
    method: Method,
    every: Option<Duration>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    #[schemars(length(min = 1))]
    targets: Vec<Target>,
    #[schemars(range(min = 0.0, max = 1.0))]
    share: Option<f64>,
    check: Option<Check>,
    step: Option<Step>,
    goal: Option<Goal>,
    #[serde(default)]
    tags: BTreeSet<String>,
    point: Option<(u8, f64)>,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Method {
    #[default]
    Get,
    /// With documentation schemars names each by itself.
    Post,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
struct Target {
    url: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
#[allow(dead_code)]
enum Check {
    Http { url: String },
    Tcp { port: u16 },
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(dead_code)]
enum Step {
    Baseline,
    Optimize,
    Preset(BTreeMap<String, f64>),
    Wait(Duration),
}

#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
#[allow(dead_code)]
enum Goal {
    Metric(ByMetric),
    Formula(ByFormula),
    Name(String),
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
struct ByMetric {
    objective: Method,
    metric: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
struct ByFormula {
    objective: Method,
    formula: String,
}

fn schema() -> Json {
    schemars::schema_for!(Load).to_value()
}

/// `path: message (nearest)`, one a line.
fn wrong(value: &Json) -> String {
    let lines = check_schema(&schema(), value).into_iter().map(|problem| {
        let nearest = problem.nearest.map(|name| format!(" ({name})")).unwrap_or_default();
        let at_key = if problem.at_key { " [key]" } else { "" };
        format!("{}: {}{nearest}{at_key}", problem.path, problem.message)
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn what_fits_has_no_problems() {
    let value = json!({
        "rate": 5, "target": null, "method": "post", "every": "1m", "headers": {"any": "text"}, "targets": [{"url": "u"}],
        "share": 1, "check": {"type": "tcp", "port": 80}, "step": {"preset": {"cpu": 1}}, "goal": {"objective": "get", "formula": "x"},
        "tags": ["a", "b"], "point": [1, 2.5],
    });
    assert_eq!(wrong(&value), "");
    serde_json::from_value::<Load>(value).unwrap();
    for step in [json!("baseline"), json!({"wait": 5}), json!(null)] {
        assert_eq!(wrong(&json!({"rate": 1, "step": step})), "");
    }
}

#[test]
fn every_problem_is_told_at_once() {
    let value = json!({
        "ratee": 5, "banana": 1, "target": 5, "method": "gett", "every": "5 minutes", "headers": {"a": true, "b": "x"},
        "targets": [{"url": "u"}, {"uri": "u"}, 3], "share": 1.5, "tags": ["a", "a"], "point": [300, "x"],
    });
    insta::assert_snapshot!(wrong(&value), @r#"
    : required key 'rate' is missing
    ratee: unknown key (rate) [key]
    banana: unknown key, expected one of 'check', 'every', 'goal', 'headers', 'method', 'point', 'rate', 'share', 'step', 'tags', 'target', 'targets' [key]
    target: expected text, found the number 5, quote it if text is meant
    method: expected one of 'get', 'post', found 'gett' (get)
    every: Invalid duration '5 minutes', expected numbers with units such as '250ms', '30s' or '1h30m'
    headers.a: expected text, found true, quote it if text is meant
    targets[1]: required key 'url' is missing
    targets[1].uri: unknown key (url) [key]
    targets[2]: expected a mapping, found the number 3
    share: expected at most 1.0, found the number 1.5
    tags[1]: expected "a" once
    point[0]: expected at most 255, found the number 300
    point[1]: expected a number, found the text "x"
    "#);
}

#[test]
fn the_type_is_told_in_words() {
    let cases = [
        json!([]),
        json!({"rate": "ten"}),
        json!({"rate": "10"}),
        json!({"rate": 1.5}),
        json!({"rate": -1}),
        json!({"rate": null}),
        json!({"rate": 1, "every": true}),
        json!({"rate": 1, "every": "60"}),
        json!({"rate": 1, "every": "5x"}),
        json!({"rate": 1, "targets": []}),
        json!({"rate": 1, "targets": {}}),
        json!({"rate": 1, "method": 5}),
    ];
    insta::assert_snapshot!(cases.iter().map(wrong).collect::<Vec<_>>().join("\n"), @r#"
    : expected a mapping, found a list
    rate: expected a whole number, found the text "ten"
    rate: expected a whole number, found the text "10", remove the quotes
    rate: expected a whole number, found the number 1.5
    rate: expected at least 0, found the number -1
    rate: expected a whole number, found null
    every: expected a duration such as '30s' or '1h30m' or a number of seconds, found true
    every: Invalid duration '60', expected numbers with units such as '250ms', '30s' or '1h30m', a number of seconds goes without quotes
    every: Unknown unit 'x' in duration '5x', expected numbers with units such as '250ms', '30s' or '1h30m'
    targets: expected at least 1 item(s), found 0
    targets: expected a list, found a mapping
    method: expected one of 'get', 'post', found the number 5
    "#);
}

#[test]
fn of_several_shapes_the_nearest_is_told() {
    let cases = [
        json!({"rate": 1, "check": {"type": "htpp", "url": "u"}}),
        json!({"rate": 1, "check": {"url": "u"}}),
        json!({"rate": 1, "check": {"type": "tcp", "port": "x"}}),
        json!({"rate": 1, "check": "http"}),
        json!({"rate": 1, "step": "basline"}),
        json!({"rate": 1, "step": {"presett": {}}}),
        json!({"rate": 1, "step": {"preset": {"cpu": "x"}}}),
        json!({"rate": 1, "step": {}}),
        json!({"rate": 1, "step": 5}),
        json!({"rate": 1, "goal": {"objective": "get", "formulla": "x"}}),
        json!({"rate": 1, "goal": {"objective": "got", "metric": "x"}}),
        json!({"rate": 1, "goal": []}),
    ];
    insta::assert_snapshot!(cases.iter().map(wrong).collect::<Vec<_>>().join("\n"), @r#"
    check.type: expected one of 'http', 'tcp', found 'htpp' (http)
    check: required key 'type' is missing, expected one of 'http', 'tcp'
    check.port: expected a whole number, found the text "x"
    check: expected a mapping, found the text "http"
    step: expected one of 'baseline', 'optimize', found 'basline' (baseline)
    step.presett: unknown key (preset) [key]
    step.preset.cpu: expected a number, found the text "x"
    step: expected a key, one of 'preset', 'wait'
    step: expected one of 'baseline', 'optimize' or a mapping, found the number 5
    goal: required key 'formula' is missing
    goal.formulla: unknown key (formula) [key]
    goal.objective: expected one of 'get', 'post', found 'got' (get)
    goal: expected a mapping or text, found a list
    "#);
}

#[test]
fn flattened_parts_are_known_keys() {
    #[derive(Deserialize, JsonSchema)]
    #[allow(dead_code)]
    struct Common {
        title: String,
    }
    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Whole {
        size: u8,
        #[serde(flatten)]
        common: Common,
    }
    let schema = schemars::schema_for!(Whole).to_value();
    assert!(check_schema(&schema, &json!({"size": 1, "title": "x"})).is_empty());
    let problems = check_schema(&schema, &json!({"size": 1, "title": "x", "titel": "x"}));
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].nearest.as_deref(), Some("title"));
}

#[test]
fn secrets_stay_out_of_messages() {
    let schema = json!({"properties": {"a": {"type": "string", "writeOnly": true}, "b": {"type": "integer", "format": "password"}}});
    let problems = check_schema(&schema, &json!({"a": 4711, "b": "hunter2"}));
    assert_eq!(problems.len(), 2);
    assert!(problems.iter().all(|problem| !problem.message.contains("4711") && !problem.message.contains("hunter2")));
}

#[test]
fn a_schema_that_refers_to_itself_ends() {
    let schema =
        json!({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"anyOf": [{"$ref": "#/$defs/a"}]}}});
    assert!(check_schema(&schema, &json!(1)).is_empty());
}

fn any_json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        (-3_i64..300).prop_map(Json::from),
        (-2.0..2.0_f64).prop_map(Json::from),
        prop_oneof!["get", "http", "tcp", "baseline", "5m", "x"].prop_map(Json::from),
    ];
    let keys = "rate|target|method|every|headers|targets|share|check|step|goal|tags|point|url|type|port|preset|objective|metric";
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            proptest::collection::btree_map(keys, inner, 0..6).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

proptest! {
    /// Apart from limits, which only the schema knows, both take and refuse the same.
    #[test]
    fn agrees_with_serde(mut value in any_json()) {
        if let Json::Object(entries) = &mut value {
            entries.entry("rate").or_insert(json!(1));
        }
        let problems = check_schema(&schema(), &value);
        let parsed = serde_json::from_value::<Load>(value);
        let only_limits = problems
            .iter()
            .all(|problem| problem.message.starts_with("expected at ") || problem.message.ends_with(" once"));
        prop_assert!(parsed.is_ok() || !problems.is_empty(), "{:?}", parsed.err());
        prop_assert!(parsed.is_err() || only_limits, "{:?}", problems);
    }
}
