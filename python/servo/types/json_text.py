"""JSON as values and configurations write it."""

from __future__ import annotations

import dataclasses
import datetime
import enum
import json
import math
import uuid
from collections.abc import Callable
from typing import Any

__all__ = ["dumps"]


def dumps(
    data: Any, *, default: Callable[[Any], Any] | None = None, indent: int | None = None, sort_keys: bool = False
) -> str:
    """A compact JSON text.

    Args:
        data: What is written. An object with `human_readable()` is written as that text.
        default: Turns other objects into what can be written; raises TypeError for what it does not know.
        indent: 2 for a text for people; any other number is ignored.
        sort_keys: Whether keys are sorted.

    Returns:
        The text. NaN and infinity are `null`.

    Raises:
        TypeError: Something cannot be written.
    """
    plain = _plain(data, default)
    separators = (",", ": ") if indent == 2 else (",", ":")
    return json.dumps(
        plain, ensure_ascii=False, indent=2 if indent == 2 else None, separators=separators, sort_keys=sort_keys
    )


def _plain(value: Any, default: Callable[[Any], Any] | None) -> Any:
    if value is None or type(value) in (str, int, bool):
        return value
    if type(value) is float:
        return value if math.isfinite(value) else None
    if type(value) is dict:
        return {_key(key): _plain(item, default) for key, item in value.items()}
    if type(value) in (list, tuple):
        return [_plain(item, default) for item in value]
    return _object(value, default)


def _key(key: Any) -> str:
    if isinstance(key, str):
        return str(key)
    raise TypeError("Dict key must be str")


def _object(value: Any, default: Callable[[Any], Any] | None) -> Any:
    if isinstance(value, enum.Enum):
        return _plain(value.value, default)
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, uuid.UUID):
        return str(value)
    readable = getattr(value, "human_readable", None)
    if callable(readable) and not isinstance(value, type):
        return readable()
    if default is not None:
        try:
            return _plain(default(value), default)
        except TypeError:
            pass
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        return _plain(fields, default)
    for plain in (str, int, float):
        if isinstance(value, plain):
            # Of a class of its own, without an encoder: its JSON text, as a text.
            return dumps(plain(value))
    for collection in (dict, list, tuple):
        if isinstance(value, collection):
            return dumps(collection(value), default=default)
    raise TypeError(f"Type is not JSON serializable: {type(value).__name__}")
