"""Messages that wait, in bounded numbers."""

from __future__ import annotations

import enum
from collections import deque
from typing import TYPE_CHECKING
from weakref import ReferenceType

from servo.pubsub.failures import warn

if TYPE_CHECKING:
    from servo.pubsub.exchange import Exchange
    from servo.pubsub.scope import Item

__all__ = ["Overflow", "Queue"]


class Overflow(enum.StrEnum):
    """What happens when a subscriber does not keep up."""

    # Publishers wait for it, up to the exchange's patience; then its oldest messages go, until it has caught up.
    wait = "wait"
    drop_oldest = "drop_oldest"
    drop_newest = "drop_newest"


class Queue:
    """The messages that wait for one receiver, at most the exchange's `capacity` of them.

    From half of the capacity on it is crowded, until no more than a quarter is left. Publishers look at that: what is
    on its way to a queue when it becomes crowded still has room in it.

    Attributes:
        items: The messages, oldest first; whoever takes one calls `relieve` if the queue is crowded.
        crowded: Whether publishers should wait.
        stuck: Whether they have waited long enough.
        dropped: How many messages were dropped in all.
    """

    __slots__ = ("_capacity", "_exchange", "_half", "_lost", "_title", "crowded", "dropped", "items", "stuck")

    def __init__(self, title: str, exchange: ReferenceType[Exchange], capacity: int) -> None:
        self._title = title
        self._exchange = exchange
        self._capacity = capacity
        self._half = max(1, capacity // 2)
        self._lost = 0
        self.items: deque[Item] = deque()
        self.crowded = False
        self.stuck = False
        self.dropped = 0

    def put(self, item: Item) -> None:
        """Appends a message; never waits."""
        items = self.items
        items.append(item)
        if len(items) >= self._half and (not self.crowded or len(items) > self._capacity):
            self._crowd()

    def _crowd(self) -> None:
        exchange = self._exchange()
        if len(self.items) > self._capacity:
            newest = exchange is not None and exchange.overflow == Overflow.drop_newest
            if newest:
                self.items.pop()
            else:
                self.items.popleft()
            self._lost += 1
            self.dropped += 1
            if self._lost == 1:
                which = "newest" if newest else "oldest"
                warn("{} does not keep up: dropping its {} messages beyond {}", self._title, which, self._capacity)
        if not self.crowded and exchange is not None:
            self.crowded = True
            exchange._crowded.add(self)

    def relieve(self) -> None:
        """Lets publishers go on if few messages are left."""
        if len(self.items) > self._half // 2:
            return
        self.crowded = self.stuck = False
        if self._lost:
            warn("{} keeps up again: {} messages were dropped", self._title, self._lost)
            self._lost = 0
        if (exchange := self._exchange()) is not None:
            exchange._crowded.discard(self)
            exchange._let_publishers_go_on()

    def close(self) -> None:
        """Forgets what waits."""
        self.items.clear()
        self._lost = 0
        if self.crowded:
            self.relieve()
