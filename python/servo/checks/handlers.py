"""Running the function behind a check, and what its result means."""

from __future__ import annotations

import datetime
import inspect
import types
import typing
from collections.abc import Awaitable, Callable
from typing import Any, Optional, Tuple, TypeVar, Union  # noqa: UP035

from servo.checks.models import Check, CheckError
from servo.events import _is_async
from servo.types.durations import Duration

__all__ = [
    "CHECK_HANDLER_SIGNATURE",
    "CheckHandler",
    "CheckHandlerResult",
    "complete",
    "run_check_handler",
    "run_check_handler_sync",
    "validate_check_handler",
]

# Written with `typing` for the text that errors show.
CheckHandlerResult = Union[bool, str, Tuple[bool, str], None]  # noqa: UP006, UP007
"""What a check handler gives: whether it succeeded, a message, both, or nothing, which is success."""

CheckHandler = TypeVar("CheckHandler", bound=Callable[..., CheckHandlerResult | Awaitable[CheckHandlerResult]])

CHECK_HANDLER_SIGNATURE = inspect.Signature(return_annotation=CheckHandlerResult)


async def run_check_handler(check: Check, handler: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
    """Runs a handler and writes what came of it on a check.

    The name of the check is a template, in which `{item}` and `{self}` are the first argument. A name that cannot be
    written fails the check, without a call of the handler.

    Args:
        check: The check; it is changed.
        handler: A function or a coroutine function.
        args: What it is called with.
        kwargs: What it is called with by name.
    """
    if args:
        try:
            check.name = check.name.format(item=args[0], self=args[0])
        except Exception as error:
            _fail(check, error)
            return
    await complete(check, handler, *args, **kwargs)


async def complete(check: Check, handler: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
    """Runs a handler for a check whose name is no template."""
    check.run_at = datetime.datetime.now()
    try:
        value = handler(*args, **kwargs)
        if _is_async(handler):
            value = await value
        _settle(check, value)
    except Exception as error:
        _fail(check, error)
    finally:
        check.runtime = Duration.since(check.run_at)


def run_check_handler_sync(check: Check, handler: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
    """Runs a function and writes what came of it on a check.

    As in `run_check_handler` the name may be a template; one that cannot be written stays as it is.

    Args:
        check: The check; it is changed.
        handler: The function.
        args: What it is called with.
        kwargs: What it is called with by name.
    """
    if args:
        try:
            check.name = check.name.format(item=args[0], self=args[0])
        except Exception as error:
            check.logger.debug(f"the name of check {check.id} is no template: {error!r}")
    check.run_at = datetime.datetime.now()
    try:
        _settle(check, handler(*args, **kwargs))
    except Exception as error:
        _fail(check, error)
    finally:
        check.runtime = Duration.since(check.run_at)


def _settle(check: Check, value: Any) -> None:
    """Writes the result of a handler on its check."""
    success, message = True, check.message
    if isinstance(value, Exception):
        _fail(check, value)
        return
    if isinstance(value, bool):
        success = value
    elif isinstance(value, str):
        message = value
    elif isinstance(value, tuple):
        success, message = value
    elif value is not None:
        if inspect.iscoroutine(value):
            # Nobody will await it.
            value.close()
        raise ValueError(f'check method returned unexpected value of type "{type(value).__name__}"')
    check.success = success
    check.message = message


def _fail(check: Check, error: Exception) -> None:
    check.success = False
    check.exception = error
    if isinstance(error, CheckError):
        check.message = str(error)
        check.hint = error.hint
        check.remedy = error.remedy
    elif isinstance(error, AssertionError):
        check.message = str(error)
    else:
        check.message = f"caught exception ({type(error).__name__}): {str(error) or repr(error)}"


def validate_check_handler(function: Callable[..., Any]) -> None:
    """Checks that a function can be decorated as a check.

    Raises:
        TypeError: It has parameters beside `self`, or is not annotated to give what a check handler gives.
    """
    signature = inspect.signature(function)
    name = getattr(function, "__name__", repr(function))
    for parameter in signature.parameters.values():
        if parameter.name != "self" or parameter.kind is not inspect.Parameter.POSITIONAL_OR_KEYWORD:
            raise TypeError(
                f'invalid check handler "{name}": unexpected parameter "{parameter.name}" in signature '
                f"{signature!r}, expected {CHECK_HANDLER_SIGNATURE!r}"
            )
    annotation = signature.return_annotation
    if isinstance(annotation, str):
        try:
            annotation = typing.get_type_hints(function).get("return", annotation)
        except Exception:
            # It names what is not there yet, or only for type checkers.
            return
    if not _is_result(annotation):
        raise TypeError(
            f'invalid check handler "{name}": incompatible return type annotation in signature '
            f"{signature!r}, expected to match {CHECK_HANDLER_SIGNATURE!r}"
        )


def _is_result(annotation: Any) -> bool:
    """Whether what is annotated so can be the result of a check handler."""
    if annotation in (None, type(None), bool, str, tuple, Tuple, Any):  # noqa: UP006
        return True
    origin, members = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _is_result(members[0])
    if origin in (Union, types.UnionType):
        return all(_is_result(member) for member in members)
    if origin is typing.Literal:
        return all(value is None or isinstance(value, bool | str) for value in members)
    if origin is tuple:
        return len(members) == 2 and members[0] is bool and members[1] in (str, Optional[str])  # noqa: UP045
    return isinstance(annotation, type) and issubclass(annotation, str)
