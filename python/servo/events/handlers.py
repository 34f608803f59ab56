"""Handlers of events: the decorators that make them, and those that a class has or inherits."""

from __future__ import annotations

import dataclasses
import inspect
import sys
import types
from collections.abc import Callable
from typing import Any, cast

from servo.events.model import Event, EventCallable, Preposition, _events


@dataclasses.dataclass(slots=True, weakref_slot=True)
class EventHandler:
    """A function that answers an event.

    Attributes:
        event: The event.
        preposition: Before, on or after it.
        kwargs: Further arguments; those of a dispatch win.
        connector_type: The class it was declared in.
        handler: The function; it may be replaced.
    """

    event: Event
    preposition: Preposition
    handler: Callable[..., Any]
    kwargs: dict[str, Any] = dataclasses.field(default_factory=dict)
    connector_type: type | None = None

    def __str__(self) -> str:
        return f"{self.connector_type}({self.preposition}:{self.event}->{self.handler})"


def _make_handler(
    function: Callable[..., Any],
    answered: Event,
    preposition: Preposition,
    kwargs: dict[str, Any],
    frame: types.FrameType,
) -> EventHandler:
    """A handler, once its signature has been found to fit the event."""
    if answered.signature is not None:
        # Most programs load it with their first own event; one that has no handlers of its own does without.
        from servo.events.signatures import require_fit

        require_fit(function, answered, preposition, frame)
    return EventHandler(event=answered, preposition=preposition, handler=function, kwargs=kwargs)


def _attach(
    function: Callable[..., Any],
    answered: Event,
    preposition: Preposition,
    kwargs: dict[str, Any],
    frame: types.FrameType,
) -> None:
    handler = _make_handler(function, answered, preposition, kwargs, frame)
    function.__event_handler__ = handler  # type: ignore[attr-defined]


def event_handler(
    event_name: str | None = None, preposition: Preposition = Preposition.on, **kwargs: Any
) -> Callable[[EventCallable], EventCallable]:
    """Makes a method a handler of an event.

    Args:
        event_name: The event, the name of the method unless given.
        preposition: Before, on or after it.
        kwargs: Further arguments for the handler; those of a dispatch win.

    Raises:
        ValueError: There is no such event.
        TypeError: The signature of the method does not fit the event.
    """
    if inspect.isfunction(event_name):
        raise TypeError(f"write the decorator of '{event_name.__qualname__}' with parentheses, such as @on_event()")

    def decorate(function: EventCallable) -> EventCallable:
        name = str(event_name) if event_name is not None else function.__name__
        if (found := _events.get(name)) is None:
            raise ValueError(f"Unknown event '{name}'")
        _attach(function, found, preposition, kwargs, sys._getframe(1))
        return function

    return decorate


def before_event(event: str | None = None, **kwargs: Any) -> Callable[[EventCallable], EventCallable]:
    """Makes a method a handler that runs before an event and may cancel it with `EventCancelledError`."""
    return event_handler(event, Preposition.before, **kwargs)


def on_event(event: str | None = None, **kwargs: Any) -> Callable[[EventCallable], EventCallable]:
    """Makes a method a handler of an event."""
    return event_handler(event, Preposition.on, **kwargs)


def after_event(event: str | None = None, **kwargs: Any) -> Callable[[EventCallable], EventCallable]:
    """Makes a method a handler that runs after an event, with its results."""
    return event_handler(event, Preposition.after, **kwargs)


def handlers_of(cls: type) -> list[EventHandler]:
    """The handlers of a class with those it inherits; one that is overridden is not among them."""
    found: dict[object, EventHandler] = {}
    for base in reversed(cls.__mro__):
        for name, attribute in list(vars(base).items()):
            marker = getattr(attribute, "__event_handler__", None) if callable(attribute) else None
            if isinstance(marker, EventHandler):
                if base is cls:
                    marker.connector_type = cls
                found[name] = marker
            elif marker is not None and not isinstance(attribute, type):
                raise TypeError(f"Unexpected event descriptor of type '{type(marker)}'")
            elif name in found:
                # An override without a decorator answers the same event; anything but a function ends that.
                if inspect.isfunction(attribute):
                    found[name] = _overridden(found[name], attribute, base)
                else:
                    del found[name]
        for handler in vars(base).get("__added_event_handlers__", ()):
            found[id(handler)] = handler
    return list(found.values())


def _overridden(handler: EventHandler, function: Callable[..., Any], base: type) -> EventHandler:
    for known in vars(base).get("__event_handlers__", ()):
        if known.handler is function and known.event is handler.event:
            return cast(EventHandler, known)
    return dataclasses.replace(handler, handler=function, connector_type=base)


def _is_async(function: Callable[..., Any]) -> bool:
    """Whether a handler is a coroutine function, `functools.partial` of one and mocks of one among them."""
    if inspect.iscoroutinefunction(function):
        return True
    marker = getattr(function, "_is_coroutine", None)
    return marker is not None and marker is getattr(sys.modules.get("asyncio.coroutines"), "_is_coroutine", None)
