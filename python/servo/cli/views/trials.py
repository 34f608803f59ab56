"""Trials as a table: plain lines, a table on a terminal, or CSV."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from servo.cli.views.figures import change, figure, settings, short_names, span
from servo.cli.views.state import trial_number
from servo.cli.views.table import plain_table

APART = 8
"""As many settings get a column each; more share one."""
GAP = 2
"""Spaces between two columns."""
FOLDED = 18
"""As narrow becomes a column of texts before others are left out."""
STYLES = {"complete": "green", "infeasible": "yellow", "failed": "red", "running": "cyan"}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table of trials."""

    heading: str
    cells: list[str]
    folds: bool = False

    @property
    def width(self) -> int:
        """Columns of a terminal that it takes without a fold."""
        return max(map(len, (self.heading, *self.cells)))

    @property
    def narrow(self) -> int:
        """Columns of a terminal that it takes at least."""
        return min(self.width, FOLDED) if self.folds else self.width


class TrialTable:
    """The columns of a study's trials, by what they tell.

    Args:
        study: `trials`, `goal_name`, `best`, `baseline` and `constraints`, as far as they are known.
    """

    def __init__(self, study: dict[str, Any]) -> None:
        self.trials: list[dict[str, Any]] = study.get("trials") or []
        self._study = study
        self._base = (study.get("baseline") or _first_baseline(self.trials)).get("goal")
        self._best = trial_number(study.get("best") or {})
        self._settings = _names(self.trials, "assignment")
        self._metrics = _names(self.trials, "metrics")

    def _each(self, heading: str, cell: Callable[[dict[str, Any]], str], folds: bool = False) -> Column:
        return Column(heading, [cell(trial) for trial in self.trials], folds)

    def is_best(self, trial: dict[str, Any]) -> bool:
        """Whether it is the best trial of the study."""
        return self._best is not None and trial.get("number") == self._best

    @property
    def number(self) -> Column:
        """The number; the best has a star."""
        return self._each("TRIAL", lambda trial: f"{trial.get('number')}" + (" *" if self.is_best(trial) else ""))

    @property
    def kind(self) -> Column:
        """What it is for."""
        return self._each("KIND", kind_of)

    @property
    def state(self) -> Column:
        """What came of it."""
        return self._each("STATE", lambda trial: str(trial.get("state") or ""))

    @property
    def goal(self) -> list[Column]:
        """The goal, and its change against the baseline."""
        heading = str(self._study.get("goal_name") or "goal").upper()
        changed = self._each(
            "CHANGE", lambda trial: "" if kind_of(trial) == "baseline" else change(trial.get("goal"), self._base)
        )
        return [self._each(heading, lambda trial: figure(trial.get("goal"))), changed]

    @property
    def settings(self) -> list[Column]:
        """A column for each setting, or one for many."""
        if len(self._settings) > APART:
            return [self._each("SETTINGS", lambda trial: settings(trial.get("assignment") or {}))]
        called = short_names(self._settings)
        return [self._each(called[name].upper(), partial(_setting, name)) for name in self._settings]

    @property
    def settings_together(self) -> list[Column]:
        """One column for all settings."""
        return [self._each("SETTINGS", lambda trial: settings(trial.get("assignment") or {}, short=True), folds=True)]

    def metrics(self, *, judged: bool) -> list[Column]:
        """A column for each metric but the goal itself; those alone that a constraint is about, or all."""
        about = " ".join(self._study.get("constraints") or [])
        names = [name for name in self._metrics if name != self._study.get("goal")]
        names = [name for name in names if not judged or name in about]
        return [self._each(name.upper(), partial(_measured, name)) for name in names]

    @property
    def violations(self) -> Column:
        """By how much constraints are broken."""
        return self._each("BROKEN BY", violations_of)

    @property
    def time(self) -> Column:
        """How long it took."""
        return self._each("TIME", time_of)

    @property
    def reason(self) -> Column:
        """Why it is not complete."""
        return self._each("REASON", lambda trial: str(trial.get("reason") or ""), folds=True)

    @property
    def remark(self) -> Column:
        """What it is for, where that is not the search, and why it is not complete."""

        def cell(trial: dict[str, Any]) -> str:
            kind = kind_of(trial)
            return ", ".join(
                part for part in ("" if kind == "search" else kind, str(trial.get("reason") or "")) if part
            )

        return self._each("REMARK", cell, folds=True)

    def fitting(self, width: int) -> list[Column]:
        """The columns that a terminal has room for, in the order of what they are worth."""
        short = [self.number, self.state, *self.goal]
        first, last = [self.number, self.kind, self.state, *self.goal], _filled([self.reason])
        time, remark = [self.time], _filled([self.remark])
        judged, measured = self.metrics(judged=True), self.metrics(judged=False)
        apart, together = self.settings, self.settings_together
        for columns in (
            [*first, *apart, *measured, *_filled([self.violations]), *time, *last],
            [*first, *apart, *measured, *time, *last],
            [*first, *apart, *judged, *time, *last],
            [*first, *apart, *time, *last],
            [*short, *apart, *time, *remark],
            [*short, *together, *time, *remark],
            [*short, *together, *remark],
        ):
            if sum(column.narrow for column in columns) + GAP * (len(columns) - 1) <= width:
                return columns
        return columns


def plain_trials(study: dict[str, Any]) -> list[str]:
    """A line for each trial with all there is to tell, for a pipe or a file; empty columns are left out."""
    table = TrialTable(study)
    columns = [table.number, table.kind, table.state, *table.goal, *table.settings, *table.metrics(judged=False)]
    return plain_columns(columns + _filled([table.violations, table.time, table.reason]))


def plain_columns(columns: list[Column]) -> list[str]:
    """The lines of a table."""
    cells = [column.cells for column in columns]
    return plain_table([column.heading for column in columns], list(zip(*cells, strict=True)))


def print_trials(study: dict[str, Any], *, color: bool, width: int | None = None, file: Any = None) -> None:
    """Print the table on a terminal, as wide as that is.

    Args:
        study: The study.
        color: Whether colours are wanted.
        width: Columns of the terminal; those that it says it has unless given.
        file: Where to print instead of stdout.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(no_color=not color, highlight=False, width=width, file=file)
    table = TrialTable(study)
    columns = table.fitting(console.width)
    shown = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="bold")
    for column in columns:
        shown.add_column(column.heading, no_wrap=not column.folds, overflow="fold")
    for at, trial in enumerate(table.trials):
        style = STYLES.get(str(trial.get("state")), "dim")
        cells = [Text(column.cells[at], style if column.heading == "STATE" else "") for column in columns]
        shown.add_row(*cells, style="bold" if table.is_best(trial) else None)
    console.print(shown)


def csv_trials(study: dict[str, Any]) -> str:
    """The trials as CSV: a header, a line for each trial, numbers with all their digits."""
    import csv
    import io

    trials = study["trials"]
    settings_, metrics, constraints = (_names(trials, part) for part in ("assignment", "metrics", "violations"))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        ["trial", "kind", "state", "reason", "goal", "started", "ended", "seconds", "proposed_by", "sampler", "repeats"]
        + [f"setting.{name}" for name in settings_]
        + [f"metric.{name}" for name in metrics]
        + [f"violation.{name}" for name in constraints]
    )
    for trial in trials:
        origin = trial.get("origin") or {}
        row = [trial[name] for name in ("number", "kind", "state", "reason", "goal", "started", "ended")]
        row += [seconds_of(trial), origin.get("by"), origin.get("sampler"), origin.get("of")]
        row += [trial["assignment"].get(name) for name in settings_]
        row += [trial["metrics"].get(name) for name in metrics]
        row += [trial["violations"].get(name) for name in constraints]
        writer.writerow(row)
    return text.getvalue()


def kind_of(trial: dict[str, Any]) -> str:
    """What a trial is for, in words."""
    return str(trial.get("kind") or "search").replace("-", " ")


def seconds_of(trial: dict[str, Any]) -> float | None:
    """How long a trial took; None when it has not ended."""
    if not trial.get("started") or not trial.get("ended"):
        return None
    started, ended = (datetime.datetime.fromisoformat(trial[name]) for name in ("started", "ended"))
    return (ended - started).total_seconds()


def time_of(trial: dict[str, Any]) -> str:
    """How long a trial took, in words."""
    seconds = seconds_of(trial)
    return "" if seconds is None else span(max(seconds, 0))


def violations_of(trial: dict[str, Any]) -> str:
    """By how much a trial breaks constraints, in words."""
    broken = (trial.get("violations") or {}).items()
    return ", ".join(f"{name} {figure(value)}" for name, value in broken if value is not None and value > 0)


def _setting(name: str, trial: dict[str, Any]) -> str:
    return str((trial.get("assignment") or {}).get(name, ""))


def _measured(name: str, trial: dict[str, Any]) -> str:
    value = (trial.get("metrics") or {}).get(name)
    return "" if value is None else figure(value)


def _names(trials: Iterable[dict[str, Any]], part: str) -> list[str]:
    return list(dict.fromkeys(name for trial in trials for name in trial.get(part) or {}))


def _filled(columns: list[Column]) -> list[Column]:
    return [column for column in columns if any(column.cells)]


def _first_baseline(trials: list[dict[str, Any]]) -> dict[str, Any]:
    measured = (trial for trial in trials if trial.get("kind") == "baseline" and trial.get("goal") is not None)
    return next(measured, {})
