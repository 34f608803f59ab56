"""Where messages are published."""

from __future__ import annotations

import datetime
import json
import re
import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from servo.pubsub import scope
from servo.pubsub.objects import InstanceField, Shown

if TYPE_CHECKING:
    from servo.pubsub.exchange import Exchange
    from servo.pubsub.iterators import ChannelMessages
    from servo.pubsub.messages import Message

__all__ = ["Channel", "ChannelName", "is_channel_name"]

_LONGEST = 253
_PATTERN = r"^[0-9a-zA-Z]([0-9a-zA-Z\.\-_])*[0-9A-Za-z]$"
_NAME = re.compile(_PATTERN[1:-1])
_SCHEMA = {"type": "string", "minLength": 1, "maxLength": _LONGEST, "pattern": _PATTERN}


class ChannelName(InstanceField, str):
    """The name of a channel, as the type of a field."""

    __slots__ = ()

    @classmethod
    def _as_field(cls, value: Any) -> str:
        name, problem = _read(value)
        if problem:
            raise ValueError(problem[0])
        return name

    @classmethod
    def __modify_schema__(cls, schema: dict[str, Any]) -> None:
        schema.update(_SCHEMA)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> dict[str, Any]:
        return dict(_SCHEMA)


def is_channel_name(text: str) -> bool:
    """Whether a channel can have that name."""
    return len(text) <= _LONGEST and _NAME.fullmatch(text) is not None


class Channel(Shown, InstanceField):
    """A named place for messages in an exchange.

    Args:
        name: The name: letters, digits, dots, dashes and underscores, 2 to 253 of them, with a letter or digit at
            either end. White space around it is removed.
        description: What it is for.
        exchange: The exchange, held weakly.

    Attributes:
        created_at: When it was made, local time without a zone.

    Raises:
        ValueError: The name is none; a `ValidationError` of the installed pydantic.
    """

    __slots__ = ("__weakref__", "_closed", "_exchange", "created_at", "description", "name")

    name: str
    description: str | None
    created_at: datetime.datetime

    def __init__(self, *, name: Any = ..., description: str | None = None, exchange: Exchange, **kwargs: Any) -> None:
        self.name = _checked(name)
        self.description = description
        self.created_at = datetime.datetime.now()
        self._exchange = weakref.ref(exchange)
        self._closed = False

    @property
    def exchange(self) -> Exchange | None:
        """The exchange; None once it is gone."""
        return self._exchange()

    @property
    def closed(self) -> bool:
        """Whether it is closed."""
        return self._closed

    def _owner(self) -> Exchange:
        exchange = self._exchange()
        if exchange is None:
            raise AttributeError(f"the Exchange of Channel '{self.name}' is gone: keep a reference to it")
        return exchange

    async def publish(self, message: Message) -> None:
        """Publishes a message; waits for slow subscribers as `Exchange.publish` does.

        Raises:
            RuntimeError: The channel is closed.
        """
        await self._owner().publish(message, self)

    async def close(self) -> None:
        """Refuses messages from now on, and cancels the subscribers that have just its name as selector.

        Raises:
            RuntimeError: It is closed already.
        """
        if self._closed:
            raise RuntimeError("Channel is already closed")
        self._closed = True
        if (exchange := self._exchange()) is not None:
            exchange._cancel_exclusive(self.name)

    def stop(self) -> None:
        """Stops the current loop over the messages of this channel, see `servo.pubsub.Subscriber.stop`."""
        scope.stop(lambda subscriber: subscriber.exchange is self.exchange and subscriber._selector == self.name)

    def __aiter__(self) -> ChannelMessages:
        if self._closed:
            raise RuntimeError("Cannot iterate messages in a closed Channel")
        from servo.pubsub.iterators import ChannelMessages

        return ChannelMessages(self._owner().create_subscriber(self.name), temporary=True)

    def dict(self) -> dict[str, Any]:
        """The fields by name."""
        return {"name": self.name, "description": self.description, "created_at": self.created_at}

    def json(self) -> str:
        """The fields as JSON."""
        return json.dumps({**self.dict(), "created_at": self.created_at.isoformat()})

    def __eq__(self, other: object) -> bool:
        if isinstance(other, str):
            return self.name == other
        return self.dict() == other.dict() if isinstance(other, Channel) else False

    def __hash__(self) -> int:
        return hash(self.name)

    def _shown(self) -> Mapping[str, Any]:
        return self.dict()


def _checked(name: Any) -> str:
    text, problem = _read(name)
    if problem:
        from servo import _pydantic

        raise _pydantic.validation_error("Channel", [("name", *problem)])
    return text


def _read(name: Any) -> tuple[str, tuple[str, str] | None]:
    """The name without white space around it, and what is wrong with it."""
    if name is ...:
        return "", ("field required", "value_error.missing")
    if name is None:
        return "", ("none is not an allowed value", "type_error.none.not_allowed")
    if not isinstance(name, str):
        return "", ("str type expected", "type_error.str")
    text = name.strip()
    if is_channel_name(text):
        return text, None
    if not text:
        return "", ("ensure this value has at least 1 characters", "value_error.any_str.min_length")
    if len(text) > _LONGEST:
        return "", (f"ensure this value has at most {_LONGEST} characters", "value_error.any_str.max_length")
    return "", (f'string does not match regex "{_PATTERN}"', "value_error.str.regex")
