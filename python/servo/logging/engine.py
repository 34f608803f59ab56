"""Records of the engine, in loguru.

loguru is imported with the first record: a command that logs nothing does without.
"""

from __future__ import annotations

import atexit
import contextvars
import os
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from servo import _core

if TYPE_CHECKING:
    from loguru import Record

__all__ = ["ENGINE", "NAMES", "flush", "forward", "is_forwarded", "set_levels", "write_rest"]

ENGINE = "servox"
"""The root of the engine's modules."""
NAMES = {5: "TRACE", 10: "DEBUG", 20: "INFO", 25: "SUCCESS", 30: "WARNING", 40: "ERROR"}
"""The levels of the engine's records."""
END_SECONDS = 2.0
"""How long records that wait are shown at the end of the process."""

_levels: dict[str, int] = {ENGINE: 20}
_set: dict[str, int] = {}
_prepare: Callable[[], None] | None = None
_forwarded = False


def forward(prepare: Callable[[], None] | None = None) -> None:
    """Has the engine's records go to loguru from now on.

    Args:
        prepare: Called once, before the first record: installs sinks.
    """
    global _prepare, _forwarded
    _prepare = prepare
    _core.forward_logs(_receive)
    _forwarded = True
    finish_last()
    set_levels(_levels)


def is_forwarded() -> bool:
    """Whether the engine's records go to loguru."""
    return _forwarded


def set_levels(levels: Mapping[str, int], at_most: int = 255) -> None:
    """Sets from which levels on the engine logs.

    Args:
        levels: The numbers of levels by module, such as `servox` and `servox.optimizer.local`.
        at_most: The level from which on a sink wants records, whatever module they are of.
    """
    global _levels, _set
    _levels = dict(levels)
    wanted = {name: min(number, at_most) for name, number in _levels.items()}
    if _forwarded and wanted != _set:
        _set = wanted
        _core.set_log_levels(list(wanted.items()))


def levels() -> dict[str, int]:
    """The levels by module, as they were set."""
    return dict(_levels)


def set_form(form: str) -> None:
    """Sets the form of what is written without loguru: `text` or `json`."""
    if _forwarded:
        _core.set_log_form(form == "json")


def flush(within: float = END_SECONDS) -> None:
    """Shows what waits, for so many seconds at the most."""
    if _forwarded:
        _core.flush_logs(within)


def write_rest() -> None:
    """Writes what waits to stderr, without loguru: for a process that ends at once."""
    if _forwarded:
        _core.write_logs()


def finish_last() -> None:
    """Sees to it that what waits at the end of the process is shown before loguru takes its sinks away."""
    # What was registered last is called first.
    atexit.unregister(_finish)
    atexit.register(_finish)


def _finish() -> None:
    _core.finish_logs(END_SECONDS)


def _receive(*values: Any) -> None:
    """Takes one record. What is at work in this thread is not what the record is about."""
    contextvars.Context().run(_log, *values)


def _log(
    level: int,
    module: str,
    line: int,
    file: str | None,
    message: str,
    time: float,
    servo: str | None,
    connector: str | None,
    event: str | None,
    command_uid: str | None,
) -> None:
    global _prepare
    if (prepare := _prepare) is not None:
        _prepare = None
        prepare()
    from loguru import logger

    from servo.logging.context import component_of
    from servo.logging.defaults import follow_sinks

    follow_sinks()
    name = module.replace("::", ".")
    path = file or ""

    def of_the_engine(record: Record) -> None:
        now = record["time"]
        record["time"] = type(now).fromtimestamp(time, now.tzinfo)
        record["name"] = name
        record["function"] = "-"
        record["line"] = line
        record["module"] = name.rpartition(".")[2]
        record["file"] = type(record["file"])(os.path.basename(path), path)  # type: ignore[call-arg]
        record["engine"] = (servo, connector, event, command_uid)  # type: ignore[typeddict-unknown-key]
        extra = record["extra"]
        extra["component"] = component_of(servo, connector, event)
        for key, value in (("servo", servo), ("connector", connector), ("event", event), ("command_uid", command_uid)):
            if value is not None:
                extra[key] = value

    logger.patch(of_the_engine).log(NAMES.get(level, level), message)


def show_before() -> None:
    """Shows what the engine has logged so far: lines stand in the order in which things happened."""
    if _forwarded and not sys.is_finalizing():
        _core.show_logs()
