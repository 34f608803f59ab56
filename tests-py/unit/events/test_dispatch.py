"""Which handlers a dispatch calls, in which order, and what its caller gets."""

import asyncio

import pytest

import servo
from servo.events import EventHandler, EventResult, Preposition

pytestmark = pytest.mark.usefixtures("ping")


def answering(value):
    class Member(servo.BaseConnector):
        @servo.on_event("ping")
        async def answer(self, n: int) -> int:
            return value + n

    return Member


@pytest.fixture
def Plain(ping):
    class Plain(servo.BaseConnector):
        @servo.on_event("ping")
        def answer(self, n: int) -> int:
            return n

    return Plain


@pytest.fixture
def Silent():
    class Silent(servo.BaseConnector):
        pass

    return Silent


def values(results):
    return [result.value for result in results]


class TestResults:
    async def test_they_stand_in_the_order_of_the_bus_not_of_completion(self, bus):
        class Slow(servo.BaseConnector):
            @servo.on_event("ping")
            async def wait(self, n: int) -> int:
                await asyncio.sleep(0.02)
                return 1

            @servo.on_event("ping")
            async def second(self, n: int) -> int:
                return 2

        members = bus(Slow, answering(10), Slow)
        results = await members[1].dispatch_event("ping", 0)
        assert values(results) == [1, 2, 10, 1, 2]
        assert [result.connector.name for result in results] == ["con-0", "con-0", "con-1", "con-2", "con-2"]

    async def test_a_result_says_where_it_comes_from(self, bus, ping, Plain):
        (member,) = bus(Plain)
        (result,) = await member.dispatch_event("ping", 4)
        assert isinstance(result, EventResult)
        assert result.connector is member
        assert result.event == ping
        assert result.preposition == Preposition.on
        assert result.handler == Plain.get_event_handlers("ping")[0]
        assert result.created_at.tzinfo is None
        assert result == EventResult(
            event=ping,
            preposition=Preposition.on,
            handler=result.handler,
            connector=member,
            created_at=result.created_at,
            value=4,
        )
        assert result != EventResult(
            event=ping, preposition=Preposition.on, handler=result.handler, connector=member, value=5
        )
        with pytest.raises(AttributeError):
            result.value = 5

    async def test_a_result_belongs_to_a_member_of_a_bus(self, ping):
        with pytest.raises(TypeError, match=r"must be instance of events\.Mixin"):
            EventResult(event=ping, preposition=Preposition.on, handler=None, connector=object(), value=1)

    async def test_nobody_answers(self, bus, Silent):
        (member,) = bus(Silent)
        assert await member.dispatch_event("ping", 1) == []
        assert await member.dispatch_event("ping", 1, first=True) is None

    async def test_a_connector_that_stands_alone_reaches_itself(self, Plain):
        member = Plain(config={})
        assert member.__connectors__ == [member]
        assert values(await member.dispatch_event("ping", 3)) == [3]

    async def test_members_that_join_later_are_reached(self, bus, Plain):
        members = bus(Plain)
        assert len(await members[0].dispatch_event("ping", 1)) == 1
        members.append(Plain(name="late", config={}, __connectors__=members))
        assert len(await members[0].dispatch_event("ping", 1)) == 2
        assert members[1].__connectors__ is members

    async def test_arguments_go_by_position_and_by_name(self, bus, Plain):
        (member,) = bus(Plain)
        assert values(await member.dispatch_event("ping", n=9)) == [9]

    async def test_arguments_of_the_handler_stand_behind_those_of_the_dispatch(self, bus):
        class Member(servo.BaseConnector):
            @servo.on_event("ping", extra="own", n=1)
            async def answer(self, **kwargs) -> int:
                return kwargs

        (member,) = bus(Member)
        assert values(await member.dispatch_event("ping", n=5)) == [{"extra": "own", "n": 5}]
        assert values(await member.dispatch_event("ping")) == [{"extra": "own", "n": 1}]

    async def test_events_are_given_as_themselves_or_by_name(self, bus, ping, Plain):
        (member,) = bus(Plain)
        assert values(await member.dispatch_event(ping, 1)) == [1]
        with pytest.raises(KeyError, match="unknown"):
            member.dispatch_event("unknown")

    async def test_wrong_arguments_are_an_error_of_the_handler(self, bus, Plain):
        (member,) = bus(Plain)
        with pytest.raises(ExceptionGroup) as caught:
            await member.dispatch_event("ping", 1, prepositions=Preposition.on)
        assert caught.group_contains(TypeError, match="unexpected keyword argument 'prepositions'")


class TestSelection:
    async def test_include_and_exclude_by_name_or_connector(self, bus):
        members = bus(answering(0), answering(10), answering(20))
        dispatch = members[0].dispatch_event
        assert values(await dispatch("ping", 1, include=["con-1", "nobody"])) == [11]
        assert values(await dispatch("ping", 1, include=[members[2], "con-0"])) == [1, 21]
        assert values(await dispatch("ping", 1, exclude=[members[0]])) == [11, 21]
        assert values(await dispatch("ping", 1, include=["con-0", "con-1"], exclude=["con-1"])) == [1]
        assert await dispatch("ping", 1, include=[]) == []

    async def test_a_new_name_is_the_name(self, bus):
        members = bus(answering(0), answering(10))
        members[1].name = "renamed"
        assert values(await members[0].dispatch_event("ping", 1, include=["renamed"])) == [11]

    async def test_first_asks_one_after_another_until_one_has_a_handler(self, bus, Silent):
        members = bus(Silent, answering(10), answering(20))
        result = await members[0].dispatch_event("ping", 1, first=True)
        assert (result.value, result.connector) == (11, members[1])

    async def test_first_raises_what_the_handler_raised_as_it_is(self, bus):
        class Failing(servo.BaseConnector):
            @servo.on_event("ping")
            async def answer(self, n: int) -> int:
                raise ValueError("no")

        members = bus(Failing, answering(1))
        with pytest.raises(ValueError, match="no"):
            await members[0].dispatch_event("ping", 1, first=True)
        result = await members[0].dispatch_event("ping", 1, first=True, return_exceptions=True)
        assert isinstance(result.value, ValueError)


class TestPhases:
    @pytest.fixture
    def Noting(self, ping):
        said = []

        class Noting(servo.BaseConnector):
            @servo.before_event("ping")
            async def early(self, n: int) -> None:
                said.append(("before", self.name, n))
                await asyncio.sleep(0)

            @servo.on_event("ping")
            async def answer(self, n: int) -> int:
                said.append(("on", self.name, n))
                await asyncio.sleep(0)
                return n

            @servo.after_event("ping")
            def late(self, results: list[EventResult]) -> None:
                said.append(("after", self.name, values(results)))
                results.clear()

        Noting.said = said
        return Noting

    async def test_they_follow_each_other(self, bus, Noting):
        members = bus(Noting, Noting)
        results = await members[0].dispatch_event("ping", 7)
        assert values(results) == [7, 7], "after-handlers have lists of their own"
        assert [phase for phase, _, _ in Noting.said] == ["before"] * 2 + ["on"] * 2 + ["after"] * 2
        assert Noting.said[-1] == ("after", "con-1", [7, 7])

    async def test_only_those_asked_for_run(self, bus, Noting):
        (member,) = bus(Noting)
        assert await member.dispatch_event("ping", 1, _prepositions=Preposition.before) == []
        assert await member.dispatch_event("ping", 1, _prepositions=Preposition.after) == []
        assert Noting.said == [("before", "con-0", 1), ("after", "con-0", [])]
        Noting.said.clear()
        both = Preposition.on | Preposition.after
        assert values(await member.dispatch_event("ping", 1, _prepositions=both)) == [1]
        assert [phase for phase, _, _ in Noting.said] == ["on", "after"]

    async def test_after_handlers_get_what_the_first_one_gave(self, bus, Noting):
        members = bus(Noting, Noting)
        assert (await members[0].dispatch_event("ping", 3, first=True)).value == 3
        assert Noting.said[-1] == ("after", "con-1", [3])


class TestConcurrency:
    async def test_connectors_run_at_once(self, bus):
        barrier = asyncio.Barrier(2)

        class Meeting(servo.BaseConnector):
            async def meet(self):
                async with asyncio.timeout(30):
                    await barrier.wait()

            @servo.before_event("ping")
            async def early(self, n: int) -> None:
                await self.meet()

            @servo.on_event("ping")
            async def answer(self, n: int) -> int:
                await self.meet()
                return n

            @servo.after_event("ping")
            async def late(self, results: list[EventResult]) -> None:
                await self.meet()

        members = bus(Meeting, Meeting)
        assert values(await members[0].dispatch_event("ping", 1)) == [1, 1]

    async def test_handlers_of_one_connector_run_one_after_another(self, bus):
        said = []

        class Member(servo.BaseConnector):
            @servo.on_event("ping")
            async def one(self, n: int) -> int:
                said.append("one")
                await asyncio.sleep(0.01)
                said.append("one ends")
                return 1

            @servo.on_event("ping")
            def two(self, n: int) -> int:
                said.append("two")
                return 2

            @servo.on_event("ping")
            async def three(self, n: int) -> int:
                said.append("three")
                return 3

        (member,) = bus(Member)
        assert values(await member.dispatch_event("ping", 1)) == [1, 2, 3]
        assert said == ["one", "one ends", "two", "three"]

    async def test_many_dispatches_at_once_keep_apart(self, bus):
        class Member(servo.BaseConnector):
            @servo.on_event("ping")
            async def answer(self, n: int) -> int:
                await asyncio.sleep(0.001 * (n % 7))
                return n

        members = bus(Member, Member)
        everything = await asyncio.gather(*(members[n % 2].dispatch_event("ping", n) for n in range(200)))
        assert [values(results) for results in everything] == [[n, n] for n in range(200)]

    async def test_dispatches_that_never_wait_leave_the_loop_its_turn(self, bus, Plain):
        (member,) = bus(Plain)
        other = False

        async def set_other():
            nonlocal other
            other = True

        task = asyncio.create_task(set_other())
        for _ in range(10_000):
            await member.dispatch_event("ping", 1)
            if other:
                break
        assert other
        await task


class TestTheDispatchObject:
    async def test_it_runs_once(self, bus, Plain):
        (member,) = bus(Plain)
        dispatch = member.dispatch_event("ping", 2)
        assert (dispatch.done, dispatch.success, dispatch.results) == (False, False, None)
        results = await dispatch
        assert values(results) == [2]
        assert dispatch.results is results
        assert (dispatch.done, dispatch.success) == (True, True)
        assert repr(dispatch).startswith("<_DispatchEvent.ping: done=True, success=True")
        for again in (dispatch, dispatch.run, dispatch):
            with pytest.raises(RuntimeError, match="Event dispatch has already run"):
                await (again() if callable(again) else again)

    async def test_it_can_be_called(self, bus, Plain):
        (member,) = bus(Plain)
        assert values(await member.dispatch_event("ping", 2)()) == [2]
        assert values(await member.dispatch_event("ping", 2).run()) == [2]
        assert (await member.dispatch_event("ping", 2, first=True)()).value == 2

    async def test_it_runs_at_the_end_of_its_block(self, bus, Plain):
        (member,) = bus(Plain)
        async with member.dispatch_event("ping", 2) as dispatch:
            assert not dispatch.done
        assert values(dispatch.results) == [2]
        async with member.dispatch_event("ping", 3) as dispatch:
            assert values(await dispatch()) == [3]
        assert dispatch.success
        with pytest.raises(ZeroDivisionError):
            async with member.dispatch_event("ping", 4) as dispatch:
                raise ZeroDivisionError
        assert values(dispatch.results) == [4]

    async def test_it_is_awaitable_for_all_of_asyncio(self, bus, Plain):
        (member,) = bus(Plain)
        assert values(await asyncio.wait_for(member.dispatch_event("ping", 1), 30)) == [1]
        assert values(await asyncio.create_task(member.dispatch_event("ping", 1).run())) == [1]
        assert [values(r) for r in await asyncio.gather(*(member.dispatch_event("ping", n) for n in (1, 2)))] == [
            [1],
            [2],
        ]

    async def test_the_same_run_cannot_be_awaited_twice(self, bus, Plain):
        (member,) = bus(Plain)
        run = member.dispatch_event("ping", 1).run()
        await run
        with pytest.raises(RuntimeError, match="Event dispatch has already run"):
            await run


class TestRunEventHandlers:
    async def test_it_runs_the_handlers_of_one_connector(self, bus, ping, Plain, Silent):
        member, silent = bus(Plain, Silent)
        assert values(await member.run_event_handlers(ping, Preposition.on, 4)) == [4]
        assert await member.run_event_handlers(ping, Preposition.before, 4) is None
        assert await silent.run_event_handlers(ping, Preposition.on, 4) is None
        with pytest.raises(ValueError, match="event must be an Event object, got str"):
            await member.run_event_handlers("ping", Preposition.on, 4)

    async def test_errors_come_as_they_are_or_as_results(self, bus, ping):
        class Failing(servo.BaseConnector):
            @servo.on_event("ping")
            async def fail(self, n: int) -> int:
                raise LookupError("gone")

            @servo.on_event("ping")
            async def go_on(self, n: int) -> int:
                return n

        (member,) = bus(Failing)
        with pytest.raises(LookupError, match="gone"):
            await member.run_event_handlers(ping, Preposition.on, 4)
        error, four = await member.run_event_handlers(ping, Preposition.on, 4, return_exceptions=True)
        assert isinstance(error.value, LookupError)
        assert error.value.__event_result__ == error
        assert four.value == 4


class TestTheHandlersFunction:
    async def test_it_is_looked_up_at_each_dispatch(self, bus, Plain):
        members = bus(Plain, Plain)
        (handler,) = Plain.get_event_handlers("ping")
        assert isinstance(handler, EventHandler)
        original = handler.handler
        for replacement in (lambda self, n: n * 2, original):
            handler.handler = replacement
            assert values(await members[0].dispatch_event("ping", 3)) == [replacement(None, 3)] * 2

        async def slow(self, n):
            await asyncio.sleep(0)
            return "slow"

        handler.handler = slow
        assert values(await members[0].dispatch_event("ping", 3)) == ["slow"] * 2

    async def test_mocks_of_it_are_called(self, bus, Plain, monkeypatch):
        from unittest import mock

        (member,) = bus(Plain)
        (handler,) = Plain.get_event_handlers("ping")
        with mock.patch.object(handler, "handler", side_effect=handler.handler, autospec=True) as spy:
            await member.dispatch_event("ping", 3)
        spy.assert_called_once_with(member, 3)
        with mock.patch.object(handler, "handler", mock.AsyncMock(return_value=8)):
            assert values(await member.dispatch_event("ping", 3)) == [8]
        assert values(await member.dispatch_event("ping", 3)) == [3]

    async def test_a_coroutine_of_a_plain_function_is_a_value(self, bus):
        class Member(servo.BaseConnector):
            @servo.on_event("ping")
            def answer(self, n: int) -> int:
                async def later():
                    return n

                return later()

        (member,) = bus(Member)
        (result,) = await member.dispatch_event("ping", 3)
        assert await result.value == 3
