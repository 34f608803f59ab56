"""What connectors raise, and what an optimizer is told of it."""

from __future__ import annotations

import datetime

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
    """

    def __init__(self, message: str = "", reason: str | None = None, *args: object) -> None:
        super().__init__(message, *args)
        self.reason = reason
        self.created_at = datetime.datetime.now()


class ServoError(BaseError):
    """A servo failed."""


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
