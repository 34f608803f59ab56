"""``version``."""

import importlib
import json

import pytest


@pytest.fixture(autouse=True)
def alone(monkeypatch):
    """No predecessor is installed, whatever the environment of the tests has."""
    module = importlib.import_module("servo.cli.version")
    monkeypatch.setattr(module, "predecessor_version", lambda: None)
    return module


def test_the_version_needs_no_configuration(servo):
    result = servo("version")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0] == "Servo v0.1.0 (servox-rs, experimental)"
    assert result.stdout.splitlines()[-1] == "Licensed under the terms of Apache-2.0"
    assert servo("version", "--short").stdout == "Servo v0.1.0 (servox-rs)\n"


def test_the_version_as_json(servo):
    for flag in ("--format", "-f", "--output", "-o"):
        assert json.loads(servo("version", flag, "json").stdout)["license"] == "Apache-2.0"
    assert json.loads(servo("version", "-s", "-f", "json").stdout) == {
        "name": "Servo",
        "version": "0.1.0",
        "distribution": "servox-rs",
    }


def test_a_second_owner_of_the_package_is_named(servo, alone, monkeypatch):
    monkeypatch.setattr(alone, "predecessor_version", lambda: "25.3.0")
    result = servo("version")
    assert result.exit_code == 0
    assert "the distribution servox 25.3.0 is installed as well" in result.stderr
    assert json.loads(servo("version", "-f", "json").stdout)["conflicts"] == ["servox 25.3.0"]
