import asyncio
import gc

import pytest

from servo.pubsub import Exchange, Message, current_message


@pytest.fixture
def publish(exchange):
    """Publishes texts in a channel."""

    async def publish(name, *texts):
        publisher = exchange.create_publisher(name)
        for text in texts:
            await publisher(Message(text=text))
        exchange.remove_publisher(publisher)

    return publish


async def test_a_loop_over_a_subscriber(exchange, publish):
    subscriber = exchange.create_subscriber("ab")
    received = []
    await publish("ab", "1", "2", "3")
    async with asyncio.timeout(30):
        async for message, channel in subscriber:
            received.append(message.text)
            assert current_message() == (message, channel)
            if message.text == "2":
                subscriber.stop()
                assert current_message() == (message, channel)
    assert received == ["1", "2"]
    assert current_message() is None
    assert not subscriber._iterators
    assert not subscriber.cancelled


async def test_loops_over_channels_and_exchanges_leave_nothing(exchange, publish):
    channel = exchange.create_channel("ab")
    await publish("ab", "1", "2")
    async with asyncio.timeout(30):
        async for message in channel:
            assert message.text == "1"
            channel.stop()
        await publish("ab", "3")
        async for message, found in exchange:
            assert (message.text, found) == ("3", channel)
            exchange.stop()
        await publish("ab", "4")
        async for _ in channel:
            break
    gc.collect()
    assert not exchange._subscribers
    assert current_message() is None


async def test_a_loop_left_by_break_takes_no_more(exchange, publish):
    subscriber = exchange.create_subscriber("ab")
    await publish("ab", "1")
    async with asyncio.timeout(30):
        async for _ in subscriber:
            break
    assert not subscriber._iterators
    assert current_message() is None
    with pytest.raises(RuntimeError, match="Attempted to stop outside of an iterator"):
        subscriber.stop()


async def test_stop_means_the_innermost_loop(exchange, publish):
    outer, inner = exchange.create_subscriber("outer"), exchange.create_subscriber("inner")
    seen = []
    with pytest.raises(RuntimeError, match="Attempted to stop outside of an iterator"):
        outer.stop()
    await publish("outer", "1", "2")
    async with asyncio.timeout(30):
        async for message, _ in outer:
            if message.text == "2":
                outer.stop()
                continue
            await publish("inner", "3")
            async for _ in inner:
                with pytest.raises(RuntimeError, match="Attempted to stop an inactive iterator"):
                    outer.stop()
                inner.stop()
            seen.append(current_message()[0].text)
    assert seen == ["1"]


async def test_every_loop_gets_every_message(exchange, publish, eventually):
    subscriber = exchange.create_subscriber("ab")
    received = {}

    async def collect(name, count):
        async for message, _ in subscriber:
            received.setdefault(name, []).append(message.text)
            if len(received[name]) == count:
                subscriber.stop()

    tasks = [asyncio.create_task(collect(name, count)) for name, count in (("a", 1), ("b", 3), ("c", 3))]
    await eventually(lambda: len(subscriber._iterators) == 3)
    await publish("ab", "1", "2", "3")
    async with asyncio.timeout(30):
        await asyncio.gather(*tasks)
    assert received == {"a": ["1"], "b": ["1", "2", "3"], "c": ["1", "2", "3"]}


async def test_the_callback_comes_first(exchange, publish):
    order = []

    async def callback(message):
        await asyncio.sleep(0.001)
        order.append(f"callback {message.text}")

    subscriber = exchange.create_subscriber("ab", callback=callback)
    await publish("ab", "1", "2")
    async with asyncio.timeout(30):
        async for message, _ in subscriber:
            order.append(f"loop {message.text}")
            if message.text == "2":
                break
    assert order.index("callback 1") < order.index("loop 1")
    assert order.index("callback 2") < order.index("loop 2")


@pytest.mark.parametrize("end", ["cancel", "shutdown", "remove", "close", "timeout"])
async def test_loops_end_when_their_subscriber_does(exchange, end, eventually):
    channel = exchange.create_channel("ab")
    subscriber = exchange.create_subscriber("ab", timeout=0.01 if end == "timeout" else None)
    received = []

    async def collect():
        async for message, _ in subscriber:
            received.append(message.text)

    task = asyncio.create_task(collect())
    await eventually(lambda: subscriber._iterators)
    if end == "cancel":
        subscriber.cancel()
    elif end == "shutdown":
        await channel.publish(Message(text="1"))
        await exchange.shutdown()
    elif end == "remove":
        exchange.remove_subscriber(subscriber)
    elif end == "close":
        await channel.close()
    async with asyncio.timeout(30):
        await task
        if end != "remove":
            await subscriber.wait()
    assert received == (["1"] if end == "shutdown" else [])


async def test_an_iterator_in_another_task(exchange, publish):
    iterator = aiter(exchange.create_subscriber("ab"))
    await publish("ab", "1")

    async def collect():
        async for message, _ in iterator:
            assert current_message()[0] is message
            iterator.subscriber.stop()

    async with asyncio.timeout(30):
        await asyncio.create_task(collect())
    assert current_message() is None


async def test_a_loop_that_is_cancelled_ends(exchange, eventually):
    subscriber = exchange.create_subscriber("ab")

    async def collect():
        async for _ in subscriber:
            pass

    task = asyncio.create_task(collect())
    await eventually(lambda: subscriber._iterators)
    task.cancel()
    await asyncio.wait([task])
    del task
    gc.collect()
    assert not subscriber._iterators


async def test_an_exchange_that_stands_cannot_be_looped_over():
    from servo.pubsub import Exchange

    with pytest.raises(RuntimeError, match="Cannot iterate messages in an Exchange that is not running"):
        aiter(Exchange())


async def test_aclose_ends_a_loop(exchange, publish):
    subscriber = exchange.create_subscriber("ab")
    iterator = aiter(subscriber)
    await publish("ab", "1", "2")
    async with asyncio.timeout(30):
        await anext(iterator)
    await iterator.aclose()
    assert not subscriber._iterators
    with pytest.raises(StopAsyncIteration):
        await anext(iterator)


async def test_a_loop_that_is_collected_in_another_thread(eventually):
    # The loop checks that it is not called from elsewhere.
    asyncio.get_running_loop().set_debug(True)
    exchange = Exchange(capacity=4, patience=1000)
    exchange.start()
    subscriber = exchange.create_subscriber("ab")
    held = [subscriber.__aiter__()]
    publisher = exchange.create_publisher("ab")

    async def publish():
        for number in range(8):
            await publisher(Message(text=str(number)))

    publishing = asyncio.create_task(publish())
    await eventually(lambda: exchange._crowded)
    assert not publishing.done()
    async with asyncio.timeout(30):
        await asyncio.to_thread(held.clear)
        await publishing
    assert not subscriber._iterators
    await exchange.shutdown()
