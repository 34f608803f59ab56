"""Gives a measurement up that breaks its service level objectives."""

from __future__ import annotations

import datetime
import decimal
import enum
import statistics
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

import pydantic

from servo.configuration import FastFailConfiguration
from servo.errors import EventAbortedError
from servo.types import BaseModel, DataPoint, Duration, SloCondition, SloInput, SloKeep, TimeSeries

__all__ = ["SLO_FAILED_REASON", "FastFailObserver", "SloOutcome", "SloOutcomeStatus"]

SLO_FAILED_REASON = "slo-violation"
"""The reason that the optimizer is told."""

# Means have 28 digits. A threshold is not rounded: a metric that equals it must not miss it.
_MEANS = decimal.Context(prec=28, traps=[])
_PRODUCTS = decimal.Context(prec=2_000, traps=[])
_SHOWN = decimal.Context(prec=12, traps=[])

Readings = Sequence[DataPoint | TimeSeries]


class Progress(Protocol):
    """What tells how long a measurement has been going on."""

    @property
    def elapsed(self) -> Duration | None: ...


if TYPE_CHECKING:
    MetricsGetter = Callable[[datetime.datetime, datetime.datetime], Awaitable[Mapping[str, Readings]]]
else:
    MetricsGetter = Callable[..., Any]


class SloOutcomeStatus(enum.StrEnum):
    """What became of the check of a condition."""

    passed = enum.auto()
    failed = enum.auto()
    zero_metric = enum.auto()
    zero_threshold = enum.auto()
    missing_metric = enum.auto()
    missing_threshold = enum.auto()


@dataclass(frozen=True, slots=True)
class SloOutcome:
    """The check of a condition.

    Attributes:
        status: What became of it.
        checked_at: When it was.
        metric_value: The metric, as far as it was known.
        threshold_value: The threshold, as far as it was known.
    """

    status: SloOutcomeStatus
    checked_at: datetime.datetime
    metric_value: Decimal | None = None
    threshold_value: Decimal | None = None

    def to_message(self, condition: SloCondition) -> str:
        """The outcome as a text, behind its time."""
        match self.status:
            case SloOutcomeStatus.passed:
                text = "SLO passed"
            case SloOutcomeStatus.failed:
                text = (
                    f"SLO failed metric value {_told(self.metric_value)} was not {condition.keep} threshold value "
                    f"{_told(self.threshold_value)}"
                )
            case SloOutcomeStatus.missing_metric:
                text = f"Metric {condition.metric} was not found in readings"
            case SloOutcomeStatus.missing_threshold:
                text = f"Threshold metric {condition.threshold_metric} was not found in readings"
            case SloOutcomeStatus.zero_metric:
                text = f"Skipping SLO {condition.metric} due to near-zero metric value of {_told(self.metric_value)}"
            case SloOutcomeStatus.zero_threshold:
                text = (
                    f"Skipping SLO {condition.metric} due to near-zero threshold value of {_told(self.threshold_value)}"
                )
        return f"{self.checked_at} {text}"


class FastFailObserver(BaseModel):
    """Checks the objectives of a measurement; call `observe` every `config.period` beside it.

    Attributes:
        config: When and over which time conditions are checked.
        input: The conditions.
        metrics_getter: Called with the start and the end of a time, in local time without a zone; gives the readings
            of that time by the names of their metrics.

    Raises:
        pydantic.ValidationError: An argument is wrong.
    """

    config: FastFailConfiguration
    input: SloInput
    metrics_getter: MetricsGetter

    # The last outcomes of each condition, as many as its window has.
    _results: dict[str, deque[SloOutcome]] = pydantic.PrivateAttr(default_factory=dict)

    async def observe(self, progress: Progress) -> None:
        """Checks all conditions now; does nothing while less than `config.skip` has elapsed.

        Args:
            progress: How long the measurement has been going on.

        Raises:
            EventAbortedError: A condition is violated; its reason is `slo-violation`.
        """
        if (progress.elapsed or Duration(0)) < self.config.skip:
            return
        checked_at = datetime.datetime.now()
        self.check_readings(await self.metrics_getter(checked_at - self.config.span, checked_at), checked_at)

    def check_readings(self, metrics: Mapping[str, Readings], checked_at: datetime.datetime) -> None:
        """Checks all conditions.

        Args:
            metrics: The readings by the names of their metrics.
            checked_at: The time of the check.

        Raises:
            EventAbortedError: A condition is violated; its reason is `slo-violation`.
            ValueError: A reading is neither a point nor a series.
        """
        from loguru import logger

        violated: list[str] = []
        statuses: dict[SloOutcomeStatus, list[str]] = {}
        for condition in self.input.conditions:
            name = str(condition)
            results = self._results.setdefault(name, deque(maxlen=condition.trigger_window))
            outcome = self._check(condition, metrics, checked_at)
            results.append(outcome)
            statuses.setdefault(outcome.status, []).append(name)
            failures = sum(result.status is SloOutcomeStatus.failed for result in results)
            # What was skipped takes its place in the window, and violates nothing by itself.
            checked = outcome.status in (SloOutcomeStatus.passed, SloOutcomeStatus.failed)
            if checked and failures >= condition.trigger_count:
                violated.append(f"{name}[{', '.join(result.to_message(condition) for result in results)}]")

        shown = (f"x{len(names)} {status} [{', '.join(names)}]" for status, names in statuses.items())
        logger.info("{}", f"SLO statuses from last check: {', '.join(shown)}")
        if violated:
            raise EventAbortedError(f"SLO violation(s) observed: {', '.join(violated)}", reason=SLO_FAILED_REASON)

    def _check(
        self, condition: SloCondition, metrics: Mapping[str, Readings], checked_at: datetime.datetime
    ) -> SloOutcome:
        metric = self._scalar(metrics.get(condition.metric))
        if metric is None:
            return SloOutcome(SloOutcomeStatus.missing_metric, checked_at)
        if condition.threshold_metric is None:
            threshold = _PRODUCTS.multiply(condition.threshold or Decimal(0), condition.threshold_multiplier)
        else:
            reading = self._scalar(metrics.get(condition.threshold_metric), condition.threshold_multiplier)
            if reading is None:
                return SloOutcome(SloOutcomeStatus.missing_threshold, checked_at, metric)
            threshold = reading
            if 0 <= metric <= condition.slo_metric_minimum:
                return SloOutcome(SloOutcomeStatus.zero_metric, checked_at, metric, threshold)
            if 0 <= threshold <= condition.slo_threshold_minimum:
                return SloOutcome(SloOutcomeStatus.zero_threshold, checked_at, metric, threshold)
        passed = metric <= threshold if condition.keep is SloKeep.below else metric >= threshold
        status = SloOutcomeStatus.passed if passed else SloOutcomeStatus.failed
        return SloOutcome(status, checked_at, metric, threshold)

    def _scalar(self, readings: Readings | None, multiplier: Decimal | None = None) -> Decimal | None:
        """The mean of readings, multiplied; None where there is no such number, or it counts as missing."""
        numbers = [number for reading in readings or () if (number := _number(reading)) is not None]
        mean = _mean(numbers)
        if mean is not None and multiplier is not None:
            mean = _PRODUCTS.multiply(mean, multiplier)
        if mean is None or mean.is_nan() or (self.config.treat_zero_as_missing and mean == 0):
            return None
        return mean


def _told(value: Decimal | None) -> str:
    """A value for people: what is only there because floats are binary is left out."""
    if value is None or not value.is_finite() or len(value.as_tuple().digits) <= _SHOWN.prec:
        return str(value)
    shown = _SHOWN.plus(value).normalize(_SHOWN)
    return format(shown, "f") if -7 < shown.adjusted() < 21 else str(shown)


def _number(reading: Any) -> Decimal | None:
    """The number of a reading; None for an empty series."""
    if isinstance(reading, DataPoint):
        return Decimal(reading.value)
    if isinstance(reading, TimeSeries):
        return _mean([Decimal(value) for value in reading.values])
    raise ValueError(f"Unknown metric reading type {type(reading)}")


def _mean(numbers: Iterable[Decimal]) -> Decimal | None:
    """The mean; of one number that number. None of nothing, NaN where infinities cancel each other."""
    found = list(numbers)
    if len(found) < 2:
        return found[0] if found else None
    with decimal.localcontext(_MEANS):
        if not all(number.is_finite() for number in found):
            return sum(found, Decimal(0))
        return statistics.mean(found)
