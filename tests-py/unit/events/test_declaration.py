"""How events and handlers are declared, and what is refused."""

import contextlib
import enum
import functools
import inspect

import pytest

import servo
from servo import events
from servo.events import Event, EventContext, EventHandler, Preposition, create_event, get_event, get_events


def values(results):
    return [result.value for result in results]


class TestPreposition:
    def test_texts(self):
        assert [str(preposition) for preposition in Preposition] == ["before", "on", "after"]
        assert Preposition.from_str("after") is Preposition.after
        assert Preposition.from_str(Preposition.all) is Preposition.all
        for wrong in ("all", "", "during"):
            with pytest.raises(ValueError, match=f"unsupported value for Preposition '{wrong}'"):
                Preposition.from_str(wrong)

    def test_flags(self):
        assert [preposition.flag for preposition in Preposition] == [True] * 3
        assert not Preposition.all.flag
        assert not Preposition(0).flag
        assert Preposition.all == Preposition.before | Preposition.on | Preposition.after


class TestRegistry:
    def test_events_are_found_by_name(self, ping):
        class Names(enum.StrEnum):
            ping = "ping"

        assert get_events()[-1] is ping
        assert get_event("ping") is get_event(Names.ping) is ping
        assert get_event("nothing", None) is None
        with pytest.raises(KeyError, match="nothing"):
            get_event("nothing")

    def test_events_are_values(self, ping):
        assert str(ping) == "ping"
        assert ping == "ping"
        assert ping != "pong"
        assert ping is not None
        assert ping == Event("ping", ping.signature)
        assert ping != Event("ping", inspect.Signature())
        assert ping.dict() == {"name": "ping", "module": None}
        assert {ping: 1}["ping"] == 1

    def test_a_name_is_given_once(self, ping):
        with pytest.raises(ValueError, match="Event 'ping' has already been created"):
            create_event("ping", "nonsense")

    def test_what_declares_an_event(self):
        async def stub(self, n: int) -> None: ...

        async def passing(self) -> None:
            pass

        async def around(self):
            yield

        for name, declared in [("a", stub), ("b", passing), ("c", around), ("d", inspect.signature(stub))]:
            assert create_event(name, declared).name == name

        async def commented(self) -> None: ...  # nothing happens here

        async def passing_with_a_comment(self) -> None:
            """Says what it is."""
            pass  # nothing happens here

        async def over_lines(
            self,
            n: int,  # how many
        ) -> None: ...  # nothing

        for declared in (commented, passing_with_a_comment, over_lines):
            assert create_event(declared.__name__, declared).signature == inspect.signature(declared)

        async def body(self) -> None:
            return None

        async def more_than_a_stub(self) -> None:
            self.count = 1
            ...  # this is no stub

        def plain(self) -> None: ...

        async def many(self, *args) -> None: ...

        with pytest.raises(ValueError, match="function body of event declaration must be an async generator or a stub"):
            create_event("e", body)
        with pytest.raises(ValueError, match="function body of event declaration must be"):
            create_event("e", more_than_a_stub)
        with pytest.raises(ValueError, match="events must be async: add `async` prefix") as caught:
            create_event("f", plain)
        assert repr(plain) in str(caught.value)
        with pytest.raises(TypeError, match="not a callable object"):
            create_event("g", 5)
        with pytest.raises(TypeError, match="Invalid signature: events cannot declare variable positional arguments"):
            create_event("h", many)
        assert [event.name for event in get_events()][-7:-3] == ["a", "b", "c", "d"]

    def test_a_declaration_without_source_is_taken_as_it_is(self, caplog):
        names = {}
        exec("async def pong(self) -> None:\n    return 5", names)
        assert create_event("pong", names["pong"]).name == "pong"
        assert "unable to inspect event declaration for 'pong'" in caplog.text

    def test_the_decorator(self):
        class Member(servo.BaseConnector):
            @servo.event()
            async def one(self) -> None: ...

            @servo.event("second")
            async def two(self) -> None: ...

            @servo.event(handler=True)
            def three(self, n: int) -> int:
                return n + 1

        assert [event.name for event in get_events()][-3:] == ["one", "second", "three"]
        assert get_event("one").module == __name__
        (handler,) = Member.get_event_handlers("three")
        assert (handler.preposition, handler.connector_type) == (Preposition.on, Member)

    def test_validation_of_contexts(self, ping):
        class Field:
            name = "trigger"

        validate = functools.partial(events.validate_event_contexts, None, field=Field)
        assert validate("before:ping") == "before:ping"
        assert validate(EventContext(ping, Preposition.after)) == "after:ping"
        assert validate(["ping", "after:ping"]) == ["ping", "after:ping"]
        with pytest.raises(ValueError, match="Invalid event during:ping"):
            validate(["ping", "during:ping"])
        with pytest.raises(ValueError, match="Invalid value for trigger"):
            validate(5)


class TestHandlers:
    def test_names(self, ping):
        with pytest.raises(ValueError, match="Unknown event 'pong'"):
            servo.on_event("pong")(lambda self: None)
        with pytest.raises(TypeError, match=r"with parentheses, such as @on_event\(\)"):

            @servo.on_event
            def ping(self):
                pass

    def test_a_marker_of_another_kind_is_refused(self):
        def wrong(self):
            pass

        wrong.__event_handler__ = "something"
        with pytest.raises(TypeError, match="Unexpected event descriptor of type '<class 'str'>'"):
            type("Member", (servo.BaseConnector,), {"wrong": wrong, "__module__": __name__})

    def test_text(self, ping):
        class Member(servo.BaseConnector):
            @servo.before_event("ping", more=1)
            async def early(self, n: int) -> None:
                pass

        (handler,) = Member.get_event_handlers("ping", Preposition.before)
        assert isinstance(handler, EventHandler)
        assert handler.kwargs == {"more": 1}
        assert str(handler) == f"{Member}(before:ping->{Member.early})"
        assert Member.get_event_handlers("ping", Preposition.on) == Member.get_event_handlers("nothing") == []
        assert Member.responds_to_event("ping")
        assert Member.responds_to_event(ping)
        assert not Member.responds_to_event("adjust")
        with pytest.raises(KeyError):
            Member.responds_to_event("nothing")

    async def test_added_to_a_class(self, bus, ping):
        class Parent(servo.BaseConnector):
            pass

        class Before(Parent):
            pass

        async def answer(more: int, self, n: int) -> int:
            return n + more

        handler = Parent.add_event_handler(ping, Preposition.on, functools.partial(answer, 5))
        members = bus(Parent, Parent, Before)
        assert handler.connector_type is Parent
        assert values(await members[0].dispatch_event("ping", n=1)) == [6, 6]

        class Later(Parent):
            pass

        assert Later.get_event_handlers("ping") == [handler]
        with pytest.raises(AttributeError):
            Parent.add_event_handler("ping", Preposition.on, answer)
        with pytest.raises(TypeError, match='missing required parameter "n"'):
            Parent.add_event_handler(ping, Preposition.on, functools.partial(answer, None, 5, 5))

    async def test_added_to_one_connector(self, bus, ping):
        class Member(servo.BaseConnector):
            @servo.on_event("ping")
            async def answer(self, n: int) -> int:
                return n

        members = bus(Member, Member)

        async def extra(self, n: int) -> int:
            return -n

        handler = members[1].add_event_handler(ping, Preposition.on, extra)
        assert values(await members[0].dispatch_event("ping", 1)) == [1, 1, -1]
        assert members[1].get_event_handlers("ping")[-1] is handler
        assert handler not in members[0].get_event_handlers("ping")
        assert handler not in Member.get_event_handlers("ping")

    async def test_a_handler_of_several_prepositions(self, bus, ping):
        ping.signature = None
        said = []

        class Member(servo.BaseConnector):
            @servo.event_handler("ping", Preposition.before | Preposition.on)
            def answer(self, n):
                said.append(str(servo.current_event()))
                return n

        (member,) = bus(Member)
        assert values(await member.dispatch_event("ping", 1)) == [1]
        assert said == ["before:ping", "ping"]
        member.add_event_handler(ping, Preposition.on, lambda self, n: "own")
        assert values(await member.dispatch_event("ping", 1)) == [1, "own"]

    async def test_diamonds_and_overrides_run_once(self, bus, ping):
        class Parent(servo.BaseConnector):
            @servo.on_event("ping")
            async def answer(self, n: int) -> int:
                return 1

        class Left(Parent):
            async def answer(self, n: int) -> int:
                return 2

        class Right(Parent):
            pass

        class Both(Left, Right):
            pass

        class Decorated(Parent):
            @servo.on_event("ping")
            async def answer(self, n: int) -> int:
                return 3

        members = bus(Right, Left, Both, Decorated)
        assert values(await members[0].dispatch_event("ping", 0)) == [1, 2, 2, 3]
        assert Both.get_event_handlers("ping")[0] is Left.get_event_handlers("ping")[0]
        assert Right.get_event_handlers("ping")[0] is Parent.get_event_handlers("ping")[0]


class TestGenerators:
    @pytest.fixture
    def Member(self):
        said = []

        class Member(servo.BaseConnector):
            @servo.event()
            async def work(self, n: int) -> int:
                said.append(("set up", self.name, n))
                try:
                    yield
                finally:
                    said.append(("tear down", self.name))

            @servo.before_event("work")
            async def early(self, n: int) -> None:
                said.append(("before", self.name))

            @servo.on_event("work")
            async def answer(self, n: int) -> int:
                said.append(("on", self.name))
                if n == 0:
                    raise ValueError("zero")
                return n

            @servo.after_event("work")
            def late(self, results: list[servo.EventResult]) -> None:
                said.append(("after", self.name))

        Member.said = said
        return Member

    async def test_they_surround_each_handler(self, bus, Member):
        (member,) = bus(Member)
        assert values(await member.dispatch_event("work", 3)) == [3]
        kinds = [entry[0] for entry in Member.said]
        assert kinds == [kind for phase in ("before", "on", "after") for kind in ("set up", phase, "tear down")]
        assert {entry[2] for entry in Member.said if entry[0] == "set up"} == {3}

    async def test_they_see_what_the_handler_raised(self, bus, Member):
        (member,) = bus(Member)
        with pytest.raises(ExceptionGroup) as caught:
            await member.dispatch_event("work", n=0)
        assert caught.group_contains(ValueError, match="zero")
        assert Member.said[-1] == ("tear down", "con-0")

    async def test_one_that_swallows_it_gives_none(self, bus):
        class Member(servo.BaseConnector):
            @servo.event()
            async def work(self) -> int:
                with contextlib.suppress(ValueError):
                    yield

            @servo.on_event("work")
            async def good(self) -> int:
                return 1

            @servo.on_event("work")
            async def bad(self) -> int:
                raise ValueError("no")

        (member,) = bus(Member)
        assert values(await member.dispatch_event("work")) == [1, None]
