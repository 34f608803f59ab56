"""The Python half of the value classes of the engine: what they have of pydantic's models."""

from __future__ import annotations

import copy
import datetime
import weakref
from collections.abc import Callable
from typing import Any

from servo.types.durations import Duration
from servo.types.json_text import dumps

_SHOWN = 20
"""How many points the text of a series shows."""

_further: weakref.WeakKeyDictionary[type, Any] = weakref.WeakKeyDictionary()


def _further_model(cls: type) -> Any:
    """The model of what a subclass adds, or None where it adds nothing."""
    if cls not in _further:
        from servo import _pydantic

        _further[cls] = _pydantic.further_model(cls)
    return _further[cls]


def init_further_fields(record: Any, given: dict[str, Any]) -> None:
    """Sets the fields that subclasses of a value class declare, and runs their validators.

    Raises:
        pydantic.ValidationError: One is missing or wrong.
    """
    model = _further_model(type(record))
    if model is not None:
        _take(record, model(**_own(record, model), **given))


def assign(record: Any, name: str, value: Any) -> None:
    """Sets an attribute of an object of a subclass.

    Raises:
        ValueError: There is no such field.
        pydantic.ValidationError: The value is wrong.
    """
    from servo import _pydantic

    model = _further_model(type(record))
    known = () if model is None else _pydantic.fields_of(model)
    if name not in known:
        if name in record.__servo_record__:
            record.__servo_set__(name, value)
        elif name.startswith("_"):
            vars(record)[name] = value
        else:
            raise ValueError(f'"{type(record).__name__}" object has no field "{name}"')
        return
    further = {field: vars(record)[field] for field in known if field in vars(record)}
    # Only what is set is checked again.
    current = model.construct(**_own(record, model), **further)
    setattr(current, name, value)
    _take(record, current)


def _own(record: Any, model: Any) -> dict[str, Any]:
    """The fields of the value class itself that validators of the subclass look at."""
    from servo import _pydantic

    known = _pydantic.fields_of(model)
    return {name: getattr(record, name) for name in record.__servo_record__ if name in known}


def _take(record: Any, checked: Any) -> None:
    for name, value in vars(checked).items():
        if name not in record.__servo_record__:
            vars(record)[name] = value
        elif value is not getattr(record, name):
            record.__servo_set__(name, value)


def _fields(record: Any) -> dict[str, Any]:
    fields = {name: getattr(record, name) for name in record.__servo_record__ if name != "data_points"}
    if "data_points" in record.__servo_record__:
        # Not the list itself: taking it would turn the columns into objects.
        fields = {"metric": fields.pop("metric"), "data_points": list(record), **fields}
    further = {name: value for name, value in getattr(record, "__dict__", {}).items() if not name.startswith("_")}
    return {**fields, **further}


def text(record: Any) -> str:
    """The `repr` of a record."""
    fields = _fields(record)
    if "data_points" not in fields:
        unit = f" ({record.unit.value})" if record.unit.value else ""
        return f"{type(record).__name__}({record.metric.name}{unit}, ({record.time}, {record.value}))"
    points = fields["data_points"]
    if len(points) > _SHOWN:
        shown = ", ".join(repr(point) for point in points[:_SHOWN])
        fields["data_points"] = _Text(f"[{shown}, … {len(points)} in all]")
    fields |= {"timespan": record.timespan, "duration": record.duration}
    return f"{type(record).__name__}({', '.join(f'{name}={value!r}' for name, value in fields.items())})"


def point_line(point: Any) -> str:
    """The `str` of a data point."""
    return f"{point.metric.name}: {point.value:.2f}{point.unit.value} @ {point.time}"


class _Text(str):
    def __repr__(self) -> str:
        return str(self)


def as_dict(
    record: Any,
    *,
    include: Any = None,
    exclude: Any = None,
    by_alias: bool = False,
    skip_defaults: bool | None = None,
    exclude_unset: bool = False,
    exclude_defaults: bool = False,
    exclude_none: bool = False,
) -> dict[str, Any]:
    """The fields by name, values inside of them as dicts too."""
    absent = exclude_none or exclude_unset or exclude_defaults or bool(skip_defaults)
    return {
        name: _plain(value)
        for name, value in _fields(record).items()
        if (include is None or name in include)
        and (exclude is None or name not in exclude)
        and not (absent and value is None)
    }


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.dict() if hasattr(value, "dict") else value


def as_json(record: Any, *, encoder: Callable[[Any], Any] | None = None, **kwargs: Any) -> str:
    """The fields as JSON."""
    options = {name: kwargs.pop(name) for name in ("indent", "sort_keys") if name in kwargs}
    return dumps(as_dict(record, **kwargs), default=encoder, **options)


def copied(
    record: Any, *, include: Any = None, exclude: Any = None, update: dict[str, Any] | None = None, deep: bool = False
) -> Any:
    """A copy, with some fields set anew."""
    other = copy.deepcopy(record) if deep else copy.copy(record)
    for name, value in (update or {}).items():
        setattr(other, name, value)
    return other


def parse(cls: Any, fields: Any) -> Any:
    """The object of a mapping of its fields, points as mappings or pairs too.

    Raises:
        pydantic.ValidationError: Something is wrong.
    """
    if isinstance(fields, cls):
        return fields
    from servo import _pydantic

    if not isinstance(fields, dict):
        raise _pydantic.validation_error(
            cls.__name__, [("__root__", f"{cls.__name__} expected dict not {type(fields).__name__}")]
        )
    given = dict(fields)
    points = given.get("data_points")
    if isinstance(points, list | tuple):
        from servo._core import DataPoint

        given["data_points"] = [parse(DataPoint, point) if isinstance(point, dict) else point for point in points]
    required = cls.__servo_record__[: 2 if "data_points" in cls.__servo_record__ else 3]
    missing = [(name, "field required") for name in required if name not in given]
    if missing:
        raise _pydantic.validation_error(cls.__name__, missing)
    return cls(**given)


_METRIC: dict[str, Any] = {
    "title": "Metric",
    "type": "object",
    "properties": {"name": {"title": "Name", "type": "string"}, "unit": {"title": "Unit", "type": "string"}},
    "required": ["name"],
}
_TIME = {"title": "Time", "type": "string", "format": "date-time"}
_POINT: dict[str, Any] = {
    "title": "DataPoint",
    "type": "object",
    "properties": {"metric": _METRIC, "time": _TIME, "value": {"title": "Value", "type": "number"}},
    "required": ["metric", "time", "value"],
}
_SERIES: dict[str, Any] = {
    "title": "TimeSeries",
    "type": "object",
    "properties": {
        "metric": _METRIC,
        "data_points": {"title": "Data Points", "type": "array", "items": _POINT},
        "id": {"title": "Id", "type": "string"},
        "annotation": {"title": "Annotation", "type": "string"},
        "metadata": {"title": "Metadata", "type": "object", "additionalProperties": {"type": "string"}},
    },
    "required": ["metric", "data_points"],
}


def schema(cls: Any) -> dict[str, Any]:
    """The JSON Schema of a value class, fields of subclasses included."""
    found: dict[str, Any] = copy.deepcopy(_SERIES if "data_points" in cls.__servo_record__ else _POINT)
    found["title"] = cls.__name__
    model = _further_model(cls)
    if model is not None:
        further = model.schema()
        own = found["properties"]
        found["properties"] = {**further["properties"], **own}
        found["required"] = [*found["required"], *(name for name in further.get("required", ()) if name not in own)]
        if "definitions" in further:
            found["definitions"] = further["definitions"]
    return found


def read_time(value: Any) -> datetime.datetime:
    """A time as pydantic 1 reads it: ISO 8601, or seconds (milliseconds where they are that many) since 1970.

    Raises:
        ValueError: It is none.
    """
    if value is None:
        raise ValueError("none is not an allowed value")
    if isinstance(value, bytes):
        value = value.decode(errors="replace")
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            try:
                return datetime.datetime.fromisoformat(value.strip())
            except ValueError:
                raise ValueError("invalid datetime format") from None
    if isinstance(value, int | float):
        seconds = float(value)
        while abs(seconds) > 2e10:
            if seconds in (float("inf"), float("-inf")):
                raise ValueError("invalid datetime format")
            seconds /= 1000
        try:
            return datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(seconds=seconds)
        except (OverflowError, ValueError):
            raise ValueError("invalid datetime format") from None
    raise ValueError("invalid datetime format")


def jsonable(value: Any) -> Any:
    """A value with what the engine has no word for written as in JSON."""
    import json

    return json.loads(dumps(value, default=_dumped))


def _dumped(value: Any) -> Any:
    if isinstance(value, Duration):
        return str(value)
    if hasattr(value, "dict"):
        return value.dict()
    if hasattr(value, "__float__"):
        return float(value)
    return str(value)
