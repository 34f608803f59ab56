"""What the native module tells of a running servo, read with patience for what is missing."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Note:
    """Something that happened."""

    text: str
    warning: bool = False
    trial: int | None = None
    time: str = ""

    @staticmethod
    def of(raw: dict[str, Any]) -> Note:
        """The note of a JSON object."""
        level = str(raw.get("level") or "").lower()
        return Note(
            text=str(raw.get("text") or ""),
            warning=bool(raw.get("warning")) or level in ("warning", "error"),
            trial=raw.get("trial"),
            time=str(raw.get("time") or ""),
        )


@dataclass(frozen=True, slots=True)
class State:
    """Where a servo stands."""

    phase: str = "starting"
    command: dict[str, Any] | None = None
    board: dict[str, Any] = field(default_factory=dict)

    @staticmethod
    def of(snapshot: str | dict[str, Any]) -> State:
        """The state of a snapshot, as JSON or read."""
        raw = json.loads(snapshot) if isinstance(snapshot, str) else snapshot
        return State(str(raw.get("phase") or "starting"), raw.get("command"), raw.get("board") or {})

    @property
    def current(self) -> dict[str, Any] | None:
        """The trial under way."""
        return self.board.get("current")

    @property
    def best(self) -> dict[str, Any] | None:
        """The best configuration so far."""
        return self.board.get("best")

    @property
    def baseline(self) -> dict[str, Any] | None:
        """The configuration the application came with, measured."""
        return self.board.get("baseline")

    @property
    def done(self) -> int:
        """How many trials of the budget are used."""
        return int(self.board.get("trials_done") or 0)

    @property
    def budget(self) -> int:
        """How many trials there may be; 0 when that is not known."""
        return int(self.board.get("budget") or 0)

    @property
    def goal_name(self) -> str:
        """What the goal is called."""
        return str(self.board.get("goal_name") or "goal")

    @property
    def history(self) -> list[float]:
        """The goal of each trial that has one."""
        points = self.board.get("history") or []
        goals = [point.get("goal") if isinstance(point, dict) else point for point in points]
        return [float(goal) for goal in goals if goal is not None]


def trial_number(figures: dict[str, Any]) -> int | None:
    """The number of the trial that figures come from."""
    number = figures.get("trial", figures.get("number"))
    return None if number is None else int(number)


class View(Protocol):
    """Shows running servos."""

    def start(self) -> None:
        """Begin to draw."""

    def update(self, name: str, state: State, notes: list[Note]) -> None:
        """Show where a servo stands and what happened since."""

    def stopping(self, reason: str) -> None:
        """Show that the run was asked to end."""

    def close(self) -> None:
        """Leave the terminal as it was; may be called again."""
