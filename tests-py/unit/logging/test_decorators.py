"""Functions that log when they run."""

import asyncio
import inspect
import re

import pytest

from servo.logging import friendly_decorator, log_execution, log_execution_time


def told(records):
    return [(record["level"].name, record["message"]) for record in records]


def test_a_function(records):
    @log_execution
    def function(x, y=1):
        """The doc."""
        return x

    assert function(1, y=2) == 1
    assert told(records) == [
        ("DEBUG", "Entering 'function' (args=(1,), kwargs={'y': 2})"),
        ("DEBUG", "Exiting 'function' (result=1)"),
    ]
    assert {record["function"] for record in records} == {"test_a_function"}
    assert function.__doc__ == "The doc."


async def test_a_coroutine_function_exits_when_it_has_completed(records):
    @log_execution(level="INFO")
    async def function(text):
        await asyncio.sleep(0)
        assert len(records) == 1
        return text

    assert inspect.iscoroutinefunction(function)
    assert await function("{x}") == "{x}"
    assert told(records) == [
        ("INFO", "Entering 'function' (args=('{x}',), kwargs={})"),
        ("INFO", "Exiting 'function' (result={x})"),
    ]
    assert {record["function"] for record in records} == {"test_a_coroutine_function_exits_when_it_has_completed"}


@pytest.mark.parametrize(
    ("options", "expected"),
    [({"entry": False}, ["Exiting"]), ({"exit": False}, ["Entering"]), ({}, ["Entering", "Exiting"])],
)
def test_one_of_both(records, options, expected):
    log_execution(**options)(lambda: None)()
    assert [text.split()[0] for _, text in told(records)] == expected


@pytest.mark.parametrize("decorator", [log_execution(entry=False), log_execution_time])
async def test_exceptions_pass_through(records, decorator):
    def function():
        raise RuntimeError("e")

    async def other():
        raise RuntimeError("e")

    with pytest.raises(RuntimeError):
        decorator(function)()
    with pytest.raises(RuntimeError):
        await decorator(other)()
    assert records == []


async def test_times(records):
    @log_execution_time
    async def function():
        await asyncio.sleep(0.02)

    @log_execution_time(level="SUCCESS")
    def other():
        return 3

    await function()
    assert other() == 3
    (_, first), (level, second) = told(records)
    assert float(re.fullmatch(r"Function 'function' executed in (\d+(\.\d+)?)ms.*", first)[1]) >= 15
    assert level == "SUCCESS"
    assert second.startswith("Function 'other' executed in ")
    assert {record["function"] for record in records} == {"test_times"}


def test_a_friendly_decorator():
    @friendly_decorator
    def marked(function, mark="none"):
        """The doc."""
        function.mark = mark
        return function

    @marked
    def bare(): ...

    @marked()
    def empty(): ...

    @marked(mark="this")
    def named(): ...

    @marked("that")
    def positional(): ...

    assert [function.mark for function in (bare, empty, named, positional)] == ["none", "none", "this", "that"]
    assert marked.__doc__ == "The doc."
