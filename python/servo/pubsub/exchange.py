"""Where messages go from publishers to subscribers."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any
from weakref import ref

from servo.pubsub import scope
from servo.pubsub.channels import Channel
from servo.pubsub.delivery import Delivery
from servo.pubsub.iterators import Messages
from servo.pubsub.objects import InstanceField, Shown
from servo.pubsub.publishers import Publisher
from servo.pubsub.queues import Overflow
from servo.pubsub.subscribers import Callback, Subscriber
from servo.pubsub.subscriptions import BaseSubscription, Subscription
from servo.types.durations import Duration

if TYPE_CHECKING:
    from servo.pubsub.messages import Message
    from servo.pubsub.subscriptions import Selector
    from servo.pubsub.transformers import Transformer
    from servo.types import DurationDescriptor, Futuristic

__all__ = ["Exchange"]


class Exchange(Delivery, Shown, InstanceField):
    """Takes messages from publishers through transformers to subscribers.

    Each subscriber gets its messages one after the other, in the order of publication; subscribers do not wait for one
    another. Transformers see one message at a time. What fails is logged, and stops nobody else.

    At most `capacity` messages wait for a subscriber (and as many for the transformers). When half of that waits,
    publishers wait for the subscriber, up to `patience`; after that its oldest messages are dropped, which is logged,
    and nobody waits for it until it has caught up. Before `start` messages wait, too, and nobody waits for them.

    Callbacks and transformers run with the context variables of whoever called `start`.

    Args:
        capacity: How many messages wait for a subscriber at most.
        overflow: Instead of waiting, `drop_oldest` or `drop_newest` drops messages of a subscriber at once.
        patience: How long publishers wait for a subscriber that does not keep up.

    Raises:
        ValueError: The capacity is below 4, the patience negative or no duration, the overflow unknown.
    """

    __slots__ = ("__weakref__",)

    def __init__(
        self,
        *,
        capacity: int | None = None,
        overflow: Overflow | str | None = None,
        patience: DurationDescriptor | None = None,
        **kwargs: Any,
    ) -> None:
        if capacity is not None:
            if capacity < 4:
                raise ValueError(f"capacity: expected at least 4, got {capacity}")
            self.capacity = capacity
        if overflow is not None:
            self.overflow = Overflow(overflow)
        if patience is not None:
            self.patience = Duration(patience).total_seconds()
            if self.patience < 0:
                raise ValueError(f"patience: expected no less than 0, got {patience}")

    def start(self) -> None:
        """Delivers from now on what is published, and what waits.

        Raises:
            RuntimeError: It runs already, or no loop runs.
        """
        if self.running:
            raise RuntimeError("the Exchange is already running")
        self._begin(asyncio.get_running_loop(), contextvars.copy_context())

    @property
    def running(self) -> bool:
        """Whether messages are delivered."""
        return self._loop is not None and not self._loop.is_closed()

    async def shutdown(self, *, grace: float = 1.0) -> None:
        """Stops publishers that repeat, delivers what was published, ends all loops, forgets everything.

        Args:
            grace: How long deliveries may take, in seconds; what is left then is cancelled, and logged.

        Raises:
            RuntimeError: It does not run.
        """
        if not self.running or self._stopping:
            raise RuntimeError("the Exchange is not running")
        self._stopping = True
        try:
            for publisher in tuple(self._publishers):
                publisher._stop()
            await self._complete(grace)
        finally:
            self._stopping = False
            self._halt()
            for subscriber in tuple(self._subscribers.values()):
                subscriber._end()
            self.clear()

    def clear(self) -> None:
        """Forgets channels, publishers, subscribers and transformers, without cancelling any."""
        for subscriber in tuple(self._subscribers.values()):
            self._forget(subscriber)
        self._channels.clear()
        self._publishers.clear()
        self._transformers.clear()
        self._routes.clear()

    @property
    def channels(self) -> set[Channel]:
        """The channels."""
        return set(self._channels.values())

    def get_channel(self, name: str) -> Channel | None:
        """The channel of that name, or None."""
        return self._channels.get(name)

    def create_channel(self, name: str, description: str | None = None) -> Channel:
        """Makes a channel.

        Args:
            name: Its name, which no other channel of the exchange has.
            description: A text for people.

        Raises:
            ValueError: There is one of that name, or the name is none.
        """
        channel = Channel(name=name, description=description, exchange=self)
        if channel.name in self._channels:
            raise ValueError(f"A Channel named '{channel.name}' already exists")
        self._channels[channel.name] = channel
        return channel

    def remove_channel(self, channel: Channel | str) -> None:
        """Forgets a channel; it is not closed.

        Raises:
            KeyError: The exchange does not have it.
        """
        name = channel if isinstance(channel, str) else channel.name
        if self._channels.get(name) != channel:
            raise KeyError(channel)
        del self._channels[name]
        self._routes.pop(name, None)

    async def publish(self, message: Message, channel: Channel | str) -> None:
        """Publishes a message; waits while a subscriber of the channel does not keep up, see the class.

        A transformer that publishes has its message delivered before it goes on.

        Args:
            message: The message; every subscriber gets this object.
            channel: A channel, or the name of one.

        Raises:
            ValueError: There is no channel of that name.
            RuntimeError: The channel is closed.
        """
        if isinstance(channel, str):
            found = self._channels.get(channel)
            if found is None:
                raise ValueError(f"no such Channel: {channel}")
            channel = found
        if channel._closed:
            raise RuntimeError("Cannot publish messages to a closed Channel")
        if self._crowded:
            await self._make_room(channel)
            if channel._closed:
                raise RuntimeError("Cannot publish messages to a closed Channel")
        if self._transforming is not None and asyncio.current_task() is self._transforming:
            await self._transform_within(message, channel)
        else:
            self._put((message, channel))

    def create_publisher(self, *channels: Channel | str) -> Publisher:
        """Makes a publisher for channels; those that do not exist are made.

        Raises:
            TypeError: A channel is neither a name nor a channel.
            ValueError: There are no channels, or a name is none.
        """
        publisher = Publisher(exchange=self, channels=[self._channel(channel) for channel in channels])
        self._publishers.append(publisher)
        return publisher

    def _channel(self, channel: Channel | str) -> Channel:
        if isinstance(channel, Channel):
            return channel
        if not isinstance(channel, str):
            raise TypeError(f"channel argument must be a `str` or `Channel`, got: {type(channel).__name__}")
        return self._channels.get(channel) or self.create_channel(channel)

    def remove_publisher(self, publisher: Publisher) -> None:
        """Forgets a publisher.

        Raises:
            ValueError: The exchange does not have it.
        """
        try:
            self._publishers.remove(publisher)
        except ValueError:
            raise ValueError(f"no such Publisher in the Exchange: {publisher!r}") from None

    def _drop_publisher(self, publisher: Publisher) -> None:
        with contextlib.suppress(ValueError):
            self._publishers.remove(publisher)

    def create_subscriber(
        self,
        selector: Selector | BaseSubscription,
        *,
        callback: Callback | None = None,
        timeout: DurationDescriptor | None = None,
        until_done: Futuristic | None = None,
    ) -> Subscriber:
        """Adds a subscriber.

        Args:
            selector: Which channels, see `Subscription`.
            callback: Called with each message, and with its channel if it has two parameters.
            timeout: How long until the subscriber is cancelled; seconds, a text or a duration. Needs a running loop.
            until_done: What has to be done for the subscriber to be cancelled. Needs a running loop.

        Returns:
            The subscriber.
        """
        subscription = selector if isinstance(selector, BaseSubscription) else Subscription(selector=selector)
        subscriber = Subscriber(exchange=self, subscription=subscription, callback=callback)
        self._add(subscriber)
        try:
            _end_later(subscriber, timeout, until_done)
        except BaseException:
            subscriber._detach()
            raise
        return subscriber

    @asynccontextmanager
    async def _subscribed(self, *args: Any, **kwargs: Any) -> AsyncIterator[Subscriber]:
        subscriber = self.create_subscriber(*args, **kwargs)
        try:
            yield subscriber
        finally:
            subscriber._detach()

    def subscribe(
        self,
        selector: Selector | BaseSubscription,
        *,
        timeout: DurationDescriptor | None = None,
        until_done: Futuristic | None = None,
    ) -> AbstractAsyncContextManager[Subscriber]:
        """A subscriber for the time of an `async with` block; the arguments are those of `create_subscriber`."""
        return self._subscribed(selector, timeout=timeout, until_done=until_done)

    def remove_subscriber(self, subscriber: Subscriber) -> None:
        """Forgets a subscriber; loops over it end behind the messages that wait for them.

        Raises:
            ValueError: The exchange does not have it, and never cancelled it.
        """
        known = self._subscribers.get(subscriber._number) is subscriber
        if not known and not (subscriber.cancelled and subscriber.exchange is self):
            raise ValueError(f"no such Subscriber in the Exchange: {subscriber!r}")
        subscriber._detach()

    def _cancel_exclusive(self, name: str) -> None:
        """Cancels the subscribers that select one channel by its name."""
        for number in self._index.find(name):
            subscriber = self._subscribers.get(number)
            if subscriber is not None and subscriber._selector == name:
                subscriber.cancel()

    @property
    def transformers(self) -> list[Transformer]:
        """What messages go through, in that order."""
        return list(self._transformers)

    def add_transformer(self, transformer: Transformer) -> None:
        """Appends a transformer."""
        self._transformers.append(transformer)

    def insert_transformer(self, index: int, transformer: Transformer) -> None:
        """Puts a transformer before another one.

        Args:
            index: The place among `transformers`.
            transformer: The transformer.
        """
        self._transformers.insert(index, transformer)

    def remove_transformer(self, transformer: Transformer) -> None:
        """Takes a transformer out; it is not cancelled.

        Raises:
            ValueError: The exchange does not have it.
        """
        self._transformers.remove(transformer)

    def stop(self) -> None:
        """Stops the current loop over all messages, see `Subscriber.stop`."""
        scope.stop(lambda subscriber: subscriber.exchange is self and subscriber._selector == "*")

    def __aiter__(self) -> Messages:
        if not self.running:
            raise RuntimeError("Cannot iterate messages in an Exchange that is not running")
        return Messages(self.create_subscriber("*"), temporary=True)

    def _shown(self) -> dict[str, Any]:
        return {
            "running": self.running,
            "channel_names": list(self._channels),
            "publisher_count": len(self._publishers),
            "subscriber_count": len(self._subscribers),
            "transformer_count": len(self._transformers),
            "queue_size": len(self._inbox.items),
        }


def _end_later(subscriber: Subscriber, timeout: Any, until_done: Any) -> None:
    """Cancels a subscriber after a time, or when something is done."""
    if timeout is None and until_done is None:
        return
    loop = asyncio.get_running_loop()
    known = ref(subscriber)

    def end(*_: Any) -> None:
        found = known()
        if found is not None and not found.cancelled:
            found.cancel()

    if timeout is not None:
        subscriber._ends.append(loop.call_later(Duration(timeout).total_seconds(), end).cancel)
    if until_done is not None:
        subscriber._ends.append(_when_done(until_done, end))


def _when_done(until_done: Any, end: Callable[..., None]) -> Callable[[], Any]:
    """Calls something when a future or an awaitable is done; gives what calls that off."""
    if asyncio.isfuture(until_done):
        until_done.add_done_callback(end)
        return lambda: until_done.remove_done_callback(end)

    def ended(future: asyncio.Future[Any]) -> None:
        # How it ended is the business of whoever made it.
        if not future.cancelled():
            future.exception()
        end()

    future: asyncio.Future[Any] = asyncio.ensure_future(until_done)
    future.add_done_callback(ended)
    return future.cancel
