"""How an exchange moves messages: its queues, and the tasks that work on them."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, ClassVar
from weakref import ref

from servo.pubsub import scope
from servo.pubsub.failures import failed, warn
from servo.pubsub.queues import Overflow, Queue
from servo.pubsub.routing import Routing
from servo.pubsub.scope import Item

if TYPE_CHECKING:
    from servo.pubsub.channels import Channel
    from servo.pubsub.messages import Message
    from servo.pubsub.publishers import Publisher
    from servo.pubsub.transformers import Transformer

__all__ = ["Delivery"]

# After so many messages in a row others get their turn.
_TURN = 64
# How deep transformers may publish from within one another.
_DEPTH = 16


class Delivery(Routing):
    """The part of an exchange that moves messages."""

    __slots__ = (
        "_channels",
        "_context",
        "_crowded",
        "_depth",
        "_inbox",
        "_loop",
        "_moving",
        "_publishers",
        "_stopping",
        "_tasks",
        "_transformers",
        "_transforming",
        "_waiting",
        "capacity",
        "overflow",
        "patience",
    )

    capacity: int
    overflow: Overflow
    patience: float
    _channels: dict[str, Channel]
    _context: contextvars.Context
    _crowded: set[Queue]
    _depth: int
    _inbox: Queue
    _loop: asyncio.AbstractEventLoop | None
    # Whether someone moves messages out of the inbox.
    _moving: bool
    _publishers: list[Publisher]
    _stopping: bool
    _tasks: set[asyncio.Task[None]]
    _transformers: list[Transformer]
    _transforming: asyncio.Task[None] | None
    _waiting: list[asyncio.Future[None]]

    _FIRST: ClassVar[dict[str, Callable[[Any], Any]]] = {
        **Routing._FIRST,
        "_channels": lambda self: {},
        "_crowded": lambda self: set(),
        "_depth": lambda self: 0,
        "_inbox": lambda self: self._new_queue("Exchange"),
        "_loop": lambda self: None,
        "_moving": lambda self: False,
        "_publishers": lambda self: [],
        "_stopping": lambda self: False,
        "_tasks": lambda self: set(),
        "_transformers": lambda self: [],
        "_transforming": lambda self: None,
        "_waiting": lambda self: [],
        "capacity": lambda self: 1024,
        "overflow": lambda self: Overflow.wait,
        "patience": lambda self: 5.0,
    }

    def _new_queue(self, title: str) -> Queue:
        return Queue(title, ref(self), self.capacity)  # type: ignore[arg-type]

    # From the inbox to the subscribers.

    def _begin(self, loop: asyncio.AbstractEventLoop, context: contextvars.Context) -> None:
        self._loop = loop
        self._context = context
        self._moving = False
        self._transforming = None
        self._tasks = set()
        for subscriber in tuple(self._subscribers.values()):
            subscriber.resume(self)  # type: ignore[arg-type]
        if self._inbox.items:
            self._move_soon()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        # Not through the loop: a factory of tasks may start them at once, within this call.
        task = asyncio.Task(work, loop=self._loop, context=self._context.copy())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _put(self, item: Item) -> None:
        self._inbox.put(item)
        if not self._moving and self._loop is not None:
            self._move_soon()

    def _move_soon(self) -> None:
        if self._loop is None or self._loop.is_closed():
            return
        self._moving = True
        self._loop.call_soon(self._move, context=self._context)

    def _move(self) -> None:
        """Hands messages on to their subscribers; with transformers, to a task."""
        if self._loop is None:
            return  # It was stopped meanwhile.
        inbox = self._inbox
        items = inbox.items
        for _ in range(_TURN):
            if not items or self._transformers:
                break
            self._offer(items.popleft())
        if inbox.crowded:
            inbox.relieve()
        self._moving = False
        if not items:
            return
        if self._transformers:
            self._moving = True
            self._transforming = self._spawn(self._transform_all())
        else:
            self._move_soon()

    async def _transform_all(self) -> None:
        inbox = self._inbox
        items = inbox.items
        own = asyncio.current_task()
        count = 0
        try:
            while items:
                item = items.popleft()
                if inbox.crowded:
                    inbox.relieve()
                await self._transform(*item)
                count += 1
                if count % _TURN == 0:
                    await asyncio.sleep(0)
        finally:
            if self._transforming is own:
                self._transforming = None
                self._moving = False
                if items:
                    self._move_soon()

    async def _transform(self, message: Message, channel: Channel) -> None:
        for transformer in tuple(self._transformers):
            scope.current.set((message, channel))
            try:
                result = await transformer(message, channel)
            except Exception as error:
                failed(
                    error, "Transformer {!r} failed, a message in {} is lost: {!r}", transformer, channel.name, error
                )
                return
            if result is None:
                warn("Transformer {!r} cancelled delivery of message", transformer)
                return
            message = result
        if self._crowded:
            await self._make_room(channel)
        self._offer((message, channel))

    async def _transform_within(self, message: Message, channel: Channel) -> None:
        """Delivers what a transformer publishes: in its own task, for the inbox may be full of what waits for it."""
        if self._depth >= _DEPTH:
            raise RecursionError(f"transformers publish from within one another, the last one to {channel.name}")
        outer = scope.current.get()
        self._depth += 1
        try:
            await self._transform(message, channel)
        finally:
            self._depth -= 1
            scope.current.set(outer)

    # Waiting for those who do not keep up.

    async def _make_room(self, channel: Channel) -> None:
        task = asyncio.current_task()
        if self._loop is None:
            return
        queues = []
        if self._inbox.crowded and task is not self._transforming:
            queues.append(self._inbox)
        if self.overflow == Overflow.wait:
            for subscriber in self._route(channel):
                # A callback that publishes to itself would wait for itself.
                if subscriber._queue is not None and subscriber._task is not task:
                    queues.append(subscriber._queue)
                queues.extend(iterator._queue for iterator in subscriber._running())
        await self._wait_for([queue for queue in queues if queue.crowded])

    async def _wait_for(self, queues: Sequence[Queue]) -> None:
        """Waits until none of the queues is crowded, or the patience ends."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            return
        deadline = loop.time() + self.patience
        while any(queue.crowded and not queue.stuck for queue in queues) and self._loop is not None:
            future: asyncio.Future[None] = loop.create_future()
            self._waiting.append(future)
            timer = loop.call_at(deadline, _settle, future)
            try:
                await future
            finally:
                timer.cancel()
                self._waiting.remove(future)
            if loop.time() >= deadline:
                for queue in queues:
                    queue.stuck = queue.crowded
                return

    def _let_publishers_go_on(self) -> None:
        for future in self._waiting:
            _settle(future)

    # The end.

    async def _complete(self, grace: float) -> None:
        """Waits for deliveries, and cancels those that take too long."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + grace
        # Whoever shuts down within a delivery does not wait for it.
        task = asyncio.current_task()
        try:
            while (left := deadline - loop.time()) > 0:
                if others := self._tasks - {task}:
                    await asyncio.wait(others, timeout=left, return_when=asyncio.FIRST_COMPLETED)
                elif self._inbox.items and task is not self._transforming:
                    await asyncio.sleep(0)
                else:
                    break
        finally:
            # Even if whoever shuts down is cancelled.
            self._loop = None
            if others := self._tasks - {task}:
                warn("the Exchange stops: cancelling {} deliveries that take longer than {} s", len(others), grace)
                for other in others:
                    other.cancel()
        if others:
            await asyncio.wait(others, timeout=grace)

    def _halt(self) -> None:
        """Delivers nothing any more; what waits is forgotten."""
        self._loop = None
        self._moving = False
        self._inbox.close()
        for transformer in tuple(self._transformers):
            try:
                transformer.cancel()
            except Exception as error:
                failed(error, "Transformer {!r} failed to cancel: {!r}", transformer, error)
        self._let_publishers_go_on()


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
