"""Which channels a subscriber gets messages of."""

from __future__ import annotations

import abc
import re
from typing import TYPE_CHECKING, Any, Pattern, Union  # noqa: UP035

import pydantic

from servo import _pydantic
from servo._core import glob_matches
from servo.pubsub.channels import is_channel_name

if TYPE_CHECKING:
    from pydantic import BaseModel as _Model

    from servo.pubsub.channels import Channel
    from servo.pubsub.messages import Message
else:
    _Model = _pydantic.model_base(arbitrary_types_allowed=True)

__all__ = ["BaseSubscription", "Selector", "Subscription"]

Selector = Union[pydantic.StrictStr, Pattern]  # type: ignore[type-arg]  # noqa: UP007


class BaseSubscription(_Model, abc.ABC):
    """Says which messages a subscriber gets."""

    @abc.abstractmethod
    def matches(self, channel: Channel, message: Message | None = None) -> bool:
        """Whether a message in a channel is one of them.

        Args:
            channel: The channel.
            message: The message; None where only the channel is asked about.
        """


class Subscription(BaseSubscription):
    """Selects channels by their names.

    Args:
        selector: A name; a shell pattern with `*`, `?`, `[abc]` and `[!abc]`; a text `/…/` with a regular expression
            inside, or a compiled one. Regular expressions match whole names.

    Raises:
        re.error: The regular expression is wrong.
        ValueError: The selector is neither a text nor a regular expression.
    """

    selector: Any

    def __init__(self, *, selector: Any = ..., **kwargs: Any) -> None:
        super().__init__(**{"selector": _checked(selector), **kwargs})

    @property
    def is_pattern(self) -> bool:
        """Whether it is more than the name of a channel."""
        return not isinstance(self.selector, str) or not is_channel_name(self.selector)

    def matches(self, channel: Channel, message: Message | None = None) -> bool:
        """Whether the name of a channel is selected.

        Args:
            channel: The channel.
            message: Without effect.

        Raises:
            ValueError: There is no channel.
        """
        if channel is None:
            raise ValueError("`channel` cannot be `None`")
        if isinstance(self.selector, str):
            return glob_matches(self.selector, channel.name)
        return self.selector.fullmatch(channel.name) is not None

    def __setattr__(self, name: str, value: Any) -> None:
        # The exchange has it in its index.
        raise TypeError(f'"{type(self).__name__}" is immutable and does not support item assignment')


def _checked(selector: Any) -> Any:
    if isinstance(selector, re.Pattern):
        return selector
    if isinstance(selector, str):
        if len(selector) > 1 and selector.startswith("/") and selector.endswith("/"):
            return re.compile(selector[1:-1])
        return selector
    problem = "str type expected"
    if selector is ...:
        problem = "field required"
    elif selector is None:
        problem = "none is not an allowed value"
    raise _pydantic.validation_error("Subscription", [("selector", problem)])
