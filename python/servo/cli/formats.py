"""Forms of results, and times in words, for commands that are written elsewhere."""

from __future__ import annotations

import datetime as dt
import time

import servo.types

__all__ = ["ConfigOutputFormat", "SchemaOutputFormat", "VersionOutputFormat", "timeago"]


class ConfigOutputFormat(servo.types.AbstractOutputFormat):
    """The forms of a configuration."""

    yaml = servo.types.YAML_FORMAT
    json = servo.types.JSON_FORMAT
    dict = servo.types.DICT_FORMAT
    text = servo.types.TEXT_FORMAT
    configmap = servo.types.CONFIGMAP_FORMAT


class SchemaOutputFormat(servo.types.AbstractOutputFormat):
    """The forms of a schema."""

    json = servo.types.JSON_FORMAT
    text = servo.types.TEXT_FORMAT
    dict = servo.types.DICT_FORMAT
    html = servo.types.HTML_FORMAT


class VersionOutputFormat(servo.types.AbstractOutputFormat):
    """The forms of a version."""

    text = servo.types.TEXT_FORMAT
    json = servo.types.JSON_FORMAT


_UNITS = (
    ("year", 365 * 86400),
    ("month", 30 * 86400),
    ("week", 7 * 86400),
    ("day", 86400),
    ("hour", 3600),
    ("minute", 60),
    ("second", 1),
)


def timeago(
    date: dt.datetime | dt.timedelta | dt.date | float, now: dt.datetime | float | None = None, locale: str = "en"
) -> str:
    """How long ago, or in how long, a time is: ``just now``, ``5 minutes ago``, ``in 2 hours``.

    Args:
        date: The time; a difference to now; or seconds since 1970. A time without a zone is local.
        now: What it is compared with.
        locale: Accepted; the words are English.
    """
    if isinstance(date, dt.timedelta):
        seconds = date.total_seconds()
    else:
        seconds = (time.time() if now is None else _timestamp(now)) - _timestamp(date)
    if abs(seconds) < 10:
        return "just now"
    unit, size = next((unit, size) for unit, size in _UNITS if abs(seconds) >= size)
    count = int(abs(seconds) // size)
    text = f"{count} {unit}{'s' * (count > 1)}"
    return f"{text} ago" if seconds > 0 else f"in {text}"


def _timestamp(moment: dt.datetime | dt.date | float) -> float:
    if isinstance(moment, dt.datetime):
        return moment.timestamp()
    if isinstance(moment, dt.date):
        return dt.datetime(moment.year, moment.month, moment.day).timestamp()
    return float(moment)
