"""What the engine's loop asks of Python: answers to events, messages to the optimizer."""

from __future__ import annotations

import asyncio
import contextvars
import json
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from servo.errors import EventCancelledError
from servo.runner import _questions
from servo.servo import Servo, _set_current_servo, set_current_command_uid
from servo.servo._optimizer import post

if TYPE_CHECKING:
    from servo.runner.servo_runner import ServoRunner

_STOCK = Servo.post_event

ASK_AGAIN_SECONDS = 60.0
"""How long to wait when a person does not want the next command."""


class Partner:
    """Starts the tasks that the engine's loop waits for, each in the context of the run.

    Args:
        runner: Whose `describe`, `measure` and `adjust` answer.

    Attributes:
        failure: Why the last message did not get through; None when it did.
    """

    def __init__(self, runner: ServoRunner) -> None:
        self._runner = runner
        self._context = contextvars.copy_context()
        # A restart under way: the end of the servo, which its start waits for.
        self._ending: asyncio.Task[None] | None = None
        self.failure: Exception | None = None

    def begin(self) -> None:
        """From now on tasks have the context of the caller."""
        self._context = contextvars.copy_context()
        self._ending, self.failure = None, None

    def answer(self, event: str, kwargs: dict[str, Any], command_uid: str | None) -> asyncio.Task[list[Any]]:
        """The answer of the servo to an event, in a list; an empty one when no connector handles it."""
        return self._task(self._answer(event, kwargs, command_uid), event)

    def post(self, event: str, param: Any) -> asyncio.Task[dict[str, Any]]:
        """The reply of the optimizer to a message."""
        return self._task(self._post(event, param), f"post {event}")

    def _task(self, coroutine: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        return asyncio.get_running_loop().create_task(coroutine, name=name, context=self._context.copy())

    async def _answer(self, event: str, kwargs: dict[str, Any], command_uid: str | None) -> list[Any]:
        runner = self._runner
        _set_current_servo(runner.servo)
        set_current_command_uid(command_uid)
        if not any(member.responds_to_event(event) for member in runner.servo.__event_bus__):
            return []
        try:
            value = await self._value(event, kwargs)
        except ExceptionGroup as group:
            raise _cancellations_as_such(group) from None
        # A handler that swallowed its cancellation must not look like one that was never cancelled.
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise asyncio.CancelledError
        return [value]

    async def _value(self, event: str, kwargs: dict[str, Any]) -> Any:
        from servo.api import MeasureParams

        if event == "measure":
            return await self._runner.measure(MeasureParams(**kwargs))
        return await (self._runner.describe if event == "describe" else self._runner.adjust)(**kwargs)

    async def _post(self, event: str, param: Any) -> dict[str, Any]:
        runner = self._runner
        _set_current_servo(runner.servo)
        if event in ("HELLO", "GOODBYE"):
            await (self._start_again() if event == "HELLO" else self._end(param["reason"]))
            return {"status": "ok"}
        asks = event == "WHATS_NEXT"
        is_progress = isinstance(param, dict) and "progress" in param and "status" not in param
        if asks:
            await self._confirm()
            runner.logger.info("getting next command")
        elif not is_progress:
            runner.clear_progress_queue()
        try:
            reply = await self._send(event, param, retry=not is_progress)
        except Exception as error:
            self.failure = error
            raise
        if not is_progress:
            self.failure = None
        if asks:
            runner.logger.info("What's Next? => {}", reply.get("cmd"))
        return reply

    async def _end(self, reason: str) -> None:
        """Ends the servo when it is to start again. It ends otherwise when its own `shutdown` is called."""
        servo_ = self._runner.servo
        if reason == "restarting" and servo_.is_running:
            self._ending = self._task(servo_.shutdown(reason), "restart")
            # Whoever does not wait any longer must not leave it half ended.
            await asyncio.shield(self._ending)

    async def _start_again(self) -> None:
        """Starts a servo that was ended to start again; others say hello when their own `startup` is called."""
        if (ending := self._ending) is None:
            return
        await asyncio.wait([ending])
        if not ending.cancelled() and (error := ending.exception()) is not None:
            self._runner.logger.opt(exception=error).error("errors while the servo was shut down: {}", error)
        await self._runner.servo.startup()
        self._ending = None

    async def _send(self, event: str, param: Any, *, retry: bool) -> dict[str, Any]:
        servo_ = self._runner.servo
        if getattr(servo_.post_event, "__func__", None) is _STOCK:
            # As it came: the engine knows what to do about what is no message.
            return await post(servo_, event, param, retry=retry)
        reply: Any = await servo_.post_event(event, param)
        if hasattr(reply, "json"):
            reply = json.loads(reply.json(by_alias=True, exclude_unset=True))
        return dict(reply)

    async def _confirm(self) -> None:
        """Waits until a person wants the next command, where one is asked."""
        runner = self._runner
        while runner.interactive:
            wanted = await _questions.ask("Poll for next command?")
            if wanted:
                return
            if wanted is None:
                runner.logger.warning("nobody answers: the run ends")
                await runner.shutdown()
            print("Sleeping for 1m")
            await asyncio.sleep(ASK_AGAIN_SECONDS)


def _cancellations_as_such(group: ExceptionGroup[Any]) -> ExceptionGroup[Any]:
    """The group with the cancellations of those handlers that are not to cancel in place of what tells them so.

    The engine knows cancelled commands, whoever cancels them.
    """
    leaves: list[Exception] = []
    for error in group.exceptions:
        if isinstance(error, ExceptionGroup):
            leaves.append(_cancellations_as_such(error))
        elif isinstance(error, TypeError) and isinstance(error.__cause__, EventCancelledError):
            leaves.append(error.__cause__)
        else:
            leaves.append(error)
    return group.derive(leaves)
