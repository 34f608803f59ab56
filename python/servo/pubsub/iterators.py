"""Loops over messages."""

from __future__ import annotations

import asyncio
import weakref
from typing import TYPE_CHECKING, Any, Self

from servo.pubsub.scope import Item, Scope

if TYPE_CHECKING:
    from servo.pubsub.subscribers import Subscriber

__all__ = ["ChannelMessages", "Messages"]


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


class Messages:
    """The messages of a subscriber from now on, with their channels.

    The subscriber knows it weakly: a loop that is left by `break` takes no more messages as soon as nobody has it.

    Args:
        subscriber: Whose messages.
        temporary: Whether the subscriber is there for this loop alone, and ends with it.
    """

    __slots__ = ("__weakref__", "_finished", "_loop", "_queue", "_scope", "_temporary", "_waiting", "subscriber")

    def __init__(self, subscriber: Subscriber, temporary: bool = False) -> None:
        exchange = subscriber.exchange
        if exchange is None:
            raise AttributeError("the Exchange of the Subscriber is gone: keep a reference to it")
        self.subscriber = subscriber
        self._temporary = temporary
        self._finished = subscriber.cancelled
        self._waiting: list[asyncio.Future[None]] = []
        self._loop = _running_loop()
        self._queue = exchange._new_queue(f"loop over {subscriber._title()}")
        self._scope = Scope(self)
        self._scope.enter()
        subscriber._iterators.append(weakref.ref(self))

    def put(self, item: Item) -> None:
        """Takes a message."""
        if not self._finished:
            self._queue.put(item)
            self._wake()

    def finish(self) -> None:
        """Takes no more messages; the loop ends behind the last one that waits."""
        self._finished = True
        self._wake()

    def stop(self) -> None:
        """Ends the loop behind its current body."""
        self._queue.close()
        self.finish()

    async def aclose(self) -> None:
        """Ends it at once."""
        self.stop()
        self._leave()

    def _wake(self) -> None:
        for future in self._waiting:
            if not future.done():
                future.set_result(None)

    def _leave(self) -> None:
        self._scope.leave()
        self._detach()

    def _detach(self) -> None:
        self._finished = True
        self._queue.close()
        subscriber = self.subscriber
        subscriber._iterators[:] = [found for found in subscriber._iterators if found() not in (None, self)]
        if self._temporary:
            subscriber._detach()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        return await self._next()

    async def _next(self) -> Item:
        self._scope.enter()
        items = self._queue.items
        while not items:
            if self._finished:
                self._leave()
                raise StopAsyncIteration
            future = asyncio.get_running_loop().create_future()
            self._waiting.append(future)
            try:
                await future
            finally:
                self._waiting.remove(future)
        item = items.popleft()
        if self._queue.crowded:
            self._queue.relieve()
        self._scope.item = item
        return item

    def __del__(self) -> None:
        if not hasattr(self, "_scope") or self._scope.ended:
            return
        loop = self._loop
        if loop is None or loop is _running_loop() or loop.is_closed():
            self._detach()
            return
        # Collected in another thread: publishers that wait for room are woken in theirs.
        try:
            loop.call_soon_threadsafe(self._detach)
        except RuntimeError:
            return  # The loop was closed meanwhile: nobody waits.


class ChannelMessages(Messages):
    """The messages of a channel from now on."""

    __slots__ = ()

    async def __anext__(self) -> Any:
        return (await self._next())[0]
