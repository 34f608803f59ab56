"""Where log records go: all of them to loguru, and from there to stderr, above the live view when there is one.

loguru is imported with the first record, or with the first connector that is written in Python.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from servo.cli.options import LogLevel, Options

NUMBERS = {
    LogLevel.trace: 5,
    LogLevel.debug: logging.DEBUG,
    LogLevel.info: logging.INFO,
    LogLevel.success: 25,
    LogLevel.warning: logging.WARNING,
    LogLevel.error: logging.ERROR,
    LogLevel.critical: logging.CRITICAL,
}
QUIET = {"servox": logging.WARNING, "servox.optimizer.local": logging.ERROR}
"""The levels of the engine unless the user names one; warnings of the local optimizer are notes, too."""
STEPS = QUIET | {"servox": logging.INFO}
"""Those of a run whose steps are told nowhere else: a service asks for them."""
OURS = ("servo", "asyncio", "backoff")
"""The loggers of the standard library that the level of the user is for; connectors have theirs."""


class ToLoguru(logging.Handler):
    """Hands records of the standard library's loggers over to loguru."""

    def __init__(self, options: Options) -> None:
        super().__init__()
        self.options = options

    def emit(self, record: logging.LogRecord) -> None:
        """Hands one over."""
        prepare(self.options)
        from servo.logging.intercept import InterceptHandler

        InterceptHandler().emit(record)


def configure_logging(options: Options, engine: Mapping[str, int] = QUIET) -> None:
    """Have records of every kind written to stderr, in the form and from the level on that the user wants.

    Args:
        options: The options of the root.
        engine: The levels of the engine by module, where the user names none.
    """
    logging.addLevelName(NUMBERS[LogLevel.trace], "TRACE")
    logging.addLevelName(NUMBERS[LogLevel.success], "SUCCESS")
    root = logging.getLogger()
    for old in [old for old in root.handlers if isinstance(old, ToLoguru)]:
        root.removeHandler(old)
    root.addHandler(ToLoguru(options))
    number = NUMBERS[options.log_level or LogLevel.info]
    # What other packages tell below may be their callers' secrets, and is of no use to operators most of the time.
    root.setLevel(max(number, logging.INFO if number <= logging.DEBUG else logging.WARNING))
    for name in OURS:
        logging.getLogger(name).setLevel(number)
    _levels.clear()
    _levels.update(engine)
    _prepared.clear()


_levels: dict[str, int] = {}
_prepared: list[Options] = []


def forward_engine(options: Options) -> None:
    """Have the engine's records written with all others."""
    from servo.logging import engine

    engine.forward(partial(prepare, options))
    engine.set_levels(_engine_levels(options))


def _engine_levels(options: Options) -> dict[str, int]:
    levels = dict(_levels) if options.log_level is None else {"servox": NUMBERS[options.log_level]}
    # Where the failures of handlers are logged with their tracebacks.
    return levels | ({"servox.python": logging.DEBUG} if options.debug else {})


def prepare(options: Options) -> None:
    """Install the sinks of loguru that the user wants, once."""
    if options in _prepared:
        return
    _prepared[:] = [options]
    from servo.logging import defaults, engine

    defaults.set_level(options.log_level or LogLevel.info)
    defaults.set_engine_levels(_engine_levels(options))
    defaults.DEFAULT_STDERR_HANDLER["colorize"] = None if options.color else False
    defaults.set_format(str(options.log_format))
    engine.finish_last()


def adopt_loguru(options: Options, *, used: bool) -> None:
    """Let what connectors log go the same way, with the component in front.

    Args:
        options: The options of the root.
        used: Whether there are connectors in Python, whose ``logger`` loguru is.
    """
    number = NUMBERS[options.log_level or LogLevel.info]
    # Loggers of the standard library that are named as the packages of connectors are theirs.
    classes = getattr(sys.modules.get("servo.connector"), "_connector_subclasses", ())
    for package in {kind.__module__.partition(".")[0] for kind in classes} - {"servo"}:
        logging.getLogger(package).setLevel(number)
    if used or "loguru" in sys.modules:
        prepare(options)
    if used:
        from servo._engine import report_records

        report_records()


def name_servos(servos: Iterable[Any]) -> None:
    """With several servos, have lines say which one they are about."""
    named = [(servo.name, servo.optimizer) for servo in servos]
    if len(named) > 1:
        from servo.logging import context

        # One without a service has no other name.
        context.name_servos({name: name if optimizer == "local" else optimizer for name, optimizer in named})


def tell_steps(options: Options) -> None:
    """Log the steps of a run, which no view tells."""
    _levels.update(STEPS)
    if options in _prepared:
        from servo.logging import defaults

        defaults.set_engine_levels(_engine_levels(options))
    else:
        from servo.logging import engine

        engine.set_levels(_engine_levels(options))


def write_rest() -> None:
    """Write what the engine has logged and nobody has shown yet: the process ends at once."""
    engine = sys.modules.get("servo.logging.engine")
    if engine is not None:
        engine.write_rest()
