"""What came of checks, as text in columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

from servo.checks.models import Check
from servo.utilities.strings import check_status_to_str, printable

__all__ = ["checks_table", "verbose_checks_table"]


def checks_table(results: Iterable[Any]) -> str:
    """A row for each connector: whether its checks passed, and what did not succeed."""
    rows = []
    for result in results:
        checks: list[Check] = result.value
        if not checks:
            continue
        status = "√ PASSED" if all(check.passed for check in checks) else "X FAILED"
        # The list of lines is shown as Python writes it, which escapes what is in it.
        failed = [check for check in checks if not check.success]
        failures = [f"{printable(check.name)}: {textwrap.wrap(check.message or '-')}" for check in failed]
        errors = [f"({failures.index(text) + 1}/{len(failures)}) {text}" for text in failures]
        rows.append([result.connector.name, status, "\n".join(errors)])
    return _plain(["CONNECTOR", "STATUS", "ERRORS"], rows)


def verbose_checks_table(results: Iterable[Any]) -> str:
    """A row for each connector with a line for each of its checks."""
    rows = []
    for result in results:
        checks: list[Check] = result.value
        if not checks:
            continue
        rows.append(
            [
                result.connector.name,
                "\n".join(printable(check.name) for check in checks),
                "\n".join(printable(check.id) for check in checks),
                "\n".join(", ".join(check.tags) if check.tags else "-" for check in checks),
                "\n".join(check_status_to_str(check) for check in checks),
                "\n".join(textwrap.shorten(printable(check.message or "-"), 70) for check in checks),
            ]
        )
    return _plain(["CONNECTOR", "CHECK", "ID", "TAGS", "STATUS", "MESSAGE"], rows)


def _plain(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns two spaces apart, each two wider than its header at least; cells may have several lines."""
    table = [[cell.splitlines() or [""] for cell in row] for row in ([*headers], *rows)]
    widths = [
        max(len(headers[at]) + 2, *(len(line) for row in table for line in row[at])) for at in range(len(headers))
    ]
    lines = []
    for row in table:
        for at in range(max(len(cell) for cell in row)):
            cells = [cell[at] if at < len(cell) else "" for cell in row]
            lines.append("  ".join(text.ljust(width) for text, width in zip(cells, widths, strict=True)).rstrip())
    return "\n".join(lines)
