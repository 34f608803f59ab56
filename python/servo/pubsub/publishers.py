"""Those who publish messages."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from servo.pubsub.channels import Channel
from servo.pubsub.objects import InstanceField, Shown

if TYPE_CHECKING:
    from servo.pubsub.exchange import Exchange
    from servo.pubsub.messages import Message

__all__ = ["Publisher"]


class Publisher(Shown, InstanceField):
    """Publishes messages to channels of its own.

    Args:
        exchange: The exchange, held weakly; `Exchange.create_publisher` adds the publisher to it.
        channels: The channels, at least one.

    Raises:
        ValueError: There are no channels; a `ValidationError` of the installed pydantic.
    """

    __slots__ = ("__weakref__", "_channels", "_exchange", "_task")

    def __init__(self, *, exchange: Exchange, channels: Sequence[Channel], **kwargs: Any) -> None:
        self._exchange = weakref.ref(exchange)
        self._channels = list(channels)
        # The task that calls a function again and again, if there is one.
        self._task: asyncio.Task[None] | None = None
        if not self._channels:
            raise _invalid("ensure this value has at least 1 items", "value_error.list.min_items")
        for channel in self._channels:
            if not isinstance(channel, Channel):
                raise _invalid(f"instance of Channel expected, got {channel!r}", "type_error")

    @property
    def exchange(self) -> Exchange | None:
        """The exchange; None once it is gone."""
        return self._exchange()

    @property
    def channels(self) -> list[Channel]:
        """The channels, in the order in which they are published to."""
        return self._channels

    async def __call__(self, message: Message, *channels: Channel | str) -> None:
        """Publishes a message to all its channels, or to some of them; waits as `Exchange.publish` does.

        Raises:
            ValueError: A channel is none of its own.
            RuntimeError: A channel is closed.
        """
        exchange = self._exchange()
        if exchange is None:
            raise AttributeError("the Exchange of the Publisher is gone: keep a reference to it")
        for channel in [self._find(channel) for channel in channels] if channels else self._channels:
            await exchange.publish(message, channel)

    def _find(self, channel: Channel | str) -> Channel:
        for found in self._channels:
            if found == channel:
                return found
        name = channel.name if isinstance(channel, Channel) else channel
        raise ValueError(f"Publisher is not bound to Channel: '{name}'")

    def _stop(self) -> None:
        if self._task is not None and self._task is not asyncio.current_task():
            self._task.cancel()

    def dict(self) -> dict[str, Any]:
        """The fields by name."""
        return {"channels": self._channels}

    def _shown(self) -> Mapping[str, Any]:
        return self.dict()


def _invalid(*problem: str) -> Exception:
    from servo import _pydantic

    return _pydantic.validation_error("Publisher", [("channels", *problem)])
