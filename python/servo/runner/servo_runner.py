"""Runs one servo."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from servo import _core, logging
from servo.configuration import CommonConfiguration
from servo.runner import _questions
from servo.runner._engine_logs import forward
from servo.runner._partner import Partner
from servo.servo import Events
from servo.servo._optimizer import is_local
from servo.types import Adjustment, Control, Description, Measurement

if TYPE_CHECKING:
    from collections.abc import Awaitable, Coroutine

    from servo.api import MeasureParams, Status
    from servo.configuration import BaseServoConfiguration
    from servo.runner.assembly_runner import AssemblyRunner
    from servo.servo import Servo

__all__ = ["ServoRunner"]

SHUTDOWN_SECONDS = 30.0
"""How long an end may take: the command is cancelled and reported, connectors shut down, goodbye said."""

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 60.0


class ServoRunner(logging.Mixin):
    """Carries out what the optimizer of a servo asks for.

    The loop is the engine's; commands go to the connectors by `describe`, `measure` and `adjust` of this object, and
    messages to the optimizer by `post_event` of the servo.

    Args:
        servo_: The servo.
        interactive: Whether a person is asked before the optimizer is.
    """

    def __init__(
        self, servo_: Servo, interactive: bool = False, *, _assembly_runner: AssemblyRunner | None = None
    ) -> None:
        if servo_.config.settings is None:
            servo_.config.settings = CommonConfiguration()
        self.interactive = interactive
        self._servo = servo_
        self._assembly_runner = _assembly_runner
        self._partner = Partner(self)
        self._loop = _core.ServoLoop(self._partner, servo_.name, _local(servo_))
        self._running = False
        # Of the run at work, for those who ask it to end.
        self._stop = asyncio.Event()
        self._has_started = asyncio.Event()
        self._work: set[asyncio.Future[Any]] = set()

    @property
    def servo(self) -> Servo:
        """The servo."""
        return self._servo

    @property
    def running(self) -> bool:
        """Whether it was started and is not to end."""
        return self._running

    @property
    def connected(self) -> bool:
        """Whether the optimizer was greeted and not told goodbye since."""
        return self._servo._connected

    @property
    def optimizer(self) -> Any:
        """The configuration of the optimizer."""
        return self._servo.config.optimizer

    @property
    def config(self) -> BaseServoConfiguration:
        """The configuration of the servo."""
        return self._servo.config

    async def describe(self, control: Control) -> Description:
        """What all connectors describe, together.

        Args:
            control: How it is to be carried out.

        Raises:
            ExceptionGroup: Connectors failed, or cancelled the event before it happened.
        """
        self.logger.info("Describing...")
        return _together(await self._answers(Events.describe, Description, control=control))

    async def measure(self, param: MeasureParams) -> Measurement:
        """What all connectors measure, together.

        Args:
            param: What is to be measured, and how.

        Raises:
            ExceptionGroup: Connectors failed, or cancelled the event before it happened.
        """
        self.logger.info("Measuring... [metrics={}]", ", ".join(param.metrics))
        whole = Measurement(readings=[], annotations={})
        for part in await self._answers(
            Events.measure, Measurement, metrics=list(param.metrics), control=param.control
        ):
            # Past validation: those of different connectors may be of different kinds.
            whole.readings.extend(part.readings)
            whole.annotations.update(part.annotations)
        return whole

    async def adjust(self, adjustments: list[Adjustment], control: Control) -> Description:
        """Changes settings; gives the state that all connectors say stands afterwards.

        Args:
            adjustments: The changes.
            control: How they are to be carried out.

        Raises:
            ExceptionGroup: Connectors failed, or cancelled the event before it happened.
        """
        self.logger.info("Adjusting... {}", ", ".join(map(str, adjustments)))
        return _together(await self._answers(Events.adjust, Description, adjustments=adjustments, control=control))

    async def _answers(self, event: Events, expected: type, **kwargs: Any) -> list[Any]:
        dispatch = self._servo.dispatch_event(event, **kwargs)
        results = await dispatch
        cancelled = getattr(dispatch, "cancellation", None)
        if isinstance(cancelled, BaseException):
            raise cancelled
        for result in results or ():
            if not isinstance(result.value, expected):
                found = type(result.value).__name__
                raise TypeError(f"the handler of '{event}' returned {found}, expected {expected.__name__}")
        return [result.value for result in results or ()]

    async def exec_command(self) -> Status:
        """Asks the optimizer for one command, carries it out and reports its result.

        Returns:
            What the optimizer says to the result; `ok` after a command to sleep, and what it says in place of a
            command. `cancelled` when the runner was shut down meanwhile.

        Raises:
            ServoError: The optimizer cannot be talked to.
            RuntimeError: A command is carried out already.
        """
        from servo.api import Status

        self._begin()
        try:
            answer = await self._ended_in_order(self._loop.exec_command())
        except RuntimeError as error:
            raise self._partner.failure or error from None
        return Status.parse_raw(answer)

    async def run_main_loop(self) -> None:
        """Carries out commands until `shutdown` is called, or until the optimizer has nothing more to ask.

        When the awaiting task is cancelled, the command at work is cancelled and reported first.

        Raises:
            ServoError: The optimizer cannot be talked to.
            RuntimeError: The loop runs already.
        """
        self._begin()
        beside = self._beside()
        try:
            result = json.loads(await self._ended_in_order(self._loop.run()))
        finally:
            for task in beside:
                task.cancel()
            for error in await asyncio.gather(*beside, return_exceptions=True):
                if isinstance(error, Exception):
                    self.logger.warning("what ran beside the loop has failed: {}", error)
        if result["ended"] == "failed":
            self.logger.error("Exiting from servo main loop due to unrecoverable error: {}", result["reason"])
            raise self._partner.failure or RuntimeError(result["reason"])
        self.logger.info("Main loop exited: {}", result["reason"] or "the optimizer has nothing more to ask")

    def _begin(self) -> None:
        self._servo._driven_by(self)
        forward()
        self._partner.begin()

    def _beside(self) -> list[asyncio.Task[None]]:
        """What goes on beside the loop."""
        coroutines: list[Coroutine[Any, Any, None]] = []
        if getattr(self.optimizer, "connection_file", None):
            coroutines.append(self._servo.watch_connection_file())
        if getattr(self.config, "no_diagnostics", True):
            self.logger.info("Servo runner initialized with diagnostics polling disabled")
        else:
            from servo.telemetry import DiagnosticsHandler

            coroutines.append(DiagnosticsHandler(self._servo).diagnostics_check())
        return [asyncio.create_task(coroutine) for coroutine in coroutines]

    async def run(self, *, poll: bool = True, startup: bool = True) -> None:
        """Starts the servo and carries out commands; the servo itself goes on until its `shutdown` is called.

        Args:
            poll: Whether commands are asked for; without, it returns as soon as the servo has started.
            startup: Whether the servo is started.

        Raises:
            Exception: The servo could not be started, as of `Servo.startup`.
            ServoError: The optimizer cannot be talked to.
            RuntimeError: It runs already.
        """
        if self._running and self._work:
            raise RuntimeError("Cannot run a servo runner that is already running")
        self._running = True
        self._stop.clear()
        self._has_started.clear()
        goes_on = False
        try:
            with self._servo.current():
                goes_on = await self._run(poll, startup)
        finally:
            self._running = goes_on
            if not goes_on:
                # The next run may be on another loop.
                self._stop, self._has_started = asyncio.Event(), asyncio.Event()

    async def _run(self, poll: bool, startup: bool) -> bool:
        """The run; gives whether the servo is left to be driven by `exec_command`."""
        at = "the local optimizer" if is_local(self._servo) else f"Opsani Optimizer @ {self.optimizer.url}"
        self.logger.info("Connecting to {}...", at)
        if self.interactive and not await _questions.ask("Connect to the optimizer?"):
            self.logger.warning("Operation aborted.")
            return False
        if startup:
            starting = asyncio.ensure_future(self._start())
            if not await self._unless_stopped(starting) or self._stop.is_set():
                return False
        self._has_started.set()
        count = len(self._servo.connectors)
        self.logger.info("Servo started with {} active connectors [{}]", count, at)
        if not poll:
            self.logger.warning("Servo runner initialized with polling disabled -- command loop is not running")
            return True
        await self.run_main_loop()
        return False

    async def _start(self) -> None:
        """Starts the servo, again and again while its optimizer cannot be reached."""
        pause = FIRST_PAUSE
        while True:
            try:
                return await self._servo.startup()
            except Exception as error:
                if not getattr(error, "retryable", False):
                    self.logger.opt(exception=error).error("exception encountered during startup: {}", error)
                    raise
                self.logger.warning("the optimizer cannot be reached: {}; trying again in {} s", error, pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _unless_stopped(self, work: asyncio.Future[Any]) -> bool:
        """Waits for work that is given up when the run is to end; gives whether it came to its end."""
        stopped: asyncio.Future[Any] = asyncio.ensure_future(self._stop.wait())
        self._work.add(work)
        try:
            await asyncio.wait([work, stopped], return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                work.result()
                return True
            return False
        finally:
            stopped.cancel()
            self._work.discard(work)
            if not work.done():
                work.cancel()
                await asyncio.wait([work])

    async def _ended_in_order(self, awaitable: Awaitable[Any]) -> Any:
        """The result; when the awaiting task is cancelled, the loop is asked to end and its end is awaited."""
        work = asyncio.ensure_future(awaitable)
        self._work.add(work)
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            if not work.done():
                self._loop.interrupt("cancelled", SHUTDOWN_SECONDS)
                await asyncio.wait([work])
            raise
        finally:
            self._work.discard(work)

    async def shutdown(self, *, delay: float = 0.0, reason: str = "shutdown", within: float = SHUTDOWN_SECONDS) -> None:
        """Ends the loop: the command at work is cancelled and reported. The servo goes on until its own `shutdown`.

        Args:
            delay: How many seconds to wait before that.
            reason: Why it ends.
            within: How many seconds the end of the whole servo may take; the command has a third of them.
        """
        if delay > 0:
            await asyncio.sleep(delay)
        self._running = False
        self._stop.set()
        if not self._work:
            self._loop.close()
            return
        self.logger.info("Shutting down servo runner")
        self._loop.interrupt(reason, within)
        # Who awaits them is told of what they raise.
        await asyncio.wait(self._work, timeout=within)

    def clear_progress_queue(self) -> None:
        """Drops the reports of progress of this servo that wait."""
        handler = self._assembly_runner.progress_handler if self._assembly_runner is not None else None
        if handler is not None:
            handler.clear_progress_queue(self._servo)

    def report_progress(self, connector: str, event: str, percent: float, message: str) -> None:
        """Reports how far the command of this context has come. Never waits: the newest report wins.

        What is said of another command than the one at work is dropped.

        Args:
            connector: The name of the connector.
            event: The name of the event.
            percent: From 0 to 100.
            message: What people should know.
        """
        from servo.servo import current_command_uid

        self._loop.report_progress(connector, event, percent, message, current_command_uid())


def _local(servo_: Servo) -> str | None:
    """What stands under `optimizer.local` of a servo with the local optimizer, as JSON."""
    return json.dumps(servo_.config.optimizer.local) if is_local(servo_) else None  # type: ignore[union-attr]


def _together(parts: list[Description]) -> Description:
    whole = Description(components=[], metrics=[])
    for part in parts:
        whole.components.extend(part.components)
        whole.metrics.extend(part.metrics)
    return whole
