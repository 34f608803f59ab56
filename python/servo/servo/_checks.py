"""The checks of a servo: of its connection, and of its connectors before it starts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from servo.configuration import ChecksConfiguration
from servo.errors import ConnectorNotFoundError, EventHandlersNotFoundError
from servo.servo import _optimizer
from servo.types import Duration

if TYPE_CHECKING:
    from servo.checks import Check, CheckFilter
    from servo.connector import BaseConnector
    from servo.servo import Servo

CONNECTION = "Opsani API connectivity"


async def check_connection(servo_: Servo) -> list[Check]:
    """Whether the optimizer answers to one HELLO."""
    from servo.checks import Check

    if _optimizer.is_local(servo_):
        return [Check(name=CONNECTION, success=True, message="The local optimizer needs no connection")]
    try:
        await _optimizer.post(servo_, "HELLO", None, retry=False)
    except Exception as error:
        if _optimizer.was_replaced(error):
            await _optimizer.await_deprovisioning(servo_)
        status = getattr(error, "status_code", None)
        message = str(error) if status is None else f"Response status code: {status}"
        return [Check(name=CONNECTION, success=False, message=message, exception=error)]
    return [Check(name=CONNECTION, success=True, message="Response status code: 200")]


def require_handlers(connectors: Iterable[BaseConnector], event: str) -> None:
    if not all(connector.responds_to_event(event) for connector in connectors):
        raise EventHandlersNotFoundError("no currently assembled connectors respond to the check event")


async def run(servo_: Servo, print_callback: Callable[[str], None] | None) -> bool:
    from servo.checks import CheckHelpers

    config = servo_.config.checks or ChecksConfiguration()
    selected = _selected(servo_, config)
    window = Duration(config.wait).total_seconds() if config.wait else 0.0
    if config.wait:
        servo_.logger.info(
            f"Running checks{' progressively' if config.progressive else ''} for up to {config.wait} "
            f"with a delay of {config.delay} between iterations"
        )
    matching, passing = _filter(config), set[str]()
    delays = CheckHelpers.delay_generator(config.delay)
    started = time.monotonic()
    while True:
        results = await servo_.dispatch_event("check", matching, halt_on=config.halt_on, include=selected)
        ready = await CheckHelpers.process_checks(checks_config=config, results=results, passing=passing)
        if print_callback is not None and not config.progressive and not config.quiet:
            print_callback(await CheckHelpers.checks_to_table(checks_config=config, results=results))
        if ready:
            return True
        left = window - (time.monotonic() - started)
        if left <= 0:
            break
        # The last round comes at the end of the time, not after it.
        pause = min(next(delays), left)
        servo_.logger.info(f"waiting for {pause:g} seconds before rerunning failing checks")
        await asyncio.sleep(pause)
    if window:
        servo_.logger.error(f"timed out waiting for checks to pass {Duration(window)}")
    return False


def _selected(servo_: Servo, config: ChecksConfiguration) -> list[Any]:
    """The connectors that are checked.

    Raises:
        ConnectorNotFoundError: None has one of the names.
        EventHandlersNotFoundError: One has no checks.
    """
    if not config.connectors:
        found = [member for member in servo_.all_connectors if member.responds_to_event("check")]
        if not found:
            require_handlers(servo_.all_connectors, "check")
        return found
    found = servo_.connectors_named(config.connectors)
    missing = [name for name in config.connectors if name not in {member.name for member in found}]
    if missing:
        raise ConnectorNotFoundError(f"no connector found with name(s) '{missing}'")
    require_handlers(found, "check")
    return found


def _filter(config: ChecksConfiguration) -> CheckFilter:
    """What selects single checks."""
    from servo.checks import CheckFilter
    from servo.utilities.strings import parse_csv, parse_id, parse_re

    constraints: dict[str, Any] = {}
    if config.name:
        constraints["name"] = parse_re(config.name)
    if config.id:
        constraints["id"] = parse_id(config.id)
    if config.tag:
        constraints["tags"] = parse_csv(config.tag)
    return CheckFilter(**constraints)
