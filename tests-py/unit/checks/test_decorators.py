"""Functions as checks."""

import functools
import inspect
import re
from typing import Any, List, Literal, Optional, Tuple, Union  # noqa: UP035

import pydantic
import pytest

from servo import ErrorSeverity, check, require, warn
from servo.checks import Check, CheckHandlerResult

EXPECTED = "<Signature () -> Union[bool, str, Tuple[bool, str], NoneType]>"


def annotated(annotation):
    def function(self):
        return None

    function.__annotations__["return"] = annotation
    return function


@pytest.mark.parametrize(
    "annotation",
    [
        bool,
        str,
        None,
        type(None),
        Tuple[bool, str],  # noqa: UP006
        tuple[bool, str],
        tuple[bool, Optional[str]],  # noqa: UP045
        Optional[bool],  # noqa: UP045
        bool | str,
        Union[bool, tuple[bool, str]],  # noqa: UP007
        CheckHandlerResult,
        Any,
        tuple,
        Literal[True, "a"],
        "bool",
        "bool | None",
        "Tuple[bool, str]",
        "NotThereYet",
    ],
)
def test_annotations_of_results(annotation):
    decorated = check("Test")(annotated(annotation))
    assert decorated.__annotations__["return"] is Check
    assert inspect.signature(decorated).return_annotation is Check
    assert isinstance(decorated(None), Check)


@pytest.mark.parametrize("annotation", [int, Check, List[str], tuple[str, bool], bool | int, "int", "List[str]"])  # noqa: UP006
def test_wrong_annotations(annotation):
    with pytest.raises(TypeError) as caught:
        check("Test")(annotated(annotation))
    text = str(caught.value)
    assert text.startswith(
        'invalid check handler "function": incompatible return type annotation in signature <Signature (self) -> '
    )
    assert text.endswith(f", expected to match {EXPECTED}")


def test_an_annotation_is_needed():
    def function(self): ...

    with pytest.raises(TypeError, match=re.escape("in signature <Signature (self)>, expected to match")):
        check("Test")(function)


@pytest.mark.parametrize("parameter", ["foo", "foo: int = 1", "*foo", "self, foo", "self, *, foo", "self, **foo"])
def test_wrong_parameters(parameter):
    namespace: dict[str, Any] = {}
    exec(f"def function({parameter}) -> bool: ...", namespace)
    with pytest.raises(TypeError) as caught:
        check("Test")(namespace["function"])
    assert str(caught.value) == (
        f'invalid check handler "function": unexpected parameter "foo" in signature '
        f"{inspect.signature(namespace['function'])!r}, expected {EXPECTED}"
    )


def test_the_template():
    @check("Name", description="what for", tags=["a"], severity=ErrorSeverity.warning)
    def check_it(self) -> bool:
        """The doc."""
        return True

    template = check_it.__check__
    assert (template.name, template.id, template.description) == ("Name", "check_it", "what for")
    assert (template.tags, template.severity) == ({"a"}, "warning")
    assert (check_it.__name__, check_it.__doc__) == ("check_it", "The doc.")
    assert check("N", id="Any ID!")(annotated(bool)).__check__.id == "Any ID!"


def test_severities():
    assert require("N")(annotated(bool)).__check__.critical
    assert warn("N")(annotated(bool)).__check__.warning
    assert check("N")(annotated(bool)).__check__.severity is ErrorSeverity.common


@pytest.mark.parametrize("tags", [["A"], "a"])
def test_wrong_tags(tags):
    with pytest.raises(pydantic.ValidationError):
        check("N", tags=tags)(annotated(bool))


def test_every_call_gives_a_check_of_its_own():
    @check("Name")
    def it() -> str:
        return "done"

    first, second = it(), it()
    assert first is not second
    assert (first.message, it.__check__.message) == ("done", None)
    assert first.created_at >= it.__check__.created_at
    assert first.created_at <= second.created_at
    assert first.run_at >= first.created_at


async def test_coroutine_functions_stay_what_they_are():
    @require("Name")
    async def it() -> tuple[bool, str]:
        return False, "no"

    assert inspect.iscoroutinefunction(it)
    assert (await it()).message == "no"
    assert not inspect.iscoroutinefunction(check("N")(annotated(bool)))


async def test_names_are_templates_in_both_kinds():
    class Owner:
        name = "me"

        @check("Name of {self.name}")
        def plain(self) -> bool:
            return True

        @check("Name of {self.name}")
        async def other(self) -> bool:
            return True

    assert Owner().plain().name == "Name of me"
    assert (await Owner().other()).name == "Name of me"


async def test_names_that_are_no_templates():
    class Owner:
        @check("Name {nobody}")
        def plain(self) -> bool:
            return True

        @check("Name {nobody}")
        async def other(self) -> bool:
            return True

    plain, other = Owner().plain(), await Owner().other()
    assert (plain.name, plain.success) == ("Name {nobody}", True)
    assert (other.name, other.message, other.run_at) == ("Name {nobody}", "caught exception (KeyError): 'nobody'", None)


def test_a_check_is_no_handler():
    with pytest.raises(TypeError, match="incompatible return type annotation"):
        check("Twice")(require("Once")(annotated(bool)))


def test_the_function_itself_stays_as_it_is():
    function = annotated(bool)
    check("Name")(function)
    assert function.__annotations__ == {"return": bool}
    check("Again")(function)


def test_without_parentheses():
    with pytest.raises(TypeError, match="needs a name"):

        @check
        def it() -> bool: ...


async def test_a_partial_of_a_coroutine_function_is_awaited():
    async def handler(value):
        return value

    checked = await Check.run("N", handler=functools.partial(handler, "text"))
    assert checked.message == "text"
