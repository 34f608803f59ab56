//! `servo.yaml` as a Rust user of the crate loads it.

use proptest::prelude::*;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use servox::config::{ConfigError, OptimizerConfig, Problem, ServoConfig, check_schema, load_bytes, load_file};
use servox::connector::{BuildError, ConnectorType, Registry};
use servox::model::Duration;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
struct Load {
    rate: u32,
    target: String,
    reporting_interval: Option<Duration>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
#[allow(dead_code)]
struct Wait {
    duration: Option<Duration>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
struct Local {
    trials: Option<u32>,
}

fn checked_by<T: JsonSchema>() -> impl Fn(&serde_json::Value) -> Vec<Problem> + Send + Sync + 'static {
    let schema = schemars::schema_for!(T).to_value();
    move |value| check_schema(&schema, value)
}

fn catalog() -> Registry {
    let mut registry = Registry::empty();
    let build = |_: &str, _| Err(BuildError::Other("only checked here".to_owned()));
    let class = |name: &str| vec![name.to_owned()];
    registry.register(ConnectorType::foreign("load".to_owned(), class("LoadConnector"), checked_by::<Load>(), build));
    registry.register(ConnectorType::foreign("wait".to_owned(), class("WaitConnector"), checked_by::<Wait>(), build));
    registry.validate_optimizer_with(checked_by::<Local>());
    registry
}

fn load(text: &str) -> Result<Vec<ServoConfig>, ConfigError> {
    load_bytes("servo.yaml", text.as_bytes(), &catalog())
}

fn wrong(text: &str) -> String {
    load(text).expect_err(text).to_string()
}

/// All messages of the broken files. The files are named relative to the crate, whose root is where tests run.
#[test]
fn broken_files() {
    let mut files: Vec<_> =
        std::fs::read_dir("tests/broken").unwrap().map(|entry| entry.unwrap().file_name()).collect();
    files.sort();
    let messages = files.iter().map(|file| {
        let error = load_file(format!("tests/broken/{}", file.to_str().unwrap()), &catalog()).expect_err("is broken");
        assert!(error.problems().iter().all(|problem| problem.place.is_some()), "{error}");
        error.to_string().replace("tests/broken/", "")
    });
    insta::assert_snapshot!(messages.collect::<Vec<_>>().join("\n\n"), @r#"
    alias_to_nothing.yaml:3:11: load.target: unknown alias '*target', expected an anchor '&target' above it

    bad_duration.yaml:4:23: load.reporting_interval: Invalid duration '5 minutes', expected numbers with units such as '250ms', '30s' or '1h30m'

    bad_yaml.yaml:3:11: load.target: malformed YAML: while scanning a quoted scalar, found unexpected end of stream

    binary.yaml:2:9: expected UTF-8 text, found a binary file (a NUL byte at offset 14)

    duplicate_key.yaml:4:3: load.rate: duplicate key 'rate' on lines 2 and 4, expected it once

    empty.yaml:1:1: the file is empty, expected a mapping with at least one connector

    many.yaml:1:1: nmae: unknown key, did you mean 'name'?
    many.yaml:2:12: servo_uid: expected text, found the number 34, quote it if text is meant
    many.yaml:3:17: optimizer.id: expected '<organization>/<name>', an organization of 5 to 50 letters, digits, hyphens and periods that starts with no hyphen, and a name of 1 to 64 letters, digits, hyphens, periods and underscores
    many.yaml:3:23: optimizer.tokn: unknown key, did you mean 'token'?
    many.yaml:3:52: optimizer.base_url: expected a URL that starts with http:// or https://
    many.yaml:5:33: settings.backoff.connect.max_time: Invalid duration 'soon', expected numbers with units such as '250ms', '30s' or '1h30m'
    many.yaml:5:50: settings.backoff.connect.max_tries: expected at least 1, found the number 0
    many.yaml:7:27: settings.timeouts.raed: unknown key, did you mean 'read'?
    many.yaml:10:12: checks.halt_on: expected one of 'warning', 'common', 'critical', found 'critcal', did you mean 'critical'?
    many.yaml:11:10: checks.delay: expected 'expo', found 'expoo', did you mean 'expo'?
    many.yaml:12:15: checks.connectors: expected a list, found the text "load"
    many.yaml:15:3: connectors.ld: 'ld' is not a valid connector name, expected 3 to 128 letters, digits, hyphens, slashes, periods and underscores
    many.yaml:16:3: connectors.wait: the name 'wait' is reserved for the connector of that name, expected another one
    many.yaml:17:3: connectors.measure: the name 'measure' is reserved, expected another one
    many.yaml:18:11: connectors.steady: no connector found for the identifier 'laod', did you mean 'load'?
    many.yaml:22:3: burst: required key 'target' is missing
    many.yaml:22:9: burst.rate: expected at least 0, found the number -1
    many.yaml:23:3: burst.targets: unknown key, did you mean 'target'?
    many.yaml:24:1: pause: none is not an allowed value, use {} or remove the key
    many.yaml:25:1: load: this connector is not among 'connectors', add it there or remove the key
    many.yaml:26:1: whatever: unknown key, expected a connector or one of 'name', 'description', 'servo_uid', 'optimizer', 'connectors', 'no_diagnostics', 'settings', 'checks'

    missing_field.yaml:3:3: load: required key 'rate' is missing

    not_utf8.yaml:1:10: expected UTF-8 text, found the byte 0xE9 at offset 9

    several_documents.yaml:1:1: optimizer: cannot configure a multi-servo assembly without an optimizer specified in each config
    several_documents.yaml:3:1: expected a mapping with at least one connector, found a list
    several_documents.yaml:5:1: no connector is configured, add the key of at least one of 'load', 'wait', such as 'load: {…}'
    several_documents.yaml:5:29: optimizer.local.trials: expected a whole number, found the text "many"
    several_documents.yaml:5:36: optimizer.id: expected no other key beside 'local', remove one of them
    several_documents.yaml:8:1: the document is empty, expected a mapping with at least one connector, or no '---'

    unknown_connector.yaml:1:20: connectors[1]: no connector found for the identifier 'waitt', did you mean 'wait'?

    unknown_key.yaml:3:3: load.ratee: unknown key, did you mean 'rate'?

    wrong_type.yaml:2:9: load.rate: expected a whole number, found the text "ten"
    wrong_type.yaml:3:11: load.target: expected text, found a list
    wrong_type.yaml:4:17: no_diagnostics: expected true or false, found text
    "#);
}

#[test]
fn what_is_no_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("servo.yaml");
    let error = |path: &std::path::Path| {
        let text = load_file(path, &catalog()).unwrap_err().to_string();
        text.replace(directory.path().to_str().unwrap(), "<dir>")
    };
    assert_eq!(error(&path), "<dir>/servo.yaml: expected a configuration file, found none of that name");
    assert_eq!(error(directory.path()), "<dir>: expected a configuration file, found a directory");
    std::fs::File::create(&path).unwrap().set_len((16 << 20) + 1).unwrap();
    assert_eq!(error(&path), "<dir>/servo.yaml: expected a configuration file of at most 16 MiB, found more");
}

#[test]
fn errors_are_data_for_scripts() {
    let error = load("load:\n  ratee: 1\n  rate: 1\n  target: x\n").unwrap_err();
    assert_eq!(
        serde_json::to_value(&error).unwrap(),
        json!([{
            "file": "servo.yaml", "line": 2, "column": 3, "path": "load.ratee", "message": "unknown key", "nearest": "rate",
        }])
    );
    assert_eq!(error.to_string(), "servo.yaml:2:3: load.ratee: unknown key, did you mean 'rate'?");
}

#[test]
fn without_a_list_every_present_connector_is_active() {
    let text = "wait: {duration: 5s}\nload: {rate: 1, target: x}\nconnectors:\n";
    let servos = load(text).unwrap();
    let servo = &servos[0];
    let names: Vec<_> = servo.connectors.iter().map(|route| route.name.as_str()).collect();
    assert_eq!(names, ["wait", "load"]);
    assert_eq!(servo.connectors[0].config, json!({"duration": "5s"}));
    assert_eq!(servo.optimizer, OptimizerConfig::Local(json!({})));
    assert!(servo.no_diagnostics);
    assert_eq!((servo.settings.clone(), servo.checks.clone()), (json!({}), json!({})));

    let servos = load("wait:\nload: {rate: 1, target: x}\n").unwrap();
    assert_eq!(servos[0].connectors.len(), 1, "a part without content is inactive");
}

#[test]
fn connectors_have_aliases_and_identifiers() {
    let text = "connectors: {blue: load, green_1: LoadConnector, wait: wait}\nblue: &b {rate: 1, target: x}\ngreen_1: *b\nwait: {}\n";
    let routes = load(text).unwrap().remove(0).connectors;
    let told: Vec<_> =
        routes.iter().map(|route| (route.name.as_str(), route.identifier.as_str(), route.type_name.as_str())).collect();
    assert_eq!(told, [("blue", "load", "load"), ("green_1", "LoadConnector", "load"), ("wait", "wait", "wait")]);

    let routes = load("connectors: '[\"WaitConnector\", \"wait\"]'\nwait: {}\n").unwrap().remove(0).connectors;
    assert_eq!(routes.len(), 1, "two identifiers of one type are one connector");
}

#[test]
fn every_problem_of_a_connector_list() {
    let cases = [
        "connectors: [load]\n",
        "connectors: [wait]\nwait:\n",
        "connectors: [wait]\nwait: {}\nload: {rate: 1, target: x}\n",
        "connectors: {wait: load}\nwait: {}\n",
        "connectors: load\nload: {}\n",
        "connectors: 5\n",
        "connectors: [5, nothing]\n",
        "connectors: {settings: wait}\n",
        "name: x\n",
        "loda: {}\n",
        "optimizer: {}\n---\nwait: {}\n",
        "--- text\n",
        "wait: {}\n---\n",
    ];
    let told: Vec<_> = cases.iter().map(|text| format!("{}\n{}", text.replace('\n', "⏎"), wrong(text))).collect();
    insta::assert_snapshot!(told.join("\n\n"), @r#"
    connectors: [load]⏎
    servo.yaml:1:14: connectors[0]: required key 'load' is missing, add it with the connector's settings, or with {}

    connectors: [wait]⏎wait:⏎
    servo.yaml:2:1: wait: none is not an allowed value, use {} or remove the key

    connectors: [wait]⏎wait: {}⏎load: {rate: 1, target: x}⏎
    servo.yaml:3:1: load: this connector is not among 'connectors', add it there or remove the key

    connectors: {wait: load}⏎wait: {}⏎
    servo.yaml:1:14: connectors.wait: the name 'wait' is reserved for the connector of that name, expected another one

    connectors: load⏎load: {}⏎
    servo.yaml:1:13: connectors: expected a list of connectors or a mapping of names to connectors, found text

    connectors: 5⏎
    servo.yaml:1:13: connectors: expected a list of connectors or a mapping of names to connectors, found the number 5

    connectors: [5, nothing]⏎
    servo.yaml:1:14: connectors[0]: expected the name of a connector, found the number 5
    servo.yaml:1:17: connectors[1]: no connector found for the identifier 'nothing', expected one of 'load', 'wait'

    connectors: {settings: wait}⏎
    servo.yaml:1:14: connectors.settings: the name 'settings' is reserved, expected another one

    name: x⏎
    servo.yaml:1:1: no connector is configured, add the key of at least one of 'load', 'wait', such as 'load: {…}'

    loda: {}⏎
    servo.yaml:1:1: loda: unknown key, did you mean 'load'?

    optimizer: {}⏎---⏎wait: {}⏎
    servo.yaml:1:1: no connector is configured, add the key of at least one of 'load', 'wait', such as 'load: {…}'
    servo.yaml:1:12: optimizer: cannot configure a multi-servo assembly without an optimizer specified in each config
    servo.yaml:3:1: optimizer: cannot configure a multi-servo assembly without an optimizer specified in each config

    --- text⏎
    servo.yaml:1:5: expected a mapping with at least one connector, found text

    wait: {}⏎---⏎
    servo.yaml:1:1: optimizer: cannot configure a multi-servo assembly without an optimizer specified in each config
    servo.yaml:3:1: the document is empty, expected a mapping with at least one connector, or no '---'
    "#);
}

#[test]
fn optimizers_are_local_or_a_service() {
    let optimizer =
        |text: &str| load(&format!("wait: {{}}\noptimizer: {text}\n")).map(|mut all| all.remove(0).optimizer);
    assert_eq!(optimizer("{local: {trials: 5}}").unwrap(), OptimizerConfig::Local(json!({"trials": 5})));
    assert_eq!(optimizer("{local: }").unwrap(), OptimizerConfig::Local(json!({})));
    for service in [
        json!({"id": "retail.example/shop", "token": "t", "base_url": "https://x.example", "url": null}),
        json!({"optimizer_id": "x", "connection_file": "/connection.yaml"}),
        json!({"optimizer_id": "x", "client_id": "a", "client_secret": "b", "tenant_id": "c", "base_url": "http://x"}),
    ] {
        assert_eq!(optimizer(&service.to_string()).unwrap(), OptimizerConfig::Remote(service));
    }
    let cases = [
        "",
        "[]",
        "text",
        "{local: {trials: x}}",
        "{local: [], id: retail.example/shop}",
        "{loacl: {}}",
        "{id: shop}",
        "{id: retail.example/shop, optimizer_id: x}",
        "{token: 04711}",
        "{optimizer-id: x, client_id: y}",
        "{id: retail.example/shop, token: [secret], url: ftp://x}",
    ];
    let told: Vec<_> = cases.iter().map(|text| format!("{text}\n{}", optimizer(text).unwrap_err())).collect();
    insta::assert_snapshot!(told.join("\n\n"), @r#"

    servo.yaml:2:1: optimizer: none is not an allowed value, use {} or remove the key

    []
    servo.yaml:2:12: optimizer: expected a mapping with 'local' or with the 'id' of a service, found a list

    text
    servo.yaml:2:12: optimizer: expected a mapping with 'local' or with the 'id' of a service, found text

    {local: {trials: x}}
    servo.yaml:2:29: optimizer.local.trials: expected a whole number, found the text "x"

    {local: [], id: retail.example/shop}
    servo.yaml:2:20: optimizer.local: expected a mapping, found a list
    servo.yaml:2:24: optimizer.id: expected no other key beside 'local', remove one of them

    {loacl: {}}
    servo.yaml:2:13: optimizer.loacl: unknown key, did you mean 'local'?

    {id: shop}
    servo.yaml:2:17: optimizer.id: expected '<organization>/<name>', an organization of 5 to 50 letters, digits, hyphens and periods that starts with no hyphen, and a name of 1 to 64 letters, digits, hyphens, periods and underscores

    {id: retail.example/shop, optimizer_id: x}
    servo.yaml:2:13: optimizer.id: expected no 'id' beside 'optimizer_id', remove one of them

    {token: 04711}
    servo.yaml:2:12: optimizer: required key 'id' is missing
    servo.yaml:2:20: optimizer.token: expected text, quote it

    {optimizer-id: x, client_id: y}
    servo.yaml:2:13: optimizer.optimizer-id: unknown key, did you mean 'optimizer_id'?

    {id: retail.example/shop, token: [secret], url: ftp://x}
    servo.yaml:2:45: optimizer.token: expected text, found a list
    servo.yaml:2:60: optimizer.url: expected a URL that starts with http:// or https://
    "#);
}

#[test]
fn several_documents_are_several_servos() {
    let text = "name: a\noptimizer: {id: retail.example/a}\nwait: {}\n---\nname: b\noptimizer: {local: {}}\nload: {rate: 1, target: x}\n";
    let servos = load(text).unwrap();
    assert_eq!(servos.iter().map(|servo| servo.name.as_deref()).collect::<Vec<_>>(), [Some("a"), Some("b")]);
    assert_eq!(servos[1].document.place().line, 5);
}

#[test]
fn settings_and_checks_are_kept() {
    let text = "
wait: {}
settings:
  ssl_verify: no
  proxies: {'https://': 'http://proxy:3128', 'all://*.local': null}
  backoff: {__default__: {max_time: 5m}, connect: {max_tries: 40}}
  timeouts: 5
checks: {wait: 15m, delay: expo, halt_on: common, remedy: off, id: ['/x/']}
";
    let servo = load(text).unwrap().remove(0);
    assert_eq!(servo.settings["ssl_verify"], json!(false));
    let common: servox::config::CommonSettings = serde_json::from_value(servo.settings).unwrap();
    assert_eq!(common.timeouts, Some(servox::config::Timeouts::All(Duration::from_secs(5))));
    let checks: servox::config::ChecksSettings = serde_json::from_value(servo.checks).unwrap();
    assert_eq!(checks.wait, servox::config::Wait::Within(Duration::from_secs(900)));
    assert!(!checks.remedy);
    assert!(checks.progressive);

    let servo = load("wait: {}\nchecks: {wait: ''}\n").unwrap().remove(0);
    let checks: servox::config::ChecksSettings = serde_json::from_value(servo.checks).unwrap();
    assert_eq!(checks.wait, servox::config::Wait::OneRound(servox::config::Nothing::Nothing));
}

#[test]
fn what_no_schema_says_of_settings_and_checks() {
    let text = "
wait: {}
settings:
  proxies: {'ftp://': 'http://proxy:3128', 'all://': nowhere}
  ssl_verify: no-such-file.pem
checks: {wait: -5s, delay: -1}
";
    insta::assert_snapshot!(wrong(text), @r#"
    servo.yaml:4:13: settings.proxies.ftp://: expected a pattern that starts with http://, https:// or all://
    servo.yaml:4:54: settings.proxies.all://: expected the URL of a proxy that starts with http:// or https://, or null
    servo.yaml:5:15: settings.ssl_verify: expected true, false or a file of certificates, path "no-such-file.pem" does not exist
    servo.yaml:6:16: checks.wait: expected a duration of at least 0, found -5s
    servo.yaml:6:28: checks.delay: expected a duration of at least 0, found -1s
    "#);
    assert!(wrong("wait: {}\nsettings: {ssl_verify: src, proxies: x}\n").contains("does not point to a file"));
    assert!(wrong("wait: {}\nsettings:\n").contains("2:1: settings: none is not an allowed value"));
    assert!(wrong("wait: {}\nchecks: {delay: 5x}\n").contains("Unknown unit 'x' in duration '5x'"));
}

#[test]
fn nothing_prints_a_secret() {
    let text = "wait: {}\noptimizer: {id: retail.example/a, token: secret-4711}\n";
    assert!(!format!("{:?}", load(text).unwrap()).contains("secret-4711"));
}

/// What a servo reads from a file: its document, and what its connectors are given.
fn read(text: &str) -> serde_json::Value {
    let servos = load_bytes("servo.yaml", text.as_bytes(), &servox::connectors::registry())
        .unwrap_or_else(|error| panic!("{text}: {error}"));
    let servo = &servos[0];
    let parts: Vec<_> = servo.connectors.iter().map(|route| (&route.name, &route.config)).collect();
    json!({ "document": servo.document.to_json(), "parts": parts, "uid": servo.servo_uid, "name": servo.servo_name(),
            "checks": servo.checks, "settings": servo.settings, "no_diagnostics": servo.no_diagnostics })
}

#[test]
fn scalars_are_taken_as_servox_took_them() {
    const SERVICE: &str = "optimizer: {id: retail.example/a, token: x}\n";
    for (written, meant) in [
        ("name: 12\ndescription: 1.5\nservo_uid: -7\n", "name: '12'\ndescription: '1.5'\nservo_uid: '-7'\n"),
        ("no_diagnostics: 'off'\n", "no_diagnostics: false\n"),
        ("no_diagnostics: 1\n", "no_diagnostics: true\n"),
        ("checks: {quiet: 'yes', remedy: 0, tag: [1, 2]}\n", "checks: {quiet: true, remedy: false, tag: ['1', '2']}\n"),
        ("settings: {backoff: {connect: {max_tries: '3'}}}\n", "settings: {backoff: {connect: {max_tries: 3}}}\n"),
        (
            "load: {rate: 5/1s, target: GET http://localhost/, workers: '4', connections: 5.0, keepalive: n, insecure: '1'}\n",
            "load: {rate: 5/1s, target: GET http://localhost/, workers: 4, connections: 5, keepalive: no, insecure: true}\n",
        ),
        (
            "connectors: {web: load}\nweb: {rate: 5/1s, target: GET http://localhost/, description: 5, workers: '4'}\n",
            "connectors: {web: load}\nweb: {rate: 5/1s, target: GET http://localhost/, description: '5', workers: 4}\n",
        ),
    ] {
        assert_eq!(read(&format!("{SERVICE}{written}")), read(&format!("{SERVICE}{meant}")), "{written}");
    }
    let token = |written: &str| {
        read(&format!("optimizer: {{id: retail.example/a, token: {written}}}\nwait: {{measure_enabled: 1}}\n"))
    };
    assert_eq!(token("123456"), token("'123456'"));
    let aliased = |token: &str| {
        read(&format!(
            "name: &t 4711\noptimizer: {{id: retail.example/a, token: {token}}}\nwait: {{measure_enabled: 1}}\n"
        ))
    };
    assert_eq!(aliased("*t"), aliased("'4711'"));
    let local = |trials: &str| {
        read(&format!(
            "optimizer: {{local: {{goal: {{objective: minimize, metric: cost}}, budget: {{trials: {trials}}}}}}}\nwait: {{measure_enabled: 1}}\n"
        ))
    };
    assert_eq!(local("'9'"), local("9"));
}

/// A token of another spelling would be another token.
#[test]
fn numbers_of_another_spelling_become_no_text() {
    for token in ["0123", "1_000", "1.10", "+5", "0x1F", "1:30", "1.0e+5", "-0"] {
        let found = wrong(&format!("wait: {{}}\noptimizer: {{id: retail.example/a, token: {token}}}\n"));
        assert_eq!(found, "servo.yaml:2:42: optimizer.token: expected text, quote it", "{token}");
        let found = wrong(&format!("wait: {{}}\nname: {token}\n"));
        assert!(found.ends_with(", quote it if text is meant"), "{token}: {found}");
    }
    let found = wrong("wait: {}\noptimizer: {id: retail.example/a, token: yes}\n");
    assert_eq!(found, "servo.yaml:2:42: optimizer.token: expected text, quote it");
}

/// As long as the largest file, and as bad as it gets: bounded in time.
#[test]
fn large_broken_files_end() {
    let keys: Vec<_> = (0..100_000).map(|index| format!("k{index}: 1")).collect();
    assert_eq!(load(&keys.join("\n")).unwrap_err().problems().len(), 100_000);
    assert!(load(&"wait: {}\n".repeat(100_000)).is_err());
    assert!(load(&format!("wait: {{a: {}}}", "x".repeat(15 << 20))).is_err());
    assert!(load(&"- &a [*a]\n".repeat(100_000)).is_err());
    assert!(load(&format!("a: &a 1\nb: [{}]", "*a,".repeat(200_000))).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_bytes_give_servos_or_located_problems(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Err(error) = load_bytes("x", &bytes, &catalog()) {
            prop_assert!(error.problems().iter().all(|problem| problem.place.is_some()));
            prop_assert!(!error.problems().is_empty());
        }
    }

    #[test]
    fn quotes_around_scalars_change_nothing(
        name in any::<i64>(), token in 0_u64.., tries in 1_u32..1000, quiet: bool, workers in 1_u32..64, word in 0_usize..6,
    ) {
        let words = [["yes", "no"], ["on", "off"], ["true", "false"], ["True", "False"], ["ON", "OFF"], ["Yes", "No"]];
        let quiet = words[word][usize::from(!quiet)];
        let file = |q: &str| format!(
            "name: {q}{name}{q}\noptimizer: {{id: retail.example/a, token: {q}{token}{q}}}\n\
             settings: {{backoff: {{a: {{max_tries: {q}{tries}{q}}}}}}}\nchecks: {{quiet: {q}{quiet}{q}}}\n\
             load: {{rate: 5/1s, target: GET http://localhost/, workers: {q}{workers}{q}, keepalive: {q}{quiet}{q}}}\n",
        );
        prop_assert_eq!(read(&file("")), read(&file("'")));
        prop_assert_eq!(read(&file("")), read(&file("\"")));
    }

    #[test]
    fn any_lines_give_servos_or_located_problems(
        lines in proptest::collection::vec("(  ){0,3}(- )?(name|optimizer|connectors|load|wait|rate|local|id|settings|checks|<<|x)?(: )?(&a |\\*a|\\{\\}|\\[load\\]|5s|1|yes|~|---|\\{wait: load\\})?", 0..12)
    ) {
        match load(&lines.join("\n")) {
            Ok(servos) => prop_assert!(servos.iter().all(|servo| !servo.connectors.is_empty())),
            Err(error) => {
                prop_assert!(!error.problems().is_empty());
                let places: Vec<_> = error.problems().iter().map(|problem| problem.place).collect();
                prop_assert!(places.is_sorted() && places.iter().all(Option::is_some), "{}", error);
            }
        }
    }
}
