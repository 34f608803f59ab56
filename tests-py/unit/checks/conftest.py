"""What tests of checks share."""

from collections.abc import Iterator
from typing import Any

import pytest
from loguru import logger

import servo


@pytest.fixture
def records() -> Iterator[list[Any]]:
    """The log records of the test, of every level."""
    found: list[Any] = []
    number = logger.add(lambda message: found.append(message.record), level=0, format="{message}")
    yield found
    logger.remove(number)


class Config(servo.BaseConfiguration):
    """The configuration that tests check."""

    namespace: str = "default"


@pytest.fixture
def config() -> Config:
    return Config()
