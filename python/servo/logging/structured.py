"""Log records as JSON, one object on a line."""

from __future__ import annotations

import datetime
import json
import re
import traceback
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from loguru import Record

    from servo.logging.context import About

__all__ = ["json_line"]

_TOLD_ELSEWHERE = frozenset({"command_uid", "component", "connector", "event", "servo", "traceback", "with_traceback"})
_SECRET = re.compile(r"token|secret|passw|credential|authorization|api_?key|cookie", re.IGNORECASE)
REDACTED = "[REDACTED]"


def json_line(record: Record, told: About) -> str:
    """A record as one line of JSON, without a line break at its end.

    Args:
        record: The record.
        told: What it is about.
    """
    extra = record["extra"]
    time = record["time"].astimezone(datetime.UTC).replace(tzinfo=None)
    content: dict[str, Any] = {
        "timestamp": time.isoformat(timespec="microseconds") + "Z",
        "level": record["level"].name,
        "message": record["message"],
        "module": record["name"],
        # The engine does not know it.
        "function": None if record["function"] == "-" else record["function"],
        "line": record["line"],
        "component": told.component,
        "servo": told.servo,
        "connector": told.connector,
        "event": told.event,
        "command_uid": told.command_uid,
        "exception": _exception(record),
        "extra": {str(key): _value(str(key), value) for key, value in extra.items() if key not in _TOLD_ELSEWHERE},
    }
    if stack := extra.get("traceback"):
        content["stack"] = stack.strip("\n")
    # Whatever the encoding of the stream is, and whatever was logged: a line stays a line.
    return json.dumps(content, allow_nan=False, default=str)


def _exception(record: Record) -> dict[str, Any] | None:
    found = record["exception"]
    if found is None or found.type is None:
        return None
    # Values of variables, which may be secret, are not there.
    lines = traceback.format_exception(found.type, found.value, found.traceback)
    return {"type": found.type.__name__, "message": str(found.value), "traceback": "".join(lines)}


def _value(key: str, value: Any) -> Any:
    """A value as JSON has it: what it has no form for as a text, and what is called a secret not at all."""
    if _SECRET.search(key):
        return REDACTED
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int | float):
        return value if -float("inf") < value < float("inf") else str(value)
    if isinstance(value, dict):
        return {str(name): _value(str(name), one) for name, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_value("", one) for one in value]
    try:
        return str(value)
    except Exception as error:
        return f"({type(value).__name__} without a text: {type(error).__name__})"
