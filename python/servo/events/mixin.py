"""What makes a class a member of an event bus."""

from __future__ import annotations

import contextvars
import sys
import types
import weakref
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, cast

from servo._core import Dispatch, EventResult, use_instance_handlers
from servo.events.handlers import EventHandler, _make_handler, handlers_of
from servo.events.model import Event, Preposition, _events, get_event

_instance_handlers: weakref.WeakKeyDictionary[Any, list[EventHandler]] = weakref.WeakKeyDictionary()


def _own_handlers(connector: Any) -> list[EventHandler]:
    return _instance_handlers.get(connector, [])


class _ClassOrInstanceMethod:
    """A method that is called with the class and, when called on one, the instance."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self.__doc__ = function.__doc__

    def __get__(self, instance: Any, owner: type) -> Callable[..., Any]:
        return types.MethodType(self._function, (owner, instance))


_DispatchEvent = Dispatch


_current_member: contextvars.ContextVar[Any] = contextvars.ContextVar("servox.current_member", default=None)


class Mixin:
    """What makes a class a member of an event bus."""

    __event_handlers__: ClassVar[list[EventHandler]] = []
    __context_variable__: ClassVar[contextvars.ContextVar[Any]] = _current_member
    # Holds the object that dispatches, for all handlers of its dispatches.
    __dispatch_variable__: ClassVar[contextvars.ContextVar[Any] | None] = None

    if TYPE_CHECKING:
        name: str
        __event_bus__: list[Any]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.__event_handlers__ = handlers_of(cls)

    @property
    def __connectors__(self) -> list[Any]:
        """The connectors that share a bus; a connector that stands alone has one of its own."""
        try:
            return self.__event_bus__
        except AttributeError:
            object.__setattr__(self, "__event_bus__", [self])
            return self.__event_bus__

    @_ClassOrInstanceMethod
    def get_event_handlers(
        bound: tuple[type[Mixin], Any], event: Event | str, preposition: Preposition = Preposition.all
    ) -> list[EventHandler]:
        """The handlers of an event, in the order they were registered.

        Args:
            event: The event or its name.
            preposition: Those before, on or after it; all unless given.
        """
        cls, instance = bound
        known = cls.__event_handlers__ if instance is None else [*cls.__event_handlers__, *_own_handlers(instance)]
        return [handler for handler in known if handler.event.name == str(event) and handler.preposition & preposition]

    @_ClassOrInstanceMethod
    def responds_to_event(bound: tuple[type[Mixin], Any], event: Event | str) -> bool:
        """Whether there is a handler of that event, of any preposition.

        Raises:
            KeyError: There is no such event.
        """
        cls, instance = bound
        found = event if isinstance(event, Event) else get_event(event)
        return bool((cls if instance is None else instance).get_event_handlers(found))

    @_ClassOrInstanceMethod
    def add_event_handler(
        bound: tuple[type[Mixin], Any],
        event: Event,
        preposition: Preposition,
        callable: Callable[..., Any],
        **kwargs: Any,
    ) -> EventHandler:
        """Registers a further handler: called on a class for all its instances, called on an instance for it alone.

        Args:
            event: The event.
            preposition: Before, on or after it.
            callable: The function; its first argument is the connector.
            kwargs: Further arguments for it; those of a dispatch win.

        Returns:
            The handler.

        Raises:
            AttributeError: `event` is no event.
            TypeError: The signature does not fit the event.
        """
        cls, instance = bound
        if not isinstance(event, Event):
            raise AttributeError(f"event must be an Event object, got {type(event).__name__}")
        handler = _make_handler(callable, event, preposition, kwargs, sys._getframe(1))
        handler.connector_type = cls
        if instance is not None:
            use_instance_handlers()
            _instance_handlers.setdefault(instance, []).append(handler)
            return handler
        if "__added_event_handlers__" not in vars(cls):
            cls.__added_event_handlers__ = []  # type: ignore[attr-defined]
        cls.__added_event_handlers__.append(handler)  # type: ignore[attr-defined]
        cls.__event_handlers__.append(handler)
        return handler

    def dispatch_event(
        self,
        event: Event | str,
        *args: Any,
        first: bool = False,
        include: Sequence[Any] | None = None,
        exclude: Sequence[Any] | None = None,
        return_exceptions: bool = False,
        _prepositions: Preposition = Preposition.all,
        **kwargs: Any,
    ) -> _DispatchEvent:
        """Sends an event to all connectors of the bus: before, on and after it, each phase at once for all of them.

        Args:
            event: The event.
            args: Its arguments.
            first: Whether the first connector, in order, that has a handler answers alone.
            include: Only these connectors, by name or themselves.
            exclude: None of these connectors, by name or themselves.
            return_exceptions: Whether what on-handlers raise is a result instead of ending the dispatch.
            _prepositions: The phases.
            kwargs: Its arguments by name.

        Returns:
            What can be awaited, once: the results in the order of the bus; with `first` the first one or None.

        Raises:
            KeyError: There is no such event.
        """
        found = event if isinstance(event, Event) else _events[event]
        try:
            bus = self.__event_bus__
        except AttributeError:
            bus = self.__connectors__
        return _DispatchEvent(
            found,
            bus,
            args,
            kwargs,
            first,
            include,
            exclude,
            return_exceptions,
            _prepositions,
            self,
            self.__dispatch_variable__,
        )

    async def run_event_handlers(
        self, event: Event, preposition: Preposition, *args: Any, return_exceptions: bool = False, **kwargs: Any
    ) -> list[EventResult] | None:
        """Runs the handlers of this connector, one after another.

        Args:
            event: The event.
            preposition: Those before, on or after it.
            args: The arguments of the event.
            return_exceptions: Whether what on-handlers raise is a result.
            kwargs: The arguments of the event by name.

        Returns:
            Their results; None when there is no handler.

        Raises:
            ValueError: It is no event.
        """
        if not isinstance(event, Event):
            raise ValueError(f"event must be an Event object, got {type(event).__name__}")
        run = _DispatchEvent(
            event, [self], args, kwargs, False, None, None, return_exceptions, preposition, self, None, True
        )
        return cast("list[EventResult] | None", await run)
