"""The sinks that log records go to unless somebody wants others."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loguru import logger

from servo.logging import engine
from servo.logging.format import FORMS, Formatter
from servo.logging.intercept import intercept
from servo.logging.levels import Filter, level_named

if TYPE_CHECKING:
    from loguru import Record

__all__ = [
    "DEFAULT_FILE_HANDLER",
    "DEFAULT_FILTER",
    "DEFAULT_FORMATTER",
    "DEFAULT_HANDLERS",
    "DEFAULT_STDERR_HANDLER",
    "CurrentStderr",
    "add_own",
    "follow_sinks",
    "install",
    "logs_path",
    "reset_to_defaults",
    "root_path",
    "set_colors",
    "set_engine_levels",
    "set_format",
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
_own: set[int] = {0}
"""Sinks that want no records of the engine for themselves; the one that loguru starts with among them."""
_followed: Any = None


def reset_to_defaults() -> None:
    """Removes all sinks, and sends records of level INFO and above to stderr, as text, with colours on a terminal.

    Records of the loggers `asyncio` and `backoff` of the standard library go there too.
    """
    DEFAULT_FILTER.level = "INFO"
    DEFAULT_FORMATTER.form = "text"
    DEFAULT_STDERR_HANDLER["colorize"] = None
    set_engine_levels(None)
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
    set_engine_levels(None)


def set_engine_levels(levels: Mapping[str, int] | None) -> None:
    """Sets from which levels on records of the engine are written.

    Args:
        levels: Their numbers by module, such as `servox`; None for the level of all others.
    """
    DEFAULT_FILTER.modules = dict(levels or {})
    engine.set_levels(levels or {engine.ENGINE: level_named(DEFAULT_FILTER.level)[1]})
    follow_sinks(anew=True)


def set_format(form: str) -> None:
    """Sets the form of lines on stderr and in the log file.

    Args:
        form: `text`, or `json` for one JSON object on a line.

    Raises:
        ValueError: There is no such form.
    """
    if form not in FORMS:
        raise ValueError(f"Unknown form of log lines: {form!r}; expected one of {', '.join(FORMS)}")
    DEFAULT_FORMATTER.form = form
    engine.set_form(form)
    install()


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


def add_own(sink: Any, **arguments: Any) -> int:
    """Adds a sink that does not need what the engine logs; gives its number."""
    number = logger.add(sink, **arguments)
    _own.add(number)
    return number


def follow_sinks(*, anew: bool = False) -> None:
    """Has the engine log what the sinks want that others have added.

    Args:
        anew: Whether to look though no sink has come or gone.
    """
    global _followed
    # There is no public way to learn of them.
    handlers = getattr(getattr(logger, "_core", None), "handlers", {})
    if handlers is _followed and not anew:
        return
    _followed = handlers
    ours = _own.union(_installed)
    least = min((handler.levelno for number, handler in handlers.items() if number not in ours), default=255)
    engine.set_levels(engine.levels(), int(least))


def _add_defaults() -> None:
    _installed.clear()
    if getattr(getattr(logger, "_core", None), "patcher", None) is None:
        logger.configure(patcher=_before_each)
    for handler in DEFAULT_HANDLERS:
        try:
            if handler is DEFAULT_FILE_HANDLER:
                _require_writable(handler["sink"])
            _installed.append(logger.add(**_arguments(handler)))
        except (OSError, ValueError) as error:
            if handler is not DEFAULT_FILE_HANDLER:
                raise
            # A file that is of no use must not keep a servo from its work.
            logger.warning(f"no log file is written, see SERVO_LOG_FILE and SERVO_LOG_ROTATION: {error}")


def _require_writable(file: Any) -> None:
    """Finds out before the first record whether a file can be written: later each record would be told as lost.

    Raises:
        OSError: It cannot.
    """
    if not isinstance(file, Path):
        return
    there = next(path for path in (file, *file.absolute().parents) if path.exists())
    if there != file and not there.is_dir():
        raise NotADirectoryError(f"'{there}' is no folder")
    if there == file and not there.is_file():
        raise OSError(f"'{there}' is no file")
    if not os.access(there, os.W_OK):
        raise PermissionError(f"'{there}' cannot be written")


def _before_each(_: Record) -> None:
    follow_sinks()
    engine.show_before()


def _arguments(handler: dict[str, Any]) -> dict[str, Any]:
    if handler.get("colorize") is None and handler is DEFAULT_STDERR_HANDLER:
        unwanted = DEFAULT_FORMATTER.form == "json"
        unwanted = unwanted or any(os.environ.get(name) for name in ("NO_COLOR", "SERVO_NO_COLOR"))
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
