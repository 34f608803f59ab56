"""Each script prints here what it prints under ServoX, but for what docs/migrating.md explains.

SERVO_PEER_PYTHON names a Python that has `servox` 25.3. SERVO_OWN_PYTHONS may name the Pythons to compare it with,
separated by colons; without it, it is the one that runs the tests. `make test-differential` sets up all of it.
"""

from __future__ import annotations

import functools
import json
import os
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest
from explained import OWN, PEER, compare, differences, major
from loop.scripts import SCRIPTS

HERE = Path(__file__).parent
GUIDE = HERE.parents[1] / "docs" / "migrating.md"
CASES = sorted(path.stem for path in (HERE / "cases").glob("*.py") if path.stem != "report")
# A script may start connectors, wait for an optimizer and run processes; a loaded machine takes its time.
SECONDS = 240


@functools.cache
def printed(python: str, case: str) -> tuple[dict[str, Any], str]:
    """What a script prints under a Python, by label; and what it had to complain about."""
    # Nothing of the caller's environment that a servo would read.
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    environment |= {"PYTHONHASHSEED": "0", "PYTHONWARNINGS": "ignore", "TZ": "UTC", "PYTHONDONTWRITEBYTECODE": "1"}
    if python != PEER and "PYTHONPATH" in os.environ:
        environment["PYTHONPATH"] = os.environ["PYTHONPATH"]
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run(
            [python, str(HERE / "cases" / f"{case}.py")],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
    lines: dict[str, Any] = {}
    for line in run.stdout.splitlines():
        if line.startswith('{"label"'):
            told = json.loads(line)
            assert told["label"] not in lines, f"{case}: the label {told['label']!r} stands for two lines"
            lines[told["label"]] = told["value"]
    if run.returncode:
        lines["ended"] = f"with code {run.returncode}"
    return lines, run.stderr[-4_000:]


def same(expected: Any, found: Any, pydantic: int) -> bool:
    """Whether two lines tell the same.

    pydantic 2 has other words for what is wrong, as the guide says: there the fields must be the same, and what our
    rules and those of users say.
    """
    if expected == found:
        return True
    refused = all(isinstance(line, dict) and line.get("raises") == "ValidationError" for line in (expected, found))
    if pydantic == 1 or not refused:
        return False
    fields = [
        {place.partition(".")[0].replace("__root__", "") for place, _, _ in line["errors"]}
        for line in (expected, found)
    ]
    said = {re.sub(r"^(Value error|Assertion failed), ", "", text) for _, text, _ in found["errors"]}
    rules = {text for _, text, kind in expected["errors"] if kind in ("value_error", "assertion_error")}
    return fields[0] == fields[1] and rules <= said


@pytest.mark.parametrize("python", OWN, ids=lambda python: f"pydantic{major(python)}")
@pytest.mark.parametrize("case", CASES)
@pytest.mark.timeout(3 * SECONDS)
def test_a_script_prints_the_same(case, python):
    expected, noise = printed(PEER, case)
    assert "ended" not in expected, f"the script does not run under ServoX:\n{noise}"
    assert expected, "the script prints nothing"
    found, noise = printed(python, case)
    pydantic = major(python)
    unexplained, stale = compare(case, expected, found, pydantic, same)
    assert not unexplained, "\n".join([f"{len(unexplained)} of {len(expected)} lines differ", *unexplained, noise])
    assert stale == [], "in differences.toml, and no longer different"


def test_every_difference_is_explained_to_users():
    guide = re.sub(r"\s+", " ", GUIDE.read_text(encoding="utf-8"))
    assert [row for row in differences() if re.sub(r"\s+", " ", row.row) not in guide] == []
    assert {row.case for row in differences()} <= {*CASES, *SCRIPTS}


def test_the_tables_of_names_are_right_about_servox():
    names = HERE.parents[0] / "unit" / "names"
    options = [
        "-q",
        "-c",
        os.devnull,
        "--noconftest",
        "-p",
        "no:cacheprovider",
        "--import-mode=importlib",
        "-W",
        "ignore",
    ]
    with tempfile.TemporaryDirectory() as folder:
        command = [PEER, "-m", "pytest", *options, str(names)]
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS)
    assert run.returncode == 0, run.stdout[-4_000:] + run.stderr[-1_000:]
