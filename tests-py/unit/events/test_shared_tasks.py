"""Handlers that do not wait share a task; those that wait do so at the same time, each in a task of its own."""

from __future__ import annotations

import asyncio
import contextvars

import pytest

import servo

VARIABLE: contextvars.ContextVar[str | None] = contextvars.ContextVar("variable", default=None)


def answering(answer):
    """A class whose handler of `ping` is that coroutine function."""

    class Member(servo.BaseConnector):
        @servo.on_event("ping")
        async def ping(self, n: int) -> int:
            return await answer(self, n)

    return Member


@pytest.fixture(autouse=True)
def event(ping):
    return ping


async def within_time(dispatch):
    async with asyncio.timeout(60):
        return [result.value for result in await dispatch]


async def test_handlers_that_do_not_wait_share_a_task(bus):
    async def count(self, n):
        return len(asyncio.all_tasks())

    members = bus(*[answering(count)] * 5)
    assert await within_time(members[0].dispatch_event("ping", 1)) == [len(asyncio.all_tasks()) + 1] * 5


async def test_all_that_wait_wait_at_the_same_time(bus):
    barrier = asyncio.Barrier(5)

    async def meet(self, n):
        await barrier.wait()
        return self.name

    members = bus(*[answering(meet)] * 5)
    # The second time it is known that they wait.
    for _ in range(3):
        assert await within_time(members[0].dispatch_event("ping", 1)) == [f"con-{at}" for at in range(5)]


async def test_a_handler_waits_at_times(bus):
    barrier = asyncio.Barrier(3)

    async def meet(self, n):
        if n:
            await barrier.wait()
        return n

    members = bus(*[answering(meet)] * 3)
    for n in (0, 1, 0, 0, 1, 1, 0):
        assert await within_time(members[0].dispatch_event("ping", n)) == [n] * 3


async def test_those_that_wait_stand_among_those_that_do_not(bus):
    barrier = asyncio.Barrier(2)

    async def answer(self, n):
        assert VARIABLE.get() is None
        VARIABLE.set(self.name)
        if self.name in ("con-1", "con-3"):
            await barrier.wait()
        assert servo.current_connector() is self
        return VARIABLE.get()

    class Plain(servo.BaseConnector):
        @servo.on_event("ping")
        def ping(self, n: int) -> int:
            assert VARIABLE.get() is None
            return self.name

    member = answering(answer)
    members = bus(member, member, Plain, member, Plain, member)
    for _ in range(3):
        assert await within_time(members[0].dispatch_event("ping", 1)) == [f"con-{at}" for at in range(6)]
    assert VARIABLE.get() is None


@pytest.mark.parametrize("turns", range(4))
async def test_a_caller_that_is_cancelled_early_leaves_nobody_behind(bus, turns):
    started, ended = [], []

    async def wait(self, n):
        started.append(self.name)
        try:
            await asyncio.sleep(3600)
        finally:
            ended.append(self.name)

    members = bus(*[answering(wait)] * 3)
    before = asyncio.all_tasks()
    caller = asyncio.ensure_future(members[0].dispatch_event("ping", 1)())
    for _ in range(turns):
        await asyncio.sleep(0)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        async with asyncio.timeout(60):
            await caller
    assert sorted(started) == sorted(ended)
    assert {task for task in asyncio.all_tasks() if not task.done()} == before
