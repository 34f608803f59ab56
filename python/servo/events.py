"""Events, and the decorators that make a connector's methods their handlers."""

from __future__ import annotations

import contextvars
import dataclasses
import datetime
import enum
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from servo._handlers import Answerer
    from servo.connector import BaseConnector

__all__ = [
    "Event",
    "EventHandler",
    "EventResult",
    "Preposition",
    "after_event",
    "before_event",
    "current_event",
    "event_handler",
    "on_event",
]

Handler = TypeVar("Handler", bound=Callable[..., Any])


class Preposition(enum.Flag):
    """When a handler runs, in relation to the event."""

    before = 1
    on = 2
    after = 4
    all = 7

    @classmethod
    def from_str(cls, prep: str | Preposition) -> Preposition:
        """The preposition of `before`, `on` or `after`.

        Raises:
            ValueError: Any other text.
        """
        if isinstance(prep, Preposition):
            return prep
        if prep not in ("before", "on", "after"):
            raise ValueError(f"unsupported value for Preposition '{prep}'")
        return cls[prep]

    def __str__(self) -> str:
        return self.name or "none"


@dataclasses.dataclass(frozen=True)
class Event:
    """Something that connectors can answer; unique by its name."""

    name: str
    module: str | None = None

    def __str__(self) -> str:
        return self.name


@dataclasses.dataclass
class EventHandler:
    """A method that answers an event."""

    event: Event
    preposition: Preposition
    handler: Callable[..., Any]
    kwargs: dict[str, Any] = dataclasses.field(default_factory=dict)
    connector_type: type | None = None

    def __str__(self) -> str:
        return f"{self.connector_type}({self.preposition}:{self.event}->{self.handler})"


@dataclasses.dataclass
class EventResult:
    """What one handler gave: its value, or the exception it raised."""

    event: Event
    preposition: Preposition
    connector: BaseConnector | Answerer
    value: Any
    created_at: datetime.datetime = dataclasses.field(default_factory=datetime.datetime.now)


_events = {
    name: Event(name, "servo.servo")
    for name in (
        "attach",
        "detach",
        "startup",
        "shutdown",
        "metrics",
        "components",
        "measure",
        "check",
        "describe",
        "adjust",
        "promote",
    )
}


def get_events() -> list[Event]:
    """Every event, in the order they were created."""
    return list(_events.values())


def get_event(name: str) -> Event:
    """The event of that name.

    Raises:
        KeyError: There is none.
    """
    return _events[name]


@dataclasses.dataclass
class EventContext:
    """The event at work."""

    event: Event
    preposition: Preposition
    created_at: datetime.datetime = dataclasses.field(default_factory=datetime.datetime.now)

    def __str__(self) -> str:
        return self.event.name if self.preposition is Preposition.on else f"{self.preposition}:{self.event}"


_current_event: contextvars.ContextVar[EventContext | None] = contextvars.ContextVar(
    "servox.current_event", default=None
)


def current_event() -> EventContext | None:
    """The event whose handler runs, if one does."""
    return _current_event.get()


def event_handler(
    event_name: str | None = None, preposition: Preposition = Preposition.on, **kwargs: Any
) -> Callable[[Handler], Handler]:
    """Makes a method a handler of an event.

    Args:
        event_name: The event, the name of the method unless given.
        preposition: Before, on or after it.
        kwargs: Further arguments for the handler.

    Raises:
        ValueError: There is no such event.
    """

    def decorate(function: Handler) -> Handler:
        name = str(event_name) if event_name is not None else function.__name__
        if (found := _events.get(name)) is None:
            raise ValueError(f"Unknown event '{name}'")
        function.__event_handler__ = EventHandler(found, preposition, function, kwargs)  # type: ignore[attr-defined]
        return function

    return decorate


def before_event(event: str | None = None, **kwargs: Any) -> Callable[[Handler], Handler]:
    """Makes a method a handler that runs before an event and may cancel it with `EventCancelledError`."""
    return event_handler(event, Preposition.before, **kwargs)


def on_event(event: str | None = None, **kwargs: Any) -> Callable[[Handler], Handler]:
    """Makes a method a handler of an event."""
    return event_handler(event, Preposition.on, **kwargs)


def after_event(event: str | None = None, **kwargs: Any) -> Callable[[Handler], Handler]:
    """Makes a method a handler that runs after an event, with its results."""
    return event_handler(event, Preposition.after, **kwargs)


def handlers_of(cls: type) -> list[EventHandler]:
    """The handlers of a class with those it inherits; one that is overridden is not among them."""
    found: dict[str, EventHandler] = {}
    for base in reversed(cls.__mro__):
        for name, attribute in vars(base).items():
            if isinstance(handler := getattr(attribute, "__event_handler__", None), EventHandler):
                found[name] = dataclasses.replace(handler, connector_type=cls)
            elif name in found and inspect.isfunction(attribute):
                # An override without a decorator answers the same event.
                found[name] = dataclasses.replace(found[name], handler=attribute)
    return list(found.values())
