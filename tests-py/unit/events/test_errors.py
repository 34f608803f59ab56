"""What handlers raise, and what cancels a dispatch or its handlers."""

import asyncio
import contextlib
import gc

import pytest

import servo
from servo.errors import EventCancelledError
from servo.events import EventResult, Preposition

pytestmark = pytest.mark.usefixtures("ping")


def raising(error, preposition=Preposition.on, *, wait=False, plain=False):
    """A connector class whose handler raises."""

    class Raising(servo.BaseConnector):
        if plain:

            @servo.event_handler("ping", preposition)
            def fail(self, **kwargs) -> None:
                raise error

        else:

            @servo.event_handler("ping", preposition)
            async def fail(self, *args, **kwargs) -> None:
                if wait:
                    await asyncio.sleep(0)
                raise error

    return Raising


@pytest.fixture
def undeclared(ping):
    """Handlers of any result."""
    ping.signature = None


@pytest.fixture
def Noting(undeclared):
    class Noting(servo.BaseConnector):
        @servo.before_event("ping")
        async def early(self, n):
            said.append("before")

        @servo.on_event("ping")
        async def answer(self, n):
            said.append("on")
            return n

        @servo.after_event("ping")
        async def late(self, results):
            said.append("after")

    said = Noting.said = []
    return Noting


@pytest.fixture
def Waiting(undeclared):
    """Waits until it is cancelled, and then takes a moment to tidy up."""

    class Waiting(servo.BaseConnector):
        @servo.on_event("ping")
        async def wait(self, n):
            Waiting.started += 1
            try:
                await asyncio.sleep(3600)
            finally:
                await asyncio.sleep(0.01)
                Waiting.ended += 1

    Waiting.started = Waiting.ended = 0
    return Waiting


SHAPES = pytest.mark.parametrize("shape", [{}, {"wait": True}, {"plain": True}], ids=["at once", "later", "plain"])


@pytest.mark.usefixtures("undeclared")
class TestFailures:
    @SHAPES
    async def test_all_that_fail_at_once_are_in_the_group(self, bus, shape, Noting):
        errors = [ValueError("0"), KeyError("1"), OSError("2")]
        members = bus(*(raising(error, **shape) for error in errors), Noting)
        with pytest.raises(ExceptionGroup, match=r"^unhandled errors in a TaskGroup") as caught:
            await members[0].dispatch_event("ping", n=1)
        assert caught.value.message == "unhandled errors in a TaskGroup"
        assert str(caught.value) == "unhandled errors in a TaskGroup (3 sub-exceptions)"
        assert list(caught.value.exceptions) == errors
        assert "after" not in Noting.said

    @SHAPES
    async def test_a_failure_cancels_those_that_wait(self, bus, shape, Waiting):
        members = bus(Waiting, raising(ValueError("no"), **shape), Waiting)
        with pytest.raises(ExceptionGroup) as caught:
            await members[0].dispatch_event("ping", n=1)
        assert str(caught.value) == "unhandled errors in a TaskGroup (1 sub-exception)"
        assert (Waiting.started, Waiting.ended) == (2, 2)

    async def test_what_is_raised_while_being_cancelled_is_in_the_group(self, bus):
        class Stubborn(servo.BaseConnector):
            @servo.on_event("ping")
            async def wait(self, n):
                try:
                    await asyncio.sleep(3600)
                except asyncio.CancelledError:
                    raise RuntimeError("while tidying up") from None

        members = bus(Stubborn, raising(ValueError("no")))
        with pytest.raises(ExceptionGroup) as caught:
            await members[0].dispatch_event("ping", n=1)
        assert [type(error) for error in caught.value.exceptions] == [ValueError, RuntimeError]

    @SHAPES
    async def test_an_error_says_where_it_comes_from(self, bus, shape):
        error = ValueError("no")
        (member,) = bus(raising(error, **shape))
        with pytest.raises(ExceptionGroup):
            await member.dispatch_event("ping", n=1)
        result = error.__event_result__
        assert isinstance(result, EventResult)
        assert (result.value, result.connector, result.event) == (error, member, "ping")

    @SHAPES
    async def test_exceptions_are_returned_when_asked_for(self, bus, shape, Noting):
        error = ValueError("no")
        members = bus(raising(error, **shape), Noting)
        results = await members[0].dispatch_event("ping", n=1, return_exceptions=True)
        assert [result.value for result in results] == [error, 1]
        assert results[0] == error.__event_result__
        assert Noting.said == ["before", "on", "after"]

    async def test_the_next_handler_of_the_connector_runs_when_exceptions_are_returned(self, bus):
        class Member(raising(ValueError("no"))):
            @servo.on_event("ping")
            async def second(self, n):
                return n

        (member,) = bus(Member)
        results = await member.dispatch_event("ping", n=5, return_exceptions=True)
        assert [type(result.value) for result in results] == [ValueError, int]
        with pytest.raises(ExceptionGroup) as caught:
            await member.dispatch_event("ping", n=5)
        assert str(caught.value) == "unhandled errors in a TaskGroup (1 sub-exception)"

    @pytest.mark.parametrize("preposition", [Preposition.before, Preposition.after])
    async def test_other_phases_never_return_exceptions(self, bus, preposition, Noting):
        members = bus(raising(ValueError("no"), preposition), Noting)
        with pytest.raises(ExceptionGroup) as caught:
            await members[0].dispatch_event("ping", n=1, return_exceptions=True)
        assert caught.group_contains(ValueError, match="no")
        assert ("on" in Noting.said) == (preposition is Preposition.after)

    async def test_an_error_in_an_except_block_keeps_its_context_apart(self, bus):
        error = ValueError("no")
        (member,) = bus(raising(error))
        with pytest.raises(ExceptionGroup):
            await member.dispatch_event("ping", n=1)
        assert error.__cause__ is None

    @pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
    @SHAPES
    def test_what_ends_the_program_is_never_a_result(self, bus, shape, kind, Waiting):
        async def main():
            members = bus(raising(kind("end"), **shape), Waiting)
            await members[0].dispatch_event("ping", n=1, return_exceptions=True)

        loop = asyncio.new_event_loop()
        try:
            with pytest.raises(kind, match="end"):
                loop.run_until_complete(main())
            # The program is about to end: what is left is cancelled as asyncio.run does it.
            tasks = asyncio.all_tasks(loop)
            for task in tasks:
                task.cancel()
            while not all(task.done() for task in tasks):
                with contextlib.suppress(kind):
                    loop.run_until_complete(asyncio.wait(tasks))
            for task in tasks:
                assert task.cancelled() or isinstance(task.exception(), kind)
        finally:
            loop.close()
        assert Waiting.ended == Waiting.started

    async def test_other_base_exceptions_come_as_they_are(self, bus):
        class Odd(BaseException):
            pass

        (member,) = bus(raising(Odd("odd"), wait=True))
        with pytest.raises(BaseExceptionGroup) as caught:
            await member.dispatch_event("ping", n=1, return_exceptions=True)
        assert caught.group_contains(Odd)

    async def test_no_error_of_a_handler_is_reported_as_unseen(self, bus):
        reported = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))
        members = bus(*(raising(ValueError("no"), wait=wait) for wait in (True, False, True)))
        with pytest.raises(ExceptionGroup):
            await members[0].dispatch_event("ping", n=1)
        del members
        gc.collect()
        await asyncio.sleep(0)
        assert reported == []


@pytest.mark.usefixtures("undeclared")
class TestCancellingAnEvent:
    @pytest.fixture
    def warnings(self):
        from loguru import logger

        lines = []
        sink = logger.add(lambda line: lines.append(str(line)), level="WARNING")
        yield lines
        logger.remove(sink)

    @SHAPES
    async def test_a_before_handler_cancels_it(self, bus, shape, Noting, warnings):
        members = bus(Noting, raising(EventCancelledError("not now"), Preposition.before, **shape))
        assert await members[0].dispatch_event("ping", n=1) == []
        assert await members[0].dispatch_event("ping", n=1, first=True) is None
        assert set(Noting.said) == {"before"}
        assert 'event cancelled by before event handler on connector "con-1"' in warnings[0]

    async def test_two_before_handlers_cancel_it(self, bus, warnings):
        classes = [raising(EventCancelledError(), Preposition.before) for _ in range(2)]
        members = bus(*classes)
        assert await members[0].dispatch_event("ping", n=1) == []
        assert '"con-0, con-1"' in warnings[0]

    async def test_it_does_not_hide_another_failure(self, bus):
        errors = [EventCancelledError("not now"), ValueError("no")]
        members = bus(*(raising(error, Preposition.before) for error in errors))
        with pytest.raises(ExceptionGroup) as caught:
            await members[0].dispatch_event("ping", n=1)
        assert list(caught.value.exceptions) == errors

    @SHAPES
    async def test_an_on_handler_cannot(self, bus, shape):
        error = EventCancelledError("too late")
        (member,) = bus(raising(error, **shape))
        with pytest.raises(ExceptionGroup) as caught:
            await member.dispatch_event("ping", n=1)
        (refusal,) = caught.value.exceptions
        assert isinstance(refusal, TypeError)
        assert str(refusal) == "Cannot cancel an event from an on handler"
        assert refusal.__cause__ is error

    async def test_an_on_handler_cannot_but_its_error_is_returned(self, bus, warnings):
        error = EventCancelledError("too late")
        (member,) = bus(raising(error))
        (result,) = await member.dispatch_event("ping", n=1, return_exceptions=True)
        assert result.value is error
        assert "Cannot cancel an event from an on handler: event dispatched" in warnings[0]

    async def test_an_after_handler_cannot(self, bus):
        error = EventCancelledError("much too late")
        (member,) = bus(raising(error, Preposition.after))
        with pytest.raises(ExceptionGroup) as caught:
            await member.dispatch_event("ping", n=1)
        (refusal,) = caught.value.exceptions
        assert str(refusal) == "Cannot cancel an event from an after handler"
        assert refusal.__cause__ is error


class TestCancellingTheCaller:
    async def test_the_handlers_are_cancelled_and_waited_for(self, bus, Waiting):
        members = bus(Waiting, Waiting)
        task = asyncio.create_task(members[0].dispatch_event("ping", 1).run())
        await asyncio.sleep(0.01)
        assert Waiting.started == 2
        task.cancel("enough")
        with pytest.raises(asyncio.CancelledError):
            await task
        assert Waiting.ended == 2
        assert task.cancelled()

    async def test_a_second_time_while_they_tidy_up(self, bus, Waiting):
        members = bus(Waiting, Waiting)
        task = asyncio.create_task(members[0].dispatch_event("ping", 1).run())
        await asyncio.sleep(0.01)
        for _ in range(3):
            task.cancel()
            await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await task
        assert [other for other in asyncio.all_tasks() if other is not asyncio.current_task()] == []

    async def test_before_it_starts(self, bus, Waiting):
        (member,) = bus(Waiting)
        task = asyncio.create_task(member.dispatch_event("ping", 1).run())
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert Waiting.started == 0

    async def test_by_a_timeout(self, bus, Waiting):
        members = bus(Waiting, Waiting)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await members[0].dispatch_event("ping", 1)
        assert Waiting.ended == 2
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(members[0].dispatch_event("ping", 1), 0.01)
        assert Waiting.ended == 4

    async def test_handlers_behind_the_one_that_is_cancelled_do_not_run(self, bus, Waiting):
        class Two(Waiting):
            @servo.on_event("ping")
            async def second(self, n):
                raise AssertionError("it must not run")

        (member,) = bus(Two)
        task = asyncio.create_task(member.dispatch_event("ping", 1, return_exceptions=True).run())
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    @pytest.mark.usefixtures("undeclared")
    async def test_a_handler_that_swallows_it_ends_when_it_returns(self, bus):
        class Deaf(servo.BaseConnector):
            @servo.on_event("ping")
            async def wait(self, n):
                try:
                    await asyncio.sleep(3600)
                except asyncio.CancelledError:
                    await asyncio.sleep(0.02)
                    Deaf.returned = True
                    return "done after all"

            @servo.on_event("ping")
            async def second(self, n):
                raise AssertionError("it must not run")

        (member,) = bus(Deaf)
        task = asyncio.create_task(member.dispatch_event("ping", 1).run())
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert Deaf.returned

    @pytest.mark.usefixtures("undeclared")
    async def test_what_handlers_raise_then_is_the_context_of_it(self, bus):
        class Clumsy(servo.BaseConnector):
            @servo.on_event("ping")
            async def wait(self, n):
                try:
                    await asyncio.sleep(3600)
                finally:
                    raise RuntimeError("while tidying up")

        (member,) = bus(Clumsy)

        async def call():
            try:
                await member.dispatch_event("ping", 1)
            except asyncio.CancelledError as error:
                return error.__context__

        task = asyncio.create_task(call())
        await asyncio.sleep(0.01)
        task.cancel()
        assert "while tidying up" in repr((await task).exceptions)

    @pytest.mark.usefixtures("undeclared")
    async def test_a_handler_that_cancels_itself_cancels_the_dispatch_after_the_others(self, bus):
        class Selfish(servo.BaseConnector):
            @servo.on_event("ping")
            async def wait(self, n):
                asyncio.current_task().cancel()
                await asyncio.sleep(3600)

        class Other(servo.BaseConnector):
            @servo.on_event("ping")
            async def wait(self, n):
                await asyncio.sleep(0.01)
                Other.ended = True

        members = bus(Selfish, Other)
        with pytest.raises(asyncio.CancelledError):
            await members[0].dispatch_event("ping", 1, return_exceptions=True)
        assert Other.ended
        assert asyncio.current_task().cancelling() == 0

    async def test_closing_the_callers_coroutine_cancels_the_handlers(self, bus, Waiting):
        (member,) = bus(Waiting)

        async def call():
            await member.dispatch_event("ping", 1)

        coroutine = call()
        coroutine.send(None)
        await asyncio.sleep(0.01)
        coroutine.close()
        await asyncio.sleep(0.05)
        assert (Waiting.started, Waiting.ended) == (1, 1)
