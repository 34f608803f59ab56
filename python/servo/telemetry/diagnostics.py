"""Diagnostics: the configuration and the last log lines, for a service that asks for them. Nothing is sent unasked."""

from __future__ import annotations

import asyncio
import enum
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from servo import _pydantic
from servo.logging import Mixin
from servo.telemetry import ONE_MiB
from servo.telemetry.records import RECORDS
from servo.telemetry.redaction import Redactor

if TYPE_CHECKING:
    import pydantic

    from servo._optimizer_client import OptimizerClient
    from servo.servo import Servo

    _Model = pydantic.BaseModel
else:
    _Model = _pydantic.value_model(type("Config", (), {}), ())

__all__ = [
    "DIAGNOSTICS_CHECK_ENDPOINT",
    "DIAGNOSTICS_MAX_RETRIES",
    "DIAGNOSTICS_OUTPUT_ENDPOINT",
    "DiagnosticStates",
    "Diagnostics",
    "DiagnosticsHandler",
]

DIAGNOSTICS_MAX_RETRIES = 20
"""How often a delivery is tried."""
DIAGNOSTICS_CHECK_ENDPOINT = "assets/opsani.com/diagnostics-check"
"""Where a service says whether it wants diagnostics, behind the URL of the optimizer."""
DIAGNOSTICS_OUTPUT_ENDPOINT = "assets/opsani.com/diagnostics-output"
"""Where diagnostics go, behind the URL of the optimizer."""

POLL_SECONDS = 60.0
"""How long after one question the next is asked."""
LONGEST_PAUSE_SECONDS = 3600.0
"""How long, at the most, nobody is asked after questions that failed; the pause doubles with each."""
DELIVERY_SECONDS = 600.0
"""How long a delivery is tried."""

_TIME = re.compile(r"^\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d")


class DiagnosticStates(enum.StrEnum):
    """What a service says to the question whether it wants diagnostics."""

    withhold = "WITHHOLD"
    send = "SEND"
    stop = "STOP"


class Diagnostics(_Model):
    """What is sent.

    Attributes:
        configmap: The configuration, without secrets.
        logs: The last log lines by the time of each, without secrets.
    """

    configmap: dict[str, Any] | None = None
    logs: dict[str, str] | None = None

    if TYPE_CHECKING:

        def __init__(self, **data: Any) -> None: ...


class Subject(Protocol):
    """Whom diagnostics are about."""

    def configuration(self) -> dict[str, Any]:
        """The configuration as JSON; it may hold secrets."""

    def teach(self, redactor: Redactor) -> None:
        """Tells which texts are secret."""

    def client(self) -> OptimizerClient | None:
        """A client of the service; None where there is none."""

    def disable(self) -> None:
        """The service wants none, ever."""


class DiagnosticsHandler(Mixin):
    """Asks a service from time to time whether it wants diagnostics, and sends them when it does.

    It keeps the log lines of the process while it asks, one mebibyte at the most; where `SERVO_LOG_FILE` names a log
    file, they are read from there.

    Args:
        servo: The servo that they are about.
    """

    def __init__(self, servo: Servo | Subject) -> None:
        from servo.servo import Servo

        self.servo = servo
        self._subject: Subject = _OfServo(servo) if isinstance(servo, Servo) else servo
        self._running = False

    async def diagnostics_check(self) -> None:
        """Asks until the service wants nothing more, or until it is cancelled. What fails is logged and tried again.

        Raises:
            RuntimeError: It is asked already.
        """
        if self._running:
            raise RuntimeError("diagnostics are polled already")
        client = self._subject.client()
        if client is None:
            self.logger.debug("diagnostics are for services, and the optimizer is in the servo itself")
            return
        self._running = True
        RECORDS.open()
        try:
            await self._poll(client)
        finally:
            RECORDS.close()
            self._running = False
            await client.close()

    async def _poll(self, client: OptimizerClient) -> None:
        pause = POLL_SECONDS
        while True:
            try:
                if await self._turn(client) is DiagnosticStates.stop:
                    return
                pause = POLL_SECONDS
            except Exception as error:
                # It may pass. The first of several is enough to know.
                level = "WARNING" if pause == POLL_SECONDS else "DEBUG"
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
                # As an argument: the text of an error may hold braces.
                self.logger.log(level, "Diagnostics check failed, trying again in {:.0f} s: {}", pause, error)
            await asyncio.sleep(pause)

    async def _turn(self, client: OptimizerClient) -> DiagnosticStates:
        state = self._state_of(await client.request("GET", DIAGNOSTICS_CHECK_ENDPOINT, {"data": None}))
        if state is DiagnosticStates.stop:
            self.logger.info("Received request to disable polling for diagnostics")
            self._subject.disable()
        elif state is DiagnosticStates.send:
            found = await self._get_diagnostics()
            # As JSON has it: values of connectors' own types are texts by now.
            content = {"data": {"configmap": found.configmap, "logs": found.logs}}
            answer = await self._put(client, DIAGNOSTICS_OUTPUT_ENDPOINT, content)
            if (status := answer.get("status", "ok")) != "ok":
                raise ValueError(f"the service did not take them: status '{status}'")
            await self._put(client, DIAGNOSTICS_CHECK_ENDPOINT, {"data": DiagnosticStates.withhold.value})
            self.logger.info("Diagnostics were sent on request of the service")
        return state

    async def _put(self, client: OptimizerClient, path: str, content: dict[str, Any]) -> dict[str, Any]:
        return await client.request("PUT", path, content, max_time=DELIVERY_SECONDS, max_tries=DIAGNOSTICS_MAX_RETRIES)

    def _state_of(self, answer: Mapping[str, Any]) -> DiagnosticStates:
        try:
            return DiagnosticStates(answer.get("data", ""))
        except ValueError:
            raise ValueError("expected WITHHOLD, SEND or STOP in the key 'data' of the answer") from None

    async def _get_diagnostics(self) -> Diagnostics:
        """What there is to send now."""
        configuration, redactor = self._subject.configuration(), Redactor()
        redactor.learn(configuration)
        self._subject.teach(redactor)

        def gather() -> Diagnostics:
            return Diagnostics(
                configmap=redactor.tree(configuration), logs=by_time(redactor.lines(last_lines()), ONE_MiB)
            )

        return await asyncio.to_thread(gather)


class _OfServo:
    """A servo that was put together in Python."""

    def __init__(self, servo: Servo) -> None:
        self._servo = servo

    def configuration(self) -> dict[str, Any]:
        text = self._servo.config.json(exclude_unset=True, exclude_none=True)
        found: dict[str, Any] = json.loads(text)
        return found

    def teach(self, redactor: Redactor) -> None:
        redactor.learn(self._servo.config)

    def client(self) -> OptimizerClient | None:
        from servo._optimizer_client import client_for
        from servo.configuration import LocalOptimizer

        config = self._servo.config
        return None if isinstance(config.optimizer, LocalOptimizer) else client_for(config.optimizer, config.settings)

    def disable(self) -> None:
        self._servo.config.no_diagnostics = True


def last_lines() -> list[str]:
    """The last log lines, of the log file where one is written."""
    import os

    if os.environ.get("SERVO_LOG_FILE"):
        from servo.logging.defaults import logs_path

        try:
            return _tail(logs_path)
        except OSError:
            pass  # It cannot be written either, or there was nothing to write yet.
    return RECORDS.lines()


def _tail(path: Path) -> list[str]:
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - ONE_MiB))
        text = file.read(ONE_MiB).decode(errors="replace")
    # The first line of a part is cut.
    return text.split("\n")[1 if size > ONE_MiB else 0 :]


def by_time(lines: Iterable[str], size: int) -> dict[str, str]:
    """Log lines by their times; of equal times the later ones have a number behind them. Lines without a time belong to
    the one before them.

    Args:
        lines: The oldest first.
        size: How many characters of the last ones.
    """
    records: list[tuple[str, str]] = []
    for line in lines:
        time, divided, rest = line.partition("|")
        if divided and _TIME.match(time):
            records.append((time.strip(), rest.strip()))
        elif records and line.strip():
            records[-1] = (records[-1][0], f"{records[-1][1]}\n{line.rstrip()}")
    first = len(records)
    while first and (size := size - len(records[first - 1][0]) - len(records[first - 1][1])) >= 0:
        first -= 1
    found: dict[str, str] = {}
    seen: dict[str, int] = {}
    for time, rest in records[first:]:
        seen[time] = count = seen.get(time, 0) + 1
        found[time if count == 1 else f"{time} #{count}"] = rest
    return found
