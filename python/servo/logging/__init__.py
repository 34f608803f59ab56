"""Logging: the logger of connectors, where its records go, and reports of progress.

Nothing is set up when this is imported: loguru itself is imported with the first name that needs it, and sinks are
installed by the command line, `set_level`, `set_colors` or `reset_to_defaults`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from servo.logging.decorators import friendly_decorator as friendly_decorator
from servo.logging.decorators import log_execution, log_execution_time

if TYPE_CHECKING:
    import loguru
    from loguru import logger as logger

    from servo.logging.defaults import DEFAULT_FILE_HANDLER as DEFAULT_FILE_HANDLER
    from servo.logging.defaults import DEFAULT_FILTER as DEFAULT_FILTER
    from servo.logging.defaults import DEFAULT_FORMATTER as DEFAULT_FORMATTER
    from servo.logging.defaults import DEFAULT_HANDLERS as DEFAULT_HANDLERS
    from servo.logging.defaults import DEFAULT_STDERR_HANDLER as DEFAULT_STDERR_HANDLER
    from servo.logging.defaults import logs_path as logs_path
    from servo.logging.defaults import reset_to_defaults as reset_to_defaults
    from servo.logging.defaults import root_path as root_path
    from servo.logging.defaults import set_colors as set_colors
    from servo.logging.defaults import set_format as set_format
    from servo.logging.defaults import set_level as set_level
    from servo.logging.format import DEFAULT_FORMAT as DEFAULT_FORMAT
    from servo.logging.format import Formatter as Formatter
    from servo.logging.intercept import InterceptHandler as InterceptHandler
    from servo.logging.levels import Filter as Filter
    from servo.logging.progress import ProgressHandler as ProgressHandler

__all__ = [
    "Filter",
    "Mixin",
    "ProgressHandler",
    "log_execution",
    "log_execution_time",
    "logger",
    "reset_to_defaults",
    "set_level",
]

_HOMES = {
    "loguru": ["logger"],
    "servo.logging.defaults": [
        "DEFAULT_FILE_HANDLER",
        "DEFAULT_FILTER",
        "DEFAULT_FORMATTER",
        "DEFAULT_HANDLERS",
        "DEFAULT_STDERR_HANDLER",
        "logs_path",
        "reset_to_defaults",
        "root_path",
        "set_colors",
        "set_format",
        "set_level",
    ],
    "servo.logging.format": ["DEFAULT_FORMAT", "Formatter"],
    "servo.logging.intercept": ["InterceptHandler"],
    "servo.logging.levels": ["Filter"],
    "servo.logging.progress": ["ProgressHandler"],
}
_NAMES = {name: module for module, names in _HOMES.items() for name in names}


class Mixin:
    """Gives a class the property `logger`."""

    __slots__ = ()

    @property
    def logger(self) -> loguru.Logger:
        """The logger that all share."""
        from loguru import logger

        return logger


def __getattr__(name: str) -> Any:
    if (module := _NAMES.get(name)) is None:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    value = getattr(importlib.import_module(module), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_NAMES})
