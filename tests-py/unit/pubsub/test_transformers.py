import asyncio

import pydantic
import pytest

from servo.pubsub import Aggregator, Filter, Message, Splitter, Transformer


@pytest.fixture
def received(exchange):
    """What is delivered, as text and channel."""
    found = []
    exchange.create_subscriber("*", callback=lambda message, channel: found.append((message.text, channel.name)))
    return found


class Upper(Transformer):
    suffix: str = ""

    async def __call__(self, message, channel):
        await asyncio.sleep(0)
        return Message(text=message.text.upper() + self.suffix)


async def test_transformers_work_one_after_the_other(exchange, received, eventually):
    exchange.add_transformer(Upper(suffix="!"))
    exchange.insert_transformer(0, Filter(lambda message, channel: Message(text=message.text + "b")))
    assert [type(transformer) for transformer in exchange.transformers] == [Filter, Upper]
    publisher = exchange.create_publisher("ab")
    for number in range(200):
        await publisher(Message(text=f"{number}a"))
    await eventually(lambda: received == [(f"{number}AB!", "ab") for number in range(200)])
    exchange.remove_transformer(exchange.transformers[0])
    with pytest.raises(ValueError, match="not in list"):
        exchange.remove_transformer(Upper(suffix="?"))


async def test_filters(exchange, received, logged, eventually):
    async def even(message, channel):
        return message if int(message.text) % 2 == 0 else None

    exchange.add_transformer(Filter(even))
    publisher = exchange.create_publisher("ab")
    for number in range(4):
        await publisher(Message(text=str(number)))
    await eventually(lambda: received == [("0", "ab"), ("2", "ab")])
    await eventually(lambda: sum("cancelled delivery of message" in record["message"] for record in logged) == 2)


async def test_a_transformer_that_fails_loses_its_message_alone(exchange, received, logged, eventually):
    def fail(message, channel):
        if message.text == "bad":
            raise ValueError("{bad}")
        return message

    exchange.add_transformer(Filter(fail))
    publisher = exchange.create_publisher("ab")
    for text in ("1", "bad", "2"):
        await publisher(Message(text=text))
    await eventually(lambda: received == [("1", "ab"), ("2", "ab")])
    assert logged[0]["level"].name == "ERROR"
    assert logged[0]["exception"]


async def test_a_splitter_publishes_beside_the_message(exchange, received, eventually):
    async def split(splitter, message, channel):
        if channel.name == "ab":
            for part in message.text.split():
                await splitter.get_channel("parts").publish(Message(text=part))

    parts = exchange.create_channel("parts")
    exchange.add_transformer(splitter := Splitter(split, parts))
    assert splitter.channels == [parts]
    with pytest.raises(KeyError, match="no Channel 'other'"):
        splitter.get_channel("other")
    publisher = exchange.create_publisher("ab")
    for number in range(2000):
        await publisher(Message(text=f"{number} x"))
    await eventually(lambda: len(received) == 6000)
    assert received[:3] == [("0", "parts"), ("x", "parts"), ("0 x", "ab")]
    assert [text for text, name in received if name == "ab"] == [f"{number} x" for number in range(2000)]


async def test_a_circle_of_transformers_ends(exchange, received, logged, eventually):
    async def again(splitter, message, channel):
        await splitter.channels[0].publish(message)

    exchange.add_transformer(Splitter(again, exchange.create_channel("ab")))
    await exchange.publish(Message(text="1"), "ab")
    await eventually(lambda: any("publish from within one another" in record["message"] for record in logged))


async def test_an_aggregator_publishes_when_all_have_spoken(exchange, received, eventually):
    async def add(aggregator, message, channel):
        text = aggregator.message.text if aggregator.message else ""
        aggregator.message = Message(text=text + message.text)

    channels = [exchange.create_channel(name) for name in ("one", "two", "sum", "other")]
    aggregator = Aggregator(channels[:2], channels[2], add)
    exchange.add_transformer(aggregator)
    assert repr(aggregator) == (
        "Aggregator(from_channels=['one', 'two'], to_channel='sum', every=None, message=None, "
        "last_published_at=None, channel_message_count={'one': 0, 'two': 0})"
    )
    for text, at in (("1", 0), ("2", 0), ("x", 3), ("3", 1), ("4", 0), ("5", 1)):
        await channels[at].publish(Message(text=text))
    await eventually(lambda: len(received) == 8)
    assert [text for text, name in received if name == "sum"] == ["123", "45"]
    assert aggregator.message is None
    assert aggregator.last_published_at is not None
    with pytest.raises(TypeError, match='"Aggregator" is immutable and does not support item assignment'):
        aggregator.every = 3


async def test_an_aggregator_publishes_in_intervals(exchange, received, eventually):
    async def keep(aggregator, message, channel):
        aggregator.message = message

    channels = [exchange.create_channel(name) for name in ("one", "two", "sum")]
    aggregator = Aggregator(channels[:2], channels[2], keep, every="1ms")
    exchange.add_transformer(aggregator)
    await channels[0].publish(Message(text="1"))
    await eventually(lambda: ("1", "sum") in received)
    await exchange.shutdown()
    await eventually(aggregator._task.done)


async def test_a_message_that_hangs_does_not_hold_up_the_shutdown(exchange, logged):
    async def hang(message, channel):
        await asyncio.Event().wait()

    exchange.add_transformer(Filter(hang))
    await exchange.publish(Message(text="1"), exchange.create_channel("ab"))
    async with asyncio.timeout(30):
        await exchange.shutdown(grace=0.01)
    assert "cancelling 1 deliveries" in logged[-1]["message"]


def test_wrong_arguments(exchange):
    channel = exchange.create_channel("ab")
    for create, text in (
        (lambda: Filter(None), "none is not an allowed value"),
        (lambda: Filter(3), "3 is not callable"),
        (lambda: Splitter(print), "at least 1 items"),
        (lambda: Splitter(print, "ab"), "instance of Channel expected"),
        (lambda: Aggregator([channel], channel, print), "at least 2 items"),
        (lambda: Aggregator(["a", "b"], "c", print), "instance of Channel expected"),
    ):
        with pytest.raises(pydantic.ValidationError, match=text):
            create()
    with pytest.raises(TypeError, match="abstract"):
        Transformer()
