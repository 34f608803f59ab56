import asyncio
import gc
import weakref

import pydantic
import pytest

from servo import _pydantic, events
from servo.pubsub import Exchange, Message, Mixin


class Host(Mixin):
    label: str = ""


@pytest.fixture
def host(exchange):
    """An object on the running exchange."""
    return Host(pubsub_exchange=exchange)


def test_the_exchange(exchange):
    host = Host(label="a", pubsub_exchange=exchange)
    assert host.pubsub_exchange is exchange
    assert host.label == "a"
    assert Host().pubsub_exchange is not Host().pubsub_exchange
    host.pubsub_exchange = other = Exchange()
    assert host.pubsub_exchange is other
    host.label = "b"
    assert host.label == "b"
    with pytest.raises(pydantic.ValidationError, match="instance of Exchange expected"):
        Host(pubsub_exchange=3)


def test_an_exchange_is_made_when_it_is_used():
    host = Host()
    with pytest.raises(AttributeError):
        object.__getattribute__(host, "__pubsub__")
    assert host.pubsub_exchange is host.pubsub_exchange


def test_an_object_and_its_exchange_go_together():
    class Listener(Mixin):
        def hear(self, message):
            pass

    listener = Listener()
    listener.subscribe("a*")(listener.hear)
    gone = weakref.ref(listener.pubsub_exchange)
    del listener
    gc.collect()
    assert gone() is None


async def test_subscribe_decorates(host, exchange, eventually):
    received = []

    @host.subscribe("a*")
    async def listen(message, channel):
        received.append((message.text, channel.name))

    assert asyncio.iscoroutinefunction(listen)
    await host.publish(Message(text="1"), "ab")
    await eventually(lambda: received == [("1", "ab")])
    with pytest.raises(KeyError, match="a Subscriber named 'listen' already exists"):
        host.subscribe("b*")(listen)
    host.subscribe("b*", name="other")(listen)
    with pytest.raises(KeyError, match="no Subscriber named 'third'"):
        host.cancel_subscribers("listen", "third")
    host.cancel_subscribers("other")
    await host.publish(Message(text="2"), "bb")
    await host.publish(Message(text="3"), "ab")
    await eventually(lambda: received == [("1", "ab"), ("3", "ab")])
    host.cancel_subscribers()
    assert not exchange._subscribers
    assert not host._subscribers_map


def test_subscribing_needs_no_loop():
    host = Host()
    host.subscribe("ab")(print)
    assert list(host._subscribers_map) == ["print"]


async def test_subscribe_is_a_block(host, exchange):
    async with host.subscribe("ab", name="block", timeout=0.001) as subscriber, asyncio.timeout(30):
        assert host._subscribers_map == {"block": subscriber}
        await subscriber.wait()
    assert not host._subscribers_map
    assert not exchange._subscribers
    async with host.subscribe("ab") as subscriber:
        exchange.clear()
    assert not subscriber.cancelled


async def test_a_name_is_free_after_a_time_out(host, eventually):
    host.subscribe("ab", name="name", timeout=0.001)(print)
    subscriber = host._subscribers_map["name"]
    await eventually(lambda: subscriber.cancelled)
    host.subscribe("ab", name="name")(print)
    host.cancel_subscribers("name")


async def test_publish_decorates(host, exchange, eventually):
    received = []
    exchange.create_subscriber("*", callback=lambda message, channel: received.append(channel.name))

    @host.publish("one", "two", every="1ms")
    async def tell(publisher):
        await publisher(Message(text="1"))

    assert asyncio.iscoroutinefunction(tell)
    await eventually(lambda: received[:4] == ["one", "two", "one", "two"])
    with pytest.raises(KeyError, match="a Publisher named 'tell' already exists"):
        host.publish("one")(tell)
    with pytest.raises(KeyError, match="no Publisher named 'other'"):
        host.cancel_publishers("other")
    host.cancel_publishers("tell")
    await eventually(lambda: not [task for task in asyncio.all_tasks() if task.get_name() == "Publisher tell"])
    assert "publisher_count=0" in repr(exchange)
    assert not host._publishers_map
    with pytest.raises(ValueError, match="decorated function must be asynchronous"):
        host.publish("one")(print)
    with pytest.raises(pydantic.ValidationError, match="at least 1 items"):
        host.publish()(tell)
    assert not host._publishers_map


def test_publishing_needs_a_loop():
    async def tell(publisher):
        pass

    with pytest.raises(RuntimeError, match="no running event loop"):
        Host().publish("one")(tell)


async def test_a_publisher_that_fails_is_called_again(host, logged, eventually, monkeypatch):
    monkeypatch.setattr("servo.pubsub.blocks._FIRST_PAUSE", 0.001)
    calls = []

    @host.publish("one")
    async def tell(publisher):
        calls.append(publisher)
        if len(calls) == 4:
            raise TimeoutError
        raise ValueError("{no}")

    await eventually(lambda: not host._publishers_map)
    assert len(calls) == 4
    assert [record["level"].name for record in logged] == ["ERROR"] * 3
    assert all(record["exception"] for record in logged)
    assert "publisher_count=0" in repr(host.pubsub_exchange)


async def test_a_publisher_without_a_pause_leaves_others_their_turn(host, eventually):
    calls = []

    @host.publish("one")
    async def tell(publisher):
        calls.append(None)

    await eventually(lambda: len(calls) > 3)
    host.cancel_publishers()


async def test_shutdown_stops_publishers(host, exchange, eventually):
    @host.publish("one")
    async def tell(publisher):
        await publisher(Message(text="1"))

    await exchange.shutdown()
    await eventually(lambda: not host._publishers_map)


async def test_publish_is_a_block(host, exchange):
    async with host.publish("one", "two") as publisher:
        assert publisher.channels == ["one", "two"]
        await publisher(Message(text="1"))
    assert "publisher_count=0" in repr(exchange)
    assert exchange.get_channel("one") is not None
    with pytest.raises(TypeError, match="Cannot create repeating publisher"):
        async with host.publish("one", every=3):
            pass


async def test_publish_is_awaited(host, exchange, eventually):
    received = []
    exchange.create_subscriber("*", callback=lambda message, channel: received.append(channel.name))
    await host.publish(Message(text="1"), "one", "two")
    await eventually(lambda: received == ["one", "two"])
    with pytest.raises(IndexError):
        await host.publish(Message(text="1"))
    await exchange.get_channel("one").close()
    with pytest.raises(RuntimeError, match="closed Channel"):
        await host.publish(Message(text="1"), "one")


async def test_channels_of_a_block(host, exchange):
    async with host.channel() as channel:
        assert len(channel.name) == 26
        assert channel.name.isalnum()
    assert channel.closed
    async with host.channel("named", "described") as channel:
        assert exchange.get_channel("named") is channel
        assert channel.description == "described"
        async with host.channel("named") as same:
            assert same is channel
        assert not channel.closed
        await channel.close()
    assert exchange.channels == set()


class Base(events.Mixin, Mixin, _pydantic.model_base(extra="ignore", arbitrary_types_allowed=True)):
    """A base class of models with a slot of its own, as that of connectors."""

    __slots__ = ("__own__",)

    name: str
    heard: int = 0

    def __init__(self, **data):
        super().__init__(**data)
        object.__setattr__(self, "__own__", 1)


async def test_a_base_class_of_models_can_have_it(exchange, eventually):
    telling = Base(name="tell", pubsub_exchange=exchange, other=1)

    @telling.subscribe("a*")
    def hear(message):
        telling.heard += 1

    await telling.publish(Message(text="1"), "ab")
    await eventually(lambda: telling.heard == 1)
    assert dict(telling) == {"name": "tell", "heard": 1}
    assert Base(name="other").pubsub_exchange is not exchange
    telling.pubsub_exchange = other = Exchange()
    assert telling.pubsub_exchange is other
    telling.cancel_subscribers("hear")
    assert not exchange._subscribers
