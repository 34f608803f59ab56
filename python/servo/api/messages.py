"""The messages of the protocol."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional, Union

import pydantic

from servo import _pydantic, errors
from servo.api.vocabulary import Commands, Events, OptimizerStatuses, Reasons, ServoStatuses
from servo.types import BaseModel, BaseModelConfig, Control, Metric

__all__ = ["CommandResponse", "MeasureParams", "Request", "SleepResponse", "Status"]

# `Status` has a method called `dict`.
Object = dict[str, Any]
Texts = dict[str, str]


class Request(BaseModel):
    """A message of the servo.

    Args:
        event: What it is about.
        param: Depends on the event.
        servo_uid: The identity of the servo, where one is configured.

    Raises:
        pydantic.ValidationError: An argument is wrong.
    """

    event: Union[Events, str]  # noqa: UP007
    param: Optional[dict[str, Any]] = None  # noqa: UP045
    servo_uid: Optional[str] = None  # noqa: UP045

    @_pydantic.before("event")
    def _known_event(cls, value: Any) -> Any:
        return Events(value) if value in list(Events) else value


class SleepResponse(BaseModel):
    """The answer to a command that has none."""


class MeasureParams(BaseModel):
    """What is to be measured, and how.

    Args:
        metrics: Names, or metrics, or a mapping whose keys are the names.
        control: How it is to be carried out.

    Raises:
        pydantic.ValidationError: An argument is wrong.
    """

    metrics: list[str]
    control: Control

    @_pydantic.before("metrics")
    def _names(cls, value: Any) -> Any:
        if isinstance(value, Mapping):
            return list(value)
        if isinstance(value, list | tuple):
            return [item.name if isinstance(item, Metric) else item for item in value]
        return value


class CommandResponse(BaseModel):
    """What an optimizer asks for, in answer to WHATS_NEXT.

    Args:
        cmd: What to do; the attribute is `command`.
        cmd_uid: Echoed with the result; the attribute is `command_uid`.
        param: `MeasureParams` where it has `metrics` and `control`, else as it came.

    Raises:
        pydantic.ValidationError: An argument is wrong.
    """

    command: Commands = pydantic.Field(alias="cmd")
    command_uid: Optional[str] = pydantic.Field(None, alias="cmd_uid")  # noqa: UP045
    param: Optional[Union[MeasureParams, dict[str, Any]]] = None  # noqa: UP007, UP045

    @_pydantic.before("param")
    def _measure_params(cls, value: Any) -> Any:
        if isinstance(value, dict) and "metrics" in value and "control" in value:
            try:
                return MeasureParams.parse_obj(value)
            except pydantic.ValidationError:
                return value
        return value


class Status(BaseModel):
    """The answer to a message, or the result of a command.

    Args:
        status: A word of `Statuses`.
        message: For people.
        other_messages: Of further errors.
        reason: A short word for programs.
        state: What stands after an adjustment.
        descriptor: What was described.
        metrics: What was measured.
        annotations: Remarks on a measurement.
        cmd_uid: The command it answers; `command_uid` is another name of it, and that of the attribute.

    Raises:
        pydantic.ValidationError: An argument is wrong.
    """

    status: Union[OptimizerStatuses, ServoStatuses]  # noqa: UP007
    message: Optional[str] = None  # noqa: UP045
    other_messages: Optional[list[str]] = None  # noqa: UP045
    reason: Optional[str] = None  # noqa: UP045
    state: Optional[Object] = None  # noqa: UP045
    descriptor: Optional[Object] = None  # noqa: UP045
    metrics: Optional[Object] = None  # noqa: UP045
    annotations: Optional[Texts] = None  # noqa: UP045
    command_uid: Optional[str] = pydantic.Field(None, alias="cmd_uid")  # noqa: UP045

    class Config(BaseModelConfig):
        allow_population_by_field_name = True

    @classmethod
    def ok(cls, message: str | None = None, reason: str = Reasons.success, **kwargs: Any) -> Status:
        """A success.

        Args:
            message: For people.
            reason: A short word for programs.
            kwargs: Further fields.
        """
        return cls(status=OptimizerStatuses.ok, message=message, reason=str(reason), **kwargs)

    @classmethod
    def from_error(cls, error: BaseException, **kwargs: Any) -> Status:
        """What an optimizer is told of an error.

        Args:
            error: Any exception; of a group, the error that stands for all, with the messages of the others.
            kwargs: Further fields.
        """
        if isinstance(error, BaseExceptionGroup):
            error = errors.ServoError.servo_error_from_group(error)
        others = [_text(other) for other in getattr(error, "_additional_errors", None) or [] if not _same(other, error)]
        if others:
            kwargs.setdefault("other_messages", others)
        reason = getattr(error, "reason", None)
        return cls(
            status=ServoStatuses.from_error(error),
            message=_text(error),
            reason=None if reason is None else str(reason),
            **kwargs,
        )

    def dict(self, *, exclude_unset: bool = True, by_alias: bool = True, **kwargs: Any) -> Any:
        """The fields that were set, under the names of the wire.

        Args:
            exclude_unset: Whether fields that were not set are left out.
            by_alias: Whether the names are those of the wire.
            kwargs: Further options of pydantic.
        """
        return super().dict(exclude_unset=exclude_unset, by_alias=by_alias, **kwargs)

    def json(self, *, exclude_unset: bool = False, by_alias: bool = False, **kwargs: Any) -> str:
        """All fields under the names of the attributes, as JSON.

        Args:
            exclude_unset: Whether fields that were not set are left out.
            by_alias: Whether the names are those of the wire.
            kwargs: Further options of pydantic.
        """
        text: str = super().json(exclude_unset=exclude_unset, by_alias=by_alias, **kwargs)
        return text


def _text(error: BaseException) -> str:
    """The text of an error; its class where it has none."""
    return str(error) or type(error).__name__


def _same(other: BaseException, error: BaseException) -> bool:
    return other is error or other is error.__cause__
