"""Objectives that a measurement must meet."""

from __future__ import annotations

import enum
from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Optional

from servo import _pydantic
from servo.types.models import BaseModelConfig, RuledModel

__all__ = ["SloCondition", "SloInput", "SloKeep", "TriggerConstraints"]

if TYPE_CHECKING:
    TriggerConstraints = int
else:
    TriggerConstraints = _pydantic.whole_number("TriggerConstraints", 1)


class SloKeep(enum.StrEnum):
    """On which side of its threshold a metric is to stay."""

    above = "above"
    below = "below"


class SloCondition(RuledModel):
    """One objective: a metric that stays below or above a threshold.

    Attributes:
        description: For people.
        metric: The metric that is watched.
        slo_metric_minimum: A metric up to this is taken as zero, where the threshold is a metric.
        threshold_multiplier: What the threshold is multiplied by.
        keep: On which side the metric is to stay.
        trigger_count: How many misses break the objective.
        trigger_window: Among how many of the last checks; `trigger_count` unless given.
        threshold: The threshold as a number.
        threshold_metric: The metric that is the threshold.
        slo_threshold_minimum: A threshold metric up to this is taken as zero.

    Raises:
        pydantic.ValidationError: An argument is wrong, or both or none of the thresholds are given.
    """

    description: Optional[str] = None  # noqa: UP045
    metric: str
    slo_metric_minimum: float = 0.25
    threshold_multiplier: Decimal = Decimal(1)
    keep: SloKeep = SloKeep.below
    trigger_count: TriggerConstraints = 1
    trigger_window: TriggerConstraints = 1
    threshold: Optional[Decimal] = None  # noqa: UP045
    threshold_metric: Optional[str] = None  # noqa: UP045
    slo_threshold_minimum: float = 0.25

    class Config(BaseModelConfig):
        extra = "forbid"

    def __init__(self, **data: Any) -> None:
        self_window = data.get("trigger_window") is not None
        if not self_window:
            data.pop("trigger_window", None)
        super().__init__(**data)
        if self.threshold is not None and "slo_threshold_minimum" in data:
            from loguru import logger

            logger.warning(
                "SLO Condition should not specify both static threshold and metric based threshold minimum. Please "
                "double check the Slo Conditions of the User Config"
            )

    def _check_rules(self) -> None:
        if "trigger_window" not in self.__fields_set__:
            self.__dict__["trigger_window"] = self.trigger_count
        if self.threshold is not None and self.threshold_metric is not None:
            raise self._wrong("SLO Condition cannot specify both threshold and threshold_metric")
        if self.threshold is None and self.threshold_metric is None:
            raise self._wrong("SLO Condition must specify either threshold or threshold_metric")
        if self.trigger_count > self.trigger_window:
            raise self._wrong(
                f"trigger_count cannot be greater than trigger_window ({self.trigger_count} > {self.trigger_window})"
            )

    def __str__(self) -> str:
        threshold = self.threshold if self.threshold is not None else self.threshold_metric
        described = f" -> {self.description}" if self.description else ""
        return f"({self.metric} {self.keep} {threshold}{described})"

    def __hash__(self) -> int:
        return hash(str(self))


class SloInput(RuledModel):
    """The objectives of a measurement.

    Attributes:
        conditions: All different.

    Raises:
        pydantic.ValidationError: An argument is wrong, or two conditions are the same.
    """

    conditions: list[SloCondition]

    class Config(BaseModelConfig):
        extra = "forbid"

    def _check_rules(self) -> None:
        counts = Counter(str(condition) for condition in self.conditions)
        if redundant := [text for text, count in counts.items() if count > 1]:
            raise self._wrong(
                f"Slo conditions must be unique. Redundant conditions found: {', '.join(redundant)}", "conditions"
            )
