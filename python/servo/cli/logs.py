"""Where log records go: stderr, one line each, above the live view when there is one."""

from __future__ import annotations

import logging
import os
import sys
from typing import TextIO

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
"""The levels of the engine's loggers unless the user names one; warnings of the local optimizer are notes, too."""

LINE = "%(asctime)s.%(msecs)03d | %(levelname)-8s | %(name)s - %(message)s"


class CurrentStderr(logging.StreamHandler[TextIO]):
    """Writes to what ``sys.stderr`` is at the moment: a live view puts itself there."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        """The stream that the next record goes to."""
        return sys.stderr


def configure_logging(options: Options) -> None:
    """Send log records of the level asked for to stderr.

    Without ``--log-level`` it is INFO, but less of the engine itself, whose work the view already tells.
    """
    logging.addLevelName(NUMBERS[LogLevel.trace], "TRACE")
    logging.addLevelName(NUMBERS[LogLevel.success], "SUCCESS")
    handler = CurrentStderr()
    handler.setFormatter(logging.Formatter(LINE, "%Y-%m-%d %H:%M:%S"))
    root = logging.getLogger()
    for old in [old for old in root.handlers if isinstance(old, CurrentStderr)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(NUMBERS[options.log_level or LogLevel.info])
    for name, quiet in QUIET.items():
        logging.getLogger(name).setLevel(quiet if options.log_level is None else logging.NOTSET)
    # Where the failures of handlers are logged with their tracebacks.
    logging.getLogger("servox.python").setLevel(logging.DEBUG if options.debug else logging.NOTSET)
    # loguru is imported by connectors that use it, if at all; this is read when it is.
    os.environ.setdefault("LOGURU_LEVEL", options.log_level or LogLevel.info)


def adopt_loguru(options: Options, *, used: bool) -> None:
    """Let loguru write to the same place, and name the component.

    It is imported where connectors are written in Python, whose ``logger`` it is.
    """
    if not used and "loguru" not in sys.modules:
        return
    from servo.logging import defaults

    defaults.set_level(options.log_level or LogLevel.info)
    defaults.set_colors(None if options.color else False)
    if used:
        from servo._engine import report_records

        report_records()
