"""Decorators that log when functions run, and how long."""

from __future__ import annotations

import functools
import inspect
import time
from collections.abc import Callable
from typing import Any

__all__ = ["friendly_decorator", "log_execution", "log_execution_time"]


def friendly_decorator(f: Callable[..., Any]) -> Callable[..., Any]:
    """Makes a decorator that can be written with and without parentheses.

    Args:
        f: A function whose first argument is the decorated function, with further arguments that have defaults.

    Returns:
        The decorator.
    """

    @functools.wraps(f)
    def decorator(*args: Any, **kwargs: Any) -> Any:
        if len(args) == 1 and not kwargs and callable(args[0]):
            return f(args[0])
        return lambda function: f(function, *args, **kwargs)

    return decorator


@friendly_decorator
def log_execution(
    func: Callable[..., Any], *, entry: bool = True, exit: bool = True, level: str = "DEBUG"
) -> Callable[..., Any]:
    """Logs when a function is entered, with its arguments, and when it returns, with its result.

    Args:
        func: A function or a coroutine function.
        entry: Whether the entry is logged.
        exit: Whether the return is logged; an exception is none.
        level: The level of the records.

    Returns:
        The decorated function.
    """
    name = func.__name__

    def entered(args: Any, kwargs: Any) -> str | None:
        return f"Entering '{name}' (args={args!r}, kwargs={kwargs!r})" if entry else None

    def left(result: Any, _: float) -> str | None:
        return f"Exiting '{name}' (result={result})" if exit else None

    return _around(func, level, entered, left)


@friendly_decorator
def log_execution_time(func: Callable[..., Any], *, level: str = "DEBUG") -> Callable[..., Any]:
    """Logs how long a function took.

    Args:
        func: A function or a coroutine function, which is timed until it has completed.
        level: The level of the records.

    Returns:
        The decorated function.
    """

    def left(_: Any, seconds: float) -> str:
        from servo.types.durations import Duration

        return f"Function '{func.__name__}' executed in {Duration(seconds)}"

    return _around(func, level, lambda *_: None, left)


def _around(
    func: Callable[..., Any],
    level: str,
    entered: Callable[[Any, Any], str | None],
    left: Callable[[Any, float], str | None],
) -> Callable[..., Any]:
    """A function that logs what two others say, before and after a call, where they say something."""
    if inspect.iscoroutinefunction(func):

        @functools.wraps(func)
        async def wrapped_async(*args: Any, **kwargs: Any) -> Any:
            _log(level, entered(args, kwargs))
            started = time.monotonic()
            result = await func(*args, **kwargs)
            _log(level, left(result, time.monotonic() - started))
            return result

        return wrapped_async

    @functools.wraps(func)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        _log(level, entered(args, kwargs))
        started = time.monotonic()
        result = func(*args, **kwargs)
        _log(level, left(result, time.monotonic() - started))
        return result

    return wrapped


def _log(level: str, message: str | None) -> None:
    if message is not None:
        from loguru import logger

        # The record is of the line that calls the decorated function, past this one and the wrapper.
        logger.opt(depth=2).log(level, message)
