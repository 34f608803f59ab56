"""Broken configuration files, as `servo validate` tells of them."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BROKEN = Path(__file__).parents[2] / "tests" / "broken"

# The file, and what its first line says behind the place.
FILES = {
    "unknown_key": r"3:3: load.ratee: unknown key, did you mean 'rate'\?",
    "wrong_type": r"3:11: load.target: expected text, found a list",
    "missing_field": r"3:3: load: required key 'rate' is missing",
    "bad_duration": r"4:23: load.reporting_interval: .*5 minutes",
    "bad_yaml": r"3:11: ",
    "duplicate_key": r"4:3: load.rate: .*duplicate key",
    "unknown_connector": r"1:20: connectors\[1\]: no connector found for the identifier 'waitt', did you mean 'wait'\?",
    "alias_to_nothing": r"3:11: .*target",
    "empty": r"1:1: ",
    "binary": r"2:9: ",
}

CONNECTORS = """
import servo

class Target(servo.BaseConfiguration):
    url: str
    rate: int = 10

class PingConfiguration(servo.BaseConfiguration):
    target: Target
    others: list[Target] = []
    by_name: dict[str, Target] = {}
    every: servo.Duration = "5s"
    metric: servo.Metric = servo.Metric("ping", "ms")

class PingConnector(servo.BaseConnector):
    config: PingConfiguration
"""

OPTIMIZER = "optimizer: {local: {goal: {objective: minimize, metric: cost}}}\n"


@pytest.fixture
def validate(tmp_path):
    """Runs `servo validate` in a folder of its own, with a package folder beside it."""
    packages = tmp_path / "packages"
    packages.mkdir()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("SERVO_", "PYTHON"))}
    environment |= {"PYTHONPATH": str(packages), "COLUMNS": "200"}

    def call(*arguments):
        command = [sys.executable, "-m", "servo", "validate", *arguments]
        result = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
        assert "Traceback" not in result.stdout + result.stderr
        return result

    return call


@pytest.fixture
def problems(validate, tmp_path):
    """The problems of a text, as lines without the file's name."""

    def call(text):
        (tmp_path / "servo.yaml").write_text(text)
        result = validate()
        assert (result.returncode, result.stdout) == (1, ""), result
        first, *lines = result.stderr.splitlines()
        assert first == "X Invalid configuration in servo.yaml"
        assert all(re.match(r"servo\.yaml:\d+:\d+: ", line) for line in lines), result.stderr
        return [line.removeprefix("servo.yaml:") for line in lines]

    return call


@pytest.mark.parametrize("name", FILES)
def test_a_broken_file_is_told_with_its_place(validate, tmp_path, name):
    content = (BROKEN / f"{name}.yaml").read_bytes()
    (tmp_path / "servo.yaml").write_bytes(content)
    result = validate()
    assert (result.returncode, result.stdout) == (1, ""), result
    first, *lines = result.stderr.splitlines()
    assert first == "X Invalid configuration in servo.yaml"
    assert re.match(r"servo\.yaml:" + FILES[name], lines[0]), result.stderr


def test_the_problems_are_there_for_programs_too(validate, tmp_path):
    shutil.copy(BROKEN / "unknown_key.yaml", tmp_path / "servo.yaml")
    result = validate("--output", "json")
    told = json.loads(result.stdout)
    assert (result.returncode, told["valid"]) == (1, False)
    assert told["problems"][0]["line"] == 3


class TestPythonConnectors:
    @pytest.fixture(autouse=True)
    def module(self, tmp_path):
        (tmp_path / "pings.py").write_text(CONNECTORS)

    def of(self, part):
        return f"{OPTIMIZER}connectors: {{ping: pings.PingConnector}}\nping: {part}\n"

    def test_a_right_one(self, validate, tmp_path):
        (tmp_path / "servo.yaml").write_text(self.of("{target: {url: x}, metric: {name: rtt, unit: milliseconds}}"))
        result = validate()
        assert (result.returncode, result.stdout) == (0, "√ Valid configuration in servo.yaml\n"), result

    @pytest.mark.parametrize(
        ("part", "expected"),
        [
            ("{target: {url: x}, evry: 1s}", ["3:26: ping.evry: unknown key, did you mean 'every'?"]),
            ("{target: {url: x, rte: 1}}", ["3:25: ping.target.rte: unknown key, did you mean 'rate'?"]),
            (
                "{target: {url: x}, others: [{url: y}, {url: z, ratee: 1}]}",
                ["3:54: ping.others[1].ratee: unknown key, did you mean 'rate'?"],
            ),
            (
                "{target: {url: x}, by_name: {blue: {url: y, urll: 1}}}",
                ["3:51: ping.by_name.blue.urll: unknown key, did you mean 'url'?"],
            ),
            ("{target: {url: x}, every: soon}", ["3:33: ping.every: Invalid duration 'soon'"]),
        ],
    )
    def test_a_wrong_one(self, problems, part, expected):
        assert problems(self.of(part)) == expected

    @pytest.mark.parametrize(
        ("part", "places"),
        [
            ("{}", ["3:7: ping.target"]),
            ("{target: {}}", ["3:16: ping.target.url"]),
            ("{target: {url: x, rate: [1]}, every: {}}", ["3:31: ping.target.rate", "3:44: ping.every"]),
            ("5", ["3:7: ping"]),
            ("{target: {url: x}, metric: {unit: parsec}}", ["3:34: ping.metric.name", "3:41: ping.metric.unit"]),
        ],
    )
    def test_everything_is_told_with_its_place(self, problems, part, places):
        found = problems(self.of(part))
        assert [": ".join(line.split(": ")[:2]) for line in found] == places


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("nothing.HereConnector", "ModuleNotFoundError: No module named 'nothing'"),
        ("pings.Nope", "ImportError: module 'pings' has no attribute 'Nope'"),
        ("pings.Target", "TypeError: pings.Target is not a Connector subclass"),
        ("broken.X", "broken.py:1: SyntaxError: invalid syntax"),
        ("needy.X", "needy.py:1: ModuleNotFoundError: No module named 'no_such_package'"),
        ("leaving.X", "leaving.py:1: SystemExit: 3"),
    ],
)
def test_a_class_that_cannot_be_imported_says_why(problems, tmp_path, path, message):
    (tmp_path / "pings.py").write_text(CONNECTORS)
    (tmp_path / "broken.py").write_text("def f(:\n")
    (tmp_path / "needy.py").write_text("import no_such_package\n")
    (tmp_path / "leaving.py").write_text("raise SystemExit(3)\n")
    found = problems(f"{OPTIMIZER}connectors:\n  odd: {path}\nodd: {{}}\n")
    assert found == [f"3:8: connectors.odd: the connector '{path}' cannot be used: {message}"]


def test_the_command_finds_modules_beside_the_file(tmp_path):
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "pings.py").write_text(CONNECTORS)
    text = f"{OPTIMIZER}connectors: {{ping: pings.PingConnector}}\nping: {{target: {{url: x}}}}\n"
    (folder / "servo.yaml").write_text(text)
    # `-P` leaves the working directory out, as the command `servo` does.
    command = [sys.executable, "-P", "-m", "servo", "validate", "-f", "elsewhere/servo.yaml"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("source", ["def f(:\n", "import no_such_package\n", "raise RuntimeError('out of order')\n"])
def test_a_broken_package_disables_no_other(validate, tmp_path, source):
    packages = tmp_path / "packages"
    for name, text in (("defect", source), ("pings", CONNECTORS)):
        (packages / f"{name}.py").write_text(text)
        metadata = packages / f"{name}-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (metadata / "entry_points.txt").write_text(f"[servo.connectors]\n{name} = {name}:PingConnector\n")
    (tmp_path / "servo.yaml").write_text(f"{OPTIMIZER}ping: {{target: {{url: x}}}}\n")
    result = validate()
    assert (result.returncode, result.stdout) == (0, "√ Valid configuration in servo.yaml\n"), result
    (warning,) = result.stderr.splitlines()
    assert "WARNING" in warning
    assert "the connector 'defect' cannot be imported and is left out: " in warning
