"""What is measured."""

from __future__ import annotations

from typing import Any

from servo.types.enums import Unit
from servo.types.models import BaseModel

__all__ = ["Metric"]


class Metric(BaseModel):
    """A quantity that a connector can measure.

    Args:
        name: Unique within a servo.
        unit: The unit of every value; its wire text or its name.
        kwargs: The fields of subclasses.

    Raises:
        TypeError: There is no name.
        pydantic.ValidationError: An argument is wrong.
    """

    name: str
    unit: Unit = Unit.float

    def __init__(self, name: str, unit: Unit | str = Unit.float, **kwargs: Any) -> None:
        super().__init__(name=name, unit=unit, **kwargs)

    # Inside of other models the fields are checked in place, so that what is wrong is told with its place.
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]

    def __hash__(self) -> int:
        return hash((self.name, self.unit))
