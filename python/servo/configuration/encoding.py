"""Values of configurations as JSON, secrets masked."""

from __future__ import annotations

import datetime
import enum
import json
import math
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import pydantic

from servo._pydantic import encoded

__all__ = ["DEFAULT_JSON_ENCODERS", "MASK", "dumps", "jsonable", "revealed"]

MASK = "**********"
"""What stands for a secret."""


def _masked(secret: Any) -> str | None:
    return MASK if secret is not None and secret.get_secret_value() else None


DEFAULT_JSON_ENCODERS: dict[type, Callable[[Any], Any]] = {pydantic.SecretStr: _masked, pydantic.AnyHttpUrl: str}
"""How secrets and URLs are written."""

_COLLECTIONS = (dict, list, tuple)
_PLAIN_TIMES = (datetime.datetime, datetime.date, datetime.time)
_SECRETS = (pydantic.SecretStr, pydantic.SecretBytes)


def revealed(value: Any) -> Any:
    """The same values with secrets as plain text."""
    if isinstance(value, _SECRETS):
        return value.get_secret_value()
    if isinstance(value, dict):
        return {key: revealed(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(revealed(item) for item in value) if type(value) in (list, tuple) else value
    return value


def jsonable(
    value: Any, encoders: Mapping[type, Any], fallback: Callable[[Any], Any] | None, *, show_secrets: bool = False
) -> Any:
    """A value as what JSON knows.

    Raises:
        TypeError: There is no JSON form of it.
    """

    def inner(value: Any) -> Any:
        if isinstance(value, _SECRETS):
            plain = value.get_secret_value()
            text = plain.decode(errors="replace") if isinstance(plain, bytes) else plain
            return (text if show_secrets else MASK) if text else None
        # What JSON has a word for is written as it is: encoders are for everything else.
        if value is None or type(value) in (bool, int, str):
            return value
        if isinstance(value, enum.Enum):
            return inner(value.value)
        if type(value) is float:
            return value if math.isfinite(value) else None
        if type(value) in _PLAIN_TIMES:
            return value.isoformat()
        if isinstance(value, uuid.UUID):
            return str(value)
        if type(value) not in _COLLECTIONS:
            if not isinstance(value, type) and callable(readable := getattr(value, "human_readable", None)):
                return str(readable())
            for cls in type(value).__mro__[:-1]:
                if cls in encoders:
                    return inner_of_encoder(encoders[cls], value)
        if isinstance(value, float):
            return float(value) if math.isfinite(value) else None
        if isinstance(value, Mapping):
            for key in value:
                if not isinstance(key, str):
                    raise TypeError("Dict key must be str")
            return {str(getattr(key, "value", key)): inner(item) for key, item in value.items()}
        if isinstance(value, list | tuple | set | frozenset | deque):
            return [inner(item) for item in value]
        if isinstance(value, str | int):
            return str(value) if isinstance(value, str) else int(value)
        return other(value)

    def inner_of_encoder(encode: Any, value: Any) -> Any:
        encoded = encode(value)
        return encoded if type(encoded) is type(value) else inner(encoded)

    def other(value: Any) -> Any:
        try:
            return inner(encoded(value))
        except TypeError:
            if fallback is None:
                raise
        return inner(fallback(value))

    return inner(value)


def dumps(value: Any, *, indent: bool = False, sort_keys: bool = False) -> str:
    """A value as JSON, in one line without spaces or in lines indented by 2."""
    if indent:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=sort_keys, indent=2)
    return json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=sort_keys, separators=(",", ":"))
