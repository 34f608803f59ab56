"""Readings of a measurement as rows of a table, and as data."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from servo.cli.ages import age
from servo.cli.answers import plain


def rows_of(
    answers: Sequence[tuple[str, Any]], named: Sequence[str], *, connectors: bool, humanize: bool
) -> list[list[str]]:
    """A row for each metric, by name, with a line for each value, by time.

    Args:
        answers: Connectors, and what they have measured.
        named: The metrics that are wanted; all when empty.
        connectors: Whether each value tells its connector, with the identifier of the reading.
        humanize: Whether times are ages instead of dates.
    """
    now = datetime.datetime.now().astimezone()
    found: dict[tuple[str, str], list[tuple[datetime.datetime, int, str]]] = {}
    for place, (connector, measurement) in enumerate(answers):
        for reading in _wanted(measurement, named):
            who = f" [{connector}{getattr(reading, 'id', None) or ''}]" if connectors else ""
            lines = found.setdefault((reading.metric.name, str(reading.metric.unit.value)), [])
            for point in _points(reading):
                when = _local(point.time)
                told = age((now - when).total_seconds()) if humanize else f"{when:%Y-%m-%d %H:%M:%S}"
                lines.append((when, place, f"{point.value:.2f} ({told}){who}"))
    return [
        [name, unit, "\n".join(line for _, _, line in sorted(lines, key=lambda line: line[:2]))]
        for (name, unit), lines in sorted(found.items())
    ]


def measurement_data(answers: Sequence[tuple[str, Any]], named: Sequence[str]) -> list[dict[str, Any]]:
    """The readings of each connector, with times in seconds since 1970."""
    return [
        {
            "connector": connector,
            "readings": [_reading_data(reading) for reading in _wanted(measurement, named)],
            "annotations": plain(dict(getattr(measurement, "annotations", None) or {})),
        }
        for connector, measurement in answers
    ]


def _wanted(measurement: Any, named: Sequence[str]) -> list[Any]:
    readings = getattr(measurement, "readings", None) or ()
    return [reading for reading in readings if not named or reading.metric.name in named]


def _points(reading: Any) -> Sequence[Any]:
    """The points of a series; a single point is one."""
    points: Sequence[Any] | None = getattr(reading, "data_points", None)
    return [reading] if points is None else points


def _local(time: datetime.datetime) -> datetime.datetime:
    """In the time zone of this machine, in whole seconds; a time without a zone is one of it already."""
    return time.astimezone().replace(microsecond=0)


def _reading_data(reading: Any) -> dict[str, Any]:
    points = [[point.time.timestamp(), plain(float(point.value))] for point in _points(reading)]
    data = {"metric": reading.metric.name, "unit": str(reading.metric.unit.value), "points": points}
    identifier = getattr(reading, "id", None)
    return data if identifier is None else data | {"id": str(identifier)}
