"""The event whose handler runs, and texts that name events."""

from __future__ import annotations

import contextlib
import contextvars
from collections.abc import Iterator
from typing import Any

from servo._core import EventContext
from servo.events.model import Preposition, _events


def _context_from_str(event_str: str) -> EventContext | None:
    preposition, _, name = event_str.rpartition(":")
    if (found := _events.get(name)) is None or preposition not in ("", "before", "on", "after"):
        return None
    return EventContext(found, Preposition.from_str(preposition or "on"))


def validate_event_contexts(cls: type, value: Any, field: Any) -> Any:
    """A validator of pydantic for fields that name events: texts are checked, contexts become texts.

    Raises:
        ValueError: There is no such event or preposition.
    """
    if isinstance(value, str):
        if EventContext.from_str(value) is None:
            raise ValueError(f"Invalid event {value}")
        return value
    if isinstance(value, EventContext):
        return str(value)
    if isinstance(value, list):
        for item in value:
            validate_event_contexts(cls, item, field)
        return value
    raise ValueError(f"Invalid value for {field.name}")


_current_event: contextvars.ContextVar[EventContext | None] = contextvars.ContextVar(
    "servox.current_event", default=None
)


def current_event() -> EventContext | None:
    """The event whose handler runs, if one does."""
    return _current_event.get()


@contextlib.contextmanager
def _current(context: EventContext) -> Iterator[EventContext]:
    token = _current_event.set(context)
    try:
        yield context
    finally:
        _current_event.reset(token)
