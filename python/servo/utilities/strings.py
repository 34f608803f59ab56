"""Texts for people and command lines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

__all__ = ["check_status_to_str", "commandify", "join_to_series", "parse_csv", "parse_id", "parse_re"]

_Ids = list[str] | re.Pattern[str] | None


def join_to_series(items: Sequence[str], *, conjunction: str = "and", oxford_comma: bool = True) -> str:
    """A list as a sentence has it: `a`, `a and b`, `a, b, and c`; nothing is the empty text.

    Args:
        items: The parts.
        conjunction: The word before the last one.
        oxford_comma: Whether a comma stands before that word where there are three parts or more.
    """
    if len(items) < 3:
        return f" {conjunction} ".join(items)
    comma = "," if oxford_comma else ""
    return f"{', '.join(items[:-1])}{comma} {conjunction} {items[-1]}"


def commandify(module_path: str) -> str:
    """The name of a command: `servo.dev_tools` is `dev-tools`; only what stands before the first dot is left out."""
    head, dot, tail = module_path.partition(".")
    return (tail if dot else head).replace("_", "-").lower()


def parse_re(value: list[str] | None) -> _Ids:
    """The compiled expression of a single item `/expression/`; anything else stays as it is.

    Raises:
        re.error: The expression is wrong.
    """
    if value and len(value) == 1:
        text = value[0]
        if text.startswith("/") and text.endswith("/"):
            return re.compile(text[1:-1])
    return value


def parse_csv(value: list[str] | None) -> _Ids:
    """The parts of a single item `a, b`; anything else stays as it is."""
    if value and len(value) == 1 and "," in value[0]:
        return [part.strip() for part in value[0].split(",")]
    return value


def parse_id(value: list[str] | None) -> _Ids:
    """The compiled expression of a single item `/expression/`, or the parts of `a, b`; anything else stays."""
    parsed = parse_re(value)
    return parsed if isinstance(parsed, re.Pattern) else parse_csv(parsed)


def printable(text: str) -> str:
    """A text without what steers a terminal; lines stay lines."""
    return "".join(
        char
        if char == "\n" or char.isprintable()
        else " "
        if char.isspace()
        else char.encode("unicode_escape").decode()
        for char in text.rstrip()
    )


def check_status_to_str(check: Any) -> str:
    """How a check went, with a mark for the eye: passed, warning or failed."""
    if check.success:
        return "√ PASSED"
    return "! WARNING" if check.warning else "X FAILED"
