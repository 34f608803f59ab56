"""A check and its fields."""

import asyncio
import datetime
import json
import re

import pydantic
import pytest

import servo
import servo.checks
from servo.checks import Check, CheckError


@pytest.mark.parametrize(
    ("name", "id"),
    [
        ("Test", "1bab7e8d"),
        ("Ensure adequate resources", "c272d5e0"),
        ("two", "0b1c4a4d"),
        ("four", "31d68b28"),
        ("Check five", "b3f49d29"),
        ("Opsani API connectivity", "ffd7e219"),
    ],
)
@pytest.mark.parametrize("given", [{}, {"id": None}, {"id": ""}])
def test_an_identifier_is_made_of_the_name(name, id, given):
    assert Check(name=name, **given).id == id


def test_defaults_and_order_of_fields():
    check = Check(name="Test")
    assert list(check.dict()) == [
        "name",
        "id",
        "description",
        "severity",
        "tags",
        "success",
        "message",
        "hint",
        "remedy",
        "exception",
        "created_at",
        "run_at",
        "runtime",
    ]
    assert check.severity is servo.ErrorSeverity.common
    assert check.created_at.tzinfo is None
    assert (check.success, check.run_at, check.tags) == (None, None, None)


def test_the_identifier_stays_when_the_name_changes():
    check = Check(name="Test")
    check.name = "Other"
    assert check.id == "1bab7e8d"


def test_json():
    check = Check(
        name="Test",
        success=False,
        exception=RuntimeError("Testing"),
        created_at=datetime.datetime(2020, 8, 24),
        tags=["a"],
        runtime="1m",
    )
    assert check.json() == (
        '{"name": "Test", "id": "1bab7e8d", "description": null, "severity": "common", "tags": ["a"], '
        '"success": false, "message": null, "hint": null, "remedy": null, "exception": "RuntimeError(\'Testing\')", '
        '"created_at": "2020-08-24T00:00:00", "run_at": null, "runtime": 60.0}'
    )
    assert json.loads(check.json(include={"id"})) == {"id": "1bab7e8d"}


def test_a_remedy_has_no_json():
    with pytest.raises(TypeError, match="Object of type 'function' is not JSON serializable"):
        Check(name="Test", remedy=lambda: None).json()


@pytest.mark.parametrize("data", [{}, {"name": 1}, {"name": None}])
def test_a_check_needs_a_name(data):
    with pytest.raises(KeyError, match="the name of a check must be a str") as caught:
        Check(**data)
    assert caught.value.args == ("name",)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("tag", ["A", "a_b", "x" * 33, "", "   ", "ü"])
def test_wrong_tags(tag):
    with pytest.raises(pydantic.ValidationError):
        Check(name="x", tags=[tag])


def test_tags_are_stripped():
    assert Check(name="x", tags=[" a.b-1 ", "x" * 32]).tags == {"a.b-1", "x" * 32}


@pytest.mark.parametrize(
    "data",
    [
        {"id": 5},
        {"tags": "a"},
        {"severity": "bad"},
        {"exception": "text"},
        {"exception": KeyboardInterrupt()},
        {"remedy": 5},
        {"success": "maybe"},
        {"message": 1},
        {"runtime": "soon"},
    ],
)
def test_wrong_fields(data):
    with pytest.raises(pydantic.ValidationError) as caught:
        Check(name="x", **data)
    assert caught.value.errors()[0]["loc"][0] == next(iter(data))


def test_assignment_is_checked():
    check = Check(name="x")
    check.success = "yes"
    assert check.success is True
    with pytest.raises(pydantic.ValidationError):
        check.message = 1
    with pytest.raises(ValueError, match=re.escape('"Check" object has no field "foo"')):
        check.foo = 1


def test_remedies():
    async def remedy():
        pass

    coroutine = remedy()
    for given in (remedy, coroutine, lambda: None):
        assert Check(name="x", remedy=given).remedy is given
    coroutine.close()


@pytest.mark.parametrize(
    ("severity", "success", "passed"),
    [
        (severity, success, success or severity == "warning")
        for severity in servo.ErrorSeverity
        for success in (True, False)
    ]
    + [("warning", None, True), ("common", None, False)],
)
def test_warnings_pass(severity, success, passed):
    check = Check(name="x", severity=severity, success=success)
    assert check.passed is bool(passed)
    assert check.failed is not check.passed
    assert check.warning is (severity == "warning")
    assert check.critical is (severity == "critical")


def test_hash_and_equality():
    check = Check(name="x")
    assert hash(check) == hash((check.id,))
    assert check == check.copy()
    assert check != Check(name="x", created_at=datetime.datetime(2020, 1, 1))


def test_an_escaped_name_survives_a_format():
    check = Check(name='rate(x{job="a"}) {} {')
    assert check.escaped_name == 'rate(x{{job="a"}}) {{}} {'
    assert Check(name="{a} b").escaped_name.format() == "{a} b"


def test_the_class_is_found_where_users_look_for_it():
    assert repr(Check) == "<class 'servo.checks.Check'>"
    assert str(servo.checks.CHECK_SIGNATURE) == "() -> servo.checks.Check"
    assert servo.Check is Check
    assert servo.check is servo.checks.check
    assert servo.checks.ErrorSeverity is servo.ErrorSeverity
    assert all(hasattr(servo.checks, name) for name in servo.checks.__all__)


async def completed(value=None, *, raised=None):
    def handler():
        if raised is not None:
            raise raised
        return value

    check = await Check.run("Test", handler=handler)
    assert check.run_at is not None
    assert isinstance(check.runtime, servo.Duration)
    return check.success, check.message


@pytest.mark.parametrize(
    ("value", "success", "message"),
    [
        (True, True, None),
        (None, True, None),
        (False, False, None),
        ("", True, ""),
        ("text", True, "text"),
        ((True, "text"), True, "text"),
        ((False, None), False, None),
        ((1, "text"), True, "text"),
        (ValueError("wrong"), False, "caught exception (ValueError): wrong"),
        (5, False, 'caught exception (ValueError): check method returned unexpected value of type "int"'),
        ([True, ""], False, 'caught exception (ValueError): check method returned unexpected value of type "list"'),
        ((1, "a", "b"), False, "caught exception (ValueError): too many values to unpack (expected 2)"),
        ((1,), False, "caught exception (ValueError): not enough values to unpack (expected 2, got 1)"),
    ],
)
async def test_results(value, success, message):
    if value == (1, "a", "b"):
        got = await completed(value)
        assert got[0] is False
        assert got[1].startswith("caught exception (ValueError): too many values to unpack (expected 2")
        return
    assert await completed(value) == (success, message)


@pytest.mark.parametrize(
    ("value", "text"), [((True, 5), "message\n  str type expected"), (("x", "y"), "success\n  value could not be")]
)
async def test_tuples_of_other_things(value, text):
    success, message = await completed(value)
    assert success is False
    assert message.startswith(f"caught exception (ValidationError): 1 validation error for Check\n{text}")


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (AssertionError("must be"), "must be"),
        (AssertionError(), ""),
        (CheckError("no {luck}"), "no {luck}"),
        (KeyError("k"), "caught exception (KeyError): 'k'"),
        (RuntimeError(), "caught exception (RuntimeError): RuntimeError()"),
    ],
)
async def test_exceptions(error, message):
    assert await completed(raised=error) == (False, message)


async def test_a_check_error_brings_hint_and_remedy():
    async def remedy():
        pass

    def handler():
        raise CheckError("wrong", hint="do it", remedy=remedy)

    check = await Check.run("Test", handler=handler, description="what for")
    assert (check.message, check.hint, check.remedy, check.description) == ("wrong", "do it", remedy, "what for")
    assert isinstance(check.exception, CheckError)


async def test_cancellation_is_no_result():
    async def handler():
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await Check.run("Test", handler=handler)


async def test_handlers_are_called_with_arguments():
    async def handler(a, *, b):
        return f"{a} {b}"

    check = await Check.run("N {item} {self}", handler=handler, args=[3], kwargs={"b": 4})
    assert (check.name, check.message) == ("N 3 3", "3 4")


@pytest.mark.parametrize(("name", "error"), [("{other}", KeyError), ("{0}", IndexError), ("{", ValueError)])
async def test_a_name_that_cannot_be_written_fails_the_check(name, error):
    called = []
    check = await Check.run(name, handler=called.append, args=[3])
    assert isinstance(check.exception, error)
    assert (check.success, check.run_at, check.runtime, called) == (False, None, None, [])


async def test_a_coroutine_that_nobody_awaits_is_a_failure():
    async def handler():
        return True

    check = await Check.run("Test", handler=lambda: handler())
    assert check.message == (
        'caught exception (ValueError): check method returned unexpected value of type "coroutine"'
    )
