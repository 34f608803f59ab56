"""Which message is at work, and which loop over messages the code stands in."""

from __future__ import annotations

import contextvars
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Optional, Union, cast

if TYPE_CHECKING:
    from servo.pubsub.channels import Channel
    from servo.pubsub.iterators import Messages
    from servo.pubsub.messages import Message
    from servo.pubsub.subscribers import Subscriber

__all__ = ["Item", "Scope", "current", "current_message", "stop"]

Item = tuple["Message", "Channel"]


class Scope:
    """A loop over messages: what it stands at, and what was current around it.

    It ends when the loop ends. A loop that is left by `break` ends when its iterator goes: it is known weakly.
    """

    __slots__ = ("ended", "item", "iterator", "outer")

    def __init__(self, iterator: Messages) -> None:
        self.iterator = weakref.ref(iterator)
        self.item: Item | None = None
        self.ended = False
        self.outer = live()

    def enter(self) -> None:
        """Makes it the current one."""
        if current.get() is not self:
            current.set(self)

    def leave(self) -> None:
        """Ends it; what was current around it is current again."""
        self.ended = True
        if current.get() is self:
            current.set(self.outer)


# A message that is being delivered, or the innermost loop.
current: contextvars.ContextVar[Item | Scope | None] = contextvars.ContextVar("servo.pubsub.current", default=None)


def live() -> Item | Scope | None:
    """The innermost of what has not ended."""
    found: Any = current.get()
    while type(found) is Scope and (found.ended or found.iterator() is None):
        found = found.outer
    return cast("Item | Scope | None", found)


def current_message() -> Optional[tuple[Message, Channel]]:  # noqa: UP045
    """The message at work and its channel, in a callback, a transformer or the body of a loop over messages."""
    found = live()
    while type(found) is Scope:
        if found.item is not None:
            return found.item
        found = found.outer
    return found  # type: ignore[return-value]


def stop(belongs: Callable[[Subscriber], bool]) -> None:
    """Stops the innermost loop over messages, which ends behind its current body.

    Args:
        belongs: Whether a subscriber is one of those that the caller may stop.

    Raises:
        RuntimeError: There is no such loop, or it is over other messages.
    """
    found: Union[Item, Scope, None] = live()  # noqa: UP007
    iterator = found.iterator() if type(found) is Scope else None
    if iterator is None:
        raise RuntimeError("Attempted to stop outside of an iterator")
    if not belongs(iterator.subscriber):
        raise RuntimeError("Attempted to stop an inactive iterator")
    iterator.stop()
