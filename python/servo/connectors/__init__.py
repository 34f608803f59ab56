"""The connectors that come with the engine, as Python sees them.

They are imported when a document names them, or when it names none: `servo run` does not need the classes.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from servo import _core

if TYPE_CHECKING:
    from servo.connectors._native import NativeConnector

__all__ = ["load_native", "native_class"]


def native_class(identifier: str) -> type[NativeConnector] | None:
    """The class for a connector of the engine, by its default name or the name of its class; None for any other."""
    for kind, names in _core.native_connectors():
        if identifier == kind or identifier in names:
            found: type[NativeConnector] = getattr(importlib.import_module(f"servo.connectors.{kind}"), names[0])
            return found
    return None


def load_native() -> None:
    """Imports the classes for all connectors of the engine."""
    for kind, _ in _core.native_connectors():
        native_class(kind)
