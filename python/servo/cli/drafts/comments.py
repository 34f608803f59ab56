"""YAML with comments: what each key is for, and the keys that were left out with their defaults."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from servo.cli.drafts.outline import Outline
from servo.cli.drafts.scalars import flow, scalar

__all__ = ["WIDTH", "comment", "commented_out", "entry", "mapping"]

WIDTH = 80
"""Columns of a comment: it is read on terminals, too. Values are never folded."""


def comment(text: str, indent: int = 0) -> list[str]:
    """A text as lines of a comment."""
    # A comment that holds a line break or a control character would be something else to a reader of YAML.
    words = "".join(letter if letter.isprintable() else " " for letter in text).split()
    lines = textwrap.wrap(
        " ".join(words), WIDTH - indent - 2, break_long_words=False, break_on_hyphens=False, drop_whitespace=True
    )
    return [f"{' ' * indent}# {line}" for line in lines]


def commented_out(lines: list[str], indent: int = 0) -> list[str]:
    """Lines that become values again when the `#` in front of them is removed."""
    return [f"{' ' * indent}#{line[indent:]}" for line in lines]


def mapping(values: Mapping[str, Any], outline: Outline, indent: int, *, short: bool, offer: Any = None) -> list[str]:
    """The lines of a mapping, each key below what it is for.

    Args:
        values: The keys with their values.
        outline: What is known of them.
        indent: The columns before each key.
        short: Whether lists and mappings of plain values stand in one line.
        offer: Keys with their defaults that are added as comments; none unless given.
    """
    lines: list[str] = []
    for key, value in values.items():
        told = outline.key(key)
        lines += [*comment(told.description, indent), *entry(key, value, told, indent, short=short)]
    if offer and lines:
        lines.append("")
    for key, value in (offer or {}).items():
        told = outline.key(key)
        shown = entry(key, value, Outline({}), indent, short=True)
        lines += [*comment(told.description, indent), *commented_out(shown, indent)]
    return lines


def entry(key: str, value: Any, outline: Outline, indent: int, *, short: bool) -> list[str]:
    """The lines of a key with its value."""
    head = f"{' ' * indent}{scalar(key)}:"
    if not isinstance(value, dict | list):
        return [f"{head} {scalar(value)}"]
    line = f"{head} {flow(value)}"
    if not value or (short and _is_plain(value) and len(line) <= WIDTH):
        return [line]
    if isinstance(value, dict):
        return [head, *mapping(value, outline, indent + 2, short=short)]
    # As PyYAML has it: the items of a list stand below its key.
    return [head, *_items(value, outline.items(), indent, short=short)]


def _items(values: list[Any], outline: Outline, indent: int, *, short: bool) -> Iterator[str]:
    margin = " " * indent
    for number, value in enumerate(values):
        # What a key is for is told once.
        told = outline if number == 0 else Outline({})
        if not isinstance(value, dict | list):
            yield f"{margin}- {scalar(value)}"
        elif not value or (short and _is_plain(value)) or isinstance(value, list):
            yield f"{margin}- {flow(value)}"
        else:
            first, *others = mapping(value, told, indent + 2, short=short)
            while first.lstrip().startswith("#"):
                yield first[2:] if len(first) > 2 else first
                first, *others = others
            yield f"{margin}- {first[indent + 2 :]}"
            yield from others


def _is_plain(value: dict[str, Any] | list[Any]) -> bool:
    inner = value.values() if isinstance(value, dict) else value
    return not any(isinstance(one, dict | list) for one in inner)
