"""What a servo and its optimizer tell each other."""

from __future__ import annotations

import asyncio
import datetime
import os
import time
from typing import TYPE_CHECKING, Any

from servo.configuration import BackoffContexts, LocalOptimizer
from servo.errors import EventCancelledError, UnexpectedCommandIdError, UnexpectedEventError

if TYPE_CHECKING:
    from servo.api import CommandResponse, Status
    from servo.servo import Servo

FAREWELL_SECONDS = 10.0
"""How long GOODBYE is tried."""

DEPROVISIONING_SECONDS = 3600.0
"""How long a servo that was replaced by another one waits for its end."""

FILE_SECONDS = 1.0
"""How often a connection file is looked at."""

# The events whose results have those names.
_EVENTS = {"DESCRIPTION": "describe", "MEASUREMENT": "measure", "ADJUSTMENT": "adjust"}


def is_local(servo_: Servo) -> bool:
    """Whether the optimizer is in the servo itself."""
    return isinstance(servo_.config.optimizer, LocalOptimizer)


def client(servo_: Servo) -> Any:
    """The client for the optimizer, made when it is first used.

    Raises:
        RuntimeError: The optimizer is the local one.
    """
    optimizer = servo_.config.optimizer
    if isinstance(optimizer, LocalOptimizer):
        raise RuntimeError("the local optimizer is part of the servo: there is nothing to send to it")
    if servo_._client is None:
        from servo._optimizer_client import client_for

        servo_._client = client_for(optimizer, servo_.config.settings)
    return servo_._client


async def post(servo_: Servo, event: str, param: Any, *, retry: bool, context: str = "__default__") -> dict[str, Any]:
    """Sends one message; the client tries it again within the limits of a context of `settings.backoff`."""
    answer: dict[str, Any] = await client(servo_).post(
        str(event), _plain(param), servo_.config.servo_uid, retry=retry, context=context
    )
    return answer


def _plain(param: Any) -> Any:
    """The content of a message as JSON has it."""
    if hasattr(param, "json"):
        import json

        return json.loads(param.json(exclude_unset=True))
    return param


def was_replaced(error: Exception) -> bool:
    """Whether the service knows another servo by now."""
    return getattr(error, "status_code", None) == 410 and getattr(error, "detail", None) == "unexpected servo_uid"


async def await_deprovisioning(servo_: Servo) -> None:
    """Waits for the end that whoever started this servo prepares for it."""
    servo_.logger.warning(
        "servo UID {} is no longer valid. Waiting for deprovisioning (will sleep for 1 hour)", servo_.config.servo_uid
    )
    await asyncio.sleep(DEPROVISIONING_SECONDS)


async def connect(servo_: Servo) -> None:
    await _greet(servo_, retry=True, context=BackoffContexts.connect)


async def try_connect(servo_: Servo) -> None:
    await _greet(servo_, retry=False)


async def _greet(servo_: Servo, *, retry: bool, context: str = "__default__") -> None:
    if not is_local(servo_):
        from servo.api import user_agent

        servo_.logger.info("Saying HELLO.")
        param = {"agent": user_agent(), "telemetry": dict(servo_.telemetry.values)}
        started = time.monotonic()
        try:
            await post(servo_, "HELLO", param, retry=retry, context=context)
        except Exception as error:
            if was_replaced(error):
                await await_deprovisioning(servo_)
            elif retry and getattr(error, "retryable", False):
                seconds = time.monotonic() - started
                servo_.logger.critical("retries exhausted after {:.1f} seconds, giving up", seconds)
            raise
    servo_._connected = True


async def disconnect(servo_: Servo, reason: str) -> None:
    if not servo_._connected:
        return
    try:
        if not is_local(servo_):
            servo_.logger.info("Saying GOODBYE: {}.", reason)
            async with asyncio.timeout(FAREWELL_SECONDS):
                await post(servo_, "GOODBYE", {"reason": reason}, retry=True)
    except Exception as error:
        servo_.logger.opt(exception=error).error("Failed to send GOODBYE event: {}: {}", type(error).__name__, error)
    finally:
        servo_._connected = False
        await _close(servo_)


async def _close(servo_: Servo) -> None:
    """Lets the client go; the next message makes another one."""
    closing, servo_._client = servo_._client, None
    if closing is not None:
        await closing.close()


async def post_event(servo_: Servo, event: str, param: Any) -> CommandResponse | Status:
    from servo._optimizer_client import OptimizerError
    from servo.api import CommandResponse, Status

    try:
        answer = await post(servo_, event, param, retry=True)
    except OptimizerError as error:
        servo_.logger.error('posting "{}" failed: {}', event, error)
        raise
    found: CommandResponse | Status
    found = CommandResponse.parse_obj(answer) if "cmd" in answer else Status.parse_obj(answer)
    return found


def progress_message(
    operation: str,
    progress: Any,
    started_at: datetime.datetime,
    message: str | None,
    *,
    command_uid: str | None = None,
    time_remaining: Any = None,
) -> tuple[str, dict[str, Any]]:
    if time_remaining is not None and not isinstance(time_remaining, int | float | datetime.timedelta):
        raise ValueError(f"Unknown value of type '{type(time_remaining).__name__}' for parameter 'time_remaining'")
    runtime = (datetime.datetime.now(started_at.tzinfo) - started_at).total_seconds()
    params: dict[str, Any] = {"progress": float(progress), "runtime": runtime, "cmd_uid": command_uid}
    if message is not None:
        params["message"] = message
    return operation, params


async def report_progress(servo_: Servo, fields: dict[str, Any]) -> None:
    if (engine := servo_._engine) is not None:
        context = fields.get("event_context")
        event = _EVENTS.get(str(fields.get("operation"))) or (context.event.name if context is not None else "")
        connector = str(fields.get("connector") or "")
        engine.report_progress(connector, event, float(fields["progress"]), str(fields.get("message") or ""))
        return
    if is_local(servo_):
        return  # It sees the progress of what it asked for by itself.
    from servo.api import OptimizerStatuses, Status

    status = await servo_.post_event(*servo_.progress_request(**fields))
    if not isinstance(status, Status):
        raise ValueError(f"expected a status in answer to a progress report, found the command {status!r}")
    match status.status:
        case OptimizerStatuses.ok:
            return
        case OptimizerStatuses.unexpected_event:
            raise UnexpectedEventError(status.reason or "")
        case OptimizerStatuses.cancelled:
            raise EventCancelledError(status.reason or "Command cancelled")
        case OptimizerStatuses.invalid:
            servo_.logger.warning("progress report was rejected as invalid: {!r}", status)
            if status.reason == "unexpected cmd_uid":
                raise UnexpectedCommandIdError(status.reason)
        case other:
            raise ValueError(f'unknown error status: "{other}"')


async def watch_connection_file(servo_: Servo) -> None:
    file = getattr(servo_.config.optimizer, "connection_file", None)
    if not file:
        raise ValueError("the optimizer has no connection file to watch")
    known = _version_of(file)
    while True:
        await asyncio.sleep(FILE_SECONDS)
        if (found := _version_of(file)) == known or found is None:
            continue
        try:
            servo_.config.optimizer.load_connection_file()  # type: ignore[union-attr]
        except (OSError, ValueError) as error:
            # It may be half written; it is read again at the next look.
            servo_.logger.warning("the connection file '{}' cannot be read: {}", file, error)
            continue
        known = found
        servo_.logger.info("the connection file '{}' has changed and was read again", file)
        await _close(servo_)


def _version_of(file: str) -> tuple[int, ...] | None:
    try:
        found = os.stat(file)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
