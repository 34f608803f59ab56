"""Decorators that make checks of functions and methods."""

from __future__ import annotations

import datetime
import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any

from servo.checks.handlers import run_check_handler, run_check_handler_sync, validate_check_handler
from servo.checks.models import Check
from servo.events import _is_async
from servo.types.enums import ErrorSeverity

__all__ = ["as_check_method", "check", "fresh", "require", "set_of", "warn"]


def check(
    name: str,
    *,
    description: str | None = None,
    id: str | None = None,
    severity: ErrorSeverity = ErrorSeverity.common,
    tags: Iterable[str] | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Makes a check of a method of `BaseChecks`, or of a function without parameters.

    What is decorated gives True, False, a message, a tuple of both, or None for success; an exception is a failure. A
    call of the result gives a `Check`; of a coroutine function, an awaitable of one.

    Args:
        name: The name of the check; `{self}` in it is the object that the method belongs to.
        description: A longer text for people.
        id: Identifies the check, the name of the function unless given.
        severity: What a failure means.
        tags: For filters.

    Raises:
        TypeError: The function has other parameters, or its annotation says that it gives something else.
        pydantic.ValidationError: An argument is wrong.
    """
    _require_name(name)

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        validate_check_handler(function)
        template = Check(
            name=name, description=description, id=id or function.__name__, severity=severity, tags=set_of(tags)
        )
        run: Callable[..., Any]
        if _is_async(function):

            @functools.wraps(function)
            async def run(*args: Any, **kwargs: Any) -> Check:
                result = fresh(template)
                await run_check_handler(result, function, *args, **kwargs)
                return result
        else:

            @functools.wraps(function)
            def run(*args: Any, **kwargs: Any) -> Check:
                result = fresh(template)
                run_check_handler_sync(result, function, *args, **kwargs)
                return result

        return as_check_method(run, template, inspect.signature(function))

    return decorate


def require(
    name: str, *, description: str | None = None, id: str | None = None, tags: Iterable[str] | None = None
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Makes a check without which later ones make no sense: a `check` of critical severity.

    Args:
        name: The name of the check.
        description: A longer text for people.
        id: Identifies the check, the name of the function unless given.
        tags: For filters.

    Raises:
        TypeError: The function has other parameters, or its annotation says that it gives something else.
    """
    return check(name, description=description, id=id, severity=ErrorSeverity.critical, tags=tags)


def warn(
    name: str, *, description: str | None = None, id: str | None = None, tags: Iterable[str] | None = None
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Makes a check that is advice and never stands in the way: a `check` of warning severity.

    Args:
        name: The name of the check.
        description: A longer text for people.
        id: Identifies the check, the name of the function unless given.
        tags: For filters.

    Raises:
        TypeError: The function has other parameters, or its annotation says that it gives something else.
    """
    return check(name, description=description, id=id, severity=ErrorSeverity.warning, tags=tags)


def _require_name(name: object) -> None:
    if callable(name):
        raise TypeError(f'the decorator of "{getattr(name, "__qualname__", name)}" needs a name, such as @check("…")')


def set_of(tags: Iterable[str] | None) -> Any:
    """The tags for a model; a text is left to it, for it refuses one."""
    return tags if tags is None or isinstance(tags, str) else set(tags)


def fresh(template: Check) -> Check:
    """A copy of a check for one run."""
    copy = template.copy()
    copy.created_at = datetime.datetime.now()
    return copy


def as_check_method(run: Any, template: Check, signature: inspect.Signature) -> Callable[..., Any]:
    """Marks a function as one that runs the check of a template; its signature says that it gives a `Check`."""
    run.__check__ = template
    run.__annotations__ = {**getattr(run, "__annotations__", {}), "return": Check}
    run.__signature__ = signature.replace(return_annotation=Check)
    decorated: Callable[..., Any] = run
    return decorated
