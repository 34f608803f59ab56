"""Forms of results, and times in words, for commands that are written elsewhere."""

from __future__ import annotations

import datetime as dt
import time

import servo.types
from servo.cli.ages import age

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


def timeago(
    date: dt.datetime | dt.timedelta | dt.date | float | str,
    now: dt.datetime | float | str | None = None,
    locale: str = "en",
) -> str:
    """How long ago, or in how long, a time is: ``just now``, ``5 minutes ago``, ``in 2 hours``.

    Args:
        date: The time, also as a text such as ``2026-03-04 05:06:07``; a difference to now; or seconds since 1970. A
            time without a zone is local.
        now: What it is compared with.
        locale: Accepted; the words are English.
    """
    if isinstance(date, dt.timedelta):
        seconds = date.total_seconds()
    else:
        seconds = (time.time() if now is None else _timestamp(now)) - _timestamp(date)
    return age(seconds)


def _timestamp(moment: dt.datetime | dt.date | float | str) -> float:
    if isinstance(moment, str):
        moment = dt.datetime.fromisoformat(moment)
    if isinstance(moment, dt.datetime):
        return moment.timestamp()
    if isinstance(moment, dt.date):
        return dt.datetime(moment.year, moment.month, moment.day).timestamp()
    return float(moment)
