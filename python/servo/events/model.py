"""What an event is, and the registry of them."""

from __future__ import annotations

import contextlib
import enum
import inspect
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, TypeVar, cast

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
        from servo.events.standard import names_of, signature_of

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
