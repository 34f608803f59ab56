"""Runs a command line with the servo of a Python, in a folder of its own."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from loop.optimizer import Optimizer

HERE = Path(__file__).parent
PEER = os.environ.get("SERVO_PEER_PYTHON", "")
# ServoX takes a second to start; a loaded machine takes its time.
SECONDS = 120
BEGIN = "import sys; from servo.entry_points import run_cli; sys.argv[0] = 'servo'; run_cli()"


@dataclass(frozen=True)
class Row:
    """A command line, and what it is run with.

    Attributes:
        name: What the test is called.
        command: The arguments of `servo`, as in a shell.
        config: The content of `servo.yaml`; None for no such file. `{url}` stands for an optimizer on loopback.
        files: Other files, by name.
        environment: Variables.
        input: What is typed.
        shows: Names of files whose content is compared as well.
        rules: The differences that are expected, by the names of `RULES`.
    """

    name: str
    command: str
    config: str | None
    files: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    input: str = ""
    shows: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What came of a command line."""

    code: int
    out: str
    err: str
    files: dict[str, str]
    own: bool
    """Whether it is ours."""


def run(python: str, row: Row) -> Outcome:
    """Runs a command line with the servo of a Python."""
    optimizer = Optimizer([], lambda message: {"status": "ok"}) if "{url}" in (row.config or "") else None
    try:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name).resolve()
            for file, text in {"servo.yaml": row.config, **row.files}.items():
                if text is not None:
                    url = optimizer.url if optimizer else ""
                    (folder / file).write_text(text.replace("{url}", url), encoding="utf-8")
            done = subprocess.run(
                [python, "-c", BEGIN, *shlex.split(row.command)],
                cwd=folder,
                env=_environment(python, row, folder),
                input=row.input,
                capture_output=True,
                text=True,
                timeout=SECONDS,
            )
            files = {
                file: (folder / file).read_text(encoding="utf-8") if (folder / file).exists() else "(none)"
                for file in row.shows
            }
            places = {str(folder): "/folder"} | ({optimizer.url: "http://optimizer"} if optimizer else {})
    finally:
        if optimizer is not None:
            optimizer.close()

    def placed(text: str) -> str:
        for place, called in places.items():
            text = text.replace(place, called)
        return text

    files = {file: placed(text) for file, text in files.items()}
    return Outcome(done.returncode, placed(done.stdout), placed(done.stderr), files, python != PEER)


def _environment(python: str, row: Row, folder: Path) -> dict[str, str]:
    # Nothing of the caller's environment that a servo would read.
    environment: dict[str, Any] = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    search = [str(HERE / "demo")]
    if python != PEER and "PYTHONPATH" in os.environ:
        search.append(os.environ["PYTHONPATH"])
    environment |= {"PYTHONPATH": os.pathsep.join(search), "PYTHONHASHSEED": "0", "PYTHONWARNINGS": "ignore"}
    environment |= {"HOME": str(folder), "TZ": "UTC", "COLUMNS": "80", "PYTHONDONTWRITEBYTECODE": "1"}
    return environment | row.environment
