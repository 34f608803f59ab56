"""The examples that are Python, run as their readers run them."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.timeout(240)
def test_the_connector_is_optimized(tmp_path):
    for name in ("connector.py", "connector.yaml"):
        shutil.copy(EXAMPLES / name, tmp_path)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SERVO_")}

    def servo(*arguments):
        command = [sys.executable, "-m", "servo", "-c", "connector.yaml", *arguments]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=180)

    result = servo("run")
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.splitlines()[-1].startswith(("best: ", "baseline ")), result.stdout
    assert "Servo started" not in result.stderr
    detailed = servo("--log-level", "INFO", "run", "--output", "json")
    assert "servox.runner" in detailed.stderr
    assert "Servo started with 1 active connectors" in detailed.stderr
    again = json.loads(detailed.stdout)["servos"][0]
    assert again["ended"] == "finished"
    searched = [trial for trial in again["report"]["trials"] if trial["kind"] == "search"]
    # Every level once; which is best is up to the machine.
    assert len(searched) == len({json.dumps(trial["assignment"]) for trial in searched}) == 8


def test_the_connector_is_as_short_as_it_is_said_to_be():
    lines = (EXAMPLES / "connector.py").read_text().splitlines()
    assert len([line for line in lines if line.strip()]) <= 40
