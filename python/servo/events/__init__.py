"""Events, and the decorators that make a connector's methods their handlers."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from servo._core import Dispatch as _DispatchEvent  # noqa: F401 (its old name)
from servo._core import EventContext as EventContext
from servo._core import EventResult as EventResult
from servo.events.context import _context_from_str as _context_from_str
from servo.events.context import _current as _current
from servo.events.context import _current_event as _current_event
from servo.events.context import current_event as current_event
from servo.events.context import validate_event_contexts as validate_event_contexts
from servo.events.handlers import EventHandler as EventHandler
from servo.events.handlers import _is_async as _is_async
from servo.events.handlers import _make_handler as _make_handler
from servo.events.handlers import after_event as after_event
from servo.events.handlers import before_event as before_event
from servo.events.handlers import event_handler as event_handler
from servo.events.handlers import handlers_of as handlers_of
from servo.events.handlers import on_event as on_event
from servo.events.mixin import Mixin as Mixin
from servo.events.mixin import _current_member as _current_member
from servo.events.mixin import _instance_handlers as _instance_handlers
from servo.events.mixin import _own_handlers as _own_handlers
from servo.events.model import Event as Event
from servo.events.model import EventCallable as EventCallable
from servo.events.model import Preposition as Preposition
from servo.events.model import _events as _events
from servo.events.model import _no_context_manager as _no_context_manager
from servo.events.model import get_event as get_event
from servo.events.model import get_events as get_events

if TYPE_CHECKING:
    from servo._pydantic import ModelMetaclass as Metaclass  # noqa: F401
    from servo.events.declaration import _create_event as _create_event
    from servo.events.declaration import create_event as create_event
    from servo.events.declaration import event as event
    from servo.events.running import _RETURNED as _RETURNED
    from servo.events.running import _driver as _driver
    from servo.events.running import _require_connector as _require_connector
    from servo.events.running import _warn_of_cancellation as _warn_of_cancellation
    from servo.events.running import _warn_of_late_cancellation as _warn_of_late_cancellation
    from servo.events.running import _within as _within

__all__ = [
    "Event",
    "EventHandler",
    "EventResult",
    "Preposition",
    "after_event",
    "before_event",
    "create_event",
    "current_event",
    "event",
    "event_handler",
    "on_event",
]

# What comes with the first use: a program that declares no events, or dispatches none, does without.
_LATER = {
    "Metaclass": ("servo._pydantic", "ModelMetaclass"),
    "create_event": ("servo.events.declaration", "create_event"),
    "event": ("servo.events.declaration", "event"),
    "_create_event": ("servo.events.declaration", "_create_event"),
    "_RETURNED": ("servo.events.running", "_RETURNED"),
    "_driver": ("servo.events.running", "_driver"),
    "_require_connector": ("servo.events.running", "_require_connector"),
    "_warn_of_cancellation": ("servo.events.running", "_warn_of_cancellation"),
    "_warn_of_late_cancellation": ("servo.events.running", "_warn_of_late_cancellation"),
    "_within": ("servo.events.running", "_within"),
}


def __getattr__(name: str) -> Any:
    if (home := _LATER.get(name)) is None:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    value = getattr(importlib.import_module(home[0]), home[1])
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER})
