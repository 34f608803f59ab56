"""What a handler sees around it: context variables, its task, the loop; and what it leaves behind."""

import asyncio
import contextvars
import gc
import sys
import tracemalloc
import weakref

import pytest

import servo
from servo.events import EventContext, EventResult, Preposition, _current_event

pytestmark = pytest.mark.usefixtures("ping")

VARIABLE = contextvars.ContextVar("VARIABLE", default="outside")


def loops():
    try:
        import uvloop
    except ImportError:
        return [asyncio.new_event_loop]
    return [asyncio.new_event_loop, uvloop.new_event_loop]


@pytest.fixture
def Member(ping):
    ping.signature = None

    class Member(servo.BaseConnector):
        @servo.on_event("ping")
        async def answer(self, n):
            return n

    return Member


def replace(cls, function):
    """Lets the only handler of a class be that function."""
    cls.get_event_handlers("ping")[0].handler = function


def values(results):
    return [result.value for result in results]


class TestContextVariables:
    @pytest.mark.parametrize("plain", [True, False])
    async def test_the_event_and_the_connector_are_known(self, bus, plain):
        seen = []

        class Member(servo.BaseConnector):
            if plain:

                @servo.on_event("ping")
                def answer(self, n: int) -> int:
                    seen.append((str(servo.current_event()), servo.current_connector()))
                    return n
            else:

                @servo.on_event("ping")
                async def answer(self, n: int) -> int:
                    for _ in range(2):
                        await asyncio.sleep(0)
                        seen.append((str(servo.current_event()), servo.current_connector()))
                    return n

            @servo.before_event("ping")
            async def early(self, n: int) -> None:
                seen.append((str(servo.current_event()), servo.current_connector()))

            @servo.after_event("ping")
            def late(self, results: list[EventResult]) -> None:
                seen.append((str(servo.current_event()), servo.current_connector()))

        members = bus(Member, Member)
        await members[0].dispatch_event("ping", 1)
        for member in members:
            assert ("before:ping", member) in seen
            assert ("ping", member) in seen
            assert ("after:ping", member) in seen
        assert len(seen) == (6 if plain else 8)
        assert servo.current_event() is None
        assert servo.current_connector() is None

    @pytest.mark.parametrize("shape", ["plain", "at once", "later"])
    async def test_changes_stay_inside_of_the_handler(self, bus, Member, shape):
        async def at_once(self, n):
            found = VARIABLE.get()
            VARIABLE.set(self.name)
            return found

        async def later(self, n):
            found = VARIABLE.get()
            VARIABLE.set(self.name)
            await asyncio.sleep(0)
            assert VARIABLE.get() == self.name
            return found

        def plain(self, n):
            found = VARIABLE.get()
            VARIABLE.set(self.name)
            return found

        replace(Member, {"plain": plain, "at once": at_once, "later": later}[shape])
        members = bus(Member, Member, Member)
        token = VARIABLE.set("caller")
        try:
            assert values(await members[0].dispatch_event("ping", 1)) == ["caller"] * 3
            assert VARIABLE.get() == "caller"
        finally:
            VARIABLE.reset(token)

    async def test_a_class_names_a_variable_that_holds_who_dispatches(self, bus, Member):
        dispatcher = contextvars.ContextVar("dispatcher", default=None)
        seen = []

        class Hub(Member):
            __dispatch_variable__ = dispatcher

            @servo.before_event("ping")
            async def early(self, n: int) -> None:
                await asyncio.sleep(0)
                seen.append(dispatcher.get())

            @servo.after_event("ping")
            def late(self, results: list[EventResult]) -> None:
                seen.append(dispatcher.get())

        async def answer(self, n):
            inner = [] if n == 0 else values(await members[1].dispatch_event("ping", 0, include=["con-2"]))
            return dispatcher.get(), *inner

        replace(Member, answer)
        members = bus(Hub, Hub, Member)
        for hub, other in ((members[0], members[1]), (members[1], members[1])):
            dispatch = hub.dispatch_event("ping", 1)
            assert values(await dispatch) == [(hub, (other,))] * 3
            assert dispatch.success
        assert set(map(id, seen)) == {id(members[0]), id(members[1])}
        assert values(await members[2].dispatch_event("ping", 0, include=["con-2"])) == [(None,)]
        assert dispatcher.get() is None

    def test_the_context_of_an_event(self, ping):
        context = EventContext.from_str("before:ping")
        assert (context.event, context.preposition) == (ping, Preposition.before)
        assert (context.is_before(), context.is_on(), context.is_after()) == (True, False, False)
        assert str(context) == "before:ping"
        assert context == "before:ping"
        assert str(EventContext.from_str("on:ping")) == str(EventContext.from_str("ping")) == "ping"
        assert EventContext(ping, Preposition.on) == "on:ping"
        for wrong in ("nothing", "during:ping", "before:", ":", "a:b:c"):
            assert EventContext.from_str(wrong) is None
        assert EventContext.from_str("adjust").operation() == "ADJUSTMENT"
        assert context.operation() is None
        assert context.created_at.tzinfo is None
        with pytest.raises(TypeError, match="unhashable"):
            hash(context)
        with context.current():
            assert servo.current_event() is context
        assert _current_event.get() is None


class TestTasks:
    async def test_a_handler_runs_in_a_task_of_its_own(self, bus, Member):
        async def answer(self, n):
            first = asyncio.current_task()
            await asyncio.sleep(0)
            assert asyncio.current_task() is first
            return first

        replace(Member, answer)
        members = bus(Member, Member, Member)
        tasks = values(await members[0].dispatch_event("ping", 1))
        assert len({*tasks, asyncio.current_task()}) == 4
        assert {task.get_name() for task in tasks} == {"on:ping"}
        assert all(task.done() for task in tasks)

    async def test_a_task_that_is_kept_serves_no_other(self, bus, Member):
        async def answer(self, n):
            return asyncio.current_task()

        replace(Member, answer)
        members = bus(Member, Member, Member)
        tasks = values(await members[0].dispatch_event("ping", 1))
        assert len({*tasks, asyncio.current_task()}) == 4

    async def test_a_task_that_cancelled_itself_serves_no_other(self, bus, Member):
        async def answer(self, n):
            cancelling = asyncio.current_task().cancelling()
            asyncio.current_task().cancel()
            return cancelling

        replace(Member, answer)
        members = bus(Member, Member, Member)
        assert values(await members[0].dispatch_event("ping", 1)) == [0, 0, 0]
        assert asyncio.current_task().cancelling() == 0

    async def test_timeouts_and_groups_inside_of_handlers_hold_their_own_task(self, bus, Member):
        async def answer(self, n):
            if self.name == "con-0":
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.01):
                        await asyncio.sleep(3600)
                return "timeout"
            if self.name == "con-1":
                async with asyncio.TaskGroup() as group:
                    tasks = [group.create_task(asyncio.sleep(0.01, at)) for at in range(3)]
                return [task.result() for task in tasks]
            await asyncio.sleep(0.03)
            return "undisturbed"

        replace(Member, answer)
        members = bus(Member, Member, Member)
        assert values(await members[0].dispatch_event("ping", 1)) == ["timeout", [0, 1, 2], "undisturbed"]
        assert asyncio.current_task().cancelling() == 0

    async def test_a_failing_group_inside_of_a_handler_fails_that_handler_alone(self, bus, Member):
        async def fail():
            raise ValueError("no")

        async def answer(self, n):
            if self.name == "con-0":
                async with asyncio.TaskGroup() as group:
                    group.create_task(fail())
                    await asyncio.sleep(3600)
            await asyncio.sleep(0.02)
            return n

        replace(Member, answer)
        members = bus(Member, Member)
        results = await members[0].dispatch_event("ping", 1, return_exceptions=True)
        assert isinstance(results[0].value, ExceptionGroup)
        assert results[1].value == 1

    @pytest.mark.parametrize("wrapped", [False, True])
    async def test_the_task_factory_of_the_loop_is_used(self, bus, Member, wrapped):
        made = []

        async def around(coroutine):
            return await coroutine

        def factory(loop, coroutine, **kwargs):
            made.append(coroutine)
            return asyncio.Task(around(coroutine) if wrapped else coroutine, loop=loop, **kwargs)

        async def answer(self, n):
            VARIABLE.set(self.name)
            await asyncio.sleep(0)
            assert VARIABLE.get() == self.name
            return servo.current_connector().name

        replace(Member, answer)
        loop = asyncio.get_running_loop()
        loop.set_task_factory(factory)
        try:
            members = bus(Member, Member)
            assert values(await members[0].dispatch_event("ping", 1)) == ["con-0", "con-1"]
        finally:
            loop.set_task_factory(None)
        assert len(made) == 2

    @pytest.mark.skipif(sys.version_info < (3, 12), reason="there are no eager tasks")
    async def test_an_eager_task_factory_is_used(self, bus, Member):
        loop = asyncio.get_running_loop()
        loop.set_task_factory(asyncio.eager_task_factory)
        try:
            members = bus(Member, Member)
            assert values(await members[0].dispatch_event("ping", 1)) == [1, 1]
        finally:
            loop.set_task_factory(None)


class TestNesting:
    async def test_handlers_dispatch_events(self, bus, Member):
        async def answer(self, n):
            if n == 0:
                return [self.name]
            await asyncio.sleep(0)
            return values(await self.dispatch_event("ping", n - 1))

        replace(Member, answer)
        members = bus(Member, Member)
        assert values(await members[0].dispatch_event("ping", 2)) == [[[["con-0"], ["con-1"]]] * 2] * 2

    @pytest.mark.parametrize("wait", [False, True])
    async def test_endless_nesting_is_an_error(self, bus, Member, wait):
        async def answer(self, n):
            if wait:
                await asyncio.sleep(0)
            return await self.dispatch_event("ping", n + 1)

        replace(Member, answer)
        (member,) = bus(Member)
        with pytest.raises(ExceptionGroup) as caught:
            await member.dispatch_event("ping", 0)
        assert caught.group_contains(RecursionError, match="the event 'ping' is dispatched inside")

    async def test_a_chain_of_dispatches_that_each_start_the_next_one_is_not_nested(self, bus, Member):
        done = asyncio.Event()
        tasks = set()

        async def answer(self, n):
            if n == 500:
                done.set()
            else:
                task = asyncio.create_task(self.dispatch_event("ping", n + 1).run())
                tasks.add(task)
                task.add_done_callback(tasks.discard)

        replace(Member, answer)
        (member,) = bus(Member)
        await member.dispatch_event("ping", 0)
        await asyncio.wait_for(done.wait(), 60)


class TestLoops:
    @pytest.mark.parametrize("new_loop", loops())
    def test_every_kind_of_loop(self, bus, Member, new_loop):
        async def answer(self, n):
            await asyncio.sleep(0.001)
            return n

        replace(Member, answer)
        members = bus(Member, Member)
        loop = new_loop()
        try:
            for n in range(3):
                assert values(loop.run_until_complete(members[0].dispatch_event("ping", n).run())) == [n, n]
        finally:
            loop.close()

    def test_no_loop(self, bus, Member):
        (member,) = bus(Member)
        with pytest.raises(RuntimeError, match="no running event loop"):
            member.dispatch_event("ping", 1).run().send(None)

    async def test_debug_mode(self, bus, Member, caplog):
        async def slow_to_wait(self, n):
            import time

            time.sleep(0.02)  # noqa: ASYNC251
            await asyncio.sleep(0)
            time.sleep(0.02)  # noqa: ASYNC251
            return n

        replace(Member, slow_to_wait)
        loop = asyncio.get_running_loop()
        loop.set_debug(True)
        loop.slow_callback_duration = 0.01
        members = bus(Member, Member)
        assert values(await members[0].dispatch_event("ping", 1)) == [1, 1]
        await asyncio.sleep(0)
        assert "slow_to_wait" in caplog.text or "event_handler" in caplog.text

    async def test_the_stack_of_a_waiting_handler_can_be_seen(self, bus, Member):
        async def wait(self, n):
            await asyncio.sleep(3600)

        replace(Member, wait)
        (member,) = bus(Member)
        caller = asyncio.create_task(member.dispatch_event("ping", 1).run())
        await asyncio.sleep(0.01)
        (task,) = (task for task in asyncio.all_tasks() if task.get_name() == "on:ping")
        assert [frame.f_code.co_name for frame in task.get_stack()] == ["wait"]
        assert "wait" in repr(task)
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller


class TestMemory:
    @pytest.mark.parametrize("shape", ["plain", "at once", "later", "failing"])
    async def test_ten_thousand_dispatches_leave_nothing_behind(self, bus, Member, shape):
        def plain(self, n):
            return n

        async def later(self, n):
            await asyncio.sleep(0)
            return n

        async def failing(self, n):
            raise ValueError("no")

        if shape != "at once":
            replace(Member, {"plain": plain, "later": later, "failing": failing}[shape])
        members = bus(Member, Member)

        async def dispatch(times):
            for n in range(times):
                try:
                    await members[0].dispatch_event("ping", n)
                except ExceptionGroup as error:
                    del error
            gc.collect()

        await dispatch(500)
        tracemalloc.start()
        try:
            await dispatch(100)
            objects, (before, _) = len(gc.get_objects()), tracemalloc.get_traced_memory()
            await dispatch(2_000 if shape in ("later", "failing") else 10_000)
            after, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert len(gc.get_objects()) - objects < 100
        assert after - before < 50_000

    async def test_what_is_given_up_is_collected(self, bus, Member):
        async def wait(self, n):
            await asyncio.get_running_loop().create_future()

        replace(Member, wait)
        members = bus(Member, Member)
        dispatch = members[0].dispatch_event("ping", 1)
        caller = asyncio.create_task(dispatch.run())
        await asyncio.sleep(0.01)
        seen = weakref.ref(dispatch)
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
        del dispatch, caller
        await asyncio.sleep(0)
        gc.collect()
        assert seen() is None

    async def test_a_result_that_holds_its_dispatch_is_collected(self, bus, Member):
        (member,) = bus(Member)
        dispatch = member.dispatch_event("ping", 1)
        results = await dispatch
        results.append(dispatch)
        seen = weakref.ref(dispatch)
        del dispatch, results
        gc.collect()
        assert seen() is None

    async def test_classes_that_were_dispatched_to_are_collected(self, bus, Member):
        class Local(Member):
            pass

        members = bus(Local)
        await members[0].dispatch_event("ping", 1)
        servo.connector._connector_subclasses.remove(Local)
        seen = weakref.ref(Local)
        members.clear()
        del Local, members
        gc.collect()
        assert seen() is None
