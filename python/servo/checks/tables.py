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
    from tabulate import tabulate

    # An identifier such as `1234e567` is no number.
    return tabulate(rows, headers, tablefmt="plain", disable_numparse=True)
