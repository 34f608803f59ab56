"""Plain tables: an upper-case heading, columns two spaces apart, cells of one or more lines."""

from collections.abc import Sequence
from itertools import zip_longest


def plain_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a table; trailing spaces are left out."""
    cells = [[heading.splitlines() or [""] for heading in headings]]
    cells += [[cell.splitlines() or [""] for cell in row] for row in rows]
    widths = [max(len(line) for row in cells for line in row[column]) for column in range(len(headings))]
    widths = [max(width, len(heading) + 2) for width, heading in zip(widths, headings, strict=True)]
    lines = []
    for row in cells:
        for parts in zip_longest(*row, fillvalue=""):
            line = "  ".join(part.ljust(width) for part, width in zip(parts, widths, strict=True))
            lines.append(line.rstrip())
    return lines
