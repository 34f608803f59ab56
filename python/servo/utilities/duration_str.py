"""Durations as text: `1h30m`, `250ms`, `-2m3.4s`."""

from __future__ import annotations

import re
from datetime import timedelta

from servo._core import duration_to_text, text_to_duration

__all__ = ["microseconds_from_duration_str", "timedelta_from_duration_str", "timedelta_to_duration_str", "units"]

# The nanoseconds of each unit; both signs for micro are known. A month has 30 days, a year 365.
units: dict[str, int] = {
    "ns": 1,
    "us": 10**3,
    "\u00b5s": 10**3,
    "\u03bcs": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3_600 * 10**9,
    "d": 86_400 * 10**9,
    "w": 7 * 86_400 * 10**9,
    "mm": 30 * 86_400 * 10**9,
    "y": 365 * 86_400 * 10**9,
}

_TERM = re.compile("([0-9.]+)([a-z\u00b5\u03bc]+)")
_MICROSECOND = timedelta(microseconds=1)
# Microseconds of the two units that can lead a text without bound.
_HOUR = 3_600 * 10**6
_YEAR = 365 * 86_400 * 10**6


def microseconds_from_duration_str(duration: str) -> float:
    """The microseconds of a duration, with the fraction that `ns` and decimals can make.

    Args:
        duration: A sum of terms, such as `10.5s4m` or `1h 30m`, with at most one sign in front of the whole.

    Raises:
        ValueError: The text is no duration; a number needs a unit, and nothing may stand around the terms.
    """
    text_to_duration(duration)  # The engine decides what a duration is.
    nanoseconds = sum(float(number) * units[unit] for number, unit in _TERM.findall(duration))
    return (-nanoseconds if duration.lstrip().startswith("-") else nanoseconds) / 1_000


def timedelta_from_duration_str(duration: str) -> timedelta:
    """The time span of a duration, to whole microseconds, half to even.

    Raises:
        ValueError: The text is no duration.
    """
    return timedelta(microseconds=text_to_duration(duration))


def timedelta_to_duration_str(delta: timedelta, extended: bool = False) -> str:
    """The shortest exact text of a time span.

    Args:
        delta: The time span.
        extended: Whether years, months and days are used; hours are the largest unit otherwise.
    """
    micros = delta // _MICROSECOND
    if extended:
        return duration_to_text(micros) if abs(micros) < 2**63 else _led_by(_YEAR, "1y", micros)
    return _led_by(_HOUR, "1h", micros) if abs(micros) >= _HOUR else duration_to_text(micros)


def _led_by(size: int, one: str, micros: int) -> str:
    """A text whose first unit counts as far as it must."""
    count, rest = divmod(abs(micros), size)
    # A single unit stands in for all of them, so that the engine writes the rest in one form everywhere.
    tail = duration_to_text(size + rest).removeprefix(one)
    return f"{'-' if micros < 0 else ''}{count}{one[1:]}{tail}"
