"""How an exchange moves messages: queues, routes, and the tasks that work on them."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, ClassVar
from weakref import ref

from servo._core import SelectorIndex
from servo.pubsub import scope
from servo.pubsub.failures import failed, warn
from servo.pubsub.queues import Overflow, Queue
from servo.pubsub.scope import Item
from servo.pubsub.subscriptions import Subscription

if TYPE_CHECKING:
    from servo.pubsub.channels import Channel
    from servo.pubsub.messages import Message
    from servo.pubsub.publishers import Publisher
    from servo.pubsub.subscribers import Subscriber
    from servo.pubsub.transformers import Transformer

__all__ = ["Delivery"]

# After so many messages in a row others get their turn.
_TURN = 64
# Names of channels whose subscribers are known; temporary channels must not add up.
_ROUTES = 4096
# How deep transformers may publish from within one another.
_DEPTH = 16


class Delivery:
    """The inside of an exchange. Its parts are made when they are first used: most exchanges never are."""

    __slots__ = (
        "_channels",
        "_context",
        "_crowded",
        "_depth",
        "_dynamic",
        "_inbox",
        "_index",
        "_loop",
        "_moving",
        "_numbers",
        "_publishers",
        "_routes",
        "_stopping",
        "_subscribers",
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
    # Subscribers that are not in the index: regular expressions, and rules of users.
    _dynamic: dict[int, Subscriber]
    _inbox: Queue
    _index: SelectorIndex
    _loop: asyncio.AbstractEventLoop | None
    # Whether someone moves messages out of the inbox.
    _moving: bool
    _numbers: int
    _publishers: list[Publisher]
    _routes: dict[str, tuple[Subscriber, ...]]
    _stopping: bool
    _subscribers: dict[int | None, Subscriber]
    _tasks: set[asyncio.Task[None]]
    _transformers: list[Transformer]
    _transforming: asyncio.Task[None] | None
    _waiting: list[asyncio.Future[None]]

    _FIRST: ClassVar[dict[str, Callable[[Any], Any]]] = {
        "_channels": lambda self: {},
        "_crowded": lambda self: set(),
        "_depth": lambda self: 0,
        "_dynamic": lambda self: {},
        "_inbox": lambda self: self._new_queue("Exchange"),
        "_index": lambda self: SelectorIndex(),
        "_loop": lambda self: None,
        "_moving": lambda self: False,
        "_numbers": lambda self: 0,
        "_publishers": lambda self: [],
        "_routes": lambda self: {},
        "_stopping": lambda self: False,
        "_subscribers": lambda self: {},
        "_tasks": lambda self: set(),
        "_transformers": lambda self: [],
        "_transforming": lambda self: None,
        "_waiting": lambda self: [],
        "capacity": lambda self: 1024,
        "overflow": lambda self: Overflow.wait,
        "patience": lambda self: 5.0,
    }

    def __getattr__(self, name: str) -> Any:
        # Only for what is not there yet.
        first = self._FIRST.get(name)
        if first is None:
            raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")
        value = first(self)
        setattr(self, name, value)
        return value

    def _new_queue(self, title: str) -> Queue:
        return Queue(title, ref(self), self.capacity)  # type: ignore[arg-type]

    # Who gets what.

    def _add(self, subscriber: Subscriber) -> None:
        number = subscriber._number = self._numbers
        self._numbers += 1
        self._subscribers[number] = subscriber
        subscription = subscriber.subscription
        name = None
        if type(subscription).matches is not Subscription.matches:
            # It may look at messages: it is asked each time.
            self._dynamic[number] = subscriber
        elif isinstance(subscription.selector, str):  # type: ignore[attr-defined]
            name = self._index.insert(number, subscription.selector)  # type: ignore[attr-defined]
        else:
            self._dynamic[number] = subscriber
        self._reroute(name)

    def _forget(self, subscriber: Subscriber) -> None:
        number = subscriber._number
        if number is None or self._subscribers.pop(number, None) is None:
            return
        subscriber._number = None
        self._dynamic.pop(number, None)
        self._index.remove(number)
        subscription = subscriber.subscription
        exact = isinstance(subscription, Subscription) and not subscription.is_pattern
        self._reroute(subscriber._selector if exact else None)

    def _reroute(self, name: str | None) -> None:
        """The subscribers of one channel have changed, or of any."""
        if name is None:
            self._routes.clear()
        else:
            self._routes.pop(name, None)

    def _route(self, channel: Channel) -> tuple[Subscriber, ...]:
        """The subscribers that may want a message of a channel."""
        route = self._routes.get(channel.name)
        if route is None:
            numbers = self._index.find(channel.name)
            numbers += [number for number, found in tuple(self._dynamic.items()) if _may_match(found, channel)]
            route = tuple(self._subscribers[number] for number in sorted(numbers))
            if len(self._routes) >= _ROUTES:
                self._routes.clear()
            self._routes[channel.name] = route
        return route

    def _offer(self, item: Item) -> None:
        dynamic = self._dynamic
        for subscriber in self._route(item[1]):
            if dynamic and not _matches(subscriber, item):
                continue
            subscriber.offer(item, self)  # type: ignore[arg-type]

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
            if self._transforming is asyncio.current_task():
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

    async def _complete(self, timeout: float) -> None:
        """Waits for deliveries, and cancels those that take too long."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        # Whoever shuts down within a delivery does not wait for it.
        task = asyncio.current_task()
        while (left := deadline - loop.time()) > 0:
            if others := self._tasks - {task}:
                await asyncio.wait(others, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            elif self._inbox.items and task is not self._transforming:
                await asyncio.sleep(0)
            else:
                break
        self._loop = None
        if others := self._tasks - {task}:
            warn("the Exchange stops: cancelling {} deliveries that took longer than {} s", len(others), timeout)
            for other in others:
                other.cancel()
            await asyncio.wait(others, timeout=timeout)

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


def _may_match(subscriber: Subscriber, channel: Channel) -> bool:
    """Whether a subscriber may want messages of a channel; its own rule is asked for each message."""
    subscription = subscriber.subscription
    return type(subscription).matches is not Subscription.matches or subscription.matches(channel)


def _matches(subscriber: Subscriber, item: Item) -> bool:
    """Whether the own rule of a subscriber, if it has one, selects a message."""
    subscription = subscriber.subscription
    if type(subscription).matches is Subscription.matches:
        return True
    try:
        return bool(subscription.matches(item[1], item[0]))
    except Exception as error:
        failed(error, "Subscription {!r} failed, a message is not delivered to it: {!r}", subscription, error)
        return False
