"""The temporary channel of a dispatch that is the subject of an `async with` block."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, TypeVar, overload

from servo._core import Dispatch

if TYPE_CHECKING:
    from servo.pubsub import Channel, Exchange, Subscriber

Function = TypeVar("Function", bound=Callable[..., Any])


class DispatchChannel:
    """A channel from the begin of a block to the end of the run of its dispatch."""

    __slots__ = ("_exchange", "channel")

    def __init__(self, exchange: Exchange, event: str) -> None:
        from servo.pubsub.blocks import _unique_name

        self._exchange = exchange
        name = re.sub(r"[^0-9A-Za-z._-]", "_", event)
        self.channel: Channel = exchange.create_channel(
            f"servo.events.{name[:200]}.{_unique_name()}", f"about one dispatch of '{event}'"
        )

    @overload
    def subscribe(self) -> AbstractAsyncContextManager[Subscriber]: ...
    @overload
    def subscribe(self, callback: Function) -> Function: ...
    def subscribe(self, callback: Function | None = None) -> Function | AbstractAsyncContextManager[Subscriber]:
        """Has a function called with each message; without one, a subscriber for an `async with` block."""
        if callback is None:
            return self._exchange.subscribe(self.channel.name)
        self._exchange.create_subscriber(self.channel.name, callback=callback)
        return callback

    def end(self) -> None:
        """Closes the channel, unless that has been done, and takes it out of the exchange."""
        channel = self.channel
        if not channel.closed:
            closing = channel.close()
            try:
                closing.send(None)
            except StopIteration:
                pass
            else:
                closing.close()
        if self._exchange.get_channel(channel.name) is channel:
            self._exchange.remove_channel(channel)


async def enter(dispatch: Dispatch) -> Dispatch:
    """The begin of the block. A connector without an exchange has no channel."""
    exchange = getattr(dispatch._owner, "pubsub_exchange", None)
    if exchange is not None and not dispatch.done:
        dispatch._channel = DispatchChannel(exchange, str(dispatch.event))
    return dispatch


async def leave(dispatch: Dispatch) -> None:
    """The end of the block, where the dispatch runs unless it has."""
    try:
        if not dispatch.done:
            await dispatch
    finally:
        found = dispatch._channel
        dispatch._channel = None
        if found is not None:
            found.end()
