"""What a run came to: the trials, the verification, the closing sentence."""

from __future__ import annotations

import textwrap
from typing import Any

from servo.cli.views.figures import change, figure, settings
from servo.cli.views.table import plain_table
from servo.cli.views.trials import TrialTable, plain_columns


def result_lines(report: dict[str, Any], width: int | None = None) -> list[str]:
    """The report as text; its sentence comes last.

    Args:
        report: What ``Servo.run`` gave.
        width: Columns of the terminal: lines of tables are cut there, sentences fold between words. None does neither.
    """
    lines: list[str] = []
    for table in (_trials(report), verification(report)):
        if table:
            lines += [*(_cut(line, width) for line in table), ""]
    if remarks := _remarks(report):
        lines += [*(part for line in remarks for part in _folded(line, width)), ""]
    if report.get("left_at"):
        lines += _folded(f"left at: {settings(report['left_at'])}", width)
    lines += _folded(str(report.get("sentence") or report.get("outcome") or "ended"), width)
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


def _folded(sentence: str, width: int | None) -> list[str]:
    if width is None:
        return [sentence]
    # Paths stay whole, to be copied.
    return textwrap.wrap(sentence, max(width, 20), break_long_words=False, break_on_hyphens=False) or [""]


def _cut(line: str, width: int | None) -> str:
    return line if width is None or len(line) <= width else line[: max(width - 1, 1)] + "…"
