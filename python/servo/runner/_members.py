"""A servo that an assembly runs: its runner, its task, and how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from servo.runner.servo_runner import ServoRunner

GOODBYE_PART = 0.25
"""The part of the time for an end that is left to say goodbye when the connectors have not shut down by then."""


class Member:
    """Runs a servo from its start to its end, from here on.

    Args:
        runner: Its runner.
        poll: Whether commands are asked for.
        on_end: Called when it has ended.

    Attributes:
        runner: Its runner.
        error: What ended the servo, or kept it from starting; None when it was asked to end.
        shutdown_error: What its shutdown raised.
    """

    def __init__(self, runner: ServoRunner, *, poll: bool, on_end: Callable[[], None]) -> None:
        self.runner = runner
        self.error: Exception | None = None
        self.shutdown_error: Exception | None = None
        self._poll = poll
        self._reason = "shutdown"
        self._asked_to_end = asyncio.Event()
        self._task = asyncio.create_task(self._serve(), name=f"servo {runner.servo.name}")
        self._task.add_done_callback(lambda _: on_end())

    @property
    def done(self) -> bool:
        """Whether it has ended."""
        return self._task.done()

    async def started(self) -> None:
        """Waits until the servo has started.

        Raises:
            Exception: It could not be started.
        """
        started = asyncio.ensure_future(self.runner._has_started.wait())
        try:
            await asyncio.wait([started, self._task], return_when=asyncio.FIRST_COMPLETED)
        finally:
            started.cancel()
        if self.error is not None:
            raise self.error

    async def end(self, reason: str, within: float) -> None:
        """Ends the servo.

        Args:
            reason: What the optimizer is told.
            within: How many seconds it may take; what has not ended by then is given up.
        """
        self._reason = reason
        self._asked_to_end.set()
        if self.done:
            return
        asking = asyncio.ensure_future(self.runner.shutdown(reason=reason, within=within))
        try:
            _, late = await asyncio.wait([self._task], timeout=within * (1 - GOODBYE_PART))
            if late:
                self.runner.logger.warning("the servo '{}' does not end: it is given up", self.runner.servo.name)
                # Its connectors lose their turn; what follows is the farewell.
                self._task.cancel()
                await asyncio.wait([self._task], timeout=within * GOODBYE_PART)
        finally:
            asking.cancel()

    async def _serve(self) -> None:
        runner = self.runner
        try:
            await runner.run(poll=self._poll)
            if not self._poll and runner.running:
                await self._asked_to_end.wait()
        except Exception as error:
            self.error = error
            runner.logger.error("the servo '{}' has ended: {}", runner.servo.name, error)
        finally:
            await self._shut_down()

    async def _shut_down(self) -> None:
        servo_ = self.runner.servo
        if not servo_.is_running:
            return
        try:
            await servo_.shutdown(self._reason)
        except Exception as error:
            self.shutdown_error = error
            servo_.logger.opt(exception=error).critical("Failed assembly shutdown with error: {}", error)
