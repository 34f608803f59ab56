"""``servo generate``: the file, its schema, and what is said."""

import json
import os
import re
import sys

import jsonschema
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from servo import _core
from servo.cli.drafts.comments import WIDTH
from servo.connector import connector_types

# Hypothesis runs many examples in one folder, each of which writes its own file.
IN_ONE_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
LOCAL = {
    "local": {
        "goal": {"objective": "minimize", "metric": "latency_95th"},
        "constraints": {"absolute": [{"name": "errors", "formula": "error_rate <= 1"}]},
        "trial": {"warmup": "5s", "duration": "30s"},
        "budget": {"trials": 20},
    }
}
WITHOUT_METRICS = {"local": {key: LOCAL["local"][key] for key in ("trial", "budget")}}


def valid(path, environment=None):
    """The number of documents of a file, which is valid."""
    return _core.validate_file(str(path), connector_types(), environment or {})


def documents(path):
    return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


def uncommented(text):
    """A file with every key that is offered made one that counts."""
    return re.sub(r"^( *)#(?! \S)", r"\1", text, flags=re.MULTILINE)


def test_what_is_written_is_shown(run, tmp_path):
    result = run("generate", "load", "wait")
    file = tmp_path / "servo.yaml"
    assert (result.exit_code, result.stderr) == (0, "")
    shown, _, told = result.stdout.rpartition("\n\n")
    assert shown + "\n" == file.read_text()
    assert told == "Generated servo.schema.json\nGenerated servo.yaml\n"
    [document] = documents(file)
    assert list(document) == ["optimizer", "connectors", "load", "wait"]
    # The sampler that learns needs a package; without it there is another one.
    document["optimizer"]["local"].pop("sampler", None)
    assert document == {
        "optimizer": LOCAL,
        "connectors": ["load", "wait"],
        "load": {
            "description": "Update the rate and target/targets to match your load profile",
            "rate": "50/1s",
            "target": "GET http://127.0.0.1:8080/",
        },
        "wait": {"measure_enabled": False},
    }


def test_all_connectors_without_arguments(run, tmp_path):
    assert run("generate").exit_code == 0
    [document] = documents(tmp_path / "servo.yaml")
    assert list(document) == ["optimizer", "load", "process", "wait"]
    assert valid(tmp_path / "servo.yaml") == 1


def test_the_samples_of_load_and_process_fit(run, tmp_path):
    run("generate", "process", "load")
    [document] = documents(tmp_path / "servo.yaml")
    assert document["load"]["target"] == f"GET {document['process']['health']['http']}"
    assert set(document["process"]["settings"]) == {"threads"}
    assert "{threads}" in document["process"]["command"]


def test_every_key_is_told_and_offered(run, tmp_path):
    run("generate", "load", "process", "wait")
    text = (tmp_path / "servo.yaml").read_text()
    for kind in ("load", "process", "wait"):
        part = re.search(rf"^{kind}:\n((?: .*)?\n)*", text, re.MULTILINE)[0]
        for key, known in json.loads(_core.native_schema(kind))["properties"].items():
            line = re.search(rf"^  #?{key}:", part, re.MULTILINE)
            assert line, key
            words = known["description"].split()
            told = re.sub(r"\s*#\s*", " ", part[: line.start()])
            assert " ".join(words[-4:]) in " ".join(told.split()), key


@pytest.mark.parametrize("arguments", [(), ("-d",)])
def test_keys_that_are_offered_are_valid_as_they_are(run, tmp_path, arguments):
    run("generate", "load", "process", "wait", *arguments)
    file = tmp_path / "servo.yaml"
    before = documents(file)[0]
    file.write_text(uncommented(file.read_text()))
    after = documents(file)[0]
    assert valid(file) == 1
    assert set(after["load"]) == set(json.loads(_core.native_schema("load"))["properties"])
    assert before["load"].items() <= after["load"].items()


def test_defaults(run, tmp_path):
    run("generate", "wait", "load", "-d", "-n", "web")
    [document] = documents(tmp_path / "servo.yaml")
    assert list(document) == [
        "name", "optimizer", "connectors", "no_diagnostics", "settings", "checks", "wait", "load",
    ]  # fmt: skip
    assert document["name"] == "web"
    assert document["no_diagnostics"] is True
    assert document["settings"] == {"backoff": {"__default__": {"max_time": "10m"}, "connect": {"max_time": "1h"}}}
    assert document["checks"] == {
        "quiet": False, "verbose": False, "progressive": True, "wait": "30m", "delay": "expo",
        "halt_on": "critical", "remedy": True, "check_halting": False,
    }  # fmt: skip
    assert document["load"]["connections"] == 10000
    assert None not in document["load"].values()
    assert valid(tmp_path / "servo.yaml") == 1


def test_aliases_make_a_mapping(run, tmp_path):
    run("generate", "read:load", "WaitConnector", "write:LoadConnector", "process")
    [document] = documents(tmp_path / "servo.yaml")
    assert document["connectors"] == {
        "read": "load", "wait": "WaitConnector", "write": "LoadConnector", "process": "process",
    }  # fmt: skip
    assert list(document)[2:] == ["read", "wait", "write", "process"]
    assert valid(tmp_path / "servo.yaml") == 1


def test_the_same_connector_twice_is_one(run, tmp_path):
    run("generate", "wait", "WaitConnector", "wait")
    assert documents(tmp_path / "servo.yaml")[0]["connectors"] == ["wait"]


def test_standalone_leaves_the_connectors_out(run, tmp_path):
    run("generate", "wait", "-s")
    assert list(documents(tmp_path / "servo.yaml")[0]) == ["optimizer", "wait"]


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("nope", "no connector found for identifier 'nope'"),
        ("lod", "no connector found for identifier 'lod'. Did you mean 'load'?"),
        ("no.such.Class", "no connector found for identifier 'no.such.Class' (No module named 'no')"),
        ("json.JSONDecoder", "no connector found for identifier 'json.JSONDecoder' (json.JSONDecoder is not a"),
        ("a:b:c", "'a:b:c' is no connector: expected 'connector' or 'alias:connector'"),
        ("ab:wait", '"ab" is not a valid connector name'),
        (":wait", '"" is not a valid connector name'),
        ("one:", "no connector found for identifier ''"),
        ("measure:wait", 'Name "measure" is reserved'),
        ("load:wait", 'Name "load" is reserved by `LoadConnector`'),
    ],
)
def test_what_is_no_connector_is_a_usage_error(run, tmp_path, argument, message):
    result = run("generate", argument)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"Error: Invalid value: {message}" in result.stderr
    assert not list(tmp_path.iterdir())


def test_one_alias_for_two(run):
    result = run("generate", "one:wait", "one:load")
    assert result.exit_code == 2
    assert "'one' would be the key of two connectors, WaitConnector and LoadConnector" in result.stderr


def test_an_existing_file_is_asked_for(run, tmp_path):
    file = tmp_path / "servo.yaml"
    file.write_text("# mine\n")
    for answers in ("n\n", "\n", ""):
        result = run("generate", "wait", answers=answers)
        assert result.exit_code == 1
        assert result.stdout == "File 'servo.yaml' already exists. Overwrite it? [y/N]: "
        assert result.stderr.strip() == "Aborted!"
        assert file.read_text() == "# mine\n"
    assert run("generate", "wait", answers="y\n").exit_code == 0
    assert valid(file) == 1
    assert run("generate", "load", "--force").stdout.startswith("# yaml-language-server")
    assert "load" in documents(file)[0]


def test_quiet(run, tmp_path):
    assert run("generate", "wait", "-q").output == ""
    assert valid(tmp_path / "servo.yaml") == 1


def test_the_file_of_the_option_goes_before_that_of_the_root(run, tmp_path):
    assert "Generated b.yaml" in run("-c", "a.yaml", "generate", "wait", "-f", "b.yaml").stdout
    assert "Generated a.yaml" in run("-c", "a.yaml", "generate", "wait").stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "a.schema.json", "a.yaml", "b.schema.json", "b.yaml",
    ]  # fmt: skip


def test_stdout(run, tmp_path):
    result = run("generate", "wait", "-f", "-")
    assert yaml.safe_load(result.stdout)["wait"] == {"measure_enabled": False}
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["no/servo.yaml", ".", "servo.yaml"])
def test_what_cannot_be_written_is_a_usage_error(run, tmp_path, monkeypatch, name):
    if name == "servo.yaml":
        (tmp_path / name).write_text("")
        may = os.access
        monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK and may(path, mode))
    result = run("generate", "wait", "-f", name, "--force")
    assert result.exit_code == 2
    assert "Error: Invalid value for '--file' / '-f': " in result.stderr
    assert re.search("does not exist|is a directory|is not writable", result.stderr)


def test_no_schema(run, tmp_path):
    result = run("generate", "wait", "--no-schema")
    assert result.stdout.endswith("\n\nGenerated servo.yaml\n")
    assert "yaml-language-server" not in result.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["servo.yaml"]


def test_a_file_in_the_place_of_the_schema_stays(run, tmp_path):
    (tmp_path / "servo.schema.json").write_text("{}")
    result = run("generate", "wait")
    assert result.exit_code == 2
    assert "File 'servo.schema.json' exists, and is no schema that was generated" in result.stderr
    assert (tmp_path / "servo.schema.json").read_text() == "{}"
    assert run("generate", "wait", "--no-schema").exit_code == 0


class TestOptimizer:
    """What stands under ``optimizer`` depends on what the environment supplies."""

    @pytest.mark.parametrize(
        ("variables", "named"),
        [
            ({"OPSANI_OPTIMIZER": "dev.opsani.com/servox", "OPSANI_TOKEN": "t0ken"}, "OPSANI_OPTIMIZER"),
            ({"APPD_OPTIMIZER_ID": "a", "APPD_CONNECTION_FILE": "b"}, "APPD_OPTIMIZER_ID"),
            ({"APPD_OPTIMIZER_ID": "a", "OPSANI_OPTIMIZER": "dev.opsani.com/servox"}, "OPSANI_OPTIMIZER"),
            ({"SERVO_OPTIMIZER": '{"local": {}}'}, "SERVO_OPTIMIZER"),
            ({"SERVO_OPTIMIZER_LOCAL_SEED": "1"}, "SERVO_OPTIMIZER_LOCAL_SEED"),
        ],
    )
    def test_one_of_the_environment_is_left_out(self, run, tmp_path, monkeypatch, variables, named):
        for name, text in variables.items():
            monkeypatch.setenv(name, text)
        result = run("generate", "wait")
        assert "optimizer" not in documents(tmp_path / "servo.yaml")[0]
        assert f"({named})" in result.stdout
        assert "t0ken" not in result.stdout

    def test_an_empty_variable_supplies_none(self, run, tmp_path, monkeypatch):
        monkeypatch.setenv("OPSANI_OPTIMIZER", "")
        run("generate", "load")
        assert "local" in documents(tmp_path / "servo.yaml")[0]["optimizer"]

    def test_without_metrics_there_is_no_goal(self, run, tmp_path):
        run("generate", "wait")
        [document] = documents(tmp_path / "servo.yaml")
        document["optimizer"]["local"].pop("sampler", None)
        assert document["optimizer"] == WITHOUT_METRICS

    def test_the_sampler_is_one_that_there_is(self, run, monkeypatch):
        from servo.cli.drafts import optimizer

        for found, sampler in ((None, "random"), (object(), None)):
            monkeypatch.setattr(optimizer, "find_spec", lambda name, found=found: found)
            text = run("generate", "load", "-f", "-").stdout
            assert yaml.safe_load(text)["optimizer"]["local"].get("sampler") == sampler


class TestAppend:
    """``--append`` adds a document, and leaves what was there as it was."""

    def test_bytes_stay(self, run, tmp_path):
        file = tmp_path / "servo.yaml"
        old = b"# mine\r\noptimizer: {local: {}}\r\nwait:   {measure_enabled: yes}  # every time\r\n\r\n#end"
        file.write_bytes(old)
        assert run("generate", "load", "--append", "--force").exit_code == 0
        new = file.read_bytes()
        assert new.startswith(old + b"\r\n---\r\n")
        assert b"\n" not in new.replace(b"\r\n", b"")
        assert valid(file) == 2
        assert b"yaml-language-server" not in new
        assert [path.name for path in tmp_path.iterdir()] == ["servo.yaml"]

    def test_servos_of_local_optimizers_have_names_of_their_own(self, run, tmp_path):
        for arguments in (["wait"], ["wait", "-n", "servo-3"], ["process"], ["load"]):
            assert run("generate", *arguments, "--append").exit_code == 0
        names = [one.get("name") for one in documents(tmp_path / "servo.yaml")]
        assert names == [None, "servo-3", "servo-4", "servo-5"]
        assert valid(tmp_path / "servo.yaml") == 4

    def test_each_has_an_optimizer(self, run, tmp_path, monkeypatch):
        run("generate", "wait")
        monkeypatch.setenv("OPSANI_OPTIMIZER", "dev.opsani.com/servox")
        result = run("generate", "load", "--append")
        assert (result.exit_code, result.stderr) == (0, "")
        second = documents(tmp_path / "servo.yaml")[1]
        assert second["optimizer"] == {"id": "dev.opsani.com/servox"}
        assert valid(tmp_path / "servo.yaml", {"OPSANI_TOKEN": "x"}) == 2

    def test_a_document_that_lacks_one_is_told(self, run, tmp_path, monkeypatch):
        monkeypatch.setenv("OPSANI_OPTIMIZER", "dev.opsani.com/servox")
        run("generate", "wait")
        result = run("generate", "wait", "--append", "-n", "second")
        assert result.exit_code == 0
        told = result.stderr.splitlines()
        assert told[0] == "servo.yaml is not valid yet:"
        assert "without an optimizer specified in each config" in told[1]

    def test_what_is_no_yaml_stays(self, run, tmp_path):
        file = tmp_path / "servo.yaml"
        file.write_text("a: [")
        result = run("generate", "wait", "--append")
        assert result.exit_code == 1
        assert "servo.yaml:2:1: a: malformed YAML" in result.stderr
        assert file.read_text() == "a: ["

    @pytest.mark.parametrize("text", ["", "# later\n"])
    def test_a_file_without_documents(self, run, tmp_path, text):
        file = tmp_path / "servo.yaml"
        file.write_text(text)
        run("generate", "wait", "--append")
        assert file.read_text().startswith(text)
        assert valid(file) == 1


class TestOthers:
    """Connectors that packages bring."""

    def test_what_a_class_generates(self, run, tmp_path, third):
        result = run("generate", "third.MeterConnector")
        assert (result.exit_code, result.stderr) == (0, "")
        file = tmp_path / "servo.yaml"
        assert documents(file)[0]["meter"] == {"description": "Describe me", "url": "http://meter.example"}
        text = file.read_text()
        assert "# Measures\nmeter:\n" in text
        assert "  # Where it listens.\n  #port: 8080\n" in text
        assert "  #token: null\n" in text
        assert max(map(len, text.splitlines())) <= WIDTH
        file.write_text(uncommented(text))
        assert valid(file) == 1

    def test_variables_stay_out(self, run, tmp_path, third, monkeypatch):
        monkeypatch.setenv("SERVO_METER_TOKEN", "s3cret")
        monkeypatch.setenv("METER_PORT", "1")
        result = run("generate", "third.MeterConnector", "-d")
        assert "s3cret" not in result.output
        assert documents(tmp_path / "servo.yaml")[0]["meter"]["port"] == 8080

    def test_keys_without_a_default(self, run, tmp_path, third):
        assert run("generate", "third.NeedyConnector").exit_code == 0
        assert documents(tmp_path / "servo.yaml")[0]["needy"] == {"address": "CHANGE_ME", "count": 1}
        assert valid(tmp_path / "servo.yaml") == 1

    def test_nothing(self, run, tmp_path, third):
        assert run("generate", "third.SilentConnector").exit_code == 0
        assert documents(tmp_path / "servo.yaml")[0]["silent"] == {}
        assert valid(tmp_path / "servo.yaml") == 1

    def test_pairs_of_keys(self, run, tmp_path, third):
        for argument, key in (("third.PairsConnector", "pairs"), ("other:third.PairsConnector", "other")):
            assert run("generate", argument, "--force").exit_code == 0
            assert documents(tmp_path / "servo.yaml")[0][key] == {"x": 2}

    def test_a_class_that_fails(self, run, tmp_path, broken):
        result = run("generate", "broken.BrokenConnector")
        assert result.exit_code == 1
        assert result.stderr == "error: broken: BrokenConfiguration.generate() failed: KeyError: 'nothing'\n"
        assert not (tmp_path / "servo.yaml").exists()

    def test_two_of_one_name(self, run, tmp_path, third):
        (tmp_path / "fourth.py").write_text(
            "import servo\nclass MeterConnector(servo.BaseConnector):\n    config: servo.BaseConfiguration\n"
        )
        try:
            result = run("generate", "third.MeterConnector", "fourth.MeterConnector")
        finally:
            sys.modules.pop("fourth", None)
        assert result.exit_code == 2
        assert "'meter' would be the key of two connectors" in result.stderr


ARGUMENTS = st.lists(
    st.tuples(
        st.sampled_from(["", "one:", "two:", "some/alias.x:"]),
        st.sampled_from(["load", "process", "wait", "LoadConnector", "third.MeterConnector", "third.NeedyConnector"]),
    ),
    max_size=4,
    unique_by=lambda pair: pair[0] or pair[1].rpartition(".")[2].removesuffix("Connector").lower(),
)


@IN_ONE_FOLDER
@given(chosen=ARGUMENTS, flags=st.sets(st.sampled_from(["-d", "--append"])), number=st.integers(1, 3))
def test_any_connectors(run, tmp_path, third, chosen, flags, number):
    """Files are valid for the engine and by their schemas, and the same bytes each time."""
    arguments = [alias + name for alias, name in chosen]
    seen = []
    for name in ("this one.yaml", "that one.yaml"):
        file = tmp_path / name
        schema = file.with_suffix(".schema.json")
        for written in (file, schema):
            written.unlink(missing_ok=True)
        for again in range(number):
            more = {"--append"} if again else set()
            result = run("generate", *arguments, "-f", name, "--force", *sorted(flags | more))
            assert (result.exit_code, result.stderr) == (0, ""), result.output
        assert valid(file) == (number if number == 1 or again else 1)
        for document in documents(file):
            jsonschema.validate(document, json.loads(schema.read_text()))
        assert all(len(line) <= WIDTH for line in file.read_text().splitlines() if line.lstrip().startswith("# "))
        seen.append((file.read_text().replace(name.removesuffix(".yaml"), "file"), schema.read_text()))
    assert seen[0] == seen[1]
