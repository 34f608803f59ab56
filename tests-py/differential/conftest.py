"""What programs written for ServoX print: there, and here.

Runs where SERVO_PEER_PYTHON names a Python that has `servox` 25.3. SERVO_OWN_PYTHONS may name the Pythons to compare it
with, separated by colons; without it, the one that runs the tests. `make test-differential` sets up all of it.
"""

import fnmatch
import functools
import json
import os
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PEER = os.environ.get("SERVO_PEER_PYTHON")
OWN = [path for path in os.environ.get("SERVO_OWN_PYTHONS", sys.executable).split(os.pathsep) if path]
CASES = sorted(path.stem for path in (HERE / "cases").glob("*.py") if path.stem != "report")
# A script may start connectors, wait for an optimizer and run processes; a loaded machine takes its time.
SECONDS = 120

collect_ignore_glob = ["cases/*"] if PEER else ["cases/*", "test_*.py"]


@dataclass(frozen=True)
class Difference:
    """A difference that docs/migrating.md explains."""

    case: str
    label: str
    row: str
    pydantic: tuple[int, ...]

    def explains(self, case: str, label: str, major: int) -> bool:
        """Whether it is about this line of this script."""
        return self.case == case and major in self.pydantic and fnmatch.fnmatchcase(label, self.label)


@functools.cache
def differences() -> tuple[Difference, ...]:
    """What is listed in differences.toml."""
    listed = tomllib.loads((HERE / "differences.toml").read_text(encoding="utf-8"))
    found = []
    for case, rows in listed.items():
        for row in rows:
            labels = [row["label"]] if isinstance(row["label"], str) else row["label"]
            majors = tuple(row.get("pydantic", (1, 2)))
            found += [Difference(case, label, row["row"], majors) for label in labels]
    return tuple(found)


@functools.cache
def major(python: str) -> int:
    """The major version of pydantic that a Python has."""
    command = [python, "-c", "import pydantic; print(pydantic.VERSION.split('.')[0])"]
    return int(subprocess.run(command, capture_output=True, text=True, check=True, timeout=SECONDS).stdout)


def environment(own: bool) -> dict[str, str]:
    """The environment of a script: nothing of the caller's that a servo would read."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH") if name in os.environ}
    if own and "PYTHONPATH" in os.environ:
        kept["PYTHONPATH"] = os.environ["PYTHONPATH"]
    return kept | {"PYTHONHASHSEED": "0", "PYTHONWARNINGS": "ignore", "TZ": "UTC", "PYTHONDONTWRITEBYTECODE": "1"}


@functools.cache
def printed(python: str, case: str, folder: Path) -> tuple[dict[str, object], str]:
    """What a script prints under a Python, by label; and what it had to complain about."""
    run = subprocess.run(
        [python, str(HERE / "cases" / f"{case}.py")],
        cwd=folder,
        env=environment(own=python != PEER),
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    lines: dict[str, object] = {}
    for line in run.stdout.splitlines():
        if line.startswith('{"label"'):
            told = json.loads(line)
            assert told["label"] not in lines, f"{case}: the label {told['label']!r} stands for two lines"
            lines[told["label"]] = told["value"]
    if run.returncode:
        lines["ended"] = f"with code {run.returncode}"
    return lines, run.stderr[-4_000:]


@pytest.fixture(params=OWN, ids=lambda path: f"pydantic{major(path)}" if PEER else path)
def own(request) -> str:
    """One of our Pythons."""
    return request.param
