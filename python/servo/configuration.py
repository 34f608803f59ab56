"""The part of `servo.yaml` that belongs to a connector."""

from __future__ import annotations

from typing import TYPE_CHECKING

from servo import _pydantic

__all__ = ["AbstractBaseConfiguration", "BaseConfiguration"]


if TYPE_CHECKING:
    from pydantic import BaseModel as _Model
else:
    _Model = _pydantic.model_base(
        extra="forbid", validate_default=True, validate_assignment=True, arbitrary_types_allowed=True
    )


class AbstractBaseConfiguration(_Model):
    """The root of all configuration classes: unknown keys are refused."""


class BaseConfiguration(AbstractBaseConfiguration):
    """The configuration of a connector; subclass it and declare fields.

    Attributes:
        description: What this connector is for, for people.
    """

    description: str | None = None
