"""Events, and the decorators that make a connector's methods their handlers."""

from __future__ import annotations

import contextlib
import contextvars
import dataclasses
import enum
import inspect
import sys
import types
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, List, TypeVar, cast  # noqa: F401, UP035

from servo._core import Dispatch, EventResult, use_instance_handlers
from servo._core import EventContext as EventContext

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

EventCallable = TypeVar("EventCallable", bound=Callable[..., Any])


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
        if not isinstance(prep, str):
            return prep
        if prep not in ("before", "on", "after"):
            raise ValueError(f"unsupported value for Preposition '{prep}'")
        return cls[prep]

    @property
    def flag(self) -> bool:
        """Whether it is one preposition and not several."""
        return self.value.bit_count() == 1

    def __str__(self) -> str:
        return self.name or "none"


@contextlib.asynccontextmanager
async def _no_context_manager(connector: Any, *args: Any, **kwargs: Any) -> AsyncIterator[None]:
    yield


class Event:
    """Something that connectors can answer; unique by its name.

    Attributes:
        name: The name.
        module: The module whose names its annotations use.
        signature: What handlers are given and return; None for an event that any handler fits.
        on_handler_context_manager: Wraps each call of a handler; called with the connector and the event's arguments.
    """

    __slots__ = ("__weakref__", "_names", "module", "name", "on_handler_context_manager", "signature")

    def __init__(
        self,
        name: str,
        signature: inspect.Signature | None,
        module: str | None = None,
        on_handler_context_manager: Callable[..., Any] = _no_context_manager,
    ) -> None:
        self.name = str(name)
        self.signature = signature
        self.module = module
        self.on_handler_context_manager = on_handler_context_manager
        self._names: Mapping[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        # Those of the standard events, which need the types of their annotations, wait until they are asked for.
        if name not in ("_names", "signature"):
            raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")
        from servo._standard_events import names_of, signature_of

        value = names_of(self.name) if name == "_names" else signature_of(self.name)
        setattr(self, name, value)
        return value

    def dict(self) -> dict[str, Any]:
        """The fields that are plain values."""
        return {"name": self.name, "module": self.module}

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"Event(name={self.name!r}, module={self.module!r})"

    def __eq__(self, other: object) -> bool:
        if isinstance(other, str):
            return self.name == other
        if isinstance(other, Event):
            return self.name == other.name and self.signature == other.signature
        return NotImplemented

    def __hash__(self) -> int:
        return hash(self.name)


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


def _standard_event(name: str) -> Event:
    """An event whose signature is read when it is asked for."""
    created = Event(name, None, "servo.servo")
    del created.signature, created._names
    return created


_events = {
    name: _standard_event(name)
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


def get_event(name: str, default: Any = ...) -> Event:
    """The event of that name.

    Raises:
        KeyError: There is none, and no default.
    """
    found = _events.get(name, default)
    if found is ...:
        raise KeyError(name)
    return cast(Event, found)


def create_event(name: str, signature: Callable[..., Any] | inspect.Signature, *, module: str | None = None) -> Event:
    """Creates an event.

    Args:
        name: Its name, which no other event has.
        signature: What handlers are given and return: a signature, or a coroutine function without a body. An
            asynchronous generator function that yields once is both: what stands before its `yield` is done before each
            handler, what stands behind it afterwards.
        module: The module whose names the annotations use.

    Raises:
        ValueError: There is such an event, or the function has a body.
        TypeError: It is no callable, or it takes `*args`.
    """
    names = sys._getframe(1).f_locals
    return _create_event(name, signature, module if module is not None else names.get("__module__"))


def _create_event(
    name: str, declared: Callable[..., Any] | inspect.Signature, module: str | None, *, bodiless: bool = True
) -> Event:
    name = str(name)
    if name in _events:
        raise ValueError(f"Event '{name}' has already been created")
    manager: Callable[..., Any] = _no_context_manager
    if isinstance(declared, inspect.Signature):
        signature = declared
    else:
        if callable(declared) and bodiless:
            if inspect.isasyncgenfunction(declared):
                manager = contextlib.asynccontextmanager(declared)
            elif not inspect.iscoroutinefunction(declared):
                raise ValueError(
                    "events must be async: add `async` prefix to your function declaration and await as necessary "
                    f"({declared!r})"
                )
            else:
                _require_stub(name, declared)
        signature = inspect.signature(declared)
    if any(parameter.kind is inspect.Parameter.VAR_POSITIONAL for parameter in signature.parameters.values()):
        raise TypeError("Invalid signature: events cannot declare variable positional arguments (e.g. *args)")
    created = Event(name, signature, module, manager)
    created._names = getattr(declared, "__globals__", {})
    _events[name] = created
    return created


def _require_stub(name: str, function: Callable[..., Any]) -> None:
    try:
        lines = inspect.getsource(function).strip().splitlines()
    except OSError:
        lines = []
    if not lines:
        import logging

        logging.getLogger(__name__).warning(
            "unable to inspect event declaration for '%s': dropping event body and proceeding", name
        )
        return
    last = lines[-1].strip()
    if last in ("pass", "...") or (last.startswith("async def ") and last.endswith((": ...", ": pass"))):
        return
    raise ValueError(
        "function body of event declaration must be an async generator or a stub using `...` or `pass` keywords"
    )


def event(name: str | None = None, *, handler: bool = False) -> Callable[[EventCallable], EventCallable]:
    """Declares an event with the signature of the decorated function.

    Args:
        name: The name of the event, the name of the function unless given.
        handler: Whether the function is at once the on-handler of the event in this class. It may then have a body.

    Raises:
        ValueError: There is such an event, or the function has a body.
        TypeError: The function takes `*args`.
    """

    def decorate(function: EventCallable) -> EventCallable:
        frame = sys._getframe(1)
        wanted = str(name) if name is not None else function.__name__
        module = frame.f_locals.get("__module__")
        created = _create_event(wanted, function, module, bodiless=not handler)
        if handler:
            _attach(function, created, Preposition.on, {}, frame)
        return function

    return decorate


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


def _signature_of_after_handlers() -> inspect.Signature:
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    results = inspect.Parameter("results", kind, annotation="List[EventResult]")
    return inspect.Signature([inspect.Parameter("self", kind), results], return_annotation="None")


_AFTER = _signature_of_after_handlers()


def _make_handler(
    function: Callable[..., Any],
    answered: Event,
    preposition: Preposition,
    kwargs: dict[str, Any],
    frame: types.FrameType,
) -> EventHandler:
    """A handler, once its signature has been found to fit the event."""
    if answered.signature is not None:
        from servo.utilities.inspect import CallableDescriptor, assert_equal_callable_descriptors

        wanted, prefix = answered.signature, ""
        if preposition is Preposition.before:
            wanted, prefix = wanted.replace(return_annotation=None), "before"
        elif preposition is Preposition.after:
            wanted, prefix = _AFTER, "after"
        home = vars(sys.modules[answered.module]) if answered.module in sys.modules else {}
        assert_equal_callable_descriptors(
            CallableDescriptor(wanted, answered.module, {**answered._names, **home, **globals()}, {}),
            CallableDescriptor(
                inspect.signature(function), getattr(function, "__module__", None), frame.f_globals, frame.f_locals
            ),
            name=f"{prefix}:{answered}" if prefix else str(answered),
            callable_description=f"{prefix} event handler".lstrip(),
        )
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


def _require_connector(connector: Any) -> None:
    if not isinstance(connector, Mixin):
        raise TypeError(f"field (type {type(connector)}) must be instance of events.Mixin")
    name = getattr(connector, "name", None)
    if not isinstance(name, str):
        raise TypeError(f"events.Mixin inheritors must define a name property of type str (found {type(name)})")


def _is_async(function: Callable[..., Any]) -> bool:
    """Whether a handler is a coroutine function, `functools.partial` of one and mocks of one among them."""
    if inspect.iscoroutinefunction(function):
        return True
    marker = getattr(function, "_is_coroutine", None)
    return marker is not None and marker is getattr(sys.modules.get("asyncio.coroutines"), "_is_coroutine", None)


async def _within(
    manager: Callable[..., Any],
    connector: Any,
    function: Callable[..., Any],
    is_async: bool,
    args: tuple[Any, ...],
    kwargs: dict[str, Any] | None,
    event_args: tuple[Any, ...],
    event_kwargs: dict[str, Any] | None,
) -> Any:
    """Calls a handler inside the context manager of its event; None when that swallowed what the handler raised."""
    value = None
    async with manager(connector, *event_args, **(event_kwargs or {})):
        value = function(*args, **(kwargs or {}))
        if is_async:
            given, value = value, None
            value = await cast(Awaitable[Any], given)
    return value


# What a driver yields, with the value of a handler, when that has returned.
_RETURNED = object()


@types.coroutine
def _driver() -> Generator[Any, Any, None]:
    """Runs coroutine functions one after another: each is sent with its arguments, and stepped until it has returned.

    A generator that goes on costs less than one for each handler, and neither needs an exception to hand over a value.
    """
    call = yield
    while True:
        function, args, kwargs = call
        given = function(*args) if kwargs is None else function(*args, **kwargs)
        if type(given) is not types.CoroutineType:
            given = given.__await__()
        # Idle, it holds on to nothing of the handler but its coroutine, which is over.
        call = function = args = kwargs = None
        call = yield _RETURNED, (yield from given)


def _warn_of_cancellation(cancelled: list[tuple[Any, Any]]) -> None:
    from loguru import logger

    names = ", ".join((getattr(error, "connector", None) or connector).name for connector, error in cancelled)
    errors = tuple(error for _, error in cancelled)
    logger.warning(f'event cancelled by before event handler on connector "{names}": {errors}')


def _warn_of_late_cancellation() -> None:
    from loguru import logger

    logger.warning("Cannot cancel an event from an on handler: event dispatched")


def __getattr__(name: str) -> Any:
    if name == "Metaclass":
        from servo._pydantic import ModelMetaclass

        return ModelMetaclass
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
