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
from servo.logging.format import current

if TYPE_CHECKING:
    from loguru import Message, Record

__all__ = ["ProgressHandler"]

QUEUED = 100
"""How many reports may wait; of more the oldest are dropped."""

Fields = dict[str, Any]


class ProgressHandler:
    """Turns log records with `progress=` into reports, one after another: `logger.add(handler.sink)`.

    A connector says `self.logger.info("…", progress=50)` in the handler of an event; what else a report needs is taken
    from the context, unless it is given: `servo=`, `connector=`, `operation=`, `started_at=`.

    Args:
        progress_reporter: Called with `command_uid`, `connector`, `event_context`, `message`, `operation`, `progress`,
            `servo` and `started_at`, in the context of the call that logged. Without one, `report_progress` of that
            servo is called.
        error_reporter: Called with a text for a record that says too little.
        exception_handler: Called with the fields and the exception when a report failed. What it raises ends the
            reporting task.
        task_group: Where the reporting task is started.
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
        self._queue: collections.deque[tuple[contextvars.Context, Fields]] = collections.deque(maxlen=QUEUED)
        self._task: asyncio.Task[None] | None = None
        self._arrived = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    async def sink(self, message: Message) -> None:
        """Takes a record in; this is what `logger.add` is given."""
        self._start()
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
        self._queue.append((contextvars.copy_context(), fields))
        self._idle.clear()
        self._arrived.set()

    def clear_progress_queue(self) -> None:
        """Drops the reports that wait."""
        self._queue.clear()

    async def shutdown(self, within: float = 5.0) -> None:
        """Waits until nothing is left to report, and ends the reporting task.

        Args:
            within: The seconds to wait at the most; what waits after that is dropped.
        """
        task, self._task = self._task, None
        if task is None:
            self._queue.clear()
            return
        if not task.done():
            idle = asyncio.ensure_future(self._idle.wait())
            await asyncio.wait([idle, task], timeout=within, return_when=asyncio.FIRST_COMPLETED)
            idle.cancel()
        self._queue.clear()
        task.cancel()
        await asyncio.wait([task])

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

    def _start(self) -> None:
        if self._task is not None and not self._task.done():
            return
        coroutine = self._work()
        self._task = (
            asyncio.create_task(coroutine) if self._task_group is None else self._task_group.create_task(coroutine)
        )

    async def _work(self) -> None:
        """Reports what is queued, in order, each report in the context in which it was logged."""
        try:
            while True:
                while self._queue:
                    context, fields = self._queue.popleft()
                    await asyncio.create_task(self._report_one(fields), context=context)
                self._arrived.clear()
                self._idle.set()
                await self._arrived.wait()
        finally:
            self._idle.set()

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
