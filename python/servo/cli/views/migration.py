"""What ``servo migrate`` shows: findings by file, rules, diffs."""

from __future__ import annotations

import os
import re
import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import typer

from servo.cli.views.table import table_text
from servo.migrate.fixing import Change
from servo.migrate.model import GUIDE, Finding, Rule, Severity, Unread
from servo.migrate.scan import Report

# Of the sixteen colours, those that are seen on dark and on light; the word says the same.
_COLORS: dict[Severity, str | None] = {
    Severity.blocker: typer.colors.RED,
    Severity.changed: typer.colors.YELLOW,
    Severity.defect: typer.colors.MAGENTA,
    Severity.advice: None,
}
_PLURALS = {
    Severity.blocker: ("blocker", "blockers"),
    Severity.changed: ("change", "changes"),
    Severity.defect: ("defect relied on", "defects relied on"),
    Severity.advice: ("piece of advice", "pieces of advice"),
}
_INDENT = "    "
MAX_PLACES = 12
"""Places of one finding that are listed; of more the number is told."""


def report_text(report: Report, width: int | None = None, color: bool = False) -> str:
    """The findings for people: by file, the worst first; what is the same in several places is told once.

    Args:
        report: What was found.
        width: How many characters a line may have; None: any.
        color: Whether to use colours.
    """
    lines: list[str] = []
    previous: Path | None = None
    for same in _grouped(report.findings):
        first = same[0]
        if previous is not None:
            lines += [""] if previous == first.path else ["", ""]
        previous = first.path
        lines += _finding_lines(same, width, color)
    if lines:
        lines += ["", ""]
    lines += _unread_lines(report.unread, width)
    lines += _summary(report, width, color)
    return "\n".join(lines) + "\n"


def report_data(report: Report) -> dict[str, Any]:
    """The findings for programs."""
    return {
        "findings": [_finding_data(finding) for finding in report.findings],
        "unread": [{"file": shown(unread.path), "line": unread.line, "reason": unread.why} for unread in report.unread],
        "summary": {
            "files": report.files,
            **{f"{severity}": report.count(severity) for severity in Severity},
            "fixable": report.fixable,
        },
    }


def rules_text(rules: Sequence[Rule], width: int | None = None) -> str:
    """The rules as a table."""
    rows = [[rule.id, str(rule.severity), "yes" if rule.fixes else "", rule.texts()[0]] for rule in rules]
    return table_text(rows, ["ID", "SEVERITY", "--FIX", "WHAT"], width)


def rule_text(rule: Rule, width: int | None = None) -> str:
    """All there is to say about a rule."""
    what, action = rule.texts()
    parts = [
        f"{rule.id} ({rule.severity})",
        "",
        *_folded(what, width, ""),
        "",
        *_folded(f"What to do: {action}", width, ""),
        "",
        *_folded("--fix puts it right." if rule.fixes else "--fix leaves it alone: a person must decide.", width, ""),
    ]
    if rule.row:
        parts += _folded(f"In the guide it is the row that begins with: {_plain(rule.row)}", width, "")
    return "\n".join([*parts, rule.url]) + "\n"


def rule_data(rule: Rule) -> dict[str, Any]:
    """A rule for programs."""
    what, action = rule.texts()
    return {
        "id": rule.id,
        "severity": str(rule.severity),
        "what": what,
        "action": action,
        "fixable": rule.fixes,
        "section": rule.section,
        "url": rule.url,
    }


def diff_text(changes: Sequence[Change], color: bool = False) -> str:
    """The changes as one unified diff; secrets are not shown, so it is for reading."""
    if not changes:
        return "There is nothing that --fix can put right.\n"
    lines = [_printable(line) for change in changes for line in change.diff(shown(change.path))]
    return "\n".join(_diff_line(line) if color else line for line in lines) + "\n"


def change_data(change: Change) -> dict[str, Any]:
    """A change for programs."""
    return {
        "file": shown(change.path),
        "rules": sorted({finding.rule.id for finding in change.findings}),
        "diff": "\n".join(change.diff(shown(change.path))) + "\n",
    }


def originals_text(kept: Mapping[Path, str], width: int | None = None) -> str:
    """Where the files can be had again as they are now."""
    names: dict[str, list[str]] = {"git": [], "changed": [], "nowhere": []}
    for path, where in kept.items():
        names[where].append(shown(path))
    texts = {
        "git": "In git as they are now (`git restore FILE` brings them back):",
        "changed": "In git as they were before changes of yours that are not committed:",
        "nowhere": "Not in git; copy them first if you may want them back:",
    }
    told = [_printable(f"{texts[where]} {', '.join(listed)}") for where, listed in names.items() if listed]
    return "\n".join(["", *(line for text in told for line in _folded(text, width, "", _INDENT))])


def counted(number: int, singular: str, plural: str | None = None) -> str:
    """A number with its noun."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def shown(path: Path) -> str:
    """A path below the current folder the short way."""
    try:
        return str(Path(os.path.relpath(path)) if path.resolve().is_relative_to(Path.cwd().resolve()) else path)
    except (OSError, ValueError):
        return str(path)


def _grouped(findings: Iterable[Finding]) -> list[list[Finding]]:
    groups: dict[tuple[Any, ...], list[Finding]] = {}
    for finding in findings:
        key = (finding.path, finding.rule.id, finding.what, finding.action, finding.fixable)
        groups.setdefault(key, []).append(finding)
    return list(groups.values())


def _finding_lines(same: list[Finding], width: int | None, color: bool) -> list[str]:
    first = same[0]
    severity = first.rule.severity
    place = f"{_printable(shown(first.path))}:{first.line}:{first.column}"
    if color:
        lines = [f"{typer.style(place, bold=True)}  {typer.style(severity, fg=_COLORS[severity], bold=True)}"]
    else:
        lines = [f"{place}  {severity}"]
    lines += _folded(_printable(first.what), width, _INDENT)
    action = f"{first.action} (--fix does it.)" if first.fixable else first.action
    lines += _folded(f"-> {_printable(action)}", width, _INDENT, "   ")
    if len(same) > 1:
        places = [f"{finding.line}:{finding.column}" for finding in same[1:MAX_PLACES]]
        more = [f"and {len(same) - MAX_PLACES} more"] if len(same) > MAX_PLACES else []
        lines += _folded(f"also at {', '.join([*places, *more])}", width, _INDENT)
    return [*lines, *_folded(f"{first.rule.id}, see migrating.md#{first.rule.section}", width, _INDENT)]


def _unread_lines(unread: Sequence[Unread], width: int | None) -> list[str]:
    if not unread:
        return []
    lines = ["Not looked at:"]
    for one in unread:
        place = shown(one.path) + (f":{one.line}" if one.line else "")
        lines += _folded(_printable(f"{place}: {' '.join(one.why.split())}"), width, _INDENT)
    return [*lines, ""]


def _summary(report: Report, width: int | None, color: bool) -> list[str]:
    looked = f"Looked at {counted(report.files, 'file')}"
    if not report.findings:
        return _folded(f"{looked}: nothing has to be changed.", width, "")
    counts = Counter(finding.rule.severity for finding in report.findings)
    parts = [counted(counts[severity], *_PLURALS[severity]) for severity in Severity if counts[severity]]
    text = f"{looked}: {', '.join(parts)}."
    if report.fixable:
        text += f" {report.fixable} can be put right by --fix."
    lines = [*_folded(text, width, ""), f"The guide: {GUIDE}"]
    if color and counts[Severity.blocker]:
        lines[0] = typer.style(lines[0], bold=True)
    return lines


def _finding_data(finding: Finding) -> dict[str, Any]:
    return {
        "id": finding.rule.id,
        "severity": str(finding.rule.severity),
        "file": shown(finding.path),
        "line": finding.line,
        "column": finding.column,
        "what": finding.what,
        "action": finding.action,
        "fixable": finding.fixable,
        "section": finding.rule.section,
        "url": finding.rule.url,
    }


def _folded(text: str, width: int | None, indent: str, further: str = "") -> list[str]:
    if width is None:
        return [indent + text]
    return textwrap.wrap(
        text,
        max(width, 20),
        initial_indent=indent,
        subsequent_indent=indent + further,
        break_on_hyphens=False,
        break_long_words=False,
    )


def _printable(text: str) -> str:
    """One line without what steers a terminal: the texts of a project are anybody's."""
    return "".join(
        char if char.isprintable() or char == "\t" else char.encode("unicode_escape").decode() for char in text
    )


def _diff_line(line: str) -> str:
    if line.startswith(("---", "+++")):
        return typer.style(line, bold=True)
    colors = {"+": typer.colors.GREEN, "-": typer.colors.RED, "@": typer.colors.CYAN}
    return typer.style(line, fg=colors[line[0]]) if line[:1] in colors else line


def _plain(row: str) -> str:
    return re.sub(r"\\\|", "|", row)
