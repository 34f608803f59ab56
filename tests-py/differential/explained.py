"""Which differences docs/migrating.md explains, as differences.toml lists them."""

from __future__ import annotations

import fnmatch
import functools
import os
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PEER = os.environ.get("SERVO_PEER_PYTHON", "")
OWN = [path for path in os.environ.get("SERVO_OWN_PYTHONS", sys.executable).split(os.pathsep) if path]
MISSING = "(no such line)"


@dataclass(frozen=True)
class Difference:
    """A difference that docs/migrating.md explains."""

    case: str
    label: str
    row: str
    pydantic: tuple[int, ...]

    def explains(self, case: str, label: str, major: int) -> bool:
        """Whether it is about this line of this case."""
        return self.case == case and major in self.pydantic and fnmatch.fnmatchcase(label, self.label)


@functools.cache
def differences() -> tuple[Difference, ...]:
    """What differences.toml lists; `cases` names those of a row that holds for several."""
    found = []
    for case, rows in tomllib.loads((HERE / "differences.toml").read_text(encoding="utf-8")).items():
        for row in rows:
            majors = tuple(row.get("pydantic", (1, 2)))
            cases = row.get("cases", [case])
            found += [Difference(name, label, row["row"], majors) for name in cases for label in row["labels"]]
    return tuple(found)


@functools.cache
def major(python: str) -> int:
    """The major version of pydantic that a Python has."""
    command = [python, "-c", "import pydantic; print(pydantic.VERSION.split('.')[0])"]
    return int(subprocess.run(command, capture_output=True, text=True, check=True, timeout=240).stdout)


def compare(
    case: str, expected: dict[str, Any], found: dict[str, Any], pydantic: int, same: Any
) -> tuple[list[str], list[str]]:
    """Differences that no row explains, and rows that explain nothing."""
    listed = [row for row in differences() if row.case == case and pydantic in row.pydantic]
    differing = [
        label
        for label in expected | found
        if not same(expected.get(label, MISSING), found.get(label, MISSING), pydantic)
    ]
    unexplained = [
        f"{label}\n   ServoX: {expected.get(label, MISSING)}\n   ours:   {found.get(label, MISSING)}"
        for label in differing
        if not any(row.explains(case, label, pydantic) for row in listed)
    ]
    stale = [row.label for row in listed if not any(row.explains(case, label, pydantic) for label in differing)]
    return unexplained, stale
