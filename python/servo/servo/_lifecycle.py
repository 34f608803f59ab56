"""How a servo and its connectors begin and end."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from servo import _pydantic
from servo.connector import BaseConnector
from servo.events import Preposition

if TYPE_CHECKING:
    from servo.servo import Servo


@dataclasses.dataclass(slots=True)
class Left:
    """What a shutdown removed, so that the servo can be started again."""

    connectors: list[BaseConnector]
    configs: dict[str, Any]


def settle(servo_: Servo, connectors: Iterable[BaseConnector]) -> None:
    """Puts a new servo and its connectors on the bus.

    Raises:
        TypeError: One is no connector.
    """
    servo_._belong_to(servo_)
    for connector in connectors:
        if not isinstance(connector, BaseConnector):
            raise TypeError(f"expected connectors, found {connector!r}")
        adopt(servo_, connector)
    _seat(servo_, [])


def adopt(servo_: Servo, connector: BaseConnector) -> None:
    """Makes a connector that was made by itself a member."""
    connector._optimizer = connector._global_config = None
    connector._belong_to(servo_)
    object.__setattr__(connector, "__event_bus__", servo_.__event_bus__)
    servo_.connectors.append(connector)
    _seat(servo_, [connector])


def _seat(servo_: Servo, members: list[BaseConnector]) -> None:
    """Puts members on the bus, each once, and the servo behind them."""
    bus = servo_.__event_bus__
    if bus and bus[-1] is servo_:
        bus.pop()
    seated = set(map(id, bus))
    bus.extend(member for member in (*members, servo_) if id(member) not in seated)


def load(servo_: Servo) -> list[BaseConnector]:
    """Makes the connectors of the routes that have a configuration and are not there yet.

    Raises:
        RuntimeError: There are no routes.
    """
    if not servo_.routes:
        raise RuntimeError("No routes configured to load connectors for")
    known = {connector.name for connector in servo_.connectors}
    bus = servo_.__event_bus__
    made = []
    for name, cls in servo_.routes.items():
        if name not in known and (config := _config_of(servo_, name)) is not None:
            connector = cls(name=name, config=config, __connectors__=bus)
            connector._belong_to(servo_)
            made.append(connector)
    servo_.connectors.extend(made)
    _seat(servo_, made)
    return made


def _config_of(servo_: Servo, name: str) -> Any:
    """The configuration of a connector; one that a shutdown took away is put back."""
    config: Any = getattr(servo_.config, name, None)
    if config is None and servo_._left is not None and name in servo_._left.configs:
        config = servo_._left.configs.pop(name)
        _pydantic.set_value(servo_.config, name, config)
    return config


def restore(servo_: Servo) -> list[BaseConnector]:
    """Brings back what a shutdown removed: connectors of routes are made anew, others are the same objects."""
    left, made = servo_._left, []
    if left is None:
        return []
    if servo_.routes:
        made.extend(load(servo_))
    known = {connector.name for connector in servo_.connectors}
    for connector in left.connectors:
        if connector.name not in known and connector.name not in servo_.routes:
            adopt(servo_, connector)
            _take_part(servo_, connector)
            if connector.name in left.configs:
                _pydantic.set_value(servo_.config, connector.name, left.configs[connector.name])
            made.append(connector)
    servo_._left = None
    return made


def _take_part(servo_: Servo, connector: BaseConnector) -> None:
    """What a connector shares that was made by itself."""
    connector._forget_exchange()
    connector.start_repeating_tasks()


async def start(servo_: Servo) -> None:
    # A greeting may take an hour: whoever calls a second time meanwhile is told.
    if servo_._running or servo_._starting:
        raise RuntimeError("Cannot start up a servo that is already running")
    servo_._starting = True
    try:
        await _start(servo_)
    finally:
        servo_._starting = False


async def _start(servo_: Servo) -> None:
    with servo_.current():
        for connector in restore(servo_):
            await servo_.dispatch_event("attach", servo_, include=[connector])
        await servo_.connect()
        servo_._running = True
        try:
            await servo_.dispatch_event("startup", _prepositions=Preposition.on)
            exchange = servo_.pubsub_exchange
            if not exchange.running:
                exchange.start()
        except BaseException:
            await _undo_start(servo_)
            raise


async def _undo_start(servo_: Servo) -> None:
    """Ends what was begun; what fails in turn is logged."""
    try:
        results = await servo_.dispatch_event("shutdown", _prepositions=Preposition.on, return_exceptions=True)
        for result in results or ():
            if isinstance(result.value, Exception):
                _log(servo_, f"connector '{result.connector.name}' failed to shut down", result.value)
        for step in (_stop_exchange(servo_), servo_.disconnect("startup failed")):
            if (error := await _attempt(step)) is not None:
                _log(servo_, "the servo failed to shut down", error)
    finally:
        servo_._running = False


async def undo_attach(servo_: Servo, error: BaseException | None) -> None:
    """Tells connectors that they are detached, but for those whose handlers of `attach` raised; failures are logged.

    Args:
        servo_: The servo.
        error: What its `attach` raised, if it did.
    """
    failed = [result.connector for result in _results_of(error)]
    with servo_.current():
        step = servo_.dispatch_event("detach", servo_, exclude=failed, return_exceptions=True)
        if (another := await _attempt(step)) is not None:
            _log(servo_, "the servo could not be detached", another)


def _results_of(error: BaseException | None) -> Iterator[Any]:
    """The results that handlers have put their errors into."""
    if isinstance(error, BaseExceptionGroup):
        for leaf in error.exceptions:
            yield from _results_of(leaf)
    elif (result := getattr(error, "__event_result__", None)) is not None:
        yield result


async def stop(servo_: Servo, reason: str | None) -> None:
    if not servo_._running or servo_._left is not None:
        raise RuntimeError("Cannot shut down a servo that is not running")
    members = list(servo_.connectors)
    fields = servo_.config.__dict__
    servo_._left = Left(members, {member.name: fields[member.name] for member in members if member.name in fields})
    errors: list[BaseException] = []
    with servo_.current():
        try:
            found = await asyncio.gather(*(remove(servo_, member) for member in members), return_exceptions=True)
            errors.extend(error for error in found if error is not None)
            errors.extend(error for error in [await _attempt(_stop_exchange(servo_))] if error is not None)
        finally:
            try:
                await servo_.disconnect(reason or "unknown")
            finally:
                servo_._running = False
    raise_all(f"errors while the servo '{servo_.name}' was shut down", errors)


async def _stop_exchange(servo_: Servo) -> None:
    exchange = servo_.pubsub_exchange
    if exchange.running:
        await exchange.shutdown()


async def _attempt(step: Any) -> Exception | None:
    try:
        await step
    except Exception as error:
        return error
    return None


def raise_all(message: str, errors: Sequence[BaseException]) -> None:
    """Raises the error, or a group of several."""
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise BaseExceptionGroup(message, errors)


def _log(servo_: Servo, message: str, error: Exception) -> None:
    # As an argument: the text of an error may hold braces.
    servo_.logger.opt(exception=error).error("{}: {}: {}", message, type(error).__name__, error)


async def add(servo_: Servo, name: str, connector: BaseConnector) -> None:
    if not isinstance(connector, BaseConnector):
        raise TypeError(f"expected a connector, found {connector!r}")
    if servo_.get_connector(name) is not None:
        raise ValueError(f"invalid name: a connector named '{name}' already exists in the servo")
    _check_name(name, type(connector))
    _pydantic.set_value(connector, "name", name)
    adopt(servo_, connector)
    _take_part(servo_, connector)
    _pydantic.set_value(servo_.config, name, connector.config)
    try:
        with servo_.current():
            await servo_.dispatch_event("attach", servo_, include=[connector])
            if servo_._running:
                await servo_.dispatch_event("startup", include=[connector], _prepositions=Preposition.on)
    except BaseException:
        drop(servo_, connector)
        raise


def _check_name(name: Any, cls: type[BaseConnector]) -> None:
    """Refuses what `connectors` of a document refuses as well."""
    from servo.configuration.routes import normalized_connectors

    normalized_connectors({name: cls})


async def remove(servo_: Servo, named: str | BaseConnector) -> None:
    name = named if isinstance(named, str) else getattr(named, "name", named)
    found = [member for member in servo_.connectors if member is named or member.name == named]
    if not found:
        raise ValueError(f"invalid connector: a connector named '{name}' does not exist in the servo")
    connector, errors = found[0], []
    try:
        with servo_.current():
            if servo_._running:
                step = servo_.dispatch_event("shutdown", include=[connector], _prepositions=Preposition.on)
                errors.append(await _attempt(step))
            errors.append(await _attempt(servo_.dispatch_event("detach", servo_, include=[connector])))
    finally:
        drop(servo_, connector)
    raise_all(f"errors while the connector '{name}' was removed", [error for error in errors if error is not None])


def drop(servo_: Servo, connector: BaseConnector) -> None:
    """Takes a connector out of the servo, with what it set going there."""
    for members in (servo_.connectors, servo_.__event_bus__):
        members[:] = [member for member in members if member is not connector]
    servo_.config.__dict__.pop(connector.name, None)
    servo_.config.__fields_set__.discard(connector.name)
    connector.cancel_repeating_tasks()
    connector.cancel_subscribers()
    connector.cancel_publishers()
    # Made anew when it is asked for.
    connector._forget_exchange()
    connector._belong_to(None)
    object.__setattr__(connector, "__event_bus__", [connector])
