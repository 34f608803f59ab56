"""The temporary channel of a dispatch inside of its `async with` block."""

import asyncio

import pytest

import servo
from servo import pubsub

pytestmark = pytest.mark.usefixtures("ping")


@pytest.fixture
async def exchange():
    exchange = pubsub.Exchange()
    exchange.start()
    yield exchange
    await exchange.shutdown()


@pytest.fixture
def Publishing(ping, exchange):
    class Publishing(servo.BaseConnector):
        @property
        def pubsub_exchange(self):
            return exchange

        @servo.on_event("ping")
        async def answer(self, n: int) -> int:
            for channel in exchange.channels:
                for number in range(n):
                    await channel.publish(pubsub.Message(text=str(number)))
            await asyncio.sleep(0.01)
            return n

    return Publishing


async def test_it_is_there_until_the_dispatch_has_run(bus, exchange, Publishing):
    (member,) = bus(Publishing)
    async with member.dispatch_event("ping", 1) as dispatch:
        channel = dispatch.channel
        assert channel.name.startswith("servo.events.ping.")
        assert exchange.channels == {channel}
        assert f"channel='{channel.name}'" in repr(dispatch)
        await dispatch
        assert channel.closed
        assert exchange.channels == set()
    assert dispatch.success


async def test_two_dispatches_have_two(bus, Publishing):
    (member,) = bus(Publishing)
    async with member.dispatch_event("ping", 0) as one, member.dispatch_event("ping", 0) as two:
        assert one.channel.name != two.channel.name


async def test_functions_and_blocks_subscribe_to_it(bus, Publishing):
    (member,) = bus(Publishing)
    told, seen = [], []

    async def follow(subscriber):
        async for message, _ in subscriber:
            seen.append(message.text)

    async with member.dispatch_event("ping", 2) as dispatch:

        @dispatch.subscribe
        async def tell(message, channel):
            told.append((message.text, channel.name))

        name = dispatch.channel.name
        async with dispatch.subscribe() as subscriber:
            task = asyncio.create_task(follow(subscriber))
            await asyncio.sleep(0)
            await dispatch
        await asyncio.wait_for(task, 30)
    assert told == [("0", name), ("1", name)]
    assert seen == ["0", "1"]
    assert callable(tell)


async def test_its_messages_are_iterated(bus, Publishing):
    (member,) = bus(Publishing)
    seen = []

    async def follow(dispatch):
        async for message in dispatch:
            seen.append(message.text)

    async with member.dispatch_event("ping", 3) as dispatch:
        task = asyncio.create_task(follow(dispatch))
        await asyncio.sleep(0)
    await asyncio.wait_for(task, 30)
    assert seen == ["0", "1", "2"]


async def test_it_is_taken_away_when_body_or_handler_fail(bus, exchange, ping, Publishing):
    class Failing(Publishing):
        @servo.on_event("ping")
        def fail(self, n: int) -> int:
            raise ValueError("no")

    ok, failing = bus(Publishing)[0], bus(Failing)[0]
    with pytest.raises(ZeroDivisionError):
        async with ok.dispatch_event("ping", 0):
            raise ZeroDivisionError
    with pytest.raises(ExceptionGroup):
        async with failing.dispatch_event("ping", 0):
            pass
    assert exchange.channels == set()


async def test_a_channel_that_was_closed_before_is_no_trouble(bus, exchange, Publishing):
    (member,) = bus(Publishing)
    async with member.dispatch_event("ping", 0) as dispatch:
        await dispatch.channel.close()
    assert dispatch.success
    assert exchange.channels == set()


async def test_names_of_events_that_are_no_names_of_channels(bus, exchange, Publishing):
    async def odd(self) -> None: ...

    event = servo.create_event("odd name/" + "x" * 300, odd)
    (member,) = bus(Publishing)
    async with member.dispatch_event(event) as dispatch:
        assert dispatch.channel.name.startswith("servo.events.odd_name_xxx")


async def test_there_is_none_outside(bus, Publishing):
    (member,) = bus(Publishing)
    dispatch = member.dispatch_event("ping", 0)
    for use in (lambda: dispatch.channel, dispatch.subscribe, dispatch.__aiter__):
        with pytest.raises(AttributeError, match="only inside an `async with` block"):
            use()
    await dispatch
    with pytest.raises(AttributeError):
        _ = dispatch.channel


async def test_a_member_without_an_exchange_has_none():
    class Member(servo.events.Mixin):
        name = "plain"

    async with Member().dispatch_event("startup") as dispatch:
        with pytest.raises(AttributeError, match="when its connector has an exchange"):
            _ = dispatch.channel
    assert dispatch.results == []
