"""An exchange that runs, log lines, and waiting for conditions."""

import asyncio

import pytest
from loguru import logger

from servo.pubsub import Exchange


@pytest.fixture
async def exchange():
    """A running exchange."""
    exchange = Exchange()
    exchange.start()
    yield exchange
    if exchange.running:
        await exchange.shutdown()


@pytest.fixture
def logged():
    """The log records of the test."""
    records = []
    sink = logger.add(lambda message: records.append(message.record), level="DEBUG")
    yield records
    logger.remove(sink)


@pytest.fixture
def eventually():
    """Waits until a condition holds."""

    async def wait(condition):
        async with asyncio.timeout(30):
            while not condition():  # noqa: ASYNC110
                await asyncio.sleep(0.001)

    return wait
