"""The words of the protocol."""

from __future__ import annotations

import enum
from typing import Union

from servo import errors

__all__ = ["Commands", "Events", "OptimizerStatuses", "Reasons", "ServoStatuses", "Statuses"]


class OptimizerStatuses(enum.StrEnum):
    """What an optimizer says of a message."""

    ok = enum.auto()
    invalid = enum.auto()
    unexpected_event = "unexpected-event"
    cancelled = "cancel"


class ServoStatuses(enum.StrEnum):
    """How a command ended."""

    ok = enum.auto()
    failed = enum.auto()
    rejected = enum.auto()
    aborted = enum.auto()
    cancelled = enum.auto()

    @classmethod
    def from_error(cls, error: BaseException) -> ServoStatuses:
        """The status of an error: `failed` unless its class has one of its own.

        Args:
            error: Any exception; of a group, the error that stands for all decides.
        """
        if isinstance(error, BaseExceptionGroup):
            error = errors.ServoError.servo_error_from_group(error)
        if isinstance(error, errors.AdjustmentRejectedError):
            return cls.rejected
        if isinstance(error, errors.EventAbortedError):
            return cls.aborted
        if isinstance(error, errors.EventCancelledError):
            return cls.cancelled
        return cls.failed


Statuses = Union[OptimizerStatuses, ServoStatuses]  # noqa: UP007 (a typing union, as it was)
"""Any status."""


class Reasons(enum.StrEnum):
    """Why a command ended as it did, in a word."""

    success = enum.auto()
    unknown = enum.auto()
    unstable = enum.auto()


class Events(enum.StrEnum):
    """What a message of the servo is about."""

    hello = "HELLO"
    """The greeting."""
    whats_next = "WHATS_NEXT"
    """The question for the next command."""
    describe = "DESCRIPTION"
    """The result of `DESCRIBE`."""
    measure = "MEASUREMENT"
    """The result of `MEASURE`, or its progress."""
    adjust = "ADJUSTMENT"
    """The result of `ADJUST`, or its progress."""
    goodbye = "GOODBYE"
    """The end."""


class Commands(enum.StrEnum):
    """What an optimizer asks for."""

    describe = "DESCRIBE"
    measure = "MEASURE"
    adjust = "ADJUST"
    sleep = "SLEEP"

    @property
    def response_event(self) -> Events:
        """The event that carries the result.

        Raises:
            ValueError: The command has no result.
        """
        if self is Commands.sleep:
            raise ValueError(f"unknown command: {self}")
        return Events[self.name]
