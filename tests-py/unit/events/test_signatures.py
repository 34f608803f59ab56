"""Which handlers fit an event, and what is said of those that do not."""

from typing import Any, Dict, List, Optional, Sequence  # noqa: UP035

import pytest

import servo
from servo.events import Preposition


class Base:
    pass


class Derived(Base):
    pass


@pytest.fixture
def change():
    async def change(self, items: List[Base], limit: Optional[int] = None) -> Dict[str, Any]:  # noqa: UP006, UP045
        ...

    return servo.create_event("change", change)


@pytest.fixture
def start():
    async def start(self) -> "None":
        pass

    return servo.create_event("start", start)


@pytest.mark.usefixtures("change")
class TestFits:
    def check(self, function, preposition=Preposition.on):
        servo.event_handler("change", preposition)(function)

    def test_handlers_that_fit(self):
        def same(self, items: List[Base], limit: Optional[int] = None) -> Dict[str, Any]: ...  # noqa: UP006, UP045
        def modern(self, items: list[Base], limit: int | None) -> dict[str, Any]: ...
        def text(self, items: "list[Base]", limit: "int | None") -> "dict[str, Any]": ...
        def narrower(self, items: list[Derived], limit: int | None) -> dict[str, int]: ...
        def keywords(self, *, limit: int | None, items: list[Base]) -> dict[str, Any]: ...
        def anything(self, items: Any, limit: Any) -> Any: ...
        def all_keywords(self, **kwargs) -> dict[str, Any]: ...
        def everything(self, *args, **kwargs) -> dict[str, Any]: ...

        for function in (same, modern, text, narrower, keywords, anything, all_keywords, everything):
            self.check(function)

    def test_before_and_after(self):
        def before(self, items: list[Base], limit: int | None) -> None: ...
        def after(self, results: list[servo.EventResult]) -> None: ...

        self.check(before, Preposition.before)
        self.check(after, Preposition.after)
        with pytest.raises(
            TypeError, match='invalid before event handler "before:change": missing required parameter'
        ) as caught:
            self.check(lambda self: None, Preposition.before)
        assert str(caught.value).endswith(" -> 'None'\"")

    def test_wrong_parameters_name_event_and_parameter(self):
        def unannotated(self, items, limit: int | None) -> dict[str, Any]: ...
        def wrong(self, items: list[int], limit: int | None) -> dict[str, Any]: ...

        for function in (unannotated, wrong):
            with pytest.raises(TypeError, match="Incompatible type annotations: expected") as caught:
                self.check(function)
            assert "items" in str(caught.value)

    def test_a_parameter_that_is_missing(self):
        def missing(self, items: list[Base]) -> dict[str, Any]: ...

        with pytest.raises(TypeError) as caught:
            self.check(missing)
        assert str(caught.value).startswith(
            'invalid event handler "change": missing required parameter "limit" in callable signature '
        )

    def test_wrong_results(self):
        def wider(self, **kwargs) -> Sequence[str]: ...
        def none(self, **kwargs): ...

        for function in (wider, none):
            with pytest.raises(TypeError, match='invalid event handler "change": incompatible return type annotation'):
                self.check(function)

    def test_names_that_are_not_known(self):
        def unknown(self, items: "Unknown", limit: int | None) -> dict[str, Any]: ...  # noqa: F821

        with pytest.raises(NameError):
            self.check(unknown)

    def test_names_of_the_class_body(self):
        class Member(servo.BaseConnector):
            class Narrow(Derived):
                pass

            @servo.on_event("change")
            def handle(self, items: "list[Narrow]", limit: "int | None") -> "dict[str, Any]":
                return {}

        assert Member.responds_to_event("change")


@pytest.mark.usefixtures("start")
class TestMessages:
    @pytest.mark.parametrize(
        ("preposition", "source", "message"),
        [
            (
                "on",
                "def f(self, invalid, /) -> None: ...",
                'invalid event handler "start": encountered unexpected parameter "invalid" in callable signature '
                '"(self, invalid, /) -> None", expected "(self) -> \'None\'"',
            ),
            (
                "on",
                "def f(self, invalid: str, another: int) -> None: ...",
                'invalid event handler "start": encountered unexpected parameters "another and invalid" in callable '
                'signature "(self, invalid: str, another: int) -> None", expected "(self) -> \'None\'"',
            ),
            (
                "on",
                "def f(self): ...",
                'invalid event handler "start": incompatible return type annotation "<class \'inspect._empty\'>" in '
                'callable signature "(self)", expected "None"',
            ),
            (
                "before",
                "def f(self) -> int: ...",
                'invalid before event handler "before:start": incompatible return type annotation "<class \'int\'>" '
                'in callable signature "(self) -> int", expected "None"',
            ),
            (
                "after",
                "def f(self, results: List[servo.EventResult], invalid: str, another: int) -> None: ...",
                'invalid after event handler "after:start": encountered unexpected parameters "another and invalid" in '
                'callable signature "(self, results: List[servo.events.EventResult], invalid: str, another: int) -> '
                "None\", expected \"(self, results: 'List[EventResult]') -> 'None'\"",
            ),
        ],
    )
    def test_they_are_exact(self, preposition, source, message):
        names = {"servo": servo, "List": List}  # noqa: UP006
        exec(source, names)
        with pytest.raises(TypeError) as caught:
            servo.event_handler("start", Preposition.from_str(preposition))(names["f"])
        assert str(caught.value) == message
