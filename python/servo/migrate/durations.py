"""Durations as ServoX read them: the terms of a text, whatever stands around them."""

from __future__ import annotations

import re

_TERM = re.compile(r"([\d.]+)([a-zµμ]+)")


def is_duration(text: str) -> bool:
    """Whether a text is a duration for the engine."""
    from servo._core import text_to_duration

    try:
        text_to_duration(text)
    except ValueError:
        return False
    return True


def as_servox_read_it(text: str) -> str | None:
    """The duration that ServoX took from a text with more in it; None where it refused the text."""
    terms = _TERM.findall(text)
    read = "".join(number + unit for number, unit in terms)
    if text.startswith("-"):
        read = f"-{read}"
    return read if terms and is_duration(read) else None
