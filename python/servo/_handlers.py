"""The part of the asyncio executor that is Python: the handlers of one connector for one event."""

from __future__ import annotations

import asyncio
import dataclasses
import inspect
from collections.abc import Callable
from typing import Any

from servo.connector import BaseConnector
from servo.errors import EventError
from servo.events import EventContext, EventResult, Mixin, Preposition, _current_event, get_event


def subscriptions(connector: BaseConnector) -> list[tuple[str, str]]:
    """The preposition and event of every handler of a connector."""
    return [(str(handler.preposition), handler.event.name) for handler in connector.__event_handlers__]


async def run(
    connector: BaseConnector, event: str, preposition: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> list[Any]:
    """Runs the handlers one after another, in the order they were declared; gives what each returned.

    A plain function runs in the loop's thread, as it stands: one that waits belongs into `async def`.

    KeyboardInterrupt and SystemExit fail the event as any other exception does: a connector does not end the process
    that its neighbours live in. To end a run there is `interrupt`.
    """
    wanted = Preposition.from_str(preposition)
    token = _current_event.set(EventContext(get_event(event), wanted))
    try:
        with connector.current():
            results = []
            if wanted is not Preposition.after:
                args, kwargs = _by_name(event, args, kwargs)
            for handler in connector.get_event_handlers(event, wanted):
                value = handler.handler(connector, *args, **{**handler.kwargs, **kwargs})
                results.append(await value if inspect.isawaitable(value) else value)
            # A handler that swallowed its cancellation must not look like one that was never cancelled.
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise asyncio.CancelledError
            return results
    except (KeyboardInterrupt, SystemExit) as error:
        raise EventError(f"a handler of '{event}' raised {error!r}") from error
    finally:
        _current_event.reset(token)


def _by_name(event: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments by the names that the event has for them: a handler may declare them in another order."""
    signature = get_event(event).signature
    if not args or signature is None:
        return args, kwargs
    parameters = list(signature.parameters.values())[1:]
    named = [parameter.name for parameter in parameters if parameter.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD]
    if len(named) < len(args):
        return args, kwargs
    return (), {**dict(zip(named, args, strict=False)), **kwargs}


async def ended_in_order(run: asyncio.Future[str], interrupt: Callable[[str], None]) -> str:
    """The result of a run; when the awaiting task is cancelled, the run is interrupted and its end is awaited."""
    try:
        return await asyncio.shield(run)
    except asyncio.CancelledError:
        if not run.done():
            interrupt("cancelled")
            await asyncio.wait([run])
        raise


@dataclasses.dataclass(frozen=True)
class Answerer(Mixin):
    """The connector that answered, as after-handlers see it."""

    name: str


def event_result(event: str, connector: str, value: Any) -> EventResult:
    """What after-handlers get of one result."""
    return EventResult(
        event=get_event(event), preposition=Preposition.on, handler=None, connector=Answerer(connector), value=value
    )
