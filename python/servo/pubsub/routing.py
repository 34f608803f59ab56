"""Which subscribers of an exchange a message concerns."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from servo._core import SelectorIndex
from servo.pubsub.failures import failed
from servo.pubsub.scope import Item
from servo.pubsub.subscriptions import Subscription

if TYPE_CHECKING:
    from servo.pubsub.channels import Channel
    from servo.pubsub.subscribers import Subscriber

__all__ = ["Routing"]

# Names of channels whose subscribers are known; temporary channels must not add up.
_ROUTES = 4096


class Routing:
    """The part of an exchange that knows its subscribers.

    Its attributes are made when they are first used: most exchanges never are.
    """

    __slots__ = ("_dynamic", "_index", "_numbers", "_routes", "_subscribers")

    # Subscribers that are not in the index: regular expressions, and rules of users.
    _dynamic: dict[int, Subscriber]
    _index: SelectorIndex
    _numbers: int
    # The subscribers of a channel, by its name.
    _routes: dict[str, tuple[Subscriber, ...]]
    _subscribers: dict[int | None, Subscriber]

    _FIRST: ClassVar[dict[str, Callable[[Any], Any]]] = {
        "_dynamic": lambda self: {},
        "_index": lambda self: SelectorIndex(),
        "_numbers": lambda self: 0,
        "_routes": lambda self: {},
        "_subscribers": lambda self: {},
    }

    def __getattr__(self, name: str) -> Any:
        # Only for what is not there yet.
        first = self._FIRST.get(name)
        if first is None:
            raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")
        value = first(self)
        setattr(self, name, value)
        return value

    def _add(self, subscriber: Subscriber) -> None:
        number = subscriber._number = self._numbers
        self._numbers += 1
        self._subscribers[number] = subscriber
        subscription = subscriber.subscription
        name = None
        if type(subscription).matches is not Subscription.matches:
            # It may look at messages: it is asked each time.
            self._dynamic[number] = subscriber
        elif isinstance(subscription.selector, str):  # type: ignore[attr-defined]
            name = self._index.insert(number, subscription.selector)  # type: ignore[attr-defined]
        else:
            self._dynamic[number] = subscriber
        self._reroute(name)

    def _forget(self, subscriber: Subscriber) -> None:
        number = subscriber._number
        if number is None or self._subscribers.pop(number, None) is None:
            return
        subscriber._number = None
        self._dynamic.pop(number, None)
        self._index.remove(number)
        subscription = subscriber.subscription
        exact = isinstance(subscription, Subscription) and not subscription.is_pattern
        self._reroute(subscriber._selector if exact else None)

    def _reroute(self, name: str | None) -> None:
        """The subscribers of one channel have changed, or of any."""
        if name is None:
            self._routes.clear()
        else:
            self._routes.pop(name, None)

    def _route(self, channel: Channel) -> tuple[Subscriber, ...]:
        """The subscribers that may want a message of a channel."""
        route = self._routes.get(channel.name)
        if route is None:
            numbers = self._index.find(channel.name)
            numbers += [number for number, found in tuple(self._dynamic.items()) if _may_match(found, channel)]
            route = tuple(self._subscribers[number] for number in sorted(numbers))
            if len(self._routes) >= _ROUTES:
                self._routes.clear()
            self._routes[channel.name] = route
        return route

    def _offer(self, item: Item) -> None:
        dynamic = self._dynamic
        for subscriber in self._route(item[1]):
            if dynamic and not _matches(subscriber, item):
                continue
            subscriber.offer(item, self)  # type: ignore[arg-type]


def _may_match(subscriber: Subscriber, channel: Channel) -> bool:
    """Whether a subscriber may want messages of a channel; its own rule is asked for each message."""
    subscription = subscriber.subscription
    return type(subscription).matches is not Subscription.matches or subscription.matches(channel)


def _matches(subscriber: Subscriber, item: Item) -> bool:
    """Whether the own rule of a subscriber, if it has one, selects a message."""
    subscription = subscriber.subscription
    if type(subscription).matches is Subscription.matches:
        return True
    try:
        return bool(subscription.matches(item[1], item[0]))
    except Exception as error:
        failed(error, "Subscription {!r} failed, a message is not delivered to it: {!r}", subscription, error)
        return False
