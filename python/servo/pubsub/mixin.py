"""Publish and subscribe as methods of an object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from servo import _pydantic
from servo.pubsub.blocks import ChannelBlock, Publishing, Subscribing
from servo.pubsub.exchange import Exchange

if TYPE_CHECKING:
    import asyncio

    from pydantic import BaseModel as _Model

    from servo.pubsub.publishers import Publisher
    from servo.pubsub.subscribers import Subscriber
    from servo.pubsub.subscriptions import Selector
    from servo.types import DurationDescriptor
else:
    _Model = _pydantic.model_base(arbitrary_types_allowed=True)

__all__ = ["Mixin"]


class _Parts:
    """What an object has once it publishes or subscribes."""

    __slots__ = ("exchange", "publishers", "subscribers")

    def __init__(self, exchange: Exchange | None = None) -> None:
        # A class may keep its exchange elsewhere, with a property of its own.
        self.exchange = exchange
        self.publishers: dict[str, Publisher] = {}
        self.subscribers: dict[str, Subscriber] = {}


class Mixin(_Model):
    """Gives a class an exchange, and methods that publish and subscribe.

    Attributes:
        pubsub_exchange: The exchange, an argument of the constructor; made when it is first used otherwise.
    """

    __slots__ = ("__pubsub__",)

    def __init__(self, *args: Any, pubsub_exchange: Exchange | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if pubsub_exchange is not None:
            self.pubsub_exchange = pubsub_exchange

    @property
    def pubsub_exchange(self) -> Exchange:
        """The exchange that messages go through."""
        parts = _parts_of(self)
        if parts.exchange is None:
            parts.exchange = Exchange()
        return parts.exchange

    @pubsub_exchange.setter
    def pubsub_exchange(self, exchange: Any) -> None:
        if not isinstance(exchange, Exchange):
            problem = ("pubsub_exchange", f"instance of Exchange expected, got {exchange!r}", "type_error")
            raise _pydantic.validation_error(type(self).__name__, [problem])
        try:
            parts = object.__getattribute__(self, "__pubsub__")
        except AttributeError:
            object.__setattr__(self, "__pubsub__", _Parts(exchange))
        else:
            parts.exchange = exchange

    def __setattr__(self, name: str, value: Any) -> None:
        # pydantic 1 takes no properties.
        if name == "pubsub_exchange":
            object.__setattr__(self, name, value)
        else:
            super().__setattr__(name, value)

    @property
    def _publishers_map(self) -> dict[str, Publisher]:
        return _parts_of(self).publishers

    @property
    def _subscribers_map(self) -> dict[str, Subscriber]:
        return _parts_of(self).subscribers

    def channel(self, name: str | None = None, description: str | None = None) -> ChannelBlock:
        """A channel for the time of an `async with` block; one that exists is left alone.

        Args:
            name: The name; a random one unless given.
            description: What it is for.
        """
        return ChannelBlock(self.pubsub_exchange, name, description)

    def subscribe(
        self,
        selector: Selector,
        *,
        name: str | None = None,
        timeout: DurationDescriptor | None = None,
        until_done: asyncio.Future[Any] | None = None,
    ) -> Subscribing:
        """Decorates a function that is called with messages, or gives a subscriber for an `async with` block.

        Args:
            selector: Which channels, see `Subscription`.
            name: The name for `cancel_subscribers`; that of the function unless given.
            timeout: How long until the subscriber is cancelled; seconds, a text or a duration.
            until_done: What has to be done for the subscriber to be cancelled.

        Raises:
            KeyError: On decoration or entry, if there is a subscriber of that name.
        """
        return Subscribing(self.pubsub_exchange, self._subscribers_map, selector, name, timeout, until_done)

    def cancel_subscribers(self, *names: str) -> None:
        """Cancels subscribers by their names; without names, all.

        Raises:
            KeyError: There is none of that name; then none is cancelled.
        """
        found = self._subscribers_map
        for name in _known(found, names, "Subscriber"):
            subscriber = found.pop(name)
            if not subscriber.cancelled:
                subscriber.cancel()

    def publish(self, *channels: Any, every: DurationDescriptor | None = None, name: str | None = None) -> Publishing:
        """Decorates an asynchronous function that is called again and again with a publisher, gives a publisher for an
        `async with` block, or publishes: `await publish(message, channel)`.

        The function is called at once, and again `every` after it has ended. When it fails, that is logged, and it is
        called again after `every` or after a pause that grows from 0.5 s to 60 s, whichever is longer. A TimeoutError
        ends it.

        Args:
            channels: The channels, or their names; those that do not exist are made. When awaited, a message first.
            every: The pause between calls; seconds, a text or a duration.
            name: The name for `cancel_publishers`; that of the function unless given.

        Raises:
            KeyError: On decoration, if there is a publisher of that name.
            RuntimeError: On decoration, if no loop runs; when awaited, if the channel is closed.
        """
        return Publishing(self.pubsub_exchange, self._publishers_map, channels, every, name)

    def cancel_publishers(self, *names: str) -> None:
        """Cancels publishers by their names; without names, all.

        Raises:
            KeyError: There is none of that name; then none is cancelled.
        """
        found = self._publishers_map
        for name in _known(found, names, "Publisher"):
            publisher = found.pop(name)
            publisher._stop()
            if (exchange := publisher.exchange) is not None:
                exchange._drop_publisher(publisher)


def _parts_of(owner: Any) -> _Parts:
    try:
        parts: _Parts = object.__getattribute__(owner, "__pubsub__")
    except AttributeError:
        parts = _Parts()
        object.__setattr__(owner, "__pubsub__", parts)
    return parts


def _known(found: dict[str, Any], names: tuple[str, ...], what: str) -> tuple[str, ...]:
    for name in names:
        if name not in found:
            raise KeyError(f"no {what} named '{name}', there are {sorted(found)}")
    return tuple(dict.fromkeys(names)) or tuple(found)
