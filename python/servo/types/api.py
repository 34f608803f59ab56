"""What commands carry and what their results are made of."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, ClassVar, Optional

from servo import _pydantic
from servo._core import TimeSeries, measurement_wire
from servo.types.durations import Duration
from servo.types.metrics import Metric
from servo.types.models import BaseModel, BaseModelConfig, RuledModel
from servo.types.protocols import Numeric, Reading, Readings
from servo.types.settings import Setting, find_setting
from servo.types.slo import SloInput

if TYPE_CHECKING:
    from collections.abc import Iterator

    Value = float | str
else:
    Value = _pydantic.number_or_text(Numeric)

__all__ = ["Adjustment", "Component", "Control", "Description", "Measurement", "UserData"]


class Component(BaseModel):
    """A part of the application with settings of its own.

    Args:
        name: Unique within the application.
        settings: Objects of concrete setting classes.
        kwargs: The fields of subclasses.

    Raises:
        pydantic.ValidationError: An argument is wrong.
    """

    name: str
    settings: list[Setting]

    def __init__(self, name: str, settings: list[Any], **kwargs: Any) -> None:
        super().__init__(name=name, settings=settings, **kwargs)

    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]

    def get_setting(self, name: str) -> Setting | None:
        """The setting of a name, or None.

        Args:
            name: The name.
        """
        return find_setting(self.settings, name)

    def __opsani_repr__(self) -> dict[str, Any]:
        settings: dict[str, Any] = {}
        for setting in self.settings:
            settings.update(setting.__opsani_repr__())
        return {self.name: {"settings": settings}}


class Description(RuledModel):
    """What an application consists of, and what can be measured.

    Args:
        components: The parts with their settings.
        metrics: The metrics that can be measured.

    Raises:
        pydantic.ValidationError: An argument is wrong.
    """

    _positional: ClassVar[tuple[str, ...]] = ("components", "metrics")

    components: list[Component] = []  # noqa: RUF012
    metrics: list[Metric] = []  # noqa: RUF012

    def get_component(self, name: str) -> Component | None:
        """The component of a name, or None.

        Args:
            name: The name.
        """
        return next((component for component in self.components if component.name == name), None)

    def get_metric(self, name: str) -> Metric | None:
        """The metric of a name, or None.

        Args:
            name: The name.
        """
        return next((metric for metric in self.metrics if metric.name == name), None)

    def get_setting(self, name: str) -> Setting | None:
        """The setting called `component.setting`, or None.

        Args:
            name: The component ends at the first dot.

        Raises:
            ValueError: There is no dot.
        """
        component_name, dot, setting_name = name.partition(".")
        if not dot:
            raise ValueError("name must include component name and setting name")
        component = self.get_component(component_name)
        return None if component is None else component.get_setting(setting_name)

    def __opsani_repr__(self) -> dict[str, Any]:
        components: dict[str, Any] = {}
        for component in self.components:
            components.update(component.__opsani_repr__())
        metrics = {metric.name: {"unit": str(metric.unit)} for metric in self.metrics}
        return {"application": {"components": components}, "measurement": {"metrics": metrics}}


class Adjustment(RuledModel):
    """A change that an optimizer asks for.

    Args:
        component_name: The component.
        setting_name: The setting.
        value: A number stays a number and a text a text; anything else becomes a text.

    Raises:
        pydantic.ValidationError: An argument is wrong.
    """

    _positional: ClassVar[tuple[str, ...]] = ("component_name", "setting_name", "value")

    component_name: str
    setting_name: str
    value: Value

    @property
    def selector(self) -> str:
        """`component.setting`"""
        return f"{self.component_name}.{self.setting_name}"

    def __str__(self) -> str:
        return f"{self.selector}={self.value}"


class UserData(BaseModel):
    """What a user adds to a command; further keys are kept as attributes.

    Attributes:
        slo: Objectives that the measurement must meet.
    """

    slo: Optional[SloInput] = None  # noqa: UP045

    class Config(BaseModelConfig):
        extra = "allow"


class Control(RuledModel):
    """How a command is to be carried out.

    Args:
        duration: How long to measure.
        delay: How long to wait after the measurement, before the values are read; `past` is another name of it.
        warmup: How long to wait before the measurement counts.
        settlement: How long an adjustment is given to take effect.
        load: Free form, for load generators.
        userdata: What a user adds.
        environment: Free form.

    Raises:
        pydantic.ValidationError: An argument is wrong, or `past` and `delay` differ.
    """

    duration: Duration = Duration(1)
    delay: Duration = Duration(0)
    warmup: Duration = Duration(0)
    settlement: Optional[Duration] = None  # noqa: UP045
    load: Optional[dict[str, Any]] = None  # noqa: UP045
    userdata: Optional[UserData] = None  # noqa: UP045
    environment: Optional[dict[str, Any]] = None  # noqa: UP045

    def __init__(self, **data: Any) -> None:
        if "past" in data:
            if "delay" in data and data["past"] != data["delay"]:
                raise self._wrong("past and delay attributes must be equal", kind="assertion_error")
            data["delay"] = data.pop("past")
        for name in ("duration", "delay", "warmup"):
            if name in data and not data[name]:
                data[name] = Duration(0)
        super().__init__(**data)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in ("duration", "delay", "warmup") and not value:
            value = Duration(0)
        super().__setattr__(name, value)


class Measurement(RuledModel):
    """The answer to a `measure` event.

    Args:
        readings: Data points, or time series; not both.
        annotations: Remarks by name, sent along.

    Raises:
        pydantic.ValidationError: An argument is wrong, or the readings are of different classes.
    """

    _positional: ClassVar[tuple[str, ...]] = ("readings", "annotations")

    readings: Readings = []  # noqa: RUF012
    annotations: dict[str, str] = {}  # noqa: RUF012

    def _check_rules(self) -> None:
        if not self.readings:
            return
        first = type(self.readings[0])
        for reading in self.readings:
            if not isinstance(reading, first):
                raise self._wrong(
                    f'all readings must be of the same type: expected "{first.__name__}" but found '
                    f'"{type(reading).__name__}"',
                    "readings",
                    "assertion_error",
                )
        if isinstance(self.readings[0], TimeSeries):
            self._compare_lengths()

    def _compare_lengths(self) -> None:
        expected = len(self.readings[0])  # type: ignore[arg-type]
        for series in self.readings:
            if (found := len(series)) != expected:  # type: ignore[arg-type]
                from loguru import logger

                logger.debug(
                    "all TimeSeries readings must contain the same number of values: expected {} values but found "
                    '{} on TimeSeries id "{}"',
                    expected,
                    found,
                    series.id,  # type: ignore[union-attr]
                )

    def __len__(self) -> int:
        return len(self.readings)

    def __iter__(self) -> Iterator[Reading]:  # type: ignore[override]
        return iter(self.readings)

    def __getitem__(self, index: int) -> Reading:
        if not isinstance(index, int):
            raise TypeError("readings can only be retrieved by integer index")
        return self.readings[index]

    def __opsani_repr__(self) -> dict[str, Any]:
        wire: dict[str, Any] = measurement_wire(self, time.time())
        return wire
