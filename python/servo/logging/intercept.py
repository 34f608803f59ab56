"""Records of the standard library's loggers, sent to loguru."""

from __future__ import annotations

import logging
import sys

from loguru import logger

__all__ = ["INTERCEPTED", "InterceptHandler", "intercept"]

INTERCEPTED = ("backoff", "asyncio")
"""The loggers whose records are sent to loguru by `reset_to_defaults`."""

_LOGGING = logging.addLevelName.__code__.co_filename


class InterceptHandler(logging.Handler):
    """Sends records to loguru, with their level, their exception and the place that they come from."""

    def emit(self, record: logging.LogRecord) -> None:
        """Sends one record."""
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
        logger.opt(depth=depth, exception=record.exc_info).log(level, record.getMessage())


def intercept() -> None:
    """Sends the records of `INTERCEPTED` to loguru, once however often it is called."""
    for name in INTERCEPTED:
        source = logging.getLogger(name)
        if not any(isinstance(handler, InterceptHandler) for handler in source.handlers):
            source.addHandler(InterceptHandler())
