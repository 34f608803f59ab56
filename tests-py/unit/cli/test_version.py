"""``version``."""

import importlib
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner


@pytest.fixture(autouse=True)
def alone(monkeypatch):
    """No predecessor is installed, whatever the environment of the tests has."""
    module = importlib.import_module("servo.cli.version")
    monkeypatch.setattr(module, "predecessor_version", lambda: None)
    return module


@pytest.fixture
def real(monkeypatch):
    """The command line with the real native module."""
    from servo.cli import ServoCLI

    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    importlib.import_module("instruments")
    return lambda *arguments: CliRunner().invoke(ServoCLI(), ["version", *arguments], prog_name="servo", reports=True)


def test_the_version_needs_no_configuration(servo):
    result = servo("version")
    assert result.exit_code == 0
    assert result.stdout == (
        'Servo v0.1.0 "ollyander" (Experimental)\n'
        "Continuous Optimization Orchestrator\n"
        "https://github.com/servox-rs/servox-rs\n"
        "Licensed under the terms of Apache 2.0\n"
    )
    assert servo("version", "--short").stdout == 'Servo v0.1.0 "ollyander"\n'
    assert servo("version", "-f", "table").stdout == result.stdout


def test_the_version_as_json(servo):
    keys = [
        "name",
        "version",
        "cryptonym",
        "maturity",
        "description",
        "homepage",
        "license",
        "distribution",
        "conflicts",
    ]
    for flag in ("--format", "-f", "--output", "-o"):
        assert list(json.loads(servo("version", flag, "json").stdout)) == keys
    assert json.loads(servo("version", "-s", "-f", "json").stdout) == {
        "name": "Servo",
        "version": "0.1.0",
        "cryptonym": "ollyander",
    }


def test_it_tells_what_the_class_tells(servo, alone):
    from servo.servo import Servo

    assert servo("version").stdout.splitlines()[1:] == Servo.summary().splitlines()[1:]
    assert alone._of_servo()["maturity"] == str(Servo.maturity)


def test_a_second_owner_of_the_package_is_named(servo, alone, monkeypatch):
    monkeypatch.setattr(alone, "predecessor_version", lambda: "25.3.0")
    result = servo("version")
    assert result.exit_code == 0
    assert "the distribution servox 25.3.0 is installed as well" in result.stderr
    assert json.loads(servo("version", "-f", "json").stdout)["conflicts"] == ["servox 25.3.0"]


@pytest.mark.parametrize("identifier", ["meter", "MeterConnector", "instruments.MeterConnector"])
def test_the_version_of_a_connector(real, identifier):
    assert real(identifier).stdout == (
        "Meter Connector v1.2.3 (Stable)\nMeter readings\nhttps://example.com/meter\nLicensed under the terms of MIT\n"
    )
    assert real(identifier, "-s").stdout == "Meter Connector v1.2.3\n"


def test_what_a_connector_does_not_tell(real):
    assert real("gauge").stdout == "Gauge Connector v0.0.0 (None)\nNone\nNone\nLicensed under the terms of None\n"
    assert json.loads(real("gauge", "-f", "json").stdout) == {
        "name": "Gauge Connector", "version": "0.0.0", "cryptonym": None, "maturity": "None", "description": None,
        "homepage": None, "license": "None",
    }  # fmt: skip


@pytest.mark.parametrize("identifier", ["wiat", "instruments.Nothing", "no.where"])
def test_an_unknown_connector_is_a_usage_error(real, identifier):
    result = real(identifier)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"Error: Invalid value: no connector found for key '{identifier}'" in result.stderr
    assert "known: " in result.stderr


def test_the_connectors_of_the_engine_have_versions(real):
    assert real("wait").stdout.startswith("Wait Connector v")
    assert "servox-rs" in real("load").stdout
