import asyncio
import contextvars
import gc
import sys
import weakref

import pydantic
import pytest

from servo.pubsub import Channel, Exchange, Message, Subscription, current_message


def texts(received):
    return [message.text for message in received]


async def test_start_and_shutdown():
    exchange = Exchange()
    with pytest.raises(RuntimeError, match="the Exchange is not running"):
        await exchange.shutdown()
    exchange.start()
    assert exchange.running
    with pytest.raises(RuntimeError, match="the Exchange is already running"):
        exchange.start()
    exchange.create_publisher("some.channel")
    exchange.create_subscriber("some.*")
    await exchange.shutdown()
    assert not exchange.running
    assert repr(exchange) == (
        "Exchange(running=False, channel_names=[], publisher_count=0, subscriber_count=0, transformer_count=0, "
        "queue_size=0)"
    )
    exchange.start()
    await exchange.shutdown()


def test_start_needs_a_loop():
    with pytest.raises(RuntimeError, match="no running event loop"):
        Exchange().start()


def test_a_new_loop_takes_an_exchange_over():
    exchange = Exchange()
    channel = exchange.create_channel("ab")
    received = []

    async def first():
        exchange.start()
        exchange.create_subscriber("ab", callback=lambda message: received.append(message))
        await channel.publish(Message(text="1"))

    async def second():
        assert not exchange.running
        exchange.start()
        await exchange.shutdown()

    asyncio.run(first())
    asyncio.run(second())
    assert texts(received) == ["1"]


def test_an_exchange_that_is_not_used_is_small():
    exchange = Exchange()
    assert not gc.get_referents(exchange) or gc.get_referents(exchange) == [Exchange]
    assert sys.getsizeof(exchange) < 300


async def test_messages_wait_for_the_start(eventually):
    exchange = Exchange()
    channel = exchange.create_channel("ab")
    received = []
    await channel.publish(Message(text="1"))
    assert "queue_size=1" in repr(exchange)
    exchange.create_subscriber("ab", callback=received.append)
    exchange.start()
    await eventually(lambda: texts(received) == ["1"])
    await exchange.shutdown()


async def test_channels(exchange):
    channel = exchange.create_channel("metrics.http", "figures")
    assert exchange.channels == {channel}
    assert exchange.get_channel("metrics.http") is channel
    assert exchange.get_channel("other") is None
    assert channel == "metrics.http"
    assert channel != "other"
    assert channel.exchange is exchange
    with pytest.raises(ValueError, match=r"A Channel named 'metrics\.http' already exists"):
        exchange.create_channel("metrics.http")
    with pytest.raises(TypeError, match="exchange"):
        Channel(name="abc")
    exchange.remove_channel(channel)
    with pytest.raises(KeyError):
        exchange.remove_channel(channel)


async def test_a_channel_outlives_its_exchange_without_it():
    exchange = Exchange()
    channel = exchange.create_channel("ab")
    del exchange
    assert channel.exchange is None
    with pytest.raises(AttributeError, match="is gone"):
        await channel.publish(Message(text="1"))


async def test_publishers_are_bound_to_channels(exchange, eventually):
    received = []
    exchange.create_subscriber("*", callback=lambda message, channel: received.append((message.text, channel.name)))
    publisher = exchange.create_publisher("one", "two")
    assert publisher.channels == ["one", "two"]
    await publisher(Message(text="1"))
    await publisher(Message(text="2"), "two")
    await eventually(lambda: received == [("1", "one"), ("1", "two"), ("2", "two")])
    with pytest.raises(ValueError, match="Publisher is not bound to Channel: 'three'"):
        await publisher(Message(text="3"), "three")
    with pytest.raises(TypeError, match="channel argument must be a `str` or `Channel`, got: int"):
        exchange.create_publisher(3)
    with pytest.raises(pydantic.ValidationError, match="at least 1 items"):
        exchange.create_publisher()
    exchange.remove_publisher(publisher)
    with pytest.raises(ValueError, match="no such Publisher"):
        exchange.remove_publisher(publisher)
    with pytest.raises(ValueError, match="no such Channel: three"):
        await exchange.publish(Message(text="4"), "three")


async def test_closed_channels_refuse_messages(exchange):
    publisher = exchange.create_publisher("ab")
    channel = exchange.get_channel("ab")
    exact, glob = exchange.create_subscriber("ab"), exchange.create_subscriber("a*")
    exact_too = exchange.create_subscriber("ab")
    exact_too.cancel()
    await channel.close()
    assert channel.closed
    assert (exact.cancelled, glob.cancelled) == (True, False)
    for publish in (publisher, channel.publish, lambda message: exchange.publish(message, "ab")):
        with pytest.raises(RuntimeError, match="Cannot publish messages to a closed Channel"):
            await publish(Message(text="1"))
    with pytest.raises(RuntimeError, match="Channel is already closed"):
        await channel.close()
    with pytest.raises(RuntimeError, match="Cannot iterate messages in a closed Channel"):
        aiter(channel)


async def test_each_subscriber_gets_messages_in_order(exchange, eventually):
    publisher = exchange.create_publisher("ab")
    slow, quick = [], []

    async def wait(message):
        await asyncio.sleep(0.01 if message.text == "0" else 0)
        slow.append(message)

    exchange.create_subscriber("ab", callback=wait)
    exchange.create_subscriber("ab", callback=quick.append)
    for number in range(20):
        await publisher(Message(text=str(number)))
    await eventually(lambda: len(quick) == 20)
    await eventually(lambda: len(slow) == 20)
    assert texts(slow) == texts(quick) == [str(number) for number in range(20)]
    assert slow[0] is quick[0]


class Callable:
    def __init__(self, received):
        self.received = received

    async def __call__(self, message, channel):
        await asyncio.sleep(0)
        self.received.append((message.text, channel.name))


async def test_asynchronous_objects_are_awaited(exchange, eventually):
    received = []
    exchange.create_subscriber("ab", callback=Callable(received))
    await exchange.create_publisher("ab")(Message(text="1"))
    await eventually(lambda: received == [("1", "ab")])


async def test_a_callback_can_be_assigned_later(exchange, eventually):
    received = []
    subscriber = exchange.create_subscriber("ab")
    publisher = exchange.create_publisher("ab")
    await publisher(Message(text="1"))
    await asyncio.sleep(0.01)
    subscriber.callback = received.append
    await publisher(Message(text="2"))
    await eventually(lambda: texts(received) == ["2"])
    with pytest.raises(pydantic.ValidationError, match="3 is not callable"):
        subscriber.callback = 3


async def test_failures_are_logged_and_stop_nobody(exchange, logged, eventually):
    received = []

    def fail(message):
        raise ValueError("{broken}")

    async def cancelled(message):
        raise asyncio.CancelledError

    for callback in (fail, lambda: None, lambda a, b, c: None, cancelled, received.append):
        exchange.create_subscriber("ab", callback=callback)
    publisher = exchange.create_publisher("ab")
    for number in range(2):
        await publisher(Message(text=str(number)))
    await eventually(lambda: len(received) == 2)
    await eventually(lambda: len(logged) == 8)
    assert all(record["exception"] and record["level"].name == "ERROR" for record in logged)
    assert any("{broken}" in record["message"] for record in logged)
    assert sum("Incorrect callback" in record["message"] for record in logged) == 4


async def test_current_message(exchange, eventually):
    seen = []
    exchange.create_subscriber("ab", callback=lambda message: seen.append(current_message()))
    message = Message(text="1")
    await exchange.create_publisher("ab")(message)
    await eventually(lambda: seen == [(message, exchange.get_channel("ab"))])
    assert current_message() is None


async def test_callbacks_run_in_the_context_of_the_start(eventually):
    variable = contextvars.ContextVar("variable", default=0)
    variable.set(1)
    exchange, seen = Exchange(), []
    exchange.start()
    variable.set(2)
    exchange.create_subscriber("ab", callback=lambda message: seen.append(variable.get()))
    await exchange.create_publisher("ab")(Message(text="1"))
    await eventually(lambda: seen == [1])
    await exchange.shutdown()


async def test_subscribe_as_a_block(exchange, eventually):
    publisher = exchange.create_publisher("ab")
    received = []
    async with exchange.subscribe("a*") as subscriber:
        subscriber.callback = received.append
        await publisher(Message(text="1"))
        await eventually(lambda: received)
    await publisher(Message(text="2"))
    await asyncio.sleep(0.01)
    assert texts(received) == ["1"]
    assert not subscriber.cancelled
    with pytest.raises(ValueError, match="no such Subscriber"):
        exchange.remove_subscriber(subscriber)


async def test_timeout_and_until_done_cancel(exchange):
    done = asyncio.get_running_loop().create_future()
    by_time = exchange.create_subscriber("ab", timeout="1ms")
    by_future = exchange.create_subscriber("ab", until_done=done)
    by_work = exchange.create_subscriber("ab", until_done=asyncio.sleep(0))
    async with exchange.subscribe("ab", timeout=0.001) as in_block, asyncio.timeout(30):
        await by_time.wait()
        assert not by_future.cancelled
        done.set_exception(ValueError())
        await asyncio.gather(by_future.wait(), by_work.wait(), in_block.wait())
    assert "subscriber_count=0" in repr(exchange)
    exchange.remove_subscriber(by_time)
    with pytest.raises(RuntimeError, match="Subscriber is already cancelled"):
        by_time.cancel()
    done.exception()


async def test_a_wait_that_is_no_longer_needed_is_called_off(exchange):
    work = asyncio.Event()
    subscriber = exchange.create_subscriber("ab", until_done=work.wait(), timeout=100)
    before = len(asyncio.all_tasks())
    subscriber.cancel()
    await asyncio.sleep(0.001)
    assert len(asyncio.all_tasks()) == before - 1


async def test_subscriptions_of_users_see_messages(exchange, eventually):
    class Short(Subscription):
        def matches(self, channel, message=None):
            if message.text == "bad":
                raise ValueError("bad")
            return super().matches(channel) and len(message.content) < 3

    received = []
    exchange.create_subscriber(Short(selector="a*"), callback=received.append)
    publisher = exchange.create_publisher("ab", "bb")
    for text in ("1", "long", "bad", "2"):
        await publisher(Message(text=text))
    await eventually(lambda: texts(received) == ["1", "2"])


async def test_a_subscriber_can_be_called(exchange, logged):
    received = []
    subscriber = exchange.create_subscriber("ab", callback=received.append)
    channel, other = exchange.create_channel("ab"), exchange.create_channel("bb")
    await subscriber(Message(text="1"), channel)
    await subscriber(Message(text="2"), other)
    subscriber.cancel()
    await subscriber(Message(text="3"), channel)
    assert texts(received) == ["1"]
    assert "ignoring call to cancelled Subscriber" in logged[-1]["message"]


async def test_shutdown_completes_deliveries(exchange):
    received = []

    async def slow(message):
        await asyncio.sleep(0.01)
        received.append(message)

    exchange.create_subscriber("ab", callback=slow)
    publisher = exchange.create_publisher("ab")
    for number in range(3):
        await publisher(Message(text=str(number)))
    await exchange.shutdown(grace=30)
    assert texts(received) == ["0", "1", "2"]


async def test_shutdown_cancels_deliveries_that_take_too_long(exchange, logged):
    ended = []

    async def hang(message):
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(message)

    exchange.create_subscriber("ab", callback=hang)
    await exchange.create_publisher("ab")(Message(text="1"))
    async with asyncio.timeout(30):
        await exchange.shutdown(grace=0.01)
    assert len(ended) == 1
    assert "cancelling 1 deliveries" in logged[-1]["message"]


async def test_a_shutdown_that_is_cancelled_cancels_deliveries(exchange, eventually):
    ended = []

    async def hang(message):
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(message)

    subscriber = exchange.create_subscriber("ab", callback=hang)
    await exchange.create_publisher("ab")(Message(text="1"))
    await eventually(lambda: subscriber._task is not None)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await exchange.shutdown(grace=600)
    assert not exchange.running
    await eventually(lambda: ended)


def test_a_delivery_of_an_earlier_loop_that_ends_late_changes_nothing():
    exchange = Exchange()

    async def hang(message):
        await asyncio.Event().wait()

    subscriber = exchange.create_subscriber("ab", callback=hang)

    async def begin():
        exchange.start()
        for number in range(3):
            await exchange.create_publisher("ab")(Message(text=str(number)))
        while subscriber._task is None:  # noqa: ASYNC110
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        return subscriber._task.get_coro()

    async def again():
        exchange.start()
        task = subscriber._task
        assert task is not None
        earlier.close()
        assert subscriber._task is task
        await exchange.shutdown(grace=0)

    loop = asyncio.new_event_loop()
    earlier = loop.run_until_complete(begin())
    loop.close()
    asyncio.run(again())


async def test_shutdown_from_a_callback(exchange, eventually):
    async def end(message):
        await exchange.shutdown(grace=30)

    exchange.create_subscriber("ab", callback=end)
    await exchange.create_publisher("ab")(Message(text="1"))
    await eventually(lambda: not exchange.running)


async def test_nothing_stays_behind():
    exchange = Exchange()
    exchange.start()
    for number in range(100):
        channel = exchange.create_channel(f"temporary.{number}")
        subscriber = exchange.create_subscriber(channel.name, callback=lambda message: None)
        await channel.publish(Message(text="1"))
        await asyncio.sleep(0)
        subscriber.cancel()
        await channel.close()
        exchange.remove_channel(channel)
    await asyncio.sleep(0.01)
    assert not exchange._subscribers
    assert not exchange._routes
    assert not exchange._channels
    assert not exchange._tasks
    assert len(exchange._index) == 0
    gone = weakref.ref(exchange), weakref.ref(subscriber), weakref.ref(channel)
    await exchange.shutdown()
    del exchange, subscriber, channel
    gc.collect()
    assert [reference() for reference in gone] == [None, None, None]


def test_texts_are_those_of_models():
    exchange = Exchange()
    subscriber = exchange.create_subscriber("ab")
    publisher = exchange.create_publisher("ab")
    assert repr(subscriber) == "Subscriber(subscription=Subscription(selector='ab'), callback=None)"
    assert str(subscriber) == "subscription=Subscription(selector='ab') callback=None"
    assert repr(publisher) == f"Publisher(channels=[{exchange.get_channel('ab')!r}])"
    assert str(exchange).startswith("running=False channel_names=['ab'] publisher_count=1 subscriber_count=1 ")
