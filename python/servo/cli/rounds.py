"""Rounds of the checks of several servos: one, or as many as it takes until they pass or the time is up."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from servo.cli.errors import describe_error, is_expected
from servo.cli.preflight import let_go

if TYPE_CHECKING:
    from servo.checks import Check
    from servo.cli.session import Servo
    from servo.configuration import ChecksConfiguration

log = logging.getLogger("servo.checks")


@dataclass(frozen=True, slots=True)
class Request:
    """What the user asks for; where that is None, the part `checks` of a servo's document says it."""

    connectors: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    halt_on: str | None = None
    """A severity, or `never`."""
    remedy: bool | None = None
    wait: float | None = None
    """Seconds within which rounds are repeated; None for one round."""
    delay: str | None = None
    progressive: bool = False

    @property
    def narrowed(self) -> bool:
        """Whether single checks are asked for."""
        return bool(self.names or self.ids or self.tags)


@dataclass(slots=True)
class Outcome:
    """What came of the checks of a servo."""

    servo: str
    checks: list[tuple[str, Check]] = field(default_factory=list)
    """The checks of the last round, each with the name of its connector."""
    remedies: dict[int, str] = field(default_factory=dict)
    """How a remedy ended, by the place of its check."""
    error: str | None = None
    """Why there is no answer."""
    rounds: int = 0
    seconds: float = 0.0
    next_at: float | None = None
    """When the next round begins, as `time.monotonic` counts; None within a round."""
    done: bool = False
    verbose: bool = False
    """Whether the servo's document asks for details."""

    @property
    def passed(self) -> bool:
        """Whether nothing stands in the way of the servo."""
        return self.error is None and all(check.passed for _, check in self.checks)

    def count(self, status: str) -> int:
        """How many checks `passed`, `failed` or gave a `warning`."""
        return sum(status_of(check) == status for _, check in self.checks)


def status_of(check: Check) -> str:
    """Whether a check `passed`, `failed` or gave a `warning`."""
    if check.success:
        return "passed"
    return "warning" if check.warning else "failed"


async def check_servos(
    servos: Sequence[Servo], request: Request, outcomes: list[Outcome], limit: int | None = None
) -> None:
    """Checks all servos at once; their connectors are attached before, and detached in the end.

    Args:
        servos: The servos.
        request: What is wanted.
        outcomes: Gets an outcome for each servo, in their order, and keeps it up to date: what is known when the work
            is cancelled stands there.
        limit: How many servos are checked at a time; all when None.
    """
    outcomes.extend(Outcome(servo.name) for servo in servos)
    places = asyncio.Semaphore(limit or len(servos) or 1)

    async def check(servo: Servo, outcome: Outcome) -> None:
        async with places:
            await _check(servo, request, outcome)

    try:
        await asyncio.gather(*map(check, servos, outcomes))
    finally:
        await let_go(servos)


async def _check(servo: Servo, request: Request, outcome: Outcome) -> None:
    began = time.monotonic()
    try:
        view = servo.make_view()
        await servo.attach()
        with view.current():
            await _repeat(view, request, outcome)
    except Exception as error:
        log.debug("%s: checks", servo.name, exc_info=error)
        kind = "" if is_expected(error) else f"{type(error).__name__}: "
        outcome.error = kind + "\n".join(describe_error(error, ""))
    finally:
        outcome.seconds, outcome.done = time.monotonic() - began, True


async def _repeat(view: Any, request: Request, outcome: Outcome) -> None:
    from servo.checks import CheckHelpers
    from servo.configuration import ChecksConfiguration

    config: ChecksConfiguration = view.config.checks or ChecksConfiguration()
    outcome.verbose = config.verbose
    round_ = _Round(view, request, config)
    delays = CheckHelpers.delay_generator(request.delay or config.delay)
    deadline = time.monotonic() + (request.wait or 0.0)
    while True:
        await round_.run(outcome)
        left = deadline - time.monotonic()
        if outcome.passed or left <= 0:
            return
        # The last round comes at the end of the time, not after it.
        pause = min(next(delays), left)
        outcome.next_at = time.monotonic() + pause
        await asyncio.sleep(pause)
        outcome.next_at = None


class _Round:
    """The checks of one servo, which can run again and again.

    Raises:
        ServoError: There is no such connector, it has no checks, or a filter is wrong.
    """

    def __init__(self, view: Any, request: Request, config: ChecksConfiguration) -> None:
        from servo.errors import ServoError
        from servo.servo._checks import filter_of, members_of

        self._view, self._request, self._config = view, request, config
        # Of several servos some have a connector of that name.
        named = [name for name in request.connectors if view.connectors_named([name])]
        for member in view.connectors_named(named):
            if not member.responds_to_event("check"):
                raise ServoError(f"connector '{member.name}' has no checks")
        self._members = members_of(view, named or config.connectors)
        self._matching = filter_of(
            list(request.names) or config.name, list(request.ids) or config.id, list(request.tags) or config.tag
        )
        self._passing: set[str] = set()

    async def run(self, outcome: Outcome) -> None:
        """Runs them once."""
        halt_on = self._request.halt_on or self._config.halt_on
        results = await self._view.dispatch_event(
            "check",
            self._matching,
            halt_on=None if halt_on == "never" else halt_on,
            include=self._members,
            # One that raises keeps nobody from the answers of the others.
            return_exceptions=True,
        )
        outcome.rounds += 1
        outcome.checks = [(result.connector.name, check) for result in results for check in _checks_of(result)]
        outcome.remedies = {}
        await self._settle(outcome)

    async def _settle(self, outcome: Outcome) -> None:
        """Tells what came of each in the log where that is wanted, and applies remedies."""
        from servo.checks.readiness import apply_remedy, tell

        wanted = self._config.remedy if self._request.remedy is None else self._request.remedy
        for at, (_, check) in enumerate(outcome.checks):
            if self._request.progressive:
                tell(check, self._passing)
            if wanted and check.remedy is not None and not check.success:
                outcome.remedies[at] = await apply_remedy(check)
            if check.failed and self._config.check_halting:
                break


def _checks_of(result: Any) -> list[Check]:
    """The checks of a connector; where it gave none, one that failed and says why."""
    from servo.checks import Check

    value = result.value
    if isinstance(value, Exception):
        error = value
        log.debug("%s: checks", result.connector.name, exc_info=error)
    elif isinstance(value, list | tuple) and all(isinstance(check, Check) for check in value):
        return list(value)
    else:
        error = TypeError(f"expected a list of Check, found {type(value).__name__}")
    message = f"caught exception ({type(error).__name__}): {str(error) or repr(error)}"
    return [Check(name="Checks of the connector", id="check", success=False, message=message, exception=error)]
