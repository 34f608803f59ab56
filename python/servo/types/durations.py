"""Spans of time."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from typing import Any, Self, overload

from servo._core import duration_pattern, duration_to_text, text_to_duration

__all__ = ["Duration"]

_MOST_DAYS = 106_751_990
"""What the engine can hold: microseconds in 64 bits."""

_NUMBER = re.compile(r"[-+]?[0-9]+(\.[0-9]+)?")
_CLOCK = re.compile(
    r"([-+]?)(?:([0-9]{1,9}) (?:days?, )?)?(?:([0-9]{1,9}):)?([0-9]{1,9}):([0-9]{1,9}(?:\.[0-9]{1,9})?)"
)

_SCHEMA = {
    "type": "string",
    "format": "duration",
    "pattern": duration_pattern(),
    "examples": ["300ms", "5m", "2h45m", "72h3m0.5s"],
}


def _kept(result: Any) -> Any:
    """The result of an operator of `timedelta`: spans of time become durations."""
    return Duration(result) if isinstance(result, datetime.timedelta) else result


class Duration(datetime.timedelta):
    """A span of time with a resolution of one microsecond.

    Args:
        duration: A text such as `1h30m`, a number of seconds, or a timedelta.
        kwargs: The units of `datetime.timedelta`, added to it.

    Raises:
        ValueError: The text is no duration.
    """

    def __new__(cls, duration: str | float | datetime.timedelta = 0, **kwargs: Any) -> Self:
        if isinstance(duration, str):
            kwargs["microseconds"] = kwargs.get("microseconds", 0) + text_to_duration(duration)
        elif isinstance(duration, datetime.timedelta):
            kwargs["days"] = kwargs.get("days", 0) + duration.days
            kwargs["seconds"] = kwargs.get("seconds", 0) + duration.seconds
            kwargs["microseconds"] = kwargs.get("microseconds", 0) + duration.microseconds
        elif isinstance(duration, int | float):
            kwargs["seconds"] = kwargs.get("seconds", 0) + duration
        # Anything else counts as nothing: connectors pass None for "not given".
        try:
            span = super().__new__(cls, **kwargs)
        except OverflowError:
            raise ValueError(f"Duration {duration!r} is out of range") from None
        if abs(span.days) > _MOST_DAYS:
            raise ValueError(f"Duration {duration!r} is out of range")
        return span

    @classmethod
    def since(cls, time: datetime.datetime) -> Self:
        """How long ago a time was; a naive one is local time."""
        return cls(datetime.datetime.now(time.tzinfo) - time)

    def __reduce__(self) -> tuple[Any, ...]:
        return (_duration_of, (type(self), self.days, self.seconds, self.microseconds))

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

    # The operators of `timedelta`, whose results are durations as well.

    def __add__(self, other: datetime.timedelta) -> Duration:
        kept: Duration = _kept(super().__add__(other))
        return kept

    def __radd__(self, other: datetime.timedelta) -> Duration:
        kept: Duration = _kept(super().__radd__(other))
        return kept

    def __sub__(self, other: datetime.timedelta) -> Duration:
        kept: Duration = _kept(super().__sub__(other))
        return kept

    def __rsub__(self, other: datetime.timedelta) -> Duration:
        kept: Duration = _kept(super().__rsub__(other))
        return kept

    def __mul__(self, other: float) -> Duration:
        kept: Duration = _kept(super().__mul__(other))
        return kept

    def __rmul__(self, other: float) -> Duration:
        kept: Duration = _kept(super().__rmul__(other))
        return kept

    def __mod__(self, other: datetime.timedelta) -> Duration:
        kept: Duration = _kept(super().__mod__(other))
        return kept

    def __rmod__(self, other: datetime.timedelta) -> Duration:
        return Duration(other) % self

    def __divmod__(self, other: datetime.timedelta) -> tuple[int, Duration]:
        return self // other, self % other

    def __rdivmod__(self, other: datetime.timedelta) -> tuple[int, Duration]:
        return divmod(Duration(other), self)

    @overload
    def __truediv__(self, other: datetime.timedelta) -> float: ...
    @overload
    def __truediv__(self, other: float) -> Duration: ...
    def __truediv__(self, other: Any) -> Any:
        return _kept(super().__truediv__(other))

    @overload
    def __floordiv__(self, other: datetime.timedelta) -> int: ...
    @overload
    def __floordiv__(self, other: int) -> Duration: ...
    def __floordiv__(self, other: Any) -> Any:
        return _kept(super().__floordiv__(other))

    def __neg__(self) -> Duration:
        kept: Duration = _kept(super().__neg__())
        return kept

    def __pos__(self) -> Duration:
        kept: Duration = _kept(super().__pos__())
        return kept

    def __abs__(self) -> Duration:
        kept: Duration = _kept(super().__abs__())
        return kept

    @classmethod
    def __get_validators__(cls) -> Iterator[Any]:
        yield cls.validate

    @classmethod
    def __modify_schema__(cls, schema: dict[str, Any]) -> None:
        schema.update(_SCHEMA)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        from servo import _pydantic

        return _pydantic.duration_schema(cls.validate)

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any) -> dict[str, Any]:
        return dict(_SCHEMA)

    @classmethod
    def validate(cls, value: Any) -> Duration:
        """The duration that a field of a model takes.

        Args:
            value: A text such as `1h30m`, a number of seconds, or a timedelta.

        Raises:
            ValueError: It is a text of something else.
            TypeError: It is of another type.
        """
        if isinstance(value, cls):
            return value
        if isinstance(value, bytes):
            value = value.decode(errors="replace")
            if clock := _CLOCK.fullmatch(value):
                sign, days, hours, minutes, seconds = clock.groups()
                span = cls(days=int(days or 0), hours=int(hours or 0), minutes=int(minutes), seconds=float(seconds))
                return cls(-span) if sign == "-" else span
        if isinstance(value, str):
            # A number without a unit is one of seconds, as it is where no text is asked for.
            return cls(float(value) if _NUMBER.fullmatch(value) else value)
        if not isinstance(value, int | float | datetime.timedelta):
            raise TypeError("invalid type; expected timedelta, string, bytes, int or float")
        return cls(value)


def _duration_of(cls: type[Duration], days: int, seconds: int, microseconds: int) -> Duration:
    return cls(days=days, seconds=seconds, microseconds=microseconds)
