"""Which connector classes have been defined in this process."""

from __future__ import annotations

import sys
from collections.abc import Callable, Hashable, Iterable, Iterator, MutableSet
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from servo.connector.base import BaseConnector

__all__ = ["ConnectorClasses", "is_servo", "known_connectors", "question_of", "register", "remembered"]

Found = TypeVar("Found")


class ConnectorClasses(MutableSet["type[BaseConnector]"]):
    """A set of connector classes that keeps the order in which they were added.

    Args:
        classes: The first ones.
    """

    __slots__ = ("_classes",)

    def __init__(self, classes: Iterable[type[BaseConnector]] = ()) -> None:
        self._classes = dict.fromkeys(classes)

    def __contains__(self, value: object) -> bool:
        return value in self._classes

    def __iter__(self) -> Iterator[type[BaseConnector]]:
        return iter(self._classes)

    def __len__(self) -> int:
        return len(self._classes)

    def add(self, value: type[BaseConnector]) -> None:
        """Adds a class, behind all others unless it is there."""
        self._classes[value] = None

    def discard(self, value: type[BaseConnector]) -> None:
        """Removes a class if it is there."""
        self._classes.pop(value, None)

    def copy(self) -> ConnectorClasses:
        """Another set of the same classes."""
        return ConnectorClasses(self._classes)

    def __repr__(self) -> str:
        return f"{{{', '.join(repr(cls) for cls in self)}}}"


def _home() -> Any:
    return sys.modules["servo.connector"]


def register(cls: type[BaseConnector]) -> None:
    """Makes a class known, unless its body says that it is `__abstract__`."""
    if vars(cls).get("__abstract__"):
        return
    known = getattr(_home(), "_connector_subclasses", None)
    if known is None:
        return  # `BaseConnector` itself, which is no connector.
    # Tests put plain lists in its place.
    (known.add if hasattr(known, "add") else known.append)(cls)


def known_connectors() -> list[type[BaseConnector]]:
    """Every class, in the order of their definition."""
    return list(_home()._connector_subclasses)


def is_servo(cls: type) -> bool:
    """Whether a class is the servo itself, which is a member of the bus and no connector of a document."""
    return any(base.__name__ == "Servo" and base.__module__ == "servo.servo" for base in cls.__mro__)


# What has been found for descriptors, for as long as the classes and their default names stay as they are.
_known: list[tuple[Any, Any]] = []
_found: dict[Hashable, Any] = {}


def remembered(question: Hashable, find: Callable[[], Found]) -> Found:
    """What was found before, unless a connector has been defined, renamed or forgotten since.

    Args:
        question: What is asked for.
        find: Finds it; what it raises is not remembered.
    """
    global _known, _found
    state = [(cls, cls.__default_name__) for cls in _home()._connector_subclasses]
    if state != _known or len(_found) >= _MOST:
        _known, _found = state, {}
    if question in _found:
        known: Found = _found[question]
        return known
    found = find()
    _found[question] = found
    return found


_MOST = 4096


def question_of(kind: str, descriptor: Any) -> Hashable | None:
    """A descriptor of texts and classes as what can be asked `remembered` for; None for any other."""
    if isinstance(descriptor, dict):
        parts: tuple[Any, ...] = tuple(descriptor.items())
        items: Iterable[Any] = [item for pair in parts for item in pair]
    elif isinstance(descriptor, list | tuple):
        parts = tuple(descriptor)
        items = parts
    else:
        return None
    return (kind, type(descriptor), parts) if all(type(item) is str for item in items) else None
