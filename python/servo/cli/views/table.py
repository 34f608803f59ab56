"""Plain tables: an upper-case heading, columns two spaces apart, cells of one or more lines."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from servo.cli.output import Target

GAP = 2
NARROWEST = 8
"""No column is folded to less than this many characters."""


def print_table(table: Iterable[Iterable[Any]], headers: Sequence[str]) -> None:
    """Write a table to stdout, with an empty line behind it; on a terminal as wide as that.

    Args:
        table: The rows. A cell may have several lines; None is an empty one.
        headers: The headings of the columns.
    """
    import typer

    typer.echo(table_text(table, headers, terminal_width()))


def table_text(
    table: Iterable[Iterable[Any]], headers: Sequence[str], width: int | None = None, *, numbers: bool = True
) -> str:
    """A table as a text with its last newline: columns of numbers to the right, anything else to the left.

    Args:
        table: The rows. A cell may have several lines; None is an empty one.
        headers: The headings of the columns.
        width: How many characters a line may have; cells of a wider table are folded. None: any.
        numbers: Whether texts that are numbers are written as numbers.
    """
    from tabulate import tabulate

    rows = [list(row) for row in table]
    text = tabulate(rows, headers, tablefmt="plain", disable_numparse=not numbers)
    if width is not None and any(len(line) > width for line in text.splitlines()):
        text = tabulate(_folded(rows, headers, width), headers, tablefmt="plain", disable_numparse=not numbers)
    return text + "\n"


def width_for(target: Target) -> int | None:
    """How wide a table may be that goes there."""
    return terminal_width() if target.path is None else None


def terminal_width() -> int | None:
    """How many columns the terminal has; None where stdout is none."""
    import shutil

    from servo.cli.output import is_terminal

    return shutil.get_terminal_size().columns if is_terminal() else None


def _folded(rows: list[list[Any]], headers: Sequence[str], width: int) -> list[list[Any]]:
    widths = _widths(rows, headers, width)
    return [[_fold(cell, widths[at]) for at, cell in enumerate(row)] for row in rows]


def _widths(rows: list[list[Any]], headers: Sequence[str], width: int) -> list[int]:
    """The widths of columns that fit: the widest give way first, none below its heading."""
    # The space that the library adds to a heading; behind the last one it is trimmed.
    least = [len(heading) + GAP for heading in headers]
    least[-1] -= GAP
    widths = [max(low, *(_width(row[at]) for row in rows if at < len(row)), 0) for at, low in enumerate(least)]
    least = [max(low, min(NARROWEST, now)) for low, now in zip(least, widths, strict=True)]
    over = sum(widths) + GAP * (len(widths) - 1) - width
    while over > 0:
        shrinkable = [at for at, low in enumerate(least) if widths[at] > low]
        if not shrinkable:
            break
        widths[max(shrinkable, key=lambda at: widths[at])] -= 1
        over -= 1
    return widths


def _width(cell: Any) -> int:
    return max((len(line) for line in str(cell).splitlines()), default=0) if cell is not None else 0


def _fold(cell: Any, width: int) -> Any:
    """The cell in lines of that width; what continues a line is indented, so that each begin is seen."""
    if not isinstance(cell, str) or _width(cell) <= width:
        return cell
    lines: list[str] = []
    for line in cell.splitlines():
        indent = line[: len(line) - len(line.lstrip())]
        lines += textwrap.wrap(line, width, subsequent_indent=indent + "  ", break_on_hyphens=False) or [""]
    return "\n".join(lines)


def plain_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a table of texts."""
    return table_text(rows, headings, numbers=False).splitlines()
