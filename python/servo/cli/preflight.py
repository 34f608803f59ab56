"""Checks of all servos before they run."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from servo.cli.ending import result_of
from servo.cli.errors import describe_error, is_expected

if TYPE_CHECKING:
    from servo.cli.session import Servo
    from servo.cli.signals import Interrupts

T = TypeVar("T")

log = logging.getLogger("servo.checks")

UNKNOWN = "A connector named within the checks config was not found in the current Assembly"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of the checks of a servo."""

    servo: Servo
    passed: bool
    why: str = "checks failed"

    def result(self, all_passed: bool) -> dict[str, Any]:
        """The result of a servo that is not run.

        Args:
            all_passed: Whether all servos passed.
        """
        if not self.passed:
            return result_of(self.servo, "failed", self.why)
        if not all_passed:
            return result_of(self.servo, "interrupted", "the checks of another servo failed")
        return result_of(self.servo, "finished")


async def check_all(servos: Sequence[Servo], show: Callable[[str], None]) -> list[Verdict]:
    """Checks all servos at once, as the part `checks` of each document says.

    Args:
        servos: The servos; their connectors are attached, and stay so.
        show: Gets tables of results.

    Returns:
        A verdict for each, in their order. One that fails does not end the checks of the others.
    """
    return await asyncio.gather(*(_check(servo, show) for servo in servos))


async def _check(servo: Servo, show: Callable[[str], None]) -> Verdict:
    from servo.errors import ConnectorNotFoundError

    try:
        view = servo.make_view()
        await servo.attach()
        with view.current():
            return Verdict(servo, await view.check_servo(show))
    except ConnectorNotFoundError as error:
        # Where scripts look for it.
        show(UNKNOWN)
        return Verdict(servo, False, str(error))
    except Exception as error:
        log.debug("%s: checks", servo.name, exc_info=error)
        kind = "" if is_expected(error) else f"{type(error).__name__}: "
        return Verdict(servo, False, kind + "\n".join(describe_error(error, "")))


async def let_go(servos: Sequence[Servo]) -> None:
    """Detaches the connectors of servos that will not run; what fails is logged."""
    found: list[Any] = await asyncio.gather(*(servo.detach() for servo in servos), return_exceptions=True)
    for servo, error in zip(servos, found, strict=True):
        if isinstance(error, Exception):
            log.error("%s: detach: %s", servo.name, error)


async def unless_interrupted(work: Coroutine[Any, Any, T], interrupts: Interrupts) -> T | None:
    """What the work gives; None when a signal comes first, which cancels it."""
    task, loop = asyncio.ensure_future(work), asyncio.get_running_loop()

    def cancel(_name: str, _within: float) -> None:
        # From a signal's handler: the loop may be closed by then.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(task.cancel)

    interrupts.hand_to(cancel)
    try:
        return await task
    except asyncio.CancelledError:
        if interrupts.received is None:
            raise
        return None
