"""When a measurement that breaks its service level objectives is given up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from servo import _pydantic
from servo.configuration.base import Settings
from servo.types.core import Duration

__all__ = ["FastFailConfiguration"]

if TYPE_CHECKING:
    _Switch = int
else:
    _Switch = _pydantic.between(0, 1)


class FastFailConfiguration(Settings):
    """When a measurement that breaks its service level objectives is given up.

    Defaults come from `FAST_FAIL_PERIOD` and the like in the environment.

    Attributes:
        disabled: 1 switches it off.
        period: How often conditions are evaluated.
        span: How far back each query looks; the period unless given.
        skip: For how long nothing is evaluated at first.
        treat_zero_as_missing: Whether an exact 0 counts as no data.
    """

    class Config:
        env_prefix = "FAST_FAIL_"
        extra = "forbid"
        validate_all = True

    disabled: _Switch = 0
    period: Duration = Duration("60s")
    span: Duration = Duration(0)
    skip: Duration = Duration(0)
    treat_zero_as_missing: bool = False

    @_pydantic.before_all
    def _span_is_period(cls, values: Any) -> Any:
        if isinstance(values, dict) and values.get("span") is None:
            return {**values, "span": values.get("period", "60s")}
        return values
