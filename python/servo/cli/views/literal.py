"""Values as Python writes them, over several lines: the form `dict`, which `eval` reads."""

from __future__ import annotations

from typing import Any

_WIDTH = 120
_INDENT = 4
_SHORT = 10
"""What is not longer stays on its line."""


def literal(value: Any, indent: int = 0) -> str:
    """A value as a Python expression: a line for each entry, long texts in parts.

    Args:
        value: Dicts, lists, sets and plain values.
        indent: How far to the right it stands.
    """
    if len(short := repr(value)) <= _SHORT:
        return short
    inner, after = " " * (indent + _INDENT), " " * indent
    if isinstance(value, dict) and value:
        lines = [f"{key!r}: {literal(item, indent + _INDENT)}" for key, item in value.items()]
        return "\n".join(["{", *(f"{inner}{line}," for line in lines), f"{after}}}"])
    if isinstance(value, list) and value:
        lines = [literal(item, indent + _INDENT) for item in value]
        return "\n".join(["[", *(f"{inner}{line}," for line in lines), f"{after}]"])
    if isinstance(value, set) and value:
        lines = [literal(item, indent + _INDENT) for item in sorted(value)]
        return "\n".join(["{", *(f"{inner}{line}," for line in lines), f"{after}}}"])
    if isinstance(value, str):
        room = _WIDTH - indent - len("    '',")
        if len(value) > room or len(value.splitlines()) > 1:
            return "\n".join(["(", *(f"{inner}{part!r}" for part in _parts(value, room)), f"{after})"])
    return short


def _parts(text: str, width: int) -> list[str]:
    """The lines of a text, none longer than that."""
    return [line[at : at + width] for line in text.splitlines(keepends=True) for at in range(0, len(line), width)]
