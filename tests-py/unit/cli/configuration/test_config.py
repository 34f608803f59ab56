"""``config``, on the engine itself."""

import ast
import json

import yaml

MASK = "*" * 10


def test_keys_are_sorted_and_defaults_left_out(run, texts):
    result = run(texts.meter, "config")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (
        "checks:\n  delay: 20s\n"
        "connectors:\n- demo.MeterConnector\n- demo.GaugeConnector\n"
        "gauge: {}\n"
        "meter:\n  every: 1m30s\n  inner:\n    b: two\n  inners:\n  - {}\n  - a: 5\n  mode: slow\n"
        f"  token: '{MASK}'\n  url: http://x.y\n"
        f"optimizer:\n  id: dev.example.com/app\n  token: '{MASK}'\n"
        "  url: https://api.opsani.com/accounts/dev.example.com/applications/app/\n"
        "settings:\n  backoff:\n    __default__:\n      max_time: 5m\n"
        "\n"
    )


def test_defaults_are_left_out_where_they_are_those_of_a_field(run, texts):
    """As ServoX has it: what a factory makes is no default, and `{}` stays of a part whose values are all defaults."""
    text = texts.service.replace("}", ", base_url: https://api.opsani.com}") + (
        "connectors: [demo.MeterConnector]\n"
        "settings: {backoff: {__default__: {max_time: 10m}, connect: {max_time: 1h}}}\n"
        "checks: {wait: 30m, progressive: true}\n"
        "meter: {inner: {a: 1}, inners: [], tags: {}, every: 300s, mode: fast, token: null}\n"
    )
    assert json.loads(run(text, "config", "-f", "json", "--show-secrets").stdout) == {
        "optimizer": {
            "id": "dev.example.com/app",
            "token": "t-123456",
            "url": "https://api.opsani.com/accounts/dev.example.com/applications/app/",
        },
        "connectors": ["demo.MeterConnector"],
        "settings": {"backoff": {"__default__": {"max_time": "10m"}, "connect": {"max_time": "1h"}}},
        "checks": {},
        "meter": {},
    }
    settings = json.loads(run(texts.service + "settings: {backoff: {}}\n", "config", "settings", "-f", "json").stdout)
    assert settings == {"settings": {"backoff": {}}}


def test_the_order_of_json_is_that_of_the_fields(run, texts):
    result = run(texts.meter, "config", "-f", "json", "--show-secrets")
    values = json.loads(result.stdout)
    assert result.stdout.startswith('{\n  "optimizer": {\n    "id"')
    assert result.stdout.endswith("}\n\n")
    assert list(values) == ["optimizer", "connectors", "settings", "checks", "meter", "gauge"]
    assert values["optimizer"]["token"] == "t-123456"
    assert values["meter"]["token"] == "sekret"
    assert values == ast.literal_eval(run(texts.meter, "config", "-f", "dict", "--show-secrets").stdout)
    assert values == yaml.safe_load(run(texts.meter, "config", "--show-secrets").stdout)


def test_a_dict_is_what_python_reads(run, texts):
    assert run(texts.service, "config", "-f", "dict", "optimizer").stdout == (
        "{\n    'optimizer': {\n        'id': 'dev.example.com/app',\n"
        f"        'token': '{MASK}',\n"
        "        'url': 'https://api.opsani.com/accounts/dev.example.com/applications/app/',\n    },\n}\n\n"
    )


def test_a_configmap(run, texts):
    import servo

    text = run(texts.meter, "config", "-f", "configmap").stdout
    before, _, rest = text.partition("    servo.opsani.com/configured_at: '")
    moment, _, after = rest.partition("'\n")
    assert before == (
        "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: opsani-servo-config\n  labels:\n"
        f"    app.kubernetes.io/name: servo\n    app.kubernetes.io/version: {servo.__version__}\n  annotations:\n"
    )
    assert moment.endswith("+00:00")
    manifest = yaml.safe_load(text)
    connectors = manifest["metadata"]["annotations"]["servo.opsani.com/connectors"]
    assert connectors == json.dumps(json.loads(connectors))
    assert json.loads(connectors) == [
        {
            "name": "meter",
            "type": "Meter Connector",
            "description": "Meter readings",
            "version": "1.2.3",
            "url": "https://meter.example/",
        },
        {"name": "gauge", "type": "Gauge Connector", "description": None, "version": "0.0.0", "url": "None"},
    ]
    kept = yaml.safe_load(run(texts.meter, "config").stdout)
    del kept["optimizer"]
    assert "data:\n  servo.yaml: |\n    checks:\n      delay: 20s\n" in after
    assert yaml.safe_load(manifest["data"]["servo.yaml"]) == kept


def test_several_servos_are_documents_of_one_file(run, texts, tmp_path):
    shown = run(texts.two, "config", "--show-secrets").stdout
    assert "\n\n---\nconnectors:\n  pause: wait\n" in shown
    assert [one["name"] for one in yaml.safe_load_all(shown)] == ["one", "two"]
    assert [one["name"] for one in json.loads(run(texts.two, "config", "-f", "json").stdout)] == ["one", "two"]
    assert yaml.safe_load(run(texts.two, "config", "-n", "two").stdout)["name"] == "two"
    run(texts.two, "config", "--show-secrets", "-o", "again.yaml")
    again = (tmp_path / "again.yaml").read_text()
    assert again.count("---\n") == 1
    assert run(again, "config", "--show-secrets").stdout == shown
    unknown = run(texts.two, "config", "-n", "three")
    assert unknown.exit_code == 2
    assert 'No servo was found named "three"' in unknown.stderr


def test_keys_and_paths(run, texts):
    assert yaml.safe_load(run(texts.meter, "config", "checks", "gauge").stdout) == {
        "checks": {"delay": "20s"},
        "gauge": {},
    }
    assert yaml.safe_load(run(texts.meter, "config", "meter.inner.b", "meter.url", "checks").stdout) == {
        "checks": {"delay": "20s"},
        "meter": {"inner": {"b": "two"}, "url": "http://x.y"},
    }
    unset = run(texts.meter, "config", "description")
    assert (unset.exit_code, unset.stdout, unset.stderr) == (0, "{}\n\n", "")
    unknown = run(texts.meter, "config", "metr")
    assert (unknown.exit_code, unknown.stdout) == (0, "{}\n\n")
    assert unknown.stderr.startswith("warning: the configuration of 'dev.example.com/app' has no 'metr'")
    assert "Did you mean 'meter'?" in unknown.stderr


def test_files_are_told_when_secrets_are_masked(run, texts, tmp_path):
    masked = run(texts.meter, "config", "-f", "json", "-o", "out.json")
    assert (masked.exit_code, masked.stdout) == (0, "")
    assert masked.stderr == (
        "warning: secrets are masked in out.json; --show-secrets writes a file that a servo can use\n"
    )
    assert (tmp_path / "out.json").read_text().endswith("}")
    assert run(texts.meter, "config", "-o", "out.yaml", "--show-secrets").stderr == ""
    assert run(texts.meter, "config", "-o", "out.yaml", "checks").stderr == ""
    assert (tmp_path / "out.yaml").read_text() == "checks:\n  delay: 20s\n"


def test_native_connectors_and_the_local_optimizer(run, texts):
    values = yaml.safe_load(run(texts.local, "config").stdout)
    assert values["load"] == {"rate": "50/1s", "target": "GET http://127.0.0.1/", "http2": False}
    assert values["optimizer"] == {
        "local": {
            "goal": {"objective": "maximize", "metric": "throughput"},
            "trial": {"duration": "1m"},
            "storage": f"postgresql://servo:{MASK}@db/studies",
            # An end of the search with the defaults is not none.
            "stop": {},
        }
    }
    shown = run(texts.local, "config", "--show-secrets", "optimizer.local.storage", "-f", "json").stdout
    assert json.loads(shown)["optimizer"]["local"]["storage"] == "postgresql://servo:pass-word@db/studies"
    assert run("wait: {measure_enabled: true}", "config").stdout == (
        "optimizer:\n  local: {}\nwait:\n  measure_enabled: true\n\n"
    )


def test_the_environment_fills_gaps(run, texts):
    variables = {"OPSANI_OPTIMIZER": "dev.example.com/app", "OPSANI_TOKEN": "t", "SERVO_NAME": "dev.example.com/app"}
    result = run("", "config", env=variables)
    assert (result.exit_code, list(yaml.safe_load(result.stdout))) == (0, ["name", "optimizer"])
    variables = {"SERVO_METER_INNER_A": "7", "SERVO_METER_URL": "http://not.this"}
    meter = yaml.safe_load(run(texts.meter.replace("{a: 1, b: two}", "{b: two}"), "config", env=variables).stdout)[
        "meter"
    ]
    assert meter["inner"] == {"a": 7, "b": "two"}
    assert meter["url"] == "http://x.y"


def test_where_values_are_from(run, texts):
    table = run(texts.meter, "config", "--origin", env={"SERVO_DESCRIPTION": "from a variable"}).stdout
    rows = {line.split("  ")[0]: line.split("  ")[-1].strip() for line in table.splitlines()}
    assert rows["KEY"] == "ORIGIN"
    assert rows["description"] == "SERVO_DESCRIPTION"
    assert rows["meter.every"] == "servo.yaml:7:10"
    assert rows["meter.inners[1].a"] == "servo.yaml:10:24"
    assert rows["gauge"] == "servo.yaml:3:8"
    assert rows["optimizer.url"] == "computed"
    found = json.loads(run(texts.meter, "config", "--origin", "-f", "json", "checks").stdout)
    assert found["servos"][0]["values"] == [{"path": "checks.delay", "value": "20s", "origin": "servo.yaml:11:17"}]
    assert run(texts.meter, "config", "--origin", "-f", "dict").exit_code == 2


def test_the_form_for_people_keeps_texts_as_they_are(run, texts):
    text = run(
        texts.service.replace("t-123456", "'0012.50'"), "config", "-f", "text", "optimizer.token", "--show-secrets"
    )
    assert text.stdout == "KEY              VALUE\noptimizer.token  0012.50\n\n"
    assert run(texts.two, "config", "-f", "text").stdout.splitlines()[0] == "one"


def test_errors_have_places(run, texts):
    wrong = run(texts.meter.replace("mode: slow", "mode: slwo"), "config")
    assert (wrong.exit_code, wrong.stdout) == (1, "")
    assert wrong.stderr.startswith("servo.yaml:8:9: meter.mode: ")
    assert run(texts.meter, "-c", "missing.yaml", "config").exit_code == 2
    form = run(texts.meter, "config", "-f", "nope")
    assert form.exit_code == 2
    assert "'nope' is not one of 'yaml', 'json', 'dict', 'text', 'configmap'." in form.stderr


def test_secrets_by_their_names(run, texts):
    text = """process:
  command: [app]
  environment: {API_TOKEN: abc, PORT: "80"}
"""
    values = yaml.safe_load(run(text, "config", "process").stdout)["process"]
    assert values["environment"] == {"API_TOKEN": MASK, "PORT": "80"}
