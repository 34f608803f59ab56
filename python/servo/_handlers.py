"""The part of the asyncio executor that is Python: the handlers of one connector for one event."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

from servo._core import Dispatch
from servo.connector import BaseConnector
from servo.events import Event, EventResult, Preposition, _own_handlers, get_event
from servo.servo import Servo, _set_current_servo, set_current_command_uid


def subscriptions(connector: BaseConnector) -> list[tuple[str, str]]:
    """The preposition and event of every handler of a connector, and the events of its life, handled or not."""
    return [
        *(("on", event) for event in _LIFE),
        *(
            (str(preposition), handler.event.name)
            for handler in (*connector.__event_handlers__, *_own_handlers(connector))
            for preposition in handler.preposition
        ),
    ]


_LIFE = ("attach", "startup", "detach")


def _set_going(connector: BaseConnector, event: str) -> None:
    """Starts what a servo starts of its connectors beside their handlers."""
    if event == "attach":
        connector.start_repeating_tasks()
    elif event == "startup" and not connector.pubsub_exchange.running:
        connector.pubsub_exchange.start()


async def _bring_to_rest(connector: BaseConnector) -> None:
    """Ends what goes on beside the handlers."""
    connector.cancel_repeating_tasks()
    connector.cancel_subscribers()
    connector.cancel_publishers()
    if connector.pubsub_exchange.running:
        await connector.pubsub_exchange.shutdown()


async def run(
    connector: BaseConnector,
    event: str,
    preposition: str,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    command_uid: str | None = None,
) -> list[Any]:
    """Runs the handlers one after another, as `run_event_handlers` does; gives what each returned.

    A plain function runs in the loop's thread, as it stands: one that waits belongs into `async def`.

    KeyboardInterrupt and SystemExit fail the event as any other exception does: a connector does not end the process
    that its neighbours live in. To end a run there is `interrupt`.

    Raises:
        TypeError: The arguments do not fit the event.
    """
    found, wanted = get_event(event), _PREPOSITIONS[preposition]
    # This is a task of its own, and so are its variables.
    set_current_command_uid(command_uid)
    if (servo_ := connector._servo()) is not None:
        _set_current_servo(servo_)
    if wanted is not Preposition.after:
        args, kwargs = _arguments(found, connector, args, kwargs)
    if event not in _LIFE or wanted is not Preposition.on:
        return await _answers(found, connector, wanted, args, kwargs)
    _set_going(connector, event)
    try:
        return await _answers(found, connector, wanted, args, kwargs)
    finally:
        if event == "detach":
            await _bring_to_rest(connector)


_PREPOSITIONS = {str(preposition): preposition for preposition in Preposition if preposition is not Preposition.all}


async def _answers(
    found: Event, connector: BaseConnector, wanted: Preposition, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> list[Any]:
    results = await Dispatch(
        found, [connector], args, kwargs, False, None, None, False, wanted, connector, None, True, True
    )
    # A handler that swallowed its cancellation must not look like one that was never cancelled.
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
    return [result.value for result in results or ()]


def _arguments(
    event: Event, connector: BaseConnector, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments as the signature of the event names them: by position where it must be, else by name.

    A handler may declare them in another order.
    """
    signature = event.signature
    if signature is None:
        return args, kwargs
    if not args and kwargs.keys() == _named_by(event.name, signature):
        return args, kwargs
    for name, parameter in list(signature.parameters.items())[1 + len(args) :]:
        if parameter.kind is inspect.Parameter.POSITIONAL_ONLY and name in kwargs:
            args = (*args, kwargs[name])
            kwargs = {other: value for other, value in kwargs.items() if other != name}
    try:
        bound = signature.bind(connector, *args, **kwargs)
    except TypeError as error:
        raise TypeError(f"the arguments of the event '{event}' do not fit its signature {signature}: {error}") from None
    kinds = [signature.parameters[name].kind for name in bound.arguments]
    first = 1 + kinds[1:].count(inspect.Parameter.POSITIONAL_ONLY)
    by_position = bound.args[1:first]
    names = list(bound.arguments)[1 + len(by_position) :]
    by_name: dict[str, Any] = {}
    for name in names:
        if signature.parameters[name].kind is inspect.Parameter.VAR_KEYWORD:
            by_name.update(bound.arguments[name])
        else:
            by_name[name] = bound.arguments[name]
    return by_position, by_name


_named: dict[str, tuple[inspect.Signature, frozenset[str] | None]] = {}


def _named_by(event: str, signature: inspect.Signature) -> frozenset[str] | None:
    """The names of all parameters, where all of them may be given by name."""
    known = _named.get(event)
    if known is None or known[0] is not signature:
        parameters = list(signature.parameters.values())[1:]
        by_name = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
        all_named = all(parameter.kind in by_name for parameter in parameters)
        known = signature, frozenset(parameter.name for parameter in parameters) if all_named else None
        _named[event] = known
    return known[1]


async def ended_in_order(run: asyncio.Future[str], interrupt: Callable[[str], None]) -> str:
    """The result of a run; when the awaiting task is cancelled, the run is interrupted and its end is awaited."""
    try:
        return await asyncio.shield(run)
    except asyncio.CancelledError:
        if not run.done():
            interrupt("cancelled")
            await asyncio.wait([run])
        raise


def event_result(event: str, connector: str, value: Any, servo_: Servo) -> EventResult:
    """What after-handlers get of one result.

    Args:
        event: The event.
        connector: The name of the connector that answered.
        value: Its answer, or its failure.
        servo_: The servo of that connector.
    """
    answered = servo_.get_connector(connector)
    return EventResult(
        event=get_event(event), preposition=Preposition.on, handler=None, connector=answered, value=value
    )
