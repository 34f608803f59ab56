"""What tests of logging share."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from loguru import logger

from servo.logging import defaults


@pytest.fixture(autouse=True)
def as_it_was(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Takes away what tests of the command line left behind, and leaves the loggers as other tests expect them."""
    for name in ("LOGURU_LEVEL", "SERVO_LOG_FILE", "SERVO_LOG_ROTATION"):
        monkeypatch.delenv(name, raising=False)
    level = defaults.DEFAULT_FILTER.level
    handlers = {name: list(logging.getLogger(name).handlers) for name in ("asyncio", "backoff")}
    number = logging.getLogger("asyncio").level
    yield
    for name, kept in handlers.items():
        logging.getLogger(name).handlers[:] = kept
    logging.getLogger("asyncio").setLevel(number)
    defaults.DEFAULT_FILTER.level = level
    defaults.DEFAULT_STDERR_HANDLER["colorize"] = None
    logger.remove()
    defaults._installed.clear()


@pytest.fixture
def records() -> list[Any]:
    """The log records of the test, of every level."""
    found: list[Any] = []
    logger.add(lambda message: found.append(message.record), level=0, format="{message}")
    return found
