"""What a dispatch calls while it runs handlers."""

from __future__ import annotations

import types
from collections.abc import Awaitable, Callable, Generator
from typing import Any, cast

from servo.events.mixin import Mixin


def _require_connector(connector: Any) -> None:
    if not isinstance(connector, Mixin):
        raise TypeError(f"field (type {type(connector)}) must be instance of events.Mixin")
    name = getattr(connector, "name", None)
    if not isinstance(name, str):
        raise TypeError(f"events.Mixin inheritors must define a name property of type str (found {type(name)})")


async def _within(
    manager: Callable[..., Any],
    connector: Any,
    function: Callable[..., Any],
    is_async: bool,
    args: tuple[Any, ...],
    kwargs: dict[str, Any] | None,
    event_args: tuple[Any, ...],
    event_kwargs: dict[str, Any] | None,
) -> Any:
    """Calls a handler inside the context manager of its event; None when that swallowed what the handler raised."""
    value = None
    async with manager(connector, *event_args, **(event_kwargs or {})):
        value = function(*args, **(kwargs or {}))
        if is_async:
            given, value = value, None
            value = await cast(Awaitable[Any], given)
    return value


# What a driver yields, with the value of a handler, when that has returned.
_RETURNED = object()


@types.coroutine
def _driver() -> Generator[Any, Any, None]:
    """Runs coroutine functions one after another: each is sent with its arguments, and stepped until it has returned.

    A generator that goes on costs less than one for each handler, and neither needs an exception to hand over a value.
    """
    call = yield
    while True:
        function, args, kwargs = call
        given = function(*args) if kwargs is None else function(*args, **kwargs)
        if type(given) is not types.CoroutineType:
            given = given.__await__()
        # Idle, it holds on to nothing of the handler but its coroutine, which is over.
        call = function = args = kwargs = None
        call = yield _RETURNED, (yield from given)


def _warn_of_cancellation(cancelled: list[tuple[Any, Any]]) -> None:
    from loguru import logger

    names = ", ".join((getattr(error, "connector", None) or connector).name for connector, error in cancelled)
    errors = tuple(error for _, error in cancelled)
    logger.warning(f'event cancelled by before event handler on connector "{names}": {errors}')


def _warn_of_late_cancellation() -> None:
    from loguru import logger

    logger.warning("Cannot cancel an event from an on handler: event dispatched")
