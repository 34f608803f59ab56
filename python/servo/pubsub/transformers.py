"""What messages go through on their way to subscribers."""

from __future__ import annotations

import abc
import asyncio
import inspect
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Optional, Union

import pydantic

from servo import _pydantic
from servo.pubsub.channels import Channel
from servo.pubsub.failures import failed
from servo.pubsub.messages import Message
from servo.types.durations import Duration

if TYPE_CHECKING:
    from pydantic import BaseModel as _Model

    from servo.types import DurationDescriptor
else:
    _Model = _pydantic.model_base(arbitrary_types_allowed=True)

__all__ = [
    "Aggregator",
    "AggregatorCallback",
    "Filter",
    "Splitter",
    "SplitterCallback",
    "Transformer",
    "TransformerCallback",
]

TransformerCallback = Callable[[Message, Channel], Union[Message, Awaitable[Optional[Message]], None]]  # noqa: UP007, UP045
SplitterCallback = Callable[["Splitter", Message, Channel], Awaitable[None]]
AggregatorCallback = Callable[["Aggregator", Message, Channel], Awaitable[None]]


class Transformer(_Model, abc.ABC):
    """Takes a message, gives the one that goes on in its place; None ends its way."""

    def cancel(self) -> None:
        """Ends what works in the background; called when the exchange shuts down."""

    @abc.abstractmethod
    async def __call__(self, message: Message, channel: Channel) -> Message | None:
        """Transforms a message that was published in a channel."""


class Filter(Transformer):
    """Gives what a callback makes of a message; the callback may be asynchronous."""

    callback: Any

    def __init__(self, callback: TransformerCallback, *args: Any, **kwargs: Any) -> None:
        _check(type(self), callback)
        super().__init__(**{"callback": callback, **kwargs})

    async def __call__(self, message: Message, channel: Channel) -> Message | None:
        """Gives what the callback gives."""
        result: Message | None = await _result(self.callback(message, channel))
        return result


class Splitter(Transformer):
    """Has a callback publish a message to further channels; the message itself goes on unchanged.

    Args:
        callback: Called with the splitter, a message and its channel.
        channels: The channels that the callback finds with `get_channel`.
    """

    callback: Any
    channels: Any

    def __init__(self, callback: SplitterCallback, *channels: Channel, **kwargs: Any) -> None:
        _check(type(self), callback, channels=(channels, 1))
        super().__init__(**{"callback": callback, "channels": list(channels), **kwargs})

    def get_channel(self, name: str) -> Channel:
        """The channel of that name.

        Raises:
            KeyError: It is none of the splitter's.
        """
        for channel in self.channels:
            if channel.name == name:
                return channel  # type: ignore[no-any-return]
        raise KeyError(f"the Splitter has no Channel '{name}', it has {[channel.name for channel in self.channels]}")

    async def __call__(self, message: Message, channel: Channel) -> Message | None:
        """Calls the callback; gives the message."""
        await _result(self.callback(self, message, channel))
        return message


class Aggregator(Transformer):
    """Makes one message out of those of several channels.

    The callback takes in each message of these channels by setting `message`. When every channel has had one, `message`
    is published and a new round begins. All messages go on unchanged.

    Args:
        from_channels: At least two channels.
        to_channel: Where to publish.
        callback: Called with the aggregator, a message and its channel.
        every: Publish in this interval as well, from now on; needs a running loop.
    """

    from_channels: Any
    to_channel: Any
    callback: Any
    every: Any = None
    _message: Any = pydantic.PrivateAttr(None)
    _last_published_at: Any = pydantic.PrivateAttr(None)
    _counts: Any = pydantic.PrivateAttr(None)
    _task: Any = pydantic.PrivateAttr(None)

    def __init__(
        self,
        from_channels: list[Channel],
        to_channel: Channel,
        callback: AggregatorCallback,
        every: DurationDescriptor | None = None,
        **kwargs: Any,
    ) -> None:
        _check(type(self), callback, from_channels=(from_channels, 2), to_channel=([to_channel], 1))
        every = None if every is None else Duration(every)
        given = {"from_channels": list(from_channels), "to_channel": to_channel, "callback": callback, "every": every}
        super().__init__(**{**given, **kwargs})
        self._reset()
        if every is not None:
            self._task = asyncio.get_running_loop().create_task(self._publish_repeatedly(every.total_seconds()))

    @property
    def message(self) -> Message | None:
        """What is published next."""
        return self._message  # type: ignore[no-any-return]

    @message.setter
    def message(self, message: Message | None) -> None:
        self._message = message

    @property
    def last_published_at(self) -> datetime | None:
        """When it published last, local time without a zone."""
        return self._last_published_at  # type: ignore[no-any-return]

    def cancel(self) -> None:
        """Publishes in intervals no more."""
        if self._task is not None:
            self._task.cancel()

    async def publish(self) -> None:
        """Publishes `message`, unless it is None, and begins a new round."""
        if (message := self._message) is None:
            return
        self._reset()
        self._last_published_at = datetime.now()
        await self.to_channel.publish(message)

    async def __call__(self, message: Message, channel: Channel) -> Message | None:
        """Takes a message in, and publishes if every channel has had one; gives the message."""
        if channel.name in self._counts and channel in self.from_channels:
            self._counts[channel.name] += 1
            await _result(self.callback(self, message, channel))
            if all(self._counts.values()):
                await self.publish()
        return message

    def _reset(self) -> None:
        self._message = None
        self._counts = {channel.name: 0 for channel in self.from_channels}

    async def _publish_repeatedly(self, seconds: float) -> None:
        while True:
            try:
                await self.publish()
            except Exception as error:
                failed(error, "Aggregator failed to publish to {}: {!r}", self.to_channel.name, error)
            await asyncio.sleep(seconds)

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "message":
            name = "_message"
        elif not name.startswith("_"):
            raise TypeError(f'"{type(self).__name__}" is immutable and does not support item assignment')
        super().__setattr__(name, value)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(from_channels={[channel.name for channel in self.from_channels]!r}, "
            f"to_channel={self.to_channel.name!r}, every={self.every!r}, message={self._message!r}, "
            f"last_published_at={self._last_published_at!r}, channel_message_count={self._counts!r})"
        )


async def _result(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value


def _check(owner: type, callback: Any, **channels: tuple[Any, int]) -> None:
    """Raises the installed pydantic's `ValidationError` unless there is something to call, and enough channels."""
    problems: list[tuple[str, ...]] = []
    for name, (found, least) in channels.items():
        wrong = [channel for channel in found if not isinstance(channel, Channel)]
        if wrong:
            problems.append((name, f"instance of Channel expected, got {wrong[0]!r}", "type_error"))
        elif len(found) < least:
            problems.append((name, f"ensure this value has at least {least} items", "value_error.list.min_items"))
    if callback is None:
        problems.append(("callback", "none is not an allowed value"))
    elif not callable(callback):
        problems.append(("callback", f"{callback!r} is not callable", "type_error.callable"))
    if problems:
        raise _pydantic.validation_error(owner.__name__, problems)
