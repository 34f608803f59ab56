"""Durations, units, metrics and readings."""

from __future__ import annotations

import datetime
import enum
from collections.abc import Iterator
from typing import Any

from servo._core import DataPoint, Metric, TimeSeries, duration_to_text, text_to_duration

__all__ = ["DataPoint", "Duration", "Metric", "TimeSeries", "Unit"]


class Unit(enum.StrEnum):
    """The unit of a metric, as it stands on the wire."""

    float = ""
    int = ""
    count = ""  # type: ignore[assignment]
    rate = ""
    percentage = "%"
    milliseconds = "ms"
    bytes = "bytes"
    gibibytes = "GiB"
    cores = "cores"
    requests_per_minute = "rpm"
    requests_per_second = "rps"

    @classmethod
    def _missing_(cls, value: object) -> Unit | None:
        # The name of a unit is as good as its wire text.
        return cls.__members__.get(value) if isinstance(value, str) else None


class Duration(datetime.timedelta):
    """A span of time with a resolution of one microsecond.

    Args:
        duration: A text such as `1h30m`, a number of seconds, or a timedelta.
        kwargs: The units of `datetime.timedelta`, added to it.

    Raises:
        ValueError: The text is no duration.
    """

    def __new__(cls, duration: str | float | datetime.timedelta = 0, **kwargs: Any) -> Duration:
        if isinstance(duration, str):
            kwargs["microseconds"] = kwargs.get("microseconds", 0) + text_to_duration(duration)
        elif isinstance(duration, datetime.timedelta):
            whole = duration + datetime.timedelta(**kwargs)
            kwargs = {"days": whole.days, "seconds": whole.seconds, "microseconds": whole.microseconds}
        else:
            kwargs["seconds"] = kwargs.get("seconds", 0) + duration
        return super().__new__(cls, **kwargs)

    def __reduce__(self) -> tuple[Any, ...]:
        return (_duration_of, (self.days, self.seconds, self.microseconds))

    def human_readable(self, **kwargs: Any) -> str:
        """The shortest exact text, such as `1h30m`."""
        return str(self)

    def __str__(self) -> str:
        return duration_to_text((self.days * 86_400 + self.seconds) * 1_000_000 + self.microseconds)

    def __repr__(self) -> str:
        return f"Duration('{self}')"

    def __eq__(self, other: object) -> bool:
        if isinstance(other, str):
            return str(self) == other
        if isinstance(other, int | float):
            return self.total_seconds() == other
        return super().__eq__(other)

    def __hash__(self) -> int:
        return super().__hash__()

    @classmethod
    def __get_validators__(cls) -> Iterator[Any]:
        yield cls._validate

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        from servo import _pydantic

        return _pydantic.duration_schema(cls._validate)

    @classmethod
    def _validate(cls, value: Any) -> Duration:
        if isinstance(value, cls):
            return value
        if isinstance(value, bool) or not isinstance(value, str | int | float | datetime.timedelta):
            raise ValueError("invalid type; expected timedelta, string, int or float")
        return cls(value)


def _duration_of(days: int, seconds: int, microseconds: int) -> Duration:
    return Duration(days=days, seconds=seconds, microseconds=microseconds)
