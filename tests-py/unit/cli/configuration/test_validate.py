"""``validate``, on the engine itself."""

import json

import pytest
import yaml


def test_each_document_has_its_own_model(run, texts):
    result = run(texts.two, "validate")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "√ Valid configuration in servo.yaml\n", "")


def test_all_problems_of_all_documents(run, texts):
    text = texts.two.replace("measure_enabled: true", "measure_enable: true").replace("pause: {", "pausee: {")
    result = run(text, "validate")
    assert (result.exit_code, result.stdout) == (1, "")
    lines = result.stderr.splitlines()
    assert lines[0] == "X Invalid configuration in servo.yaml"
    assert [line.split(": ")[0] for line in lines[1:]] == [f"servo.yaml:{at}" for at in ("3:7", "3:8", "7:21", "8:1")]
    assert "did you mean 'measure_enabled'?" in result.stderr
    quiet = run(text, "validate", "--quiet")
    assert (quiet.exit_code, quiet.output) == (1, "")


@pytest.mark.parametrize(
    ("key", "connectors", "exit_code"),
    [
        ("wait", [], 0),
        ("wait", ["wait"], 0),
        ("wait", ["WaitConnector"], 0),
        ("wait", ["wait", "load"], 0),
        ("wait", ["load"], 1),
        ("pause", [], 1),
        ("pause", ["pause:wait"], 0),
        ("pause", ["pause:WaitConnector"], 0),
        ("pause", ["wait"], 1),
        ("meter", ["demo.MeterConnector"], 1),
        ("meter", ["meter:demo.MeterConnector"], 1),
    ],
)
def test_connectors_say_which_keys_there_may_be(run, texts, key, connectors, exit_code):
    result = run(f"{texts.service}{key}: {{measure_enabled: true}}\n", "validate", *connectors)
    assert result.exit_code == exit_code, result.output


def test_connectors_are_not_required_and_do_not_bind_documents_that_name_theirs(run, texts):
    assert run(texts.service, "validate", "wait", "load").exit_code == 0
    assert run(texts.meter, "validate", "wait").exit_code == 0
    environment = {"SERVO_CONNECTORS": '["load"]'}
    assert run(f"{texts.service}wait: {{measure_enabled: true}}\n", "validate", "wait", env=environment).exit_code == 0


@pytest.mark.parametrize("connector", ["nope", "alias:nope", "nowhere.Connector"])
def test_unknown_connectors(run, texts, connector):
    result = run(texts.service, "validate", connector)
    assert result.exit_code == 2
    assert f"Error: Invalid value: no connector found for identifier '{connector.split(':')[-1]}'" in result.stderr


@pytest.mark.parametrize("connector", ["a:b:c", ":wait", "alias:"])
def test_descriptors_that_are_none(run, texts, connector):
    result = run(texts.service, "validate", connector)
    assert result.exit_code == 2
    assert f"'{connector}' is no connector" in result.stderr


def test_several_files(run, texts, tmp_path):
    (tmp_path / "one.yaml").write_text(texts.two)
    (tmp_path / "two.yaml").write_text("load: {}\n")
    result = run(texts.meter, "validate", "-f", "one.yaml", "-f", "two.yaml", "-f", "servo.yaml")
    assert result.exit_code == 1
    assert result.stdout == "√ Valid configuration in one.yaml\n√ Valid configuration in servo.yaml\n"
    assert result.stderr.splitlines()[0] == "X Invalid configuration in two.yaml"
    told = run(None, "validate", "-f", "one.yaml", "-f", "two.yaml", "--format", "json")
    assert told.exit_code == 1
    one, two = json.loads(told.stdout)["files"]
    assert one == {"file": "one.yaml", "valid": True, "documents": 2, "problems": []}
    assert (two["file"], two["valid"], two["problems"][0]["line"]) == ("two.yaml", False, 1)
    assert yaml.safe_load(run(None, "validate", "-f", "one.yaml", "-o", "yaml").stdout) == one


def test_stdin(run, texts):
    assert run(None, "validate", "-f", "-", input=texts.two).stdout == "√ Valid configuration in <stdin>\n"
    wrong = run(None, "validate", "-f", "-", input="wait: 1\n")
    assert (wrong.exit_code, wrong.stderr.splitlines()[1][:12]) == (1, "<stdin>:1:7:")


def test_files_that_are_none(run, texts, tmp_path):
    for file, why in (("missing.yaml", "does not exist"), (".", "is a directory")):
        result = run(texts.meter, "validate", "-f", file)
        assert result.exit_code == 2
        assert f"Error: Invalid value for '--file' / '-f': File '{file}' {why}." in result.stderr


def test_the_configuration_of_the_root_is_the_one_to_check(run, texts, tmp_path):
    (tmp_path / "other.yaml").write_text("load: {}\n")
    assert run(texts.meter, "-c", "other.yaml", "validate").exit_code == 1
    assert run(texts.meter, "validate", env={"SERVO_CONFIG_FILE": "other.yaml"}).exit_code == 1
    assert run(texts.meter, "validate", "-f", "servo.yaml", env={"SERVO_CONFIG_FILE": "other.yaml"}).exit_code == 0


def test_an_empty_file_is_valid_where_the_environment_has_an_optimizer(run):
    assert run("# nothing\n", "validate").exit_code == 1
    service = {"OPSANI_OPTIMIZER": "dev.example.com/app", "OPSANI_TOKEN": "t"}
    assert run("# nothing\n", "validate", env=service).exit_code == 0
    assert run("", "config", "optimizer.id", "-f", "json", env=service).exit_code == 0


def test_what_is_no_yaml(run):
    result = run("a: [\n", "validate")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines()[1].startswith("servo.yaml:2:1: ")
    assert "Traceback" not in result.stderr
