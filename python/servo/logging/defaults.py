"""The sinks that log records go to unless somebody wants others."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import Any

from loguru import logger

from servo.logging.format import Formatter
from servo.logging.intercept import intercept
from servo.logging.levels import Filter, level_named

__all__ = [
    "DEFAULT_FILE_HANDLER",
    "DEFAULT_FILTER",
    "DEFAULT_FORMATTER",
    "DEFAULT_HANDLERS",
    "DEFAULT_STDERR_HANDLER",
    "CurrentStderr",
    "install",
    "logs_path",
    "reset_to_defaults",
    "root_path",
    "set_colors",
    "set_level",
]


class CurrentStderr:
    """Writes to what `sys.stderr` is at the moment: a live view, or a test, puts itself there."""

    def write(self, text: str) -> None:
        """Writes a line."""
        sys.stderr.write(text)

    def flush(self) -> None:
        """Writes what is buffered."""
        sys.stderr.flush()

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return sys.stderr is not None and sys.stderr.isatty()


DEFAULT_FILTER = Filter()
DEFAULT_FORMATTER = Formatter()
DEFAULT_STDERR_HANDLER: dict[str, Any] = {
    "sink": CurrentStderr(),
    "filter": DEFAULT_FILTER,
    "level": 0,
    "format": DEFAULT_FORMATTER,
    "backtrace": True,
    # Values of variables would show tokens and passwords.
    "diagnose": False,
    "colorize": None,
}

logs_path = Path(os.environ.get("SERVO_LOG_FILE") or Path("logs", "servo.log"))
"""The log file, which is written only when `SERVO_LOG_FILE` names it."""
root_path = logs_path.parent
DEFAULT_FILE_HANDLER: dict[str, Any] = {
    "sink": logs_path,
    "colorize": False,
    "filter": DEFAULT_FILTER,
    "level": 0,
    "format": DEFAULT_FORMATTER,
    "backtrace": True,
    "diagnose": False,
    # The file is made with the first record.
    "delay": True,
    "encoding": "utf-8",
    "rotation": os.environ.get("SERVO_LOG_ROTATION") or "64 MiB",
    "retention": 5,
}

DEFAULT_HANDLERS: list[dict[str, Any]] = [DEFAULT_STDERR_HANDLER]
"""The arguments of `logger.add` for every sink that `reset_to_defaults` installs."""
if os.environ.get("SERVO_LOG_FILE"):
    DEFAULT_HANDLERS.append(DEFAULT_FILE_HANDLER)

_installed: list[int] = []


def reset_to_defaults() -> None:
    """Removes all sinks, and sends records of level INFO and above to stderr, with colours on a terminal.

    Records of the loggers `asyncio` and `backoff` of the standard library go there too.
    """
    DEFAULT_FILTER.level = "INFO"
    DEFAULT_STDERR_HANDLER["colorize"] = None
    logger.remove()
    _add_defaults()
    logging.getLogger("asyncio").setLevel(logging.INFO)
    intercept()


def set_level(level: str) -> None:
    """Sets the level from which on records are written.

    Args:
        level: Its name, in any case.

    Raises:
        ValueError: There is no such level.
    """
    DEFAULT_FILTER.level, number = level_named(level)
    logging.getLogger("asyncio").setLevel(number)
    _replace_first_sink()


def set_colors(colors: bool | None) -> None:
    """Chooses whether records on stderr are coloured. Sinks that others added stay.

    Args:
        colors: None for colours on a terminal only.
    """
    DEFAULT_STDERR_HANDLER["colorize"] = colors
    install()


def install() -> None:
    """Installs the default sinks in place of those of an earlier call, and of loguru's own."""
    # The sink that loguru starts with has the number 0.
    for number in (0, *_installed):
        _remove(number)
    _add_defaults()


def _add_defaults() -> None:
    _installed.clear()
    for handler in DEFAULT_HANDLERS:
        try:
            _installed.append(logger.add(**_arguments(handler)))
        except (OSError, ValueError) as error:
            if handler is not DEFAULT_FILE_HANDLER:
                raise
            # A file that is of no use must not keep a servo from its work.
            logger.warning(f"no log file is written, see SERVO_LOG_FILE and SERVO_LOG_ROTATION: {error}")


def _arguments(handler: dict[str, Any]) -> dict[str, Any]:
    if handler.get("colorize") is None and handler is DEFAULT_STDERR_HANDLER:
        unwanted = any(os.environ.get(name) for name in ("NO_COLOR", "SERVO_NO_COLOR"))
        return {**handler, "colorize": CurrentStderr().isatty() and not unwanted}
    return handler


def _replace_first_sink() -> None:
    """Installs the default sinks where loguru still has the one that it starts with."""
    if _remove(0):
        _add_defaults()


def _remove(number: int) -> bool:
    try:
        logger.remove(number)
    except ValueError:
        return False
    return True
