"""What connectors raise, and what an optimizer is told of it."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Iterator, Sequence
from typing import Any

__all__ = [
    "AdjustmentFailedError",
    "AdjustmentRejectedError",
    "BaseError",
    "ConnectorError",
    "ConnectorNotFoundError",
    "EventAbortedError",
    "EventCancelledError",
    "EventError",
    "EventHandlersNotFoundError",
    "MeasurementFailedError",
    "ServoError",
    "UnexpectedEventError",
]


class BaseError(RuntimeError):
    """The root of all errors of this package.

    Args:
        message: What went wrong, where, and what to do.
        reason: A short word for programs, such as `unstable`; the optimizer is told.
        args: Further values, kept in `args`.
        assembly: The assembly at work, the current one unless given.
        servo_: The servo at work, the current one unless given.
        connector: The connector at work, the current one unless given.
        event: The event at work, the current one unless given.
        additional_errors: All errors this one stands for.

    Attributes:
        reason: As given; may be set later.
        created_at: When the error was made, local time.
    """

    def __init__(
        self,
        message: str = "",
        reason: str | None = None,
        *args: Any,
        assembly: Any = None,
        servo_: Any = None,
        connector: Any = None,
        event: Any = None,
        additional_errors: Sequence[BaseException] | None = None,
    ) -> None:
        super().__init__(message, *args)
        self.reason = reason
        self.created_at = datetime.datetime.now()
        self._assembly = _current("assembly") if assembly is None else assembly
        self._servo = _current("servo") if servo_ is None else servo_
        self._connector = _current("connector") if connector is None else connector
        if event is None:
            # The context of an event knows its preposition too; an error names the event.
            context = _current("event")
            event = getattr(context, "event", context)
        self._event = event
        self._additional_errors = None if additional_errors is None else list(additional_errors)

    @property
    def assembly(self) -> Any:
        """The assembly at work, if one was."""
        return self._assembly

    @property
    def servo(self) -> Any:
        """The servo at work, if one was."""
        return self._servo

    @property
    def connector(self) -> Any:
        """The connector at work, if one was."""
        return self._connector

    @property
    def event(self) -> Any:
        """The event at work, if one was."""
        return self._event


def _current(kind: str) -> Any:
    """What is at work now. A module that was never imported has set nothing."""
    module = sys.modules.get("servo.events" if kind == "event" else f"servo.{kind}")
    accessor = getattr(module, f"current_{kind}", None)
    return accessor() if callable(accessor) else None


class ServoError(BaseError):
    """A servo failed."""

    def __lt__(self, other: object) -> bool:
        """Whether this one matters less: of many errors, the one that matters most stands for all."""
        if not isinstance(other, BaseError):
            return NotImplemented
        return _priority(self) < _priority(other)

    @classmethod
    def servo_error_from_group(
        cls, exception_group: BaseExceptionGroup[Any], default_error: type[ServoError] | None = None
    ) -> BaseError:
        """The error that stands for a group, with all of them in `_additional_errors`.

        It is the first one of the highest priority.

        Args:
            exception_group: Errors, in groups of any depth.
            default_error: The class of the error when the group has none of this package; this class unless given.
        """
        errors = list(_leaves(exception_group))
        own = [error for error in errors if isinstance(error, BaseError)]
        if own:
            chosen = max(own, key=_priority)
            chosen._additional_errors = errors
            return chosen
        stand_in = (default_error or cls)(str(errors[0]), additional_errors=errors)
        stand_in.__cause__ = errors[0]
        return stand_in


def _leaves(group: BaseExceptionGroup[Any]) -> Iterator[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error


class ConnectorNotFoundError(ServoError):
    """No connector has that name."""


class ConnectorError(ServoError):
    """A connector failed."""


class EventHandlersNotFoundError(ConnectorError):
    """No connector handles that event."""


class EventError(ConnectorError):
    """An event could not be handled; the status `failed`."""


class UnexpectedEventError(EventError):
    """The optimizer expected another event."""


class UnexpectedCommandIdError(EventError):
    """The optimizer answered to another command."""


class EventCancelledError(EventError):
    """The event is not to happen; the status `cancelled`."""


class MeasurementFailedError(EventError):
    """No measurement could be taken; the status `failed`."""


class AdjustmentFailedError(EventError):
    """The change did not come about; the status `failed`."""


class AdjustmentRejectedError(AdjustmentFailedError):
    """The change cannot come about with those values; the status `rejected`."""


class EventAbortedError(EventError):
    """A long operation was ended early, on purpose; the status `aborted`."""


# By exact class: a subclass has the lowest priority until it is listed.
_ERROR_PRIORITIES: dict[type[BaseError], int] = {
    MeasurementFailedError: 1,
    AdjustmentFailedError: 2,
    AdjustmentRejectedError: 3,
    EventAbortedError: 4,
}


def _priority(error: BaseError) -> int:
    return _ERROR_PRIORITIES.get(type(error), 0)
