"""Runs the servos of an assembly."""

from __future__ import annotations

import asyncio
import contextvars
import importlib
import signal as signals
import sys
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from servo import logging
from servo.logging import ProgressHandler
from servo.logging.defaults import add_own
from servo.runner._members import Member
from servo.runner._signals import Signals
from servo.runner.servo_runner import SHUTDOWN_SECONDS, ServoRunner
from servo.servo._lifecycle import raise_all

if TYPE_CHECKING:
    from loguru import Message

    from servo.assembly import Assembly
    from servo.servo import Servo

__all__ = ["AssemblyRunner"]

T = TypeVar("T")


class AssemblyRunner(logging.Mixin):
    """Runs the servos of an assembly side by side until a signal, or `shutdown`, ends them.

    Servos that are added to the assembly or removed from it meanwhile start and end.

    Args:
        assembly: The assembly.
        poll: Whether commands are asked for; without, the servos start and wait for the end.
        interactive: Whether a person is asked before the optimizers are.
        shutdown_timeout: How many seconds an end may take at the most.

    Attributes:
        runners: The runners of the servos, while it runs.
        progress_handler: What reports the progress of commands, while it runs.
        progress_handler_id: The number of its sink, while it runs.
    """

    def __init__(
        self,
        assembly: Assembly,
        poll: bool = True,
        interactive: bool = False,
        *,
        shutdown_timeout: float = SHUTDOWN_SECONDS,
    ) -> None:
        self.assembly = assembly
        self.poll = poll
        self.interactive = interactive
        self.shutdown_timeout = shutdown_timeout
        self.runners: list[ServoRunner] = []
        self.progress_handler: ProgressHandler | None = None
        self.progress_handler_id: int | None = None
        self._members: list[Member] = []
        self._running = False
        self._shutting_down = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._unhandled: BaseException | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._over = asyncio.Event()
        self._changed = asyncio.Event()

    @property
    def running(self) -> bool:
        """Whether it runs, the time of its end included."""
        return self._running

    @property
    def shutting_down(self) -> bool:
        """Whether it was asked to end."""
        return self._shutting_down

    def run(self, *, debug: bool = False) -> None:
        """Runs the servos, on an event loop of its own; returns when all have ended.

        In the main thread SIGHUP, SIGTERM, SIGINT and SIGUSR1 end it in order, and a second one the process at once.

        Args:
            debug: Whether errors that nobody handles are left to asyncio, which logs them; without, they end the run.

        Raises:
            RuntimeError: It runs already, or this thread has a running event loop.
            Exception: What ended the last servos while nobody asked for the end; a group of several. Or what reached
                the event loop.
        """
        if self._running:
            raise RuntimeError("Cannot run an assembly that is already running")
        self._running = True
        self._over, self._changed = asyncio.Event(), asyncio.Event()
        self._members, self.runners = [], []
        self._unhandled = None
        try:
            with asyncio.Runner(loop_factory=_loop_factory()) as runner:
                self._loop = runner.get_loop()
                if not debug:
                    self._loop.set_exception_handler(self._handle_exception)
                with Signals(self._received):
                    runner.run(self._run())
        finally:
            self._running = self._shutting_down = False
            self._loop = None

    async def _run(self) -> None:
        if self._shutting_down:
            return  # A signal came first.
        self.progress_handler = ProgressHandler()
        self.progress_handler_id = add_own(self._sink, catch=True)
        self.assembly._driven_by(self)
        try:
            with self.assembly.current():
                for servo_ in self.assembly.servos:
                    self._add(servo_)
                await self._until_over()
        finally:
            self.assembly._driven_by(None)
            self.logger.remove(self.progress_handler_id)
            self.progress_handler = self.progress_handler_id = None
            self.runners = []
        if self._unhandled is not None:
            raise self._unhandled
        if not self._shutting_down:
            errors = [member.error for member in self._members if member.error is not None]
            raise_all("all servos have ended", errors)

    async def _until_over(self) -> None:
        """Waits for the end: a shutdown, or that of all servos. One without servos waits for some to be added."""
        over = asyncio.ensure_future(self._over.wait())
        try:
            while not over.done():
                changed = asyncio.ensure_future(self._changed.wait())
                self._changed.clear()
                if not self._shutting_down and self._members and all(member.done for member in self._members):
                    changed.cancel()
                    return
                await asyncio.wait([over, changed], return_when=asyncio.FIRST_COMPLETED)
                changed.cancel()
        finally:
            over.cancel()

    def _received(self, number: signals.Signals) -> None:
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(lambda: self._begin(loop, self.shutdown(loop, number)))

    async def shutdown(self, loop: asyncio.AbstractEventLoop, signal: signals.Signals | None = None) -> None:
        """Ends all servos: commands are cancelled and reported, connectors shut down, optimizers told goodbye.

        It takes `shutdown_timeout` at the most; what has not ended by then is given up.

        Args:
            loop: The event loop of the run; it may be called from another one.
            signal: The signal that is the reason.

        Raises:
            RuntimeError: It does not run.
        """
        if not self._running or self._loop is None:
            raise RuntimeError("Cannot shutdown an assembly that is not running")
        if self.is_elsewhere:
            return await self.on_its_loop(self.shutdown(loop, signal))
        if self._shutting_down:
            self.logger.warning("AssemblyRunner already shutting down, ignoring redundant call")
            return
        self._shutting_down = True
        reason = "shutdown" if signal is None else signal.name
        if signal is not None:
            self.logger.info("Received exit signal {}...", reason)
        members = [member for member in self._members if not member.done]
        what = "servo" if len(members) == 1 else f"{len(members)} running servos"
        self.logger.info("Shutting down {}...", what)
        try:
            await asyncio.gather(*(member.end(reason, self.shutdown_timeout) for member in members))
            if self.progress_handler is not None:
                await self.progress_handler.shutdown()
        finally:
            self.logger.info("Servo shutdown complete.")
            self._over.set()

    def _add(self, servo_: Servo) -> Member:
        runner = ServoRunner(servo_, self.interactive, _assembly_runner=self)
        member = Member(runner, poll=self.poll, on_end=self._changed.set)
        self.runners.append(runner)
        self._members.append(member)
        return member

    @property
    def is_elsewhere(self) -> bool:
        """Whether it runs on another event loop than the one of the caller."""
        return asyncio.get_running_loop() is not self._loop

    async def on_its_loop(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of a coroutine that is run on the event loop of the runner.

        Raises:
            RuntimeError: It does not run.
        """
        if (loop := self._loop) is None:
            work.close()
            raise RuntimeError("the assembly runner does not run")
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, loop))

    async def add_servo(self, servo_: Servo) -> None:
        """Runs a servo that was added to the assembly; returns when it has started. `Assembly.add_servo` calls it.

        Raises:
            RuntimeError: The runner is shutting down.
            Exception: The servo could not be started.
        """
        if self._shutting_down:
            raise RuntimeError("Cannot add a servo to an assembly that is shutting down")
        member = self._add(servo_)
        try:
            await member.started()
        except BaseException:
            await self._remove(member, "removed")
            raise

    async def remove_servo(self, servo_: Servo, reason: str | None = None) -> bool:
        """Ends a servo that is removed from the assembly. `Assembly.remove_servo` calls it.

        Args:
            servo_: The servo.
            reason: What its optimizer is told.

        Returns:
            Whether it was running.

        Raises:
            Exception: What its shutdown raised.
        """
        found = next((member for member in self._members if member.runner.servo is servo_), None)
        if found is None:
            return False
        was_running = servo_.is_running
        await self._remove(found, reason or "removed")
        if found.shutdown_error is not None:
            raise found.shutdown_error
        return was_running

    async def _remove(self, member: Member, reason: str) -> None:
        # Taken out first: the end of the last one that is removed is not the end of the run.
        self._members.remove(member)
        self.runners.remove(member.runner)
        await member.end(reason, self.shutdown_timeout)

    def _sink(self, message: Message) -> None:
        """Takes log records of any thread to the handler of progress."""
        handler, loop = self.progress_handler, self._loop
        if not message.record["extra"].get("progress") or handler is None or loop is None or loop.is_closed():
            return
        context = contextvars.copy_context()
        loop.call_soon_threadsafe(lambda: self._begin(loop, handler.sink(message), context))

    def _handle_exception(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        told = context.get("message") or "an error that nobody handled"
        if error is None or isinstance(error, asyncio.CancelledError):
            self.logger.warning("asyncio says: {}{}", told, "" if error is None else f": {error!r}")
            return
        logger = self.logger.opt(exception=error)
        if loop.is_closed() or not self._running or self._shutting_down:
            logger.critical("Ignoring exception {!r} in asyncio event loop: {}", error, told)
            return
        logger.critical("Shutting down due to unhandled exception {!r} in asyncio event loop: {}...", error, told)
        self._unhandled = error
        self._begin(loop, self.shutdown(loop))

    def _begin(
        self,
        loop: asyncio.AbstractEventLoop,
        work: Coroutine[Any, Any, None],
        context: contextvars.Context | None = None,
    ) -> None:
        """Begins work that nobody awaits; it is kept until its end, for a loop alone does not keep its tasks."""
        task = loop.create_task(work, context=context)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _loop_factory() -> Any:
    """That of uvloop, where it is installed."""
    if sys.platform == "win32":
        return None
    try:
        return importlib.import_module("uvloop").new_event_loop
    except ImportError:
        return None
