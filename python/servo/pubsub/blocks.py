"""What the methods of `servo.pubsub.Mixin` give: decorators that are blocks of `async with` as well."""

from __future__ import annotations

import asyncio
import inspect
import secrets
import time
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, TypeVar

from servo.pubsub.channels import Channel
from servo.pubsub.failures import failed
from servo.types.durations import Duration

if TYPE_CHECKING:
    from servo.pubsub.exchange import Exchange
    from servo.pubsub.publishers import Publisher
    from servo.pubsub.subscribers import Subscriber

__all__ = ["ChannelBlock", "Publishing", "Subscribing"]

Function = TypeVar("Function", bound=Callable[..., Any])

# The pauses after failures, in seconds: the first one is doubled each time.
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 60.0

_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def _unique_name() -> str:
    """A ULID: 26 characters that sort by time."""
    number = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    return "".join(_DIGITS[number >> shift & 31] for shift in range(125, -1, -5))


class ChannelBlock:
    """A channel for the time of a block."""

    __slots__ = ("_description", "_exchange", "_name", "_temporary")

    def __init__(self, exchange: Exchange, name: str | None, description: str | None) -> None:
        self._exchange = exchange
        self._name = name
        self._description = description
        self._temporary: Channel | None = None

    async def __aenter__(self) -> Channel:
        name = self._name or _unique_name()
        if (known := self._exchange.get_channel(name)) is not None:
            return known
        self._temporary = self._exchange.create_channel(name, self._description)
        return self._temporary

    async def __aexit__(self, *error: object) -> None:
        channel, self._temporary = self._temporary, None
        if channel is None:
            return
        if not channel.closed:
            await channel.close()
        if self._exchange.get_channel(channel.name) is channel:
            self._exchange.remove_channel(channel)


class Subscribing:
    """A subscriber: of a function that is decorated, or for the time of a block."""

    __slots__ = ("_arguments", "_exchange", "_name", "_selector", "_subscriber", "_subscribers")

    def __init__(
        self,
        exchange: Exchange,
        subscribers: dict[str, Subscriber],
        selector: Any,
        name: str | None,
        timeout: Any,
        until_done: Any,
    ) -> None:
        self._exchange = exchange
        self._subscribers = subscribers
        self._selector = selector
        self._name = name
        self._arguments = {"timeout": timeout, "until_done": until_done}
        self._subscriber: Subscriber | None = None

    def __call__(self, function: Function) -> Function:
        self._create(self._name or getattr(function, "__name__", type(function).__name__), function)
        return function

    def _create(self, name: str | None, callback: Any = None) -> Subscriber:
        known = None if name is None else self._subscribers.get(name)
        # One that its time-out ended has given its name back.
        if known is not None and not known.cancelled:
            raise KeyError(f"a Subscriber named '{name}' already exists")
        subscriber = self._exchange.create_subscriber(self._selector, callback=callback, **self._arguments)
        if name is not None:
            self._subscribers[name] = subscriber
        return subscriber

    async def __aenter__(self) -> Subscriber:
        self._subscriber = self._create(self._name)
        return self._subscriber

    async def __aexit__(self, *error: object) -> None:
        subscriber, self._subscriber = self._subscriber, None
        if subscriber is not None:
            subscriber._detach()
            if self._name is not None and self._subscribers.get(self._name) is subscriber:
                del self._subscribers[self._name]


class Publishing:
    """A publisher: of a function that is decorated, for the time of a block, or for one message."""

    __slots__ = ("_arguments", "_every", "_exchange", "_name", "_publisher", "_publishers")

    def __init__(
        self,
        exchange: Exchange,
        publishers: dict[str, Publisher],
        arguments: tuple[Any, ...],
        every: Any,
        name: str | None,
    ) -> None:
        self._exchange = exchange
        self._publishers = publishers
        self._arguments = arguments
        self._every = every
        self._name = name
        self._publisher: Publisher | None = None

    def __call__(self, function: Function) -> Function:
        if not inspect.iscoroutinefunction(function):
            raise ValueError("decorated function must be asynchronous")
        name = str(self._name or getattr(function, "__name__", type(function).__name__))
        if name in self._publishers:
            raise KeyError(f"a Publisher named '{name}' already exists")
        seconds = 0.0 if self._every is None else Duration(self._every).total_seconds()
        loop = asyncio.get_running_loop()
        publisher = self._exchange.create_publisher(*self._arguments)
        self._publishers[name] = publisher
        publisher._task = loop.create_task(_repeat(function, publisher, seconds, name), name=f"Publisher {name}")
        publishers = self._publishers

        # Not within the task: one that is cancelled at once never begins.
        def release(task: asyncio.Task[None]) -> None:
            if publishers.get(name) is publisher:
                del publishers[name]
            if (exchange := publisher.exchange) is not None:
                exchange._drop_publisher(publisher)

        publisher._task.add_done_callback(release)
        return function

    def __await__(self) -> Generator[Any, None, None]:
        return self._publish().__await__()

    async def _publish(self) -> None:
        if len(self._arguments) < 2:
            raise IndexError("publish is awaited with a message and a channel: `await publish(message, channel)`")
        message, *channels = self._arguments
        for channel in channels:
            await self._exchange.publish(message, self._exchange._channel(channel))

    async def __aenter__(self) -> Publisher:
        if self._every is not None:
            raise TypeError("Cannot create repeating publisher when used as a context manager: `every` must be None")
        self._publisher = self._exchange.create_publisher(*self._arguments)
        return self._publisher

    async def __aexit__(self, *error: object) -> None:
        publisher, self._publisher = self._publisher, None
        if publisher is not None:
            self._exchange._drop_publisher(publisher)


async def _repeat(function: Callable[[Publisher], Any], publisher: Publisher, seconds: float, name: str) -> None:
    """Calls a function again and again, until it is cancelled or raises a TimeoutError."""
    failures = 0
    while True:
        try:
            await function(publisher)
            pause, failures = seconds, 0
        except TimeoutError:
            return
        except Exception as error:
            pause = max(seconds, min(_FIRST_PAUSE * 2 ** min(failures, 16), _LONGEST_PAUSE))
            failures += 1
            failed(error, "Publisher {!r} failed, and is called again in {} s: {!r}", name, pause, error)
        await asyncio.sleep(pause)
