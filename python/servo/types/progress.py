"""How far something has come: by time, or by an event."""

from __future__ import annotations

import abc
import asyncio
import datetime
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Optional, Self

import pydantic

from servo.types.durations import Duration
from servo.types.models import BaseModel

__all__ = ["BaseProgress", "DurationProgress", "EventProgress"]

Notify = Callable[[Any], Awaitable[None] | None]


async def _tell(notify: Notify, progress: BaseProgress) -> None:
    told = notify(progress)
    if told is not None:
        await told


class BaseProgress(BaseModel, abc.ABC):
    """How far something has come, in percent.

    Attributes:
        started_at: When it was started, in local time; None before.
    """

    started_at: Optional[datetime.datetime] = None  # noqa: UP045

    def __init__(self, **data: Any) -> None:
        super().__init__(**data)

    def start(self) -> None:
        """Starts the clock.

        Raises:
            RuntimeError: It was started before.
        """
        if self.started:
            raise RuntimeError("cannot start a progress object that has already been started")
        self.started_at = datetime.datetime.now()

    @property
    def started(self) -> bool:
        """Whether the clock runs."""
        return self.started_at is not None

    @property
    def finished(self) -> bool:
        """Whether there is nothing left to wait for."""
        return self.progress >= 100

    @property
    def elapsed(self) -> Duration | None:
        """The time since the start, or None before it."""
        return None if self.started_at is None else Duration.since(self.started_at)

    @property
    @abc.abstractmethod
    def progress(self) -> float:
        """How far it has come: 0 to 100."""

    @abc.abstractmethod
    def reset(self) -> None:
        """Begins anew."""

    @abc.abstractmethod
    async def wait(self) -> None:
        """Waits until it is finished."""

    async def watch(self, notify: Notify, every: Duration | str | float = "5s") -> None:
        """Tells of the progress again and again until it is finished; starts the clock where it stands.

        Args:
            notify: Called with this object, may be a coroutine function.
            every: The time between calls.
        """
        if not self.started:
            self.start()
        pause = Duration(every).total_seconds()
        while not self.finished:
            await asyncio.sleep(pause)
            await _tell(notify, self)

    def every(self, duration: Duration | str | float) -> AsyncIterator[Self]:
        """Starts the clock, and gives this object again and again until it is finished.

        Args:
            duration: The time between two.

        Returns:
            For `async for`.

        Raises:
            RuntimeError: It was started before.
        """
        self.start()
        pause = Duration(duration).total_seconds()

        async def repeat() -> AsyncIterator[Self]:
            while not self.finished:
                await asyncio.sleep(pause)
                yield self

        return repeat()

    def annotate(self, str_to_annotate: str, prefix: bool = True) -> str:
        """A remark with the progress.

        Args:
            str_to_annotate: The remark.
            prefix: Whether the progress stands in front of it, or in parentheses behind it.

        Returns:
            Such as `50.60% complete, 5m elapsed - text`.
        """
        status = f"{self.progress:.2f}% complete, {self.elapsed or Duration(0)} elapsed"
        return f"{status} - {str_to_annotate}" if prefix else f"{str_to_annotate} ({status})"

    def __float__(self) -> float:
        return float(self.progress)

    def __int__(self) -> int:
        return int(self.progress)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        return None


class DurationProgress(BaseProgress):
    """A progress by time alone.

    Args:
        duration: The time that it takes.
    """

    duration: Duration

    def __init__(self, duration: Duration | str | float = 0, **kwargs: Any) -> None:
        super().__init__(duration=duration, **kwargs)

    @property
    def progress(self) -> float:
        """The share of the duration that has passed since the start, 0 to 100."""
        elapsed = self.elapsed
        return 0.0 if elapsed is None else _share(elapsed, self.duration)

    def reset(self) -> None:
        """Starts the clock anew."""
        self.started_at = datetime.datetime.now()

    async def wait(self) -> None:
        """Waits for what is left of the duration; starts the clock where it stands."""
        if not self.started:
            self.start()
        while not self.finished:
            left = self.duration - (self.elapsed or Duration(0))
            # Two clocks may differ by a little: never spin, never return early.
            await asyncio.sleep(max(left.total_seconds(), 0.001))


class EventProgress(BaseProgress):
    """A progress that ends with an event: triggered from outside, and settled for a while.

    Args:
        timeout: Ends it at the latest. None waits for ever.
        settlement: How long a trigger must stand before it counts.
    """

    timeout: Optional[Duration] = None  # noqa: UP045
    settlement: Optional[Duration] = None  # noqa: UP045
    _event: asyncio.Event = pydantic.PrivateAttr(default_factory=asyncio.Event)
    _settlement_started_at: Optional[datetime.datetime] = pydantic.PrivateAttr(None)  # noqa: UP045
    _settlement_timer: Any = pydantic.PrivateAttr(None)

    def __init__(
        self,
        timeout: Duration | str | float | None = None,
        settlement: Duration | str | float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(timeout=timeout, settlement=settlement, **kwargs)

    def complete(self) -> None:
        """Completes it now."""
        self._end_settlement()
        self._event.set()

    @property
    def completed(self) -> bool:
        """Whether the event has come and has settled."""
        return self._event.is_set()

    @property
    def timed_out(self) -> bool:
        """Whether the time-out has passed since the start."""
        elapsed = self.elapsed
        return elapsed is not None and self.timeout is not None and elapsed >= self.timeout

    @property
    def finished(self) -> bool:
        """Whether it timed out or is complete."""
        return self.timed_out or self.progress >= 100

    def trigger(self) -> None:
        """Says that the event has come: completes it at once, or after the settlement.

        A trigger during the settlement changes nothing.
        """
        if not self.settlement:
            self._event.set()
        elif not self.settling:
            self._settlement_started_at = datetime.datetime.now()
            loop = asyncio.get_running_loop()
            self._settlement_timer = loop.call_later(self.settlement.total_seconds(), self.complete)

    def reset(self) -> None:
        """Takes the event back; the time-out keeps running."""
        self._end_settlement()
        self._event.clear()

    def _end_settlement(self) -> None:
        if self._settlement_timer is not None:
            self._settlement_timer.cancel()
        self._settlement_timer = None
        self._settlement_started_at = None

    @property
    def settling(self) -> bool:
        """Whether a settlement runs."""
        return self._settlement_started_at is not None

    @property
    def settlement_remaining(self) -> Duration | None:
        """What is left of the settlement, or None when none runs."""
        if self._settlement_started_at is None or self.settlement is None:
            return None
        return Duration(max(self.settlement - Duration.since(self._settlement_started_at), Duration(0)))

    @property
    def progress(self) -> float:
        """100 when complete; else the share of the settlement, else that of the time-out."""
        if self.completed:
            return 100.0
        if not self.started:
            return 0.0
        if self._settlement_started_at is not None and self.settlement:
            return _share(Duration.since(self._settlement_started_at), self.settlement)
        if self.timeout is not None:
            return _share(self.elapsed or Duration(0), self.timeout)
        return 0.0

    async def wait(self) -> None:
        """Waits for the event.

        Raises:
            TimeoutError: It did not come within `timeout`.
        """
        if self.timeout is None:
            await self._event.wait()
        else:
            async with asyncio.timeout(self.timeout.total_seconds()):
                await self._event.wait()

    async def watch(self, notify: Notify, every: Duration | str | float | None = None) -> None:
        """Tells of the progress again and again until it is finished, and at once when the event comes.

        Args:
            notify: Called with this object, may be a coroutine function.
            every: The time between calls; one minute, or the time-out where that is less.
        """
        if not self.started:
            self.start()
        if every is None:
            pause = Duration("60s") if self.timeout is None else min(Duration("60s"), self.timeout)
        else:
            pause = Duration(every)
        while not self.finished:
            waiting = asyncio.ensure_future(self._event.wait())
            try:
                await asyncio.wait([waiting], timeout=pause.total_seconds())
            finally:
                waiting.cancel()
            await _tell(notify, self)


def _share(part: Duration, whole: Duration) -> float:
    return max(0.0, min(100.0, 100.0 * (part / whole))) if whole else 100.0
