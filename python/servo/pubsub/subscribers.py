"""Those who get messages."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import types
import weakref
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Optional

from servo.pubsub import scope
from servo.pubsub.failures import failed, warn
from servo.pubsub.iterators import Messages
from servo.pubsub.messages import Message
from servo.pubsub.objects import InstanceField, Shown

if TYPE_CHECKING:
    from servo.pubsub.channels import Channel
    from servo.pubsub.exchange import Exchange
    from servo.pubsub.queues import Queue
    from servo.pubsub.subscriptions import BaseSubscription

__all__ = ["Callback", "Subscriber"]

# Of the message and its channel, or of the message alone.
Callback = Callable[[Message, "Channel"], Optional[Awaitable[None]]]  # noqa: UP045

# After so many messages in a row others get their turn.
_TURN = 32


class Subscriber(Shown, InstanceField):
    """Gets the messages of the channels that its subscription selects, one after the other in the order of publication.

    Each message goes to the callback first, then to every loop over the subscriber. A callback that fails is logged.

    Args:
        exchange: The exchange, held weakly; `Exchange.create_subscriber` adds the subscriber to it.
        subscription: What is selected.
        callback: Called with the message, and with the channel if it has a second parameter; awaited if it gives an
            awaitable. Can be replaced at any time.
    """

    __slots__ = (
        "__weakref__",
        "_arity",
        "_callback",
        "_cancelled",
        "_ends",
        "_exchange",
        "_iterators",
        "_number",
        "_queue",
        "_subscription",
        "_task",
        "_waiting",
    )

    def __init__(
        self, *, exchange: Exchange, subscription: BaseSubscription, callback: Callback | None = None, **kwargs: Any
    ) -> None:
        from servo.pubsub.subscriptions import BaseSubscription

        if not isinstance(subscription, BaseSubscription):
            raise _invalid("subscription", f"instance of Subscription expected, got {subscription!r}")
        self._exchange = weakref.ref(exchange)
        self._subscription = subscription
        self._cancelled = False
        self._number: int | None = None
        self._queue: Queue | None = None
        self._task: asyncio.Task[None] | None = None
        self._iterators: list[weakref.ref[Messages]] = []
        self._waiting: list[asyncio.Future[None]] = []
        # What is called off when the subscriber ends: the timer, and the wait for `until_done`.
        self._ends: list[Callable[[], Any]] = []
        self.callback = callback

    @property
    def exchange(self) -> Exchange | None:
        """The exchange; None once it is gone."""
        return self._exchange()

    @property
    def subscription(self) -> BaseSubscription:
        """What is selected."""
        return self._subscription

    @property
    def _selector(self) -> Any:
        return getattr(self._subscription, "selector", None)

    @property
    def callback(self) -> Callback | None:
        """What is called with each message."""
        callback: Callback | None = self._callback
        return callback

    @callback.setter
    def callback(self, callback: Callback | None) -> None:
        if callback is not None and not callable(callback):
            raise _invalid("callback", f"{callback!r} is not callable", "type_error.callable")
        self._callback: Any = callback
        self._arity = 0

    @property
    def cancelled(self) -> bool:
        """Whether it is cancelled."""
        return self._cancelled

    @property
    def dropped(self) -> int:
        """How many messages were dropped because the callback or a loop that still runs did not keep up."""
        queues = [self._queue, *(iterator._queue for iterator in self._running())]
        return sum(queue.dropped for queue in queues if queue is not None)

    def cancel(self) -> None:
        """Ends it: loops over it stop, `wait` returns, the exchange forgets it. A callback under way is completed.

        Raises:
            RuntimeError: It is cancelled already.
        """
        if self._cancelled:
            raise RuntimeError("Subscriber is already cancelled")
        self._end()
        for iterator in self._running():
            iterator.stop()

    def _end(self) -> None:
        """Takes no more messages; loops over it go on with those that wait for them."""
        self._cancelled = True
        self._detach()
        for future in self._waiting:
            if not future.done():
                future.set_result(None)
        self._waiting.clear()

    def _detach(self) -> None:
        """Leaves the exchange."""
        if (exchange := self._exchange()) is not None:
            exchange._forget(self)
        if self._queue is not None:
            self._queue.close()
        for call_off in self._ends:
            call_off()
        self._ends.clear()
        for iterator in self._running():
            iterator.finish()

    async def wait(self) -> None:
        """Waits until it is cancelled."""
        if not self._cancelled:
            future = asyncio.get_running_loop().create_future()
            self._waiting.append(future)
            try:
                await future
            finally:
                with contextlib.suppress(ValueError):
                    self._waiting.remove(future)

    def stop(self) -> None:
        """Stops the current loop over this subscriber: it ends behind the current body, messages that wait are dropped.

        Raises:
            RuntimeError: The code is in no loop over messages, or in one over another subscriber.
        """
        scope.stop(lambda subscriber: subscriber is self)

    def __aiter__(self) -> Messages:
        return Messages(self)

    async def __call__(self, message: Message, channel: Channel) -> None:
        """Delivers a message at once, if it is selected; errors of the callback are raised."""
        if self._cancelled:
            warn("ignoring call to cancelled Subscriber: {}", self)
            return
        if not self._subscription.matches(channel, message):
            return
        item = (message, channel)
        outer = scope.current.get()
        scope.current.set(item)
        try:
            result = self._call(item)
            if result is not None:
                await result
            await self._feed(item)
        finally:
            scope.current.set(outer)

    def _running(self) -> list[Messages]:
        return [iterator for reference in self._iterators if (iterator := reference()) is not None]

    def _call(self, item: scope.Item) -> Awaitable[Any] | None:
        callback = self._callback
        if callback is None:
            return None
        if self._arity == 0:
            self._arity = _arity_of(callback)
        result = callback(item[0]) if self._arity == 1 else callback(*item)
        return result if type(result) is types.CoroutineType or inspect.isawaitable(result) else None

    async def _feed(self, item: scope.Item) -> None:
        for iterator in self._running():
            if iterator._queue.crowded and (exchange := self._exchange()) is not None:
                await exchange._wait_for([iterator._queue])
            iterator.put(item)

    def offer(self, item: scope.Item, exchange: Exchange) -> None:
        """Takes a message that is selected, from the exchange.

        Args:
            item: The message and its channel.
            exchange: The exchange.
        """
        if self._task is not None or self._callback is not None:
            queue = self._queue
            if queue is None:
                queue = self._queue = exchange._new_queue(self._title())
            queue.put(item)
            if self._task is None:
                self._task = exchange._spawn(self._deliver(queue))
        elif self._iterators:
            for iterator in self._running():
                iterator.put(item)

    async def _deliver(self, queue: Queue) -> None:
        """Delivers what waits, until nothing does."""
        items = queue.items
        set_current = scope.current.set
        own = asyncio.current_task()
        count = 0
        try:
            while items:
                item = items.popleft()
                if queue.crowded:
                    queue.relieve()
                set_current(item)
                try:
                    # As `_call` does, without the call.
                    if self._arity == 2:
                        result = self._callback(*item)
                    elif self._arity == 1:
                        result = self._callback(item[0])
                    else:
                        result = self._call(item)
                    if result is not None and (type(result) is types.CoroutineType or inspect.isawaitable(result)):
                        await result
                except asyncio.CancelledError as error:
                    # The delivery is cancelled, or just something that the callback awaited.
                    if (task := self._task) is None or task.cancelling():
                        raise
                    failed(error, "Subscriber {!r}: the callback was cancelled", self._selector)
                except Exception as error:
                    failed(error, "Subscriber raised exception: {!r}: {!r}", self._selector, error)
                if self._iterators:
                    await self._feed(item)
                count += 1
                if count % _TURN == 0:
                    await asyncio.sleep(0)
        finally:
            # A task of an earlier loop may end late, when another one delivers.
            if self._task is own:
                self._task = None

    def resume(self, exchange: Exchange) -> None:
        """Goes on, on the loop where the exchange was started now."""
        self._task = None
        if self._queue is not None and self._queue.items:
            self._task = exchange._spawn(self._deliver(self._queue))

    def _title(self) -> str:
        return f"Subscriber {self._selector or self._subscription!r}"

    def dict(self) -> dict[str, Any]:
        """The fields by name."""
        return {"subscription": self._subscription, "callback": self._callback}

    def _shown(self) -> Mapping[str, Any]:
        return self.dict()


def _arity_of(callback: Callable[..., Any]) -> int:
    """Whether it is called with the message, or with the channel as well."""
    try:
        parameters = list(inspect.signature(callback).parameters.values())
    except ValueError:
        return 1  # A built-in function that does not tell.
    by_place = [found for found in parameters if found.kind not in (found.KEYWORD_ONLY, found.VAR_KEYWORD)]
    needed = sum(found.default is found.empty and found.kind != found.VAR_POSITIONAL for found in by_place)
    named = any(found.kind == found.KEYWORD_ONLY and found.default is found.empty for found in parameters)
    if not by_place or needed > 2 or named:
        raise TypeError("Incorrect callback: expected (message) or (message, channel)")
    return min(len(by_place), 2)


def _invalid(field: str, *problem: str) -> Exception:
    from servo import _pydantic

    return _pydantic.validation_error("Subscriber", [(field, *problem)])
