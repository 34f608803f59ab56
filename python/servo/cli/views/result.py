"""What a run came to: the trials, the verification, the closing sentence."""

from __future__ import annotations

from typing import Any

from servo.cli.views.figures import change, figure, settings
from servo.cli.views.table import plain_table
from servo.cli.views.trials import TrialTable, plain_columns


def result_lines(report: dict[str, Any], width: int | None = None) -> list[str]:
    """The report as text; its sentence is the last line.

    Args:
        report: What ``Servo.run`` gave.
        width: Columns of the terminal; lines of the tables are cut there. None cuts nothing.
    """
    lines: list[str] = []
    for part in (_trials(report), verification(report), _remarks(report)):
        if part:
            lines += [*(_cut(line, width) for line in part), ""]
    if report.get("left_at"):
        lines.append(f"left at: {settings(report['left_at'])}")
    lines.append(str(report.get("sentence") or report.get("outcome") or "ended"))
    return lines


def _trials(report: dict[str, Any]) -> list[str]:
    if not report.get("trials"):
        return []
    table = TrialTable(report)
    columns = [table.number, table.state, *table.goal, *table.settings]
    return plain_columns(columns + [remark for remark in [table.remark] if any(remark.cells)])


def verification(report: dict[str, Any]) -> list[str]:
    """The second measurements of the baseline and the best configuration, as a table."""
    again = report.get("verification") or {}
    return comparison("MEASURED AGAIN", report, again.get("baseline"), again.get("best"))


def comparison(
    heading: str, report: dict[str, Any], baseline: dict[str, Any] | None, best: dict[str, Any] | None
) -> list[str]:
    """The goal and the metrics of two trials side by side, as a table; nothing without both.

    Args:
        heading: That of the first column.
        report: Knows the name of the goal.
        baseline: The figures of the baseline.
        best: Those of the best configuration.
    """
    if not baseline or not best:
        return []
    goal = str(report.get("goal_name") or "goal")
    before = (baseline.get("metrics") or {}) | {goal: baseline.get("goal")}
    after = (best.get("metrics") or {}) | {goal: best.get("goal")}
    names = [goal, *(name for name in before if name != goal and name in after)]
    rows = [(name, figure(before[name]), figure(after[name]), change(after[name], before[name])) for name in names]
    return plain_table([heading, "BASELINE", "BEST", "CHANGE"], rows)


def _remarks(report: dict[str, Any]) -> list[str]:
    lines = []
    if report.get("stopped"):
        lines.append(f"search ended: {report['stopped']}")
    if report.get("storage"):
        lines.append(f"study {report.get('study') or ''} stored in {report['storage']}".replace("  ", " "))
    return lines


def _cut(line: str, width: int | None) -> str:
    return line if width is None or len(line) <= width else line[: max(width - 1, 1)] + "…"
