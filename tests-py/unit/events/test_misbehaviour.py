"""Handlers that block, never return, return anything, or leave something behind that goes on."""

import asyncio
import gc

import pytest

import servo
from servo.events import Preposition

pytestmark = pytest.mark.usefixtures("undeclared")


@pytest.fixture
def undeclared(ping):
    """Handlers of any result."""
    ping.signature = None


def values(results):
    return [result.value for result in results]


def member(function, preposition=Preposition.on):
    class Member(servo.BaseConnector):
        answer = servo.event_handler("ping", preposition)(function)

    return Member


class TestBlocking:
    async def test_a_plain_handler_holds_up_the_loop_and_its_result_counts(self, bus):
        turns = []

        async def other():
            for turn in range(3):
                turns.append(turn)
                await asyncio.sleep(0)

        def block(self, n):
            task.get_loop()
            seen = len(turns)
            import time

            time.sleep(0.01)
            return seen == len(turns)

        async def beside(self, n):
            await asyncio.sleep(0)
            return "beside"

        members = bus(member(beside), member(block))
        task = asyncio.create_task(other())
        assert values(await members[0].dispatch_event("ping", 1)) == ["beside", True]
        await task

    async def test_a_thread_leaves_the_loop_free(self, bus):
        import threading

        released = threading.Event()

        async def wait(self, n):
            return await asyncio.to_thread(released.wait, 30)

        async def release(self, n):
            released.set()

        members = bus(member(wait), member(release))
        assert values(await members[0].dispatch_event("ping", 1)) == [True, None]


class TestNeverReturning:
    @pytest.mark.parametrize("preposition", [Preposition.before, Preposition.on, Preposition.after])
    async def test_it_lasts_until_the_caller_has_enough(self, bus, preposition):
        ended = []

        async def forever(self, *args):
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                ended.append(self.name)

        members = bus(member(forever, preposition), member(forever, preposition))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await members[0].dispatch_event("ping", 1)
        assert sorted(ended) == ["con-0", "con-1"]
        assert asyncio.all_tasks() == {asyncio.current_task()}

    async def test_for_the_engine_too(self, bus, ping):
        async def forever(self, n):
            await asyncio.get_running_loop().create_future()

        (one,) = bus(member(forever))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(one.run_event_handlers(ping, Preposition.on, 1), 0.02)
        assert asyncio.all_tasks() == {asyncio.current_task()}


class TestAnyResult:
    @pytest.mark.parametrize("value", [None, (), NotImplemented, ValueError("not raised"), StopIteration(3), object()])
    async def test_is_handed_over_as_it_is(self, bus, value):
        async def at_once(self, n):
            return value

        async def later(self, n):
            await asyncio.sleep(0)
            return value

        def plain(self, n):
            return value

        members = bus(*map(member, (at_once, later, plain)))
        results = await members[0].dispatch_event("ping", 1)
        assert [result.value is value for result in results] == [True] * 3

    @pytest.mark.parametrize("yielded", [7, "text", (1, 2), asyncio])
    async def test_a_handler_that_yields_what_no_loop_knows_fails(self, bus, yielded):
        class Odd:
            def __await__(self):
                yield yielded

        async def odd(self, n):
            await Odd()

        async def fine(self, n):
            return n

        members = bus(member(odd), member(fine))
        error, one = values(await members[0].dispatch_event("ping", 1, return_exceptions=True))
        assert isinstance(error, RuntimeError)
        assert one == 1

    async def test_stop_iteration_is_an_error_of_the_handler(self, bus):
        async def stop(self, n):
            raise StopIteration(3)

        def plain(self, n):
            raise StopIteration(3)

        members = bus(member(stop), member(plain))
        first, second = values(await members[0].dispatch_event("ping", 1, return_exceptions=True))
        assert isinstance(first, RuntimeError)
        assert isinstance(second, StopIteration)

    async def test_awaitables_that_are_no_coroutines_are_awaited(self, bus):
        class Later:
            def __await__(self):
                return (yield from asyncio.sleep(0, "later").__await__())

        def give(self, n):
            return Later()

        class Member(servo.BaseConnector):
            answer = servo.on_event("ping")(give)

        import unittest.mock

        (one,) = bus(Member)
        Member.get_event_handlers("ping")[0].handler = unittest.mock.AsyncMock(return_value="mocked")
        assert values(await one.dispatch_event("ping", 1)) == ["mocked"]


class TestOutliving:
    async def test_what_a_handler_started_goes_on_and_knows_where_it_came_from(self, bus):
        seen = asyncio.get_running_loop().create_future()
        go_on = asyncio.Event()
        tasks = []

        async def outlive(self):
            await go_on.wait()
            inner = await self.dispatch_event("ping", 0)
            seen.set_result((servo.current_connector(), str(servo.current_event()), values(inner)))

        async def start(self, n):
            if n:
                tasks.append(asyncio.create_task(outlive(self)))
            return n

        (one,) = bus(member(start))
        assert values(await one.dispatch_event("ping", 1)) == [1]
        assert servo.current_connector() is None
        go_on.set()
        assert await asyncio.wait_for(seen, 30) == (one, "ping", [0])

    async def test_a_handler_whose_dispatch_was_given_up_ends_alone_and_asyncio_tells_of_its_failure(self, bus):
        reported = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))
        ended = asyncio.Event()

        async def tidy_up(self, n):
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                await asyncio.sleep(0)
                ended.set()
                raise ValueError("while tidying up")

        (one,) = bus(member(tidy_up))
        run = one.dispatch_event("ping", 1).run()
        run.send(None)
        await asyncio.sleep(0)
        run.close()
        await asyncio.wait_for(ended.wait(), 30)
        await asyncio.sleep(0)
        gc.collect()
        await asyncio.sleep(0)
        assert [str(context["exception"]) for context in reported] == ["while tidying up"]

    async def test_a_loop_that_is_closed_with_a_dispatch_on_it(self, bus):
        ended = []

        async def forever(self, n):
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                ended.append(n)

        (one,) = bus(member(forever))

        async def main():
            task = asyncio.create_task(one.dispatch_event("ping", 1).run())
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            return task

        task = await asyncio.to_thread(asyncio.run, main())
        assert task.cancelled()
        assert ended == [1]
