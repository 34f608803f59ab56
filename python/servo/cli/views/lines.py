"""Plain lines for pipes, logs and CI: no colour, no cursor movement, each line written at once."""

from __future__ import annotations

import logging
import sys
import time
from datetime import datetime
from typing import Any, TextIO

from servo.cli.views.figures import change, figure
from servo.cli.views.state import Note, State, trial_number

PHASES = {
    "starting": "starting",
    "describe": "asking the application what it consists of",
    "baseline": "measuring the baseline",
    "search": "searching",
    "verify": "measuring the best configuration and the baseline once more",
    "idle": "started; asks for no commands",
    "stopping": "stopping",
}


class LinesView:
    """Writes a line for each thing that happened and each better configuration.

    Args:
        stream: Where the lines go.
        names: Whether lines begin with the name of their servo.
    """

    def __init__(self, stream: TextIO, names: bool = False) -> None:
        self._stream = stream
        self._names = names
        self._shown: dict[str, dict[str, object]] = {}

    def start(self) -> None:
        """Nothing to prepare."""

    def update(self, name: str, state: State, notes: list[Note]) -> None:
        """Write what is new."""
        # The other phases are told by the notes of their trials.
        if self._is_new(name, "phase", state.phase) and state.phase in ("starting", "describe", "idle", "stopping"):
            self._write(name, PHASES[state.phase])
        for note in notes:
            self._write(name, ("warning: " if note.warning else "") + note.text, note.time)
        best = state.best
        if best is not None and self._is_new(name, "best", trial_number(best)):
            self._write(name, _best(state, best))
        command = state.command
        if not state.board and command is not None and self._is_new(name, "command", command.get("kind")):
            self._write(name, str(command.get("kind")).lower())

    def stopping(self, reason: str) -> None:
        """Say that the run ends."""
        self._write("", f"stopping: {reason}")

    def close(self) -> None:
        """Nothing to put away."""

    def _is_new(self, name: str, what: str, value: object) -> bool:
        shown = self._shown.setdefault(name, {})
        if value is None or shown.get(what) == value:
            return False
        shown[what] = value
        return True

    def _write(self, name: str, text: str, when: str = "") -> None:
        who = f"{name}: " if self._names and name else ""
        print(f"{_clock(when)}  {who}{text}", file=self._stream, flush=True)


class RecordsView(LinesView):
    """Logs what happened, where stderr is for log records of one form.

    Args:
        names: Whether messages begin with the name of their servo.
    """

    def __init__(self, names: bool = False) -> None:
        super().__init__(sys.stderr, names)

    def _write(self, name: str, text: str, when: str = "") -> None:
        who = f"{name}: " if self._names and name else ""
        level = logging.WARNING if text.startswith("warning: ") else logging.INFO
        logging.getLogger("servo.cli.run").log(level, "%s%s", who, text.removeprefix("warning: "))


def _best(state: State, best: dict[str, Any]) -> str:
    baseline = state.baseline or {}
    told = f"{state.goal_name} {figure(best.get('goal'))}"
    if trial_number(best) == trial_number(baseline):
        return f"baseline: {told}"
    differs = change(best.get("goal"), baseline.get("goal"))
    return f"best so far: trial {trial_number(best)}, {told}" + (f" ({differs})" if differs else "")


def _clock(when: str) -> str:
    try:
        return datetime.fromisoformat(when).astimezone().strftime("%H:%M:%S")
    except ValueError:
        return time.strftime("%H:%M:%S")
