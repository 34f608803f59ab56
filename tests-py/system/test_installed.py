"""The installed package, as its users call it.

`SERVO_SYSTEM_PYTHON` names the interpreter of the environment that has it, for instance one with a fresh wheel; without
it the environment of the tests is used.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PYTHON = Path(os.environ.get("SERVO_SYSTEM_PYTHON") or sys.executable)


@pytest.fixture
def run(tmp_path):
    """Runs a program of that environment away from the sources."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("SERVO_", "PYTHON"))}

    def call(*command):
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)

    return call


def test_the_command_and_the_module_answer_alike(run):
    script = run(PYTHON.parent / "servo", "version", "--format", "json")
    module = run(PYTHON, "-m", "servo", "version", "--format", "json")
    assert script.returncode == module.returncode == 0
    assert script.stdout == module.stdout
    assert json.loads(script.stdout)["distribution"] == "servox-rs"


def test_the_version_is_that_of_the_distribution(run):
    program = "from importlib.metadata import version; print(version('servox-rs'))"
    number = run(PYTHON, "-c", program).stdout.strip()
    assert json.loads(run(PYTHON, "-m", "servo", "version", "-f", "json").stdout)["version"] == number


def test_the_help_answers(run):
    result = run(PYTHON.parent / "servo", "--help")
    assert result.returncode == 0
    assert "Operational Commands" in result.stdout


def test_the_package_is_typed_and_has_its_native_module(run):
    program = "import servo, servo._core, pathlib; print(pathlib.Path(servo.__file__).with_name('py.typed').exists())"
    assert run(PYTHON, "-c", program).stdout.strip() == "True"


@pytest.mark.skipif("SERVO_SYSTEM_PYTHON" not in os.environ, reason="the package is installed from its sources")
def test_a_wheel_needs_nothing_of_the_checkout(run):
    location = run(PYTHON, "-c", "import servo, servo._core; print(servo.__file__); print(servo._core.__file__)").stdout
    environment = str(PYTHON.parent.parent)
    assert [line.startswith(environment) for line in location.splitlines()] == [True, True]
    assert run(PYTHON, "-m", "pip", "check").returncode == 0


@pytest.mark.parametrize("text", ["{broken: [", "load: {rate: fast}\n", "nonsense: 1\n"])
def test_an_invalid_file_is_told_with_its_place(run, tmp_path, text):
    (tmp_path / "servo.yaml").write_text(text)
    result = run(PYTHON.parent / "servo", "validate")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("X Invalid configuration in servo.yaml\n")
    assert re.search(r"servo\.yaml:\d+:\d+", result.stderr)
    assert "Traceback" not in result.stderr
