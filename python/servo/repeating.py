"""Work that is done again and again while a servo runs."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeAlias, TypeVar

from servo.types import Duration
from servo.utilities.associations import associations_of

__all__ = ["Every", "Mixin", "repeating"]

# Seconds, a text such as `1m30s`, or a duration.
Every: TypeAlias = float | int | str | timedelta

Method = TypeVar("Method", bound=Callable[..., Any])

_TASKS = "servo.repeating.tasks"


def repeating(every: Every, *, name: str | None = None) -> Callable[[Method], Method]:
    """Makes a method a repeating task of every object of its class.

    Subclasses inherit it; an override runs in its place, by the same schedule unless it has one of its own.

    Args:
        every: The time between the end of one run and the start of the next.
        name: The name of the task, the name of the method unless given.

    Raises:
        ValueError: `every` is no duration.
    """
    duration = Duration(every)

    def decorate(function: Method) -> Method:
        function.__repeating__ = {  # type: ignore[attr-defined]
            "duration": duration,
            "name": name or function.__name__,
        }
        return function

    return decorate


class Mixin:
    """Gives a class repeating tasks.

    Methods decorated with `@repeating` start with the object when it is made inside a running loop; an object that is
    made earlier starts them with `start_repeating_tasks()`. A task ends with its first failure, which is logged.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return  # There is no loop yet.
        self.start_repeating_tasks()

    def start_repeating_tasks(self) -> dict[str, asyncio.Task[None]]:
        """Starts the methods decorated with `@repeating` that do not run; gives the tasks that were started.

        Raises:
            RuntimeError: No loop runs.
        """
        started = {}
        for attribute, schedule in _schedules(type(self)).items():
            name = schedule["name"]
            task = self.repeating_tasks.get(name)
            if (task is None or task.done()) and callable(method := getattr(self, attribute, None)):
                started[name] = self.start_repeating_task(name, schedule["duration"], method)
        return started

    def start_repeating_task(
        self, name: str, every: Every, function: Callable[[], Any], time_correction: bool = False
    ) -> asyncio.Task[None]:
        """Calls a function now, and again and again after a pause.

        Args:
            name: The name of the task, unique among those that run.
            every: The pause after each call; seconds, a text or a duration.
            function: What to call; awaited where it is asynchronous. A plain one holds up the loop.
            time_correction: Whether the time of the call is taken off the pause.

        Returns:
            The task.

        Raises:
            KeyError: A task of that name runs.
            ValueError: `every` is no duration.
            RuntimeError: No loop runs.
        """
        duration = Duration(every)
        loop = asyncio.get_running_loop()
        tasks = self.repeating_tasks
        if name in tasks and not tasks[name].done():
            raise KeyError(f"repeating task already exists named '{name}'")
        owner = getattr(self, "name", type(self).__name__)
        title = f"{owner}:{name} (repeating every {duration})"
        # A failure is told to the object's own logger, so that the line names the connector.
        logger = getattr(self, "logger", None)
        work = _run(function, duration.total_seconds(), time_correction, logger)
        tasks[name] = loop.create_task(work, name=title)
        return tasks[name]

    def cancel_repeating_task(self, name: str) -> asyncio.Task[None] | None:
        """Cancels a task unless it has ended; gives it, or None if there is no such task."""
        task = self.repeating_tasks.get(name)
        if task is not None and not task.done():
            task.cancel()
        return task

    def cancel_repeating_tasks(self) -> dict[str, asyncio.Task[None]]:
        """Cancels all tasks that have not ended; gives every task by its name."""
        for task in self.repeating_tasks.values():
            if not task.done():
                task.cancel()
        return dict(self.repeating_tasks)

    @property
    def repeating_tasks(self) -> dict[str, asyncio.Task[None]]:
        """The tasks by name; those that ended stay until they are replaced."""
        tasks: dict[str, asyncio.Task[None]] = associations_of(self).setdefault(_TASKS, {})
        return tasks


def _schedules(cls: type) -> dict[str, dict[str, Any]]:
    """The schedule of each decorated method, by attribute; the nearest in the hierarchy counts."""
    if (known := vars(cls).get("__repeaters__")) is not None:
        schedules: dict[str, dict[str, Any]] = known
        return schedules
    found: dict[str, dict[str, Any]] = {}
    for base in reversed(cls.__mro__):
        for attribute, value in vars(base).items():
            if (schedule := getattr(value, "__repeating__", None)) is not None:
                found[attribute] = schedule
    # Classes may have hundreds of attributes, and a servo thousands of objects.
    cls.__repeaters__ = found  # type: ignore[attr-defined]
    return found


async def _run(function: Any, seconds: float, time_correction: bool, logger: Any) -> None:
    work = _repeat(function, seconds, time_correction, logger)
    # The task keeps this frame with the error, and the table of the object's tasks keeps the task: if the frame kept
    # the object, none of them would ever go.
    function = logger = None
    raise await work


async def _repeat(function: Any, seconds: float, time_correction: bool, logger: Any) -> Exception:
    """Calls the function until it fails; gives the error, logged and without the frames that know the object."""
    result: Any = None
    try:
        if not callable(function):
            raise _not_callable(function)
        while True:
            started = time.monotonic()
            result = function()
            if inspect.iscoroutine(result):
                await result
            pause = seconds - (time.monotonic() - started) if time_correction else seconds
            await asyncio.sleep(max(pause, 0.0))
    except Exception as error:
        _log(error, logger)
        return _without_frames(error)
    finally:
        # A cancellation keeps this frame.
        function = result = logger = None


def _not_callable(function: Any) -> TypeError:
    text = f"function={function} must be Awaitable or Callable, but has type(function)={type(function)}."
    if inspect.iscoroutine(function):
        function.close()
        text += " A developer may have invoked the async function while/prior to passing it in here."
    return TypeError(text)


def _log(error: Exception, logger: Any) -> None:
    if not hasattr(logger, "opt"):
        from loguru import logger
    task = asyncio.current_task()
    title = "a repeating task" if task is None else task.get_name()
    # As an argument: the text of an error may hold braces.
    logger.opt(exception=error).error("{} ended: {}: {}", title, type(error).__name__, error)


def _without_frames(error: Exception) -> Exception:
    found: BaseException | None = error
    while found is not None:
        found.__traceback__ = None
        found = found.__cause__ or found.__context__
    return error
