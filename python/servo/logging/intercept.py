"""Records of the standard library's loggers, sent to loguru."""

from __future__ import annotations

import logging
import sys

from loguru import logger

__all__ = ["INTERCEPTED", "InterceptHandler", "intercept", "is_intercepted"]

INTERCEPTED = ("backoff", "asyncio")
"""The loggers whose records are sent to loguru by `reset_to_defaults`."""

_LOGGING = logging.addLevelName.__code__.co_filename
_MARK = "_sent_to_loguru"


class InterceptHandler(logging.Handler):
    """Sends records to loguru, with their level, their exception and the place that they come from.

    A record is sent once, however many such handlers there are on its way.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Sends one record."""
        if is_intercepted(record):
            return
        setattr(record, _MARK, True)
        try:
            level: str | int = logger.level(record.levelname).name
        except ValueError:
            level = record.levelno
        depth, frame = 0, sys._getframe(0)
        # From here up to the handlers, through the logging module, to the line that logs.
        inside = False
        while frame.f_back is not None:
            of_logging = frame.f_code.co_filename == _LOGGING
            if inside and not of_logging:
                break
            inside = inside or of_logging
            frame, depth = frame.f_back, depth + 1
        try:
            message = record.getMessage()
        except Exception as error:
            # As the standard library: whoever logs must not fail by it.
            message = f"{record.msg} (its arguments do not fit: {type(error).__name__}: {error})"
        logger.opt(depth=depth, exception=record.exc_info).log(level, message)


def is_intercepted(record: logging.LogRecord) -> bool:
    """Whether a record was sent to loguru."""
    return bool(getattr(record, _MARK, False))


def intercept() -> None:
    """Sends the records of `INTERCEPTED` to loguru, once however often it is called."""
    for name in INTERCEPTED:
        source = logging.getLogger(name)
        if name == "backoff" and source.level == logging.NOTSET:
            # As that package has it once it is imported.
            source.setLevel(logging.INFO)
        if not any(isinstance(handler, InterceptHandler) for handler in source.handlers):
            source.addHandler(InterceptHandler())
