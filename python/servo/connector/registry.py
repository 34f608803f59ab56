"""Which connector classes have been defined in this process."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, MutableSet
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from servo.connector.base import BaseConnector

__all__ = ["ConnectorClasses", "is_servo", "known_connectors", "register"]


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
    """Makes a class known."""
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
