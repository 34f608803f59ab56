"""The handlers of a connector as the engine runs them: as `run_event_handlers` does, but for what ends programs."""

import asyncio

import pytest

import servo
from servo import _handlers
from servo.events import Preposition, create_event


async def run(member, event, preposition="on", *args, **kwargs):
    return await _handlers.run(member, event, preposition, args, kwargs)


async def test_generator_events_wrap_each_handler(bus):
    said = []

    async def around(self, n: int) -> int:
        said.append(("enter", n))
        yield
        said.append(("leave", n))

    create_event("around", around)

    class Member(servo.BaseConnector):
        @servo.on_event("around")
        def plain(self, n: int) -> int:
            said.append("plain")
            return n

        @servo.on_event("around")
        async def later(self, n: int) -> int:
            await asyncio.sleep(0)
            return -n

    (member,) = bus(Member)
    assert await run(member, "around", n=2) == [2, -2]
    assert said == [("enter", 2), "plain", ("leave", 2), ("enter", 2), ("leave", 2)]


async def test_handlers_of_the_instance_count(bus, ping):
    class Member(servo.BaseConnector):
        pass

    one, other = bus(Member, Member)
    both = Preposition.before | Preposition.on
    ping.signature = None
    one.add_event_handler(ping, both, lambda self, n: n)
    # Every connector is told of the events of its life.
    life = [("on", "attach"), ("on", "startup"), ("on", "detach")]
    assert _handlers.subscriptions(one) == [*life, ("before", "ping"), ("on", "ping")]
    assert _handlers.subscriptions(other) == life
    assert await run(one, "ping", n=3) == [3]
    assert await run(other, "ping", n=3) == []


async def test_they_run_one_after_another_and_know_where_they_are(bus, ping):
    seen = []

    class Member(servo.BaseConnector):
        @servo.on_event("ping")
        async def first(self, n: int) -> int:
            await asyncio.sleep(0)
            seen.append(("first", str(servo.current_event()), servo.current_connector()))
            return 1

        @servo.on_event("ping")
        def second(self, n: int) -> int:
            seen.append(("second", str(servo.current_event()), servo.current_connector()))
            return 2

    (member,) = bus(Member)
    assert await run(member, "ping", "on", 1) == [1, 2]
    assert seen == [("first", "ping", member), ("second", "ping", member)]
    assert servo.current_connector() is None


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("shape", ["plain", "at once", "later"])
async def test_a_connector_does_not_end_the_process(bus, ping, kind, shape):
    class Member(servo.BaseConnector):
        if shape == "plain":

            @servo.on_event("ping")
            def fail(self, n: int) -> int:
                raise kind("end")
        else:

            @servo.on_event("ping")
            async def fail(self, n: int) -> int:
                if shape == "later":
                    await asyncio.sleep(0)
                raise kind("end")

    (member,) = bus(Member)
    with pytest.raises(servo.EventError, match=rf"a handler of 'ping' raised {kind.__name__}\('end'\)") as caught:
        await run(member, "ping", "on", 1)
    assert isinstance(caught.value.__cause__, kind)


async def test_a_swallowed_cancellation_is_one(bus, ping):
    class Deaf(servo.BaseConnector):
        @servo.on_event("ping")
        async def wait(self, n: int) -> int:
            try:
                await asyncio.get_running_loop().create_future()
            except asyncio.CancelledError:
                return n

    (member,) = bus(Deaf)
    task = asyncio.create_task(run(member, "ping", "on", 1))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_arguments_are_those_of_the_signature(bus):
    async def shaped(self, a: int, /, b: int, *, c: int = 3) -> int: ...

    create_event("shaped", shaped)

    class Member(servo.BaseConnector):
        @servo.on_event("shaped")
        def answer(self, a: int, /, b: int, *, c: int = 3) -> int:
            return (a, b, c)

    (member,) = bus(Member)
    assert await run(member, "shaped", "on", 1, b=2) == [(1, 2, 3)]
    assert await run(member, "shaped", "on", 1, 2, c=4) == [(1, 2, 4)]
    assert await run(member, "shaped", b=2, a=1) == [(1, 2, 3)]
    with pytest.raises(TypeError, match=r"the arguments of the event 'shaped' do not fit its signature .*missing"):
        await run(member, "shaped", "on", 1)
    with pytest.raises(TypeError, match="unexpected keyword argument 'd'"):
        await run(member, "shaped", "on", 1, b=2, d=5)
