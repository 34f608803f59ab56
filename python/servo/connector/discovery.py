"""Connectors of installed packages."""

from __future__ import annotations

import importlib.metadata
import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from servo.connector.registry import is_servo, known_connectors

if TYPE_CHECKING:
    from servo.connector.base import BaseConnector

__all__ = ["ENTRY_POINT_GROUP", "ConnectorLoader", "connector_types", "load_all", "load_entry_points"]

ENTRY_POINT_GROUP = "servo.connectors"
"""Where packages name their connectors."""


_told: set[tuple[str, str, str]] = set()
"""The failures of entry points that were told: each once in a process."""


class ConnectorLoader:
    """Loads what installed packages name in a group of entry points; importing a module makes its classes known.

    Args:
        group: The group.
    """

    def __init__(self, group: str = ENTRY_POINT_GROUP) -> None:
        self.group = group

    def iter_entry_points(self) -> Iterator[importlib.metadata.EntryPoint]:
        """The entry points, none of them loaded."""
        yield from importlib.metadata.entry_points(group=self.group)

    def load(self) -> Iterator[Any]:
        """Loads one after another and gives each object; an error of one is raised where it is met.

        `load_all` loads what can be loaded.
        """
        for entry_point in self.iter_entry_points():
            yield entry_point.load()


def load_entry_points(group: str = ENTRY_POINT_GROUP) -> Iterator[tuple[str, BaseException]]:
    """Imports the connectors that installed packages bring; yields those that fail, which disable no other."""
    for entry_point in ConnectorLoader(group).iter_entry_points():
        try:
            entry_point.load()
        except (Exception, SystemExit) as error:
            yield entry_point.name, error


def untold(group: str, name: str, error: BaseException) -> str | None:
    """A sentence for the failure of an entry point; None where it was told before."""
    # Of many lines, such as a syntax error with its source, the first says what is wrong.
    text = f"{type(error).__name__}: {error}".splitlines()[0]
    if (group, name, text) in _told:
        return None
    _told.add((group, name, text))
    return text


def load_all(group: str = ENTRY_POINT_GROUP) -> dict[str, BaseException]:
    """Imports the connectors that installed packages bring, and logs each that fails, once: its name, and why.

    Args:
        group: The group of entry points.

    Returns:
        The errors of those that failed, by the name of the entry point.
    """
    failed: dict[str, BaseException] = {}
    for name, error in load_entry_points(group):
        failed[name] = error
        if (text := untold(group, name, error)) is None:
            continue
        logging.getLogger("servo.connector").warning(
            "the connector '%s' cannot be imported and is left out: %s", name, text
        )
    return failed


def connector_types() -> list[type[BaseConnector]]:
    """Every connector class that is known: of installed packages and of imported modules."""
    load_all()
    return [cls for cls in known_connectors() if not is_servo(cls)]
