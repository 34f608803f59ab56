"""What a run came to: the trials, the verification, the closing sentence."""

from __future__ import annotations

from typing import Any

from servo.cli.views.figures import change, figure, settings, short_names
from servo.cli.views.state import trial_number
from servo.cli.views.table import plain_table

COLUMNS = 8
"""As many settings get a column each; more share one."""


def result_lines(report: dict[str, Any], width: int | None = None) -> list[str]:
    """The report as text; its sentence is the last line.

    Args:
        report: What ``Servo.run`` gave.
        width: Columns of the terminal; lines of the tables are cut there. None cuts nothing.
    """
    lines: list[str] = []
    for part in (_trials(report), _verification(report), _remarks(report)):
        if part:
            lines += [*(_cut(line, width) for line in part), ""]
    if report.get("left_at"):
        lines.append(f"left at: {settings(report['left_at'])}")
    lines.append(str(report.get("sentence") or report.get("outcome") or "ended"))
    return lines


def _trials(report: dict[str, Any]) -> list[str]:
    trials = report.get("trials") or []
    if not trials:
        return []
    names: list[str] = []
    for trial in trials:
        names += [name for name in trial.get("assignment") or {} if name not in names]
    called = short_names(names)
    separate = len(names) <= COLUMNS
    base = (report.get("baseline") or _first_baseline(trials)).get("goal")
    best = trial_number(report.get("best") or {})
    headings = ["TRIAL", "STATE", str(report.get("goal_name") or "goal").upper(), "CHANGE"]
    headings += [called[name].upper() for name in names] if separate else ["SETTINGS"]
    headings.append("REMARK")
    rows = []
    for trial in trials:
        assignment = trial.get("assignment") or {}
        goal = trial.get("goal")
        kind = str(trial.get("kind") or "search").replace("-", " ")
        row = [
            f"{trial.get('number')}" + (" *" if best is not None and trial.get("number") == best else ""),
            str(trial.get("state") or ""),
            figure(goal),
            "" if kind == "baseline" else change(goal, base),
        ]
        row += [str(assignment.get(name, "")) for name in names] if separate else [settings(assignment)]
        remark = "" if kind == "search" else kind
        row.append(", ".join(part for part in (remark, str(trial.get("reason") or "")) if part))
        rows.append(row)
    if not any(row[-1] for row in rows):
        headings, rows = headings[:-1], [row[:-1] for row in rows]
    return plain_table(headings, rows)


def _first_baseline(trials: list[dict[str, Any]]) -> dict[str, Any]:
    measured = (trial for trial in trials if trial.get("kind") == "baseline" and trial.get("goal") is not None)
    return next(measured, {})


def _verification(report: dict[str, Any]) -> list[str]:
    verification = report.get("verification") or {}
    baseline, best = verification.get("baseline"), verification.get("best")
    if not baseline or not best:
        return []
    goal = str(report.get("goal_name") or "goal")
    before = {goal: baseline.get("goal")} | (baseline.get("metrics") or {})
    after = {goal: best.get("goal")} | (best.get("metrics") or {})
    rows = []
    for name, value in before.items():
        if name in after:
            rows.append((name, figure(value), figure(after[name]), change(after[name], value)))
    return plain_table(["MEASURED AGAIN", "BASELINE", "BEST", "CHANGE"], rows)


def _remarks(report: dict[str, Any]) -> list[str]:
    lines = []
    if report.get("stopped"):
        lines.append(f"search ended: {report['stopped']}")
    if report.get("storage"):
        lines.append(f"study {report.get('study') or ''} stored in {report['storage']}".replace("  ", " "))
    return lines


def _cut(line: str, width: int | None) -> str:
    return line if width is None or len(line) <= width else line[: max(width - 1, 1)] + "…"
