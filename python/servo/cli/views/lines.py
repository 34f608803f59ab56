"""Plain lines for pipes, logs and CI: no colour, no cursor movement, each line written at once."""

from __future__ import annotations

import time
from datetime import datetime
from typing import TextIO

from servo.cli.views.figures import change, figure, settings
from servo.cli.views.state import Note, State, trial_number

PHASES = {
    "starting": "starting",
    "describe": "asking the application what it consists of",
    "baseline": "measuring the baseline",
    "search": "searching",
    "verify": "measuring the best configuration and the baseline once more",
    "running": "running",
    "stopping": "stopping",
}


class LinesView:
    """Writes a line for each phase, each trial, each better configuration and each note.

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
        if self._is_new(name, "phase", state.phase) and state.phase in PHASES:
            self._write(name, PHASES[state.phase])
        for note in notes:
            self._write(name, ("warning: " if note.warning else "") + note.text, note.time)
        current = state.current
        if current is not None and self._is_new(name, "trial", current.get("number")):
            self._write(name, _trial(state, current))
        best = state.best
        if best is not None and self._is_new(name, "best", trial_number(best)):
            base = (state.baseline or {}).get("goal")
            differs = trial_number(best) != trial_number(state.baseline or {})
            told = change(best.get("goal"), base) if differs else ""
            line = f"best so far: trial {trial_number(best)}, {state.goal_name} {figure(best.get('goal'))}"
            self._write(name, line + (f" ({told})" if told else ""))
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


def _trial(state: State, current: dict[str, object]) -> str:
    kind = str(current.get("kind") or "search").replace("-", " ")
    number = current.get("number")
    place = f"trial {number}"
    if kind != "search":
        place += f" ({kind})"
    elif state.budget:
        place += f" ({state.done + 1} of {state.budget})"
    assignment = current.get("assignment")
    return place + (f": {settings(assignment)}" if isinstance(assignment, dict) and assignment else "")


def _clock(when: str) -> str:
    try:
        return datetime.fromisoformat(when).astimezone().strftime("%H:%M:%S")
    except ValueError:
        return time.strftime("%H:%M:%S")
