"""What goes wrong in the code of users is logged, and stops nobody else."""

from __future__ import annotations

from typing import Any

__all__ = ["failed", "warn"]


def failed(error: BaseException, text: str, *values: Any) -> None:
    """Logs an error with its traceback; braces of the text stand for the values."""
    from loguru import logger

    logger.opt(exception=error).error(text, *values)


def warn(text: str, *values: Any) -> None:
    """Logs a warning; braces of the text stand for the values."""
    from loguru import logger

    logger.warning(text, *values)
