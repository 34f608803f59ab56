"""What JSON has no word for, as pydantic 1 writes it."""

from __future__ import annotations

import dataclasses
import datetime
import enum
import ipaddress
import pathlib
import re
import types
import uuid
from collections import deque
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pydantic

from servo._pydantic.options import config_option

_SHOWN_AS_TEXT = (
    pathlib.PurePath,
    uuid.UUID,
    ipaddress.IPv4Address,
    ipaddress.IPv4Interface,
    ipaddress.IPv4Network,
    ipaddress.IPv6Address,
    ipaddress.IPv6Interface,
    ipaddress.IPv6Network,
)


def encoded(value: Any) -> Any:
    """An object as JSON has it, or as something that is nearer to it.

    Raises:
        TypeError: There is no such form.
    """
    if isinstance(value, pydantic.BaseModel):
        return value.dict()
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, Decimal):
        exponent = value.as_tuple().exponent
        return int(value) if isinstance(exponent, int) and exponent >= 0 else float(value)
    if isinstance(value, set | frozenset | types.GeneratorType | deque):
        return list(value)
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, re.Pattern):
        return value.pattern
    if isinstance(value, _SHOWN_AS_TEXT) or type(value).__module__.startswith("pydantic"):
        return str(value)
    if callable(fields := getattr(value, "dict", None)):
        return fields()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    raise TypeError(f"Object of type '{type(value).__name__}' is not JSON serializable")


def encoder_of(model: type) -> Callable[[Any], Any]:
    """What turns the objects in a model into what JSON has words for: its `json_encoders`, then those of pydantic 1."""
    encoders: dict[Any, Any] = config_option(model, "json_encoders", {})

    def encode(value: Any) -> Any:
        for cls in type(value).__mro__[:-1]:
            if cls in encoders:
                return encoders[cls](value)
        return encoded(value)

    return encode
