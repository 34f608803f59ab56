"""Log records with `progress=` as reports to the optimizer."""

from __future__ import annotations

import asyncio
import collections
import contextvars
import inspect
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from loguru import logger

from servo.connector import current_connector
from servo.events import current_event
from servo.logging.context import current

if TYPE_CHECKING:
    from loguru import Message, Record

__all__ = ["ProgressHandler"]

QUEUED = 100
"""How many reports of a servo may wait; of more the oldest are dropped."""

Fields = dict[str, Any]


class _Lane:
    """The reports of one servo that wait, and the task that reports them."""

    __slots__ = ("queue", "servo", "task")

    def __init__(self, servo: Any) -> None:
        self.servo = servo
        self.queue: collections.deque[tuple[contextvars.Context, Fields]] = collections.deque(maxlen=QUEUED)
        self.task: asyncio.Task[None] | None = None


class ProgressHandler:
    """Turns log records with `progress=` into reports: `logger.add(handler.sink)`.

    The reports of one servo are made one after another; those of others do not wait for them.

    A connector says `self.logger.info("…", progress=50)` in the handler of an event; what else a report needs is taken
    from the context, unless it is given: `servo=`, `connector=`, `operation=`, `started_at=`.

    Args:
        progress_reporter: Called with `command_uid`, `connector`, `event_context`, `message`, `operation`, `progress`,
            `servo` and `started_at`, in the context of the call that logged. Without one, `report_progress` of that
            servo is called.
        error_reporter: Called with a text for a record that says too little.
        exception_handler: Called with the fields and the exception when a report failed. What it raises ends the
            reporting task, and drops what waits of that servo.
        task_group: Where reporting tasks are started.
    """

    def __init__(
        self,
        progress_reporter: Callable[..., Awaitable[None] | None] | None = None,
        error_reporter: Callable[[str], Awaitable[None] | None] | None = None,
        exception_handler: Callable[[Fields, Exception], Awaitable[None] | None] | None = None,
        task_group: asyncio.TaskGroup | None = None,
    ) -> None:
        self._report = _report_through_servo if progress_reporter is None else progress_reporter
        self._error_reporter = error_reporter
        self._exception_handler = exception_handler
        self._task_group = task_group
        # By identity, as servos need not be hashable; one without reports has none.
        self._lanes: dict[int, _Lane] = {}

    async def sink(self, message: Message) -> None:
        """Takes a record in; this is what `logger.add` is given."""
        record = message.record
        extra = record["extra"]
        progress = extra.get("progress")
        if progress is None or progress is False:
            return
        try:
            percent = float(progress)
        except (TypeError, ValueError):
            percent = float("nan")
        if percent != percent or percent in (float("inf"), float("-inf")):
            return await self._decline(record, f"with a progress that is no number: {progress!r}")
        context = current_event()
        servo = extra["servo"] if "servo" in extra else current("servo", "current_servo")
        if servo is None:
            return await self._decline(record, "without a servo_ attribute")
        connector = extra["connector"] if "connector" in extra else current_connector()
        if connector is None:
            return await self._decline(record, "without a connector attribute")
        operation = extra.get("operation") or (context.operation() if context is not None else None)
        if operation is None and context is None:
            return await self._decline(record, "without an operation parameter or inferrable value from event context")
        started_at = extra.get("started_at") or (context.created_at if context is not None else None)
        if started_at is None:
            return await self._decline(record, "without a started_at parameter or inferrable value from event context")
        fields = {
            "command_uid": current("servo", "current_command_uid"),
            "connector": getattr(connector, "name", connector),
            "event_context": context,
            "message": message,
            "operation": operation,
            "progress": progress,
            "servo": servo,
            "started_at": started_at,
        }
        if int(percent) == 100:
            # The result of the event says so, too.
            logger.debug(f"eliding 100% progress event: {_told(fields)}")
            return None
        lane = self._lanes.setdefault(id(servo), _Lane(servo))
        lane.queue.append((contextvars.copy_context(), fields))
        if lane.task is None:
            coroutine = self._work(lane)
            start = asyncio.create_task if self._task_group is None else self._task_group.create_task
            lane.task = start(coroutine)

    def clear_progress_queue(self, servo: Any = None) -> None:
        """Drops the reports that wait.

        Args:
            servo: Whose; of all unless given.
        """
        for lane in list(self._lanes.values()):
            if servo is None or lane.servo is servo:
                lane.queue.clear()

    async def shutdown(self, within: float = 5.0) -> None:
        """Waits until nothing is left to report, and ends the reporting tasks.

        Args:
            within: The seconds to wait at the most; what waits after that is dropped.
        """
        tasks = [lane.task for lane in self._lanes.values() if lane.task is not None]
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=within)
        for lane in self._lanes.values():
            lane.queue.clear()
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)

    async def _decline(self, record: Record, reason: str) -> None:
        if self._error_reporter is None:
            return
        place = f"{record['name']}:{record['file'].name}:{record['line']}"
        await _completed(
            self._error_reporter(
                f"!!! WARNING: {place} | servo.logging.ProgressHandler - "
                f"declining request to report progress for record {reason}"
            )
        )

    async def _work(self, lane: _Lane) -> None:
        """Reports what waits of a servo, in order, each report in the context in which it was logged."""
        try:
            while lane.queue:
                context, fields = lane.queue.popleft()
                await asyncio.create_task(self._report_one(fields), context=context)
        finally:
            self._lanes.pop(id(lane.servo), None)

    async def _report_one(self, fields: Fields) -> None:
        try:
            await _completed(self._report(**fields))
        except Exception as error:
            logger.warning(f"encountered exception while processing progress logging: {_told(fields)} => {error!r}")
            if self._exception_handler is None:
                logger.warning(f"ignoring exception raised during progress reporting due to lack of handler: {error!r}")
                return
            try:
                await _completed(self._exception_handler(fields, error))
            except Exception as failure:
                logger.critical(f"the handler of failed progress reports has failed: {failure!r}")
                raise


def _told(fields: Fields) -> Fields:
    """What of a report is logged: neither the servo with its configuration nor the line itself."""
    return {name: value for name, value in fields.items() if name not in ("message", "servo")}


async def _completed(value: Any) -> None:
    if inspect.isawaitable(value):
        await value


async def _report_through_servo(**fields: Any) -> None:
    await _completed(fields["servo"].report_progress(**fields))
