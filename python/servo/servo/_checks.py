"""The checks of a servo: of its connection, and of its connectors before it starts."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from servo.configuration import ChecksConfiguration, LocalOptimizer
from servo.errors import ConnectorNotFoundError, EventHandlersNotFoundError, ServoError
from servo.servo import _optimizer, _storage
from servo.types import Duration

if TYPE_CHECKING:
    from servo.checks import Check, CheckFilter
    from servo.connector import BaseConnector
    from servo.servo import Servo

CONNECTION = "Opsani API connectivity"
LOCAL = "Local optimizer"
CONNECTION_ID = "ffd7e219"
"""Of both, so that filters by it select the one that there is."""


async def check_connection(servo_: Servo, matching: CheckFilter | None = None) -> list[Check]:
    """Whether the optimizer answers to one HELLO, or a local one can keep its trials.

    Nothing is asked where that is not wanted. A filter by either name selects the check that there is.
    """
    from servo.checks import Check

    names = (LOCAL, CONNECTION) if _optimizer.is_local(servo_) else (CONNECTION,)
    check, *others = (Check(name=name, id=CONNECTION_ID) for name in names)
    if matching is not None and not any(matching.matches(one) for one in (check, *others)):
        return []
    check.run_at = check.created_at
    await _ask_optimizer(servo_, check)
    check.runtime = Duration.since(check.run_at)
    return [check]


async def _ask_optimizer(servo_: Servo, check: Check) -> None:
    if _optimizer.is_local(servo_):
        await _look_at_storage(servo_, check)
        return
    try:
        await _optimizer.post(servo_, "HELLO", None, retry=False)
    except Exception as error:
        if _optimizer.was_replaced(error):
            await _optimizer.await_deprovisioning(servo_)
        status = getattr(error, "status_code", None)
        check.success, check.exception = False, error
        check.message = str(error) if status is None else f"Response status code: {status}"
        return
    check.success, check.message = True, "Response status code: 200"


async def _look_at_storage(servo_: Servo, check: Check) -> None:
    optimizer = servo_.config.optimizer
    local = optimizer.local if isinstance(optimizer, LocalOptimizer) else {}
    try:
        check.message = await _storage.look(str(local.get("storage") or _storage.DEFAULT))
    except Exception as error:
        check.success, check.exception, check.message = False, error, str(error)
        check.hint = getattr(error, "hint", None)
        return
    check.success = True


def require_handlers(connectors: Iterable[BaseConnector], event: str) -> None:
    if not all(connector.responds_to_event(event) for connector in connectors):
        raise EventHandlersNotFoundError("no currently assembled connectors respond to the check event")


async def run(servo_: Servo, print_callback: Callable[[str], None] | None) -> bool:
    from loguru import logger

    from servo.checks import CheckHelpers

    config = servo_.config.checks or ChecksConfiguration()
    selected = members_of(servo_, config.connectors)
    window = Duration(config.wait).total_seconds() if config.wait else 0.0
    if config.wait:
        logger.info(
            f"Running checks{' progressively' if config.progressive else ''} for up to {config.wait} "
            f"with a delay of {config.delay} between iterations"
        )
    matching, passing = filter_of(config.name, config.id, config.tag), set[str]()
    delays = CheckHelpers.delay_generator(config.delay)
    started, told = time.monotonic(), False
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
        if not told:
            told = True
            logger.info(
                f"failing checks run again for up to {config.wait} in all. To end sooner: Ctrl-C; a shorter "
                "`checks: {wait: …}` in servo.yaml; or `servo check`, which is one round"
            )
        logger.info(f"waiting for {pause:g} seconds before rerunning failing checks")
        await asyncio.sleep(pause)
    if window:
        logger.error(f"timed out waiting for checks to pass {Duration(window)}")
    return False


def members_of(servo_: Servo, names: Sequence[str] | None) -> list[BaseConnector]:
    """The connectors that are checked, the servo among them: those of the names, or all that have checks.

    Raises:
        ConnectorNotFoundError: There is none of a name.
        EventHandlersNotFoundError: One that is named has no checks.
    """
    if not names:
        found = [member for member in servo_.all_connectors if member.responds_to_event("check")]
        if not found:
            require_handlers(servo_.all_connectors, "check")
        return found
    found = servo_.connectors_named(names)
    missing = [name for name in names if name not in {member.name for member in found}]
    if missing:
        raise ConnectorNotFoundError(f"no connector found with name(s) '{missing}'")
    require_handlers(found, "check")
    return found


def filter_of(name: list[str] | None, id: list[str] | None, tag: list[str] | None) -> CheckFilter:
    """What selects single checks.

    Args:
        name: Names and `/expressions/`.
        id: The same for identifiers, or one text with commas.
        tag: Tags, or one text with commas.

    Raises:
        ServoError: An expression is wrong.
    """
    from servo.checks import CheckFilter
    from servo.utilities.strings import parse_csv, parse_id, parse_re

    try:
        constraints = {"name": _any_of(parse_re(name)), "id": _any_of(parse_id(id)), "tags": parse_csv(tag)}
    except re.error as error:
        raise ServoError(f"wrong regular expression '/{error.pattern!s}/' in a filter of checks: {error}") from error
    return CheckFilter(**{key: value for key, value in constraints.items() if value})


def _any_of(wanted: list[str] | re.Pattern[str] | None) -> list[str] | re.Pattern[str] | None:
    """Several texts of which some are `/expressions/`, as one expression."""
    if not isinstance(wanted, list) or not any(_is_expression(text) for text in wanted):
        return wanted
    parts = [re.compile(text[1:-1]).pattern if _is_expression(text) else rf"\A{re.escape(text)}\Z" for text in wanted]
    return re.compile("|".join(f"(?:{part})" for part in parts))


def _is_expression(text: str) -> bool:
    return len(text) > 1 and text.startswith("/") and text.endswith("/")
