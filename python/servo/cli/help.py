"""The form of help: titles and names stand out on a terminal; elsewhere it is plain."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

import typer

WIDEST = 100
"""Columns of help on a wide terminal; longer lines are hard to read."""

TRUE = ("1", "true", "t", "yes", "y", "on")

_Plain: Any = typer.Context.formatter_class


class ColoredHelp(_Plain):  # type: ignore[misc]
    """Writes titles of sections bold, and what is typed in a colour that dark and light terminals show."""

    def write_heading(self, heading: str) -> None:
        """Write the title of a section."""
        self.write(f"{'':>{self.current_indent}}{typer.style(heading + ':', bold=True)}\n")

    def write_dl(self, rows: Sequence[tuple[str, str]], *args: Any, **kwargs: Any) -> None:
        """Write names and what they are."""
        super().write_dl([(typer.style(name, fg="cyan"), text) for name, text in rows], *args, **kwargs)


def formatter(context: typer.Context) -> Any:
    """What writes the help of a context."""
    colored = context.color is not False and is_colored()
    kind = ColoredHelp if colored else _Plain
    return kind(width=context.terminal_width, max_width=context.max_content_width)


def is_colored() -> bool:
    """Whether stdout is a terminal, and no variable forbids colours."""
    if os.environ.get("NO_COLOR") or os.environ.get("SERVO_NO_COLOR", "").lower() in TRUE:
        return False
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
