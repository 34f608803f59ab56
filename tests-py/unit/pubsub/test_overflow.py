import asyncio

import pytest

from servo.pubsub import Exchange, Message


def exchange_with(**options):
    exchange = Exchange(**options)
    exchange.start()
    return exchange


class Gate:
    """A callback that waits until it is opened."""

    def __init__(self):
        self.event = asyncio.Event()
        self.received = []

    async def __call__(self, message):
        await self.event.wait()
        self.received.append(int(message.text))


async def test_publishers_wait_for_a_slow_subscriber(eventually, logged):
    exchange = exchange_with(capacity=8, patience=1000)
    gate = Gate()
    other = []
    exchange.create_subscriber("ab", callback=gate)
    exchange.create_subscriber("other", callback=other.append)
    publisher, elsewhere = exchange.create_publisher("ab"), exchange.create_publisher("other")

    async def publish():
        for number in range(100):
            await publisher(Message(text=str(number)))

    task = asyncio.create_task(publish())
    await asyncio.sleep(0.01)
    assert not task.done()
    # Nobody else has to wait.
    for number in range(30):
        await elsewhere(Message(text=str(number)))
    await eventually(lambda: len(other) == 30)
    gate.event.set()
    async with asyncio.timeout(30):
        await task
    await eventually(lambda: gate.received == list(range(100)))
    assert not logged
    await exchange.shutdown()


async def test_patience_ends_and_the_oldest_go(eventually, logged):
    exchange = exchange_with(capacity=8, patience=0.01)
    gate = Gate()
    subscriber = exchange.create_subscriber("ab", callback=gate)
    publisher = exchange.create_publisher("ab")
    for number in range(100):
        await publisher(Message(text=str(number)))
    await eventually(lambda: not exchange._inbox.items)
    gate.event.set()
    await eventually(lambda: gate.received[-1:] == [99])
    # One was being delivered.
    assert gate.received == [0, *range(92, 100)]
    assert subscriber.dropped == 91
    assert [record["level"].name for record in logged] == ["WARNING", "WARNING"]
    assert "does not keep up" in logged[0]["message"]
    assert "91 messages were dropped" in logged[1]["message"]
    # It has caught up, and is waited for again.
    assert not exchange._crowded
    await exchange.shutdown()


@pytest.mark.parametrize(
    ("overflow", "kept"), [("drop_oldest", [0, *range(92, 100)]), ("drop_newest", [0, *range(1, 9)])]
)
async def test_dropping_at_once(overflow, kept, eventually):
    exchange = exchange_with(capacity=8, patience=1000, overflow=overflow)
    gate = Gate()
    exchange.create_subscriber("ab", callback=gate)
    publisher = exchange.create_publisher("ab")
    async with asyncio.timeout(30):
        await publisher(Message(text="0"))
        await asyncio.sleep(0.01)
        for number in range(1, 100):
            await publisher(Message(text=str(number)))
    await eventually(lambda: not exchange._inbox.items)
    gate.event.set()
    await eventually(lambda: len(gate.received) == 9)
    assert gate.received == kept
    await exchange.shutdown()


async def test_a_loop_that_stands_is_bounded(eventually):
    exchange = exchange_with(capacity=8, patience=0)
    subscriber = exchange.create_subscriber("ab")
    iterator = aiter(subscriber)
    publisher = exchange.create_publisher("ab")
    for number in range(100):
        await publisher(Message(text=str(number)))
    await eventually(lambda: not exchange._inbox.items)
    assert subscriber.dropped == 92
    assert [int((await anext(iterator))[0].text) for _ in range(8)] == list(range(92, 100))
    await exchange.shutdown()


async def test_an_abandoned_loop_holds_up_nobody():
    exchange = exchange_with(capacity=8, patience=1000)
    iterator = aiter(exchange.create_subscriber("ab"))
    publisher = exchange.create_publisher("ab")

    async def publish():
        for number in range(100):
            await publisher(Message(text=str(number)))

    task = asyncio.create_task(publish())
    await asyncio.sleep(0.01)
    assert not task.done()
    del iterator
    async with asyncio.timeout(30):
        await task
        await exchange.shutdown()


async def test_a_callback_may_publish_to_itself(eventually):
    exchange = exchange_with(capacity=8, patience=1000)
    received = []
    publisher = exchange.create_publisher("ab")

    async def again(message):
        received.append(message.text)
        if len(received) == 1:
            for number in range(7):
                await publisher(Message(text=str(number)))

    exchange.create_subscriber("ab", callback=again)
    await publisher(Message(text="first"))
    await eventually(lambda: len(received) == 8)
    await exchange.shutdown()


async def test_waiting_for_the_start_is_bounded(logged):
    exchange = Exchange(capacity=8, patience=1000)
    publisher = exchange.create_publisher("ab")
    async with asyncio.timeout(30):
        for number in range(20):
            await publisher(Message(text=str(number)))
    assert "queue_size=8" in repr(exchange)
    assert "does not keep up" in logged[0]["message"]


async def test_shutdown_lets_publishers_go(eventually):
    exchange = exchange_with(capacity=8, patience=1000)
    exchange.create_subscriber("ab", callback=Gate())
    publisher = exchange.create_publisher("ab")

    async def publish():
        for number in range(20):
            await publisher(Message(text=str(number)))

    task = asyncio.create_task(publish())
    await eventually(lambda: exchange._waiting)
    await exchange.shutdown(grace=0)
    async with asyncio.timeout(30):
        await task


async def test_others_get_their_turn(eventually):
    exchange = exchange_with()
    exchange.create_subscriber("ab", callback=lambda message: seen.append(turns))
    publisher = exchange.create_publisher("ab")
    seen, turns = [], 0
    for number in range(400):
        await publisher(Message(text=str(number)))
    while len(seen) < 400:
        await asyncio.sleep(0)
        turns += 1
    assert len(set(seen)) > 5
    await exchange.shutdown()


@pytest.mark.parametrize(
    "options", [{"capacity": 3}, {"overflow": "other"}, {"patience": -1}, {"patience": "soon"}], ids=str
)
def test_wrong_options(options):
    with pytest.raises(ValueError, match=r"expected|valid|[Ii]nvalid"):
        Exchange(**options)
