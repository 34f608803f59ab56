"""``schema``, on the engine itself."""

import ast
import json
from pathlib import Path

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).parents[4]
# Shown by name: what they hold says more than their text.
EXAMPLES = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "examples").rglob("servo*.yaml"))


def found(result):
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_the_document_of_a_file(run, texts):
    import servo

    result = run(texts.meter, "schema")
    schema = found(result)
    assert result.stdout.endswith("}\n\n")
    assert list(schema) == [
        "title",
        "description",
        "type",
        "properties",
        "required",
        "additionalProperties",
        "definitions",
    ]
    assert schema["title"] == "Servo Configuration Schema"
    assert schema["description"] == (
        f"Schema for configuration of Servo v{servo.__version__} with Meter Connector v1.2.3 and Gauge Connector v0.0.0"
    )
    assert schema["required"] == ["meter", "gauge"]
    assert list(schema["properties"]) == [
        *["name", "description", "servo_uid", "optimizer", "connectors", "no_diagnostics", "settings", "checks"],
        *["meter", "gauge"],
    ]
    own = schema["properties"]["name"]
    assert (own["title"], own["type"], own["env_names"]) == ("Name", "string", ["SERVO_NAME"])
    assert schema["properties"]["settings"]["allOf"] == [{"$ref": "#/definitions/CommonConfiguration"}]
    meter = schema["definitions"]["MeterConfiguration"]
    assert meter["title"] == "Meter Connector Settings (named meter)"
    assert meter["properties"]["url"] == {
        "title": "Url",
        "default": "http://example.com",
        "env_names": ["SERVO_METER_URL"],
        "type": "string",
    }
    assert meter["properties"]["token"]["format"] == "password"
    assert meter["additionalProperties"] is False
    names = [name for name in schema["definitions"] if name in ("BackoffSettings", "BackoffConfigurations", "Timeouts")]
    assert names == ["BackoffSettings", "BackoffConfigurations", "Timeouts"]
    jsonschema.Draft7Validator.check_schema(schema)


def test_a_dict_has_sets(run, texts):
    schema = ast.literal_eval(run(texts.meter, "schema", "-f", "dict").stdout)
    assert schema["properties"]["name"]["env_names"] == {"SERVO_NAME"}
    assert schema["required"] == ["meter", "gauge"]


def test_one_connector(run, texts):
    load = found(run(texts.meter, "schema", "load"))
    assert load["title"] == "Load Connector Configuration Schema"
    assert load["properties"]["rate"]["env_names"] == ["SERVO_LOAD_RATE"]
    assert load["required"] == ["rate"]
    assert load["definitions"]["TargetFormat"]["oneOf"][0]["const"] == "http"
    meter = found(run(texts.meter, "schema", "demo.MeterConnector"))
    assert meter["title"] == "Meter Connector Configuration Schema"
    assert meter["properties"]["url"]["env_names"] == ["SERVO_METER_URL"]
    assert found(run(texts.meter, "schema", "meter")) == meter
    assert found(run(texts.meter, "schema", "MeterConnector")) == meter
    assert found(run(texts.two, "schema", "pause"))["required"] == ["measure_enabled"]
    assert found(run(texts.meter, "schema", "servo"))["title"] == "Abstract Servo Configuration Schema"
    unknown = run(texts.meter, "schema", "metr")
    assert unknown.exit_code == 2
    assert "Error: Invalid value for '[CONNECTOR]': no Connector type found for key 'metr'" in unknown.stderr
    missing = run(texts.meter, "schema", "nowhere.Connector")
    assert missing.exit_code == 2
    assert "no Connector type found for key 'nowhere.Connector' (No module named 'nowhere')" in missing.stderr


def test_the_definitions_alone(run, texts):
    schema = found(run(texts.meter, "schema", "--top-level"))
    assert list(schema) == ["title", "definitions"]
    assert schema["title"] == "Servo Schema"
    assert list(schema["definitions"]) == ["Mode", "Inner", "MeterConfiguration", "GaugeConnectorSettings"]
    every = found(run(texts.meter, "schema", "--top-level", "--all"))["definitions"]
    assert {"BaseServoConfiguration", "LoadConfiguration", "WaitConfiguration", "ProcessConfiguration"} <= set(every)


def test_several_servos(run, texts):
    result = run(texts.two, "schema")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "error: schema can only be outputted for a single servo\n"
    result = run(texts.two, "schema", "--top-level")
    assert result.stderr == "error: schema can only be outputted for all connectors or a single servo\n"
    assert found(run(texts.two, "schema", "-n", "two"))["required"] == ["pause"]
    assert found(run(texts.two, "schema", "--all"))["properties"]["load"]
    assert run(texts.two, "schema", "-n", "three").exit_code == 2


def test_no_valid_configuration_is_needed(run, texts, tmp_path):
    assert found(run("connectors: [wait]\nwait: {nonsense: 1}\n", "schema"))["required"] == ["wait"]
    (tmp_path / "servo.yaml").unlink()
    schema = found(run(None, "schema"))
    assert {"load", "process", "wait"} <= set(schema["properties"])
    assert "required" not in schema
    assert run(None, "-c", "missing.yaml", "schema").exit_code == 2
    assert found(run(None, "-c", "missing.yaml", "schema", "wait"))["required"] == ["measure_enabled"]
    wrong = run("connectors: [nothing]\n", "schema")
    assert wrong.exit_code == 1
    assert wrong.stderr.startswith('error: servo.yaml: no connector found for the identifier "nothing"')
    assert run("a: [", "schema").stderr.startswith(str(tmp_path))


def test_forms(run, texts, tmp_path):
    html = run(texts.meter, "schema", "-f", "html")
    assert (html.exit_code, html.stdout, html.stderr) == (1, "", "error: not yet implemented\n")
    lines = run(texts.meter, "schema", "-f", "text").stdout.splitlines()
    assert "meter (mapping, required, SERVO_METER)" in lines
    assert "  mode (fast | slow, default fast, SERVO_METER_MODE)" in lines
    assert "    url (text, default http://example.com, SERVO_METER_URL)" not in lines
    assert "  url (text, default http://example.com, SERVO_METER_URL)" in lines
    assert run(texts.meter, "schema", "-o", "schema.json").stdout == ""
    assert (tmp_path / "schema.json").read_text().endswith("}")
    assert json.loads((tmp_path / "schema.json").read_text()) == found(run(texts.meter, "schema"))


def schemas(run, text):
    return [found(run(text, "schema", *options)) for options in ([], ["--editor"])]


def test_editors_get_standard_words_only(run, texts):
    schema = found(run(texts.meter, "schema", "--editor"))
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert "required" not in schema
    text = json.dumps(schema)
    assert '"env_names"' not in text
    assert '"env"' not in text
    assert "Variable: SERVO_METER_URL" in text
    jsonschema.Draft7Validator.check_schema(schema)
    check = jsonschema.Draft7Validator(schema)
    text = texts.meter.replace("every: 90s", "every: 90\n  description: null")
    assert list(check.iter_errors(yaml.safe_load(text))) == []
    assert list(check.iter_errors(yaml.safe_load(text.replace("every: 90", "every: 5 minutes")))) != []
    assert list(check.iter_errors(yaml.safe_load(text.replace("mode: slow", "mode: slwo")))) != []


def test_the_editor_schema_of_routes():
    from servo.cli.schema import editor_schema
    from servo.connectors.wait import WaitConnector

    schema = editor_schema({"pause": WaitConnector})
    assert "pause" in schema["properties"]
    assert "load" not in schema["properties"]
    assert {"load", "process", "wait"} <= set(editor_schema()["properties"])


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_are_accepted(run, example):
    text = (ROOT / example).read_text()
    documents = list(yaml.safe_load_all(text))
    if len(documents) > 1:
        pytest.skip("several servos")
    for schema in schemas(run, text):
        errors = [error.message for error in jsonschema.Draft7Validator(schema).iter_errors(documents[0])]
        assert errors == []


MISSPELT = [
    ("meter:", "meterr:"),
    ("mode: slow", "mood: slow"),
    ("{a: 1, b: two}", "{a: 1, c: two}"),
    ("[{a: 1}, {a: 5}]", "[{aa: 1}]"),
    ("mode: slow", "mode: slwo"),
    ("delay:", "dealy:"),
    ("halt_on: critical", "halt_on: never"),
    ("max_time", "maxtime"),
    ("token: t-1", "tokn: t-1"),
    ("id: dev", "idd: dev"),
]


@pytest.mark.parametrize(("right", "wrong"), MISSPELT)
def test_misspelt_keys_are_refused(run, texts, right, wrong):
    assert right in texts.meter
    document = yaml.safe_load(texts.meter.replace(right, wrong))
    for schema in schemas(run, texts.meter):
        assert list(jsonschema.Draft7Validator(schema).iter_errors(document)) != []


VALID = [
    "settings: {timeouts: 5s}",
    "settings: {timeouts: 5}",
    "settings: {timeouts: {read: 1m}}",
    'settings: {proxies: {"https://*.local": null, "http://": "http://proxy:3128"}}',
    "settings: {ssl_verify: false}",
    "settings: {backoff: {connect: {max_tries: 3}}}",
    "checks: {tag: ['/a/'], wait: 5m}",
    "no_diagnostics: false",
    "connectors: {pause: wait}\npause: {measure_enabled: 'yes'}",
    "optimizer: {}",
    "optimizer: {id: dev.example.com/app}",
    "optimizer: {optimizer_id: x, connection_file: y}",
    "optimizer: {local: {goal: {objective: minimize, metric: cost}, budget: {trials: 3, deadline: 1h}, stop: {}}}",
    "optimizer: {local: {sampler: grid, promote: never, constraints: {absolute: [{name: a, formula: 'x <= 1'}]}}}",
    "load: {rate: 5, target: GET http://x/, format: http}",
    "process: {command: app, settings: {n: {type: range, min: 1, max: 4, step: 1, value: 2}}, health: {alive: 1}}",
    "process: {command: [app], environment: {PORT: 80}, log: {file: a.log, max_size: 1 MiB}}",
]


@pytest.mark.parametrize("text", VALID)
def test_what_is_valid_is_accepted(run, text):
    if "pause" not in text:
        text += "\nwait: {measure_enabled: true}\n"
    valid = run(text, "validate")
    assert valid.exit_code == 0, valid.output
    for schema in schemas(run, text):
        assert [error.message for error in jsonschema.Draft7Validator(schema).iter_errors(yaml.safe_load(text))] == []
