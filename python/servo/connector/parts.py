"""The parts of other modules that every connector has."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__all__ = ["LoggingMixin", "PubSubMixin"]


def _mixin(module: str) -> Any:
    """The class `Mixin` of a module; an empty one while there is no such module."""
    try:
        return importlib.import_module(module).Mixin
    except (ModuleNotFoundError, AttributeError):
        return type("Mixin", (), {"__slots__": ()})


if TYPE_CHECKING:

    class LoggingMixin:
        """What logs."""

    class PubSubMixin:
        """What publishes and subscribes."""

else:
    LoggingMixin = _mixin("servo.logging")
    PubSubMixin = _mixin("servo.pubsub")
