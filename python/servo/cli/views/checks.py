"""What came of checks: a table for people, a mapping for programs."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from servo.cli.rounds import Outcome, status_of
from servo.utilities.strings import printable

if TYPE_CHECKING:
    from rich.text import Text

    from servo.checks import Check

MARKS = {"passed": "✓", "failed": "✗", "warning": "!"}
PLAIN_MARKS = {"passed": "ok", "failed": "X", "warning": "!"}
"""For where the others cannot be written."""
COLORS = {"passed": "green", "failed": "bold red", "warning": "bold yellow"}
WIDE = 10_000
"""Columns of what has no width of its own, such as a file."""
ROOMY = 110
"""Columns from which on details have some of their own."""


def checks_text(outcomes: Sequence[Outcome], *, width: int | None, color: bool, verbose: bool, names: bool) -> str:
    """The tables of servos, and a sentence on each.

    Args:
        outcomes: What came of the checks of each servo.
        width: The columns that there are, in which texts are folded; None where every text has all it needs.
        color: Whether marks and headings are coloured.
        verbose: Whether identifiers, severities, tags and descriptions are shown.
        names: Whether the name of a servo stands above its table.

    Returns:
        The text, with its last newline.
    """
    import io

    from rich.console import Console
    from rich.text import Text

    out = io.StringIO()
    console = Console(
        file=out,
        width=width or WIDE,
        force_terminal=color,
        color_system="standard" if color else None,
        no_color=not color,
        legacy_windows=False,
    )
    for place, outcome in enumerate(outcomes):
        if place:
            console.print()
        if names:
            console.print(Text(printable(outcome.servo), style="bold"))
        if outcome.checks:
            console.print(_table(outcome, verbose, width))
            console.print()
        console.print(_sentence(outcome))
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())


def sentences(outcomes: Sequence[Outcome], *, names: bool) -> list[str]:
    """A line for each servo: how many checks went which way."""
    return [(f"{printable(outcome.servo)}: " if names else "") + _sentence(outcome).plain for outcome in outcomes]


def _table(outcome: Outcome, verbose: bool, width: int | None) -> Any:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold" if width else "")
    marks = _marks()
    details = ("ID", "SEVERITY", "TAGS") if verbose else ()
    # Where there is no room for columns of their own, they stand below the name.
    below = width is not None and width < ROOMY
    table.add_column("CONNECTOR", overflow="fold", max_width=max(12, (width or WIDE) // 4))
    table.add_column("", no_wrap=True)
    table.add_column("CHECK", overflow="fold")
    for heading in () if below else details:
        table.add_column(heading, overflow="fold")
    table.add_column("TIME", justify="right", no_wrap=True)
    table.add_column("MESSAGE", overflow="fold")
    last = None
    for at, (connector, check) in enumerate(outcome.checks):
        status, name = status_of(check), Text(printable(check.name))
        tags = ", ".join(sorted(check.tags)) if check.tags else "-"
        told = (printable(check.id), str(check.severity), tags) if verbose else ()
        if verbose and check.description:
            name.append(f"\n{printable(check.description)}", style="dim")
        if below and told:
            name.append(f"\n{' · '.join(part for part in told if part != '-')}", style="dim")
        table.add_row(
            Text("" if connector == last else printable(connector)),
            Text(marks[status], style=COLORS[status]),
            name,
            *(() if below else map(Text, told)),
            _time(check),
            _message(check, outcome.remedies.get(at)),
        )
        last = connector
    return table


def _message(check: Check, remedy: str | None) -> Text:
    from rich.text import Text

    lines = [Text(printable(check.message or "-"))]
    if check.hint and not check.success:
        lines.append(Text("hint: ", style="bold").append(printable(check.hint), style="not bold"))
    if remedy is not None:
        lines.append(Text("remedy: ", style="bold").append(printable(remedy), style="not bold"))
    elif check.remedy is not None and not check.success:
        lines.append(Text("remedy: ", style="bold").append("not applied", style="not bold"))
    return Text("\n").join(lines)


def _sentence(outcome: Outcome) -> Text:
    """How many checks went which way, and how long all took."""
    from rich.text import Text

    if outcome.error is not None:
        return Text(f"error: {printable(outcome.error)}", style=COLORS["failed"])
    if not outcome.checks:
        return Text("no checks")
    counts = {status: outcome.count(status) for status in ("failed", "passed", "warning")}
    parts = [f"{counts['failed']} failed"] if counts["failed"] else []
    parts.append(f"{counts['passed']} passed")
    if counts["warning"]:
        parts.append(f"{counts['warning']} warning{'s' if counts['warning'] > 1 else ''}")
    text = ", ".join(parts)
    if outcome.rounds > 1:
        text += f" after {outcome.rounds} rounds"
    text += f" in {seconds(outcome.seconds)}"
    applied = sum(remedy == "applied" for remedy in outcome.remedies.values())
    told = Text(text, style=COLORS["failed" if counts["failed"] else "passed"])
    if applied and counts["failed"]:
        told.append(f"\n{applied} {'remedies were' if applied > 1 else 'remedy was'} applied: check again", style="")
    return told


def seconds(value: float) -> str:
    """A short time as people read it: `4ms`, `1.2s`, `2m 05s`."""
    from servo.cli.views.figures import span

    if value < 0.0005:
        return "<1ms"
    if value < 0.9995:
        return f"{value * 1000:.0f}ms"
    return f"{value:.1f}s" if value < 59.95 else span(value)


def _time(check: Check) -> str:
    return "-" if check.runtime is None else seconds(check.runtime.total_seconds())


def _marks() -> dict[str, str]:
    try:
        "".join(MARKS.values()).encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return PLAIN_MARKS
    return MARKS


def checks_data(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """The same for programs."""
    return {"servos": [_servo_data(outcome) for outcome in outcomes]}


def _servo_data(outcome: Outcome) -> dict[str, Any]:
    return {
        "name": outcome.servo,
        "passed": outcome.passed,
        "error": outcome.error,
        "rounds": outcome.rounds,
        "seconds": round(outcome.seconds, 6),
        "checks": [
            {
                "connector": connector,
                "id": check.id,
                "name": check.name,
                "description": check.description,
                "severity": str(check.severity),
                "tags": sorted(check.tags or ()),
                "status": status_of(check),
                "message": check.message,
                "hint": check.hint,
                "remedy": outcome.remedies.get(at),
                "exception": None if check.exception is None else repr(check.exception),
                "run_at": None if check.run_at is None else check.run_at.astimezone().isoformat(),
                "seconds": None if check.runtime is None else check.runtime.total_seconds(),
            }
            for at, (connector, check) in enumerate(outcome.checks)
        ],
    }
