"""What can be adjusted."""

from __future__ import annotations

import abc
import enum
import inspect
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, List, Literal, Optional, Self, Union  # noqa: UP035

import pydantic

from servo import _pydantic
from servo._core import step_alignment
from servo.types.models import DEFAULT_JSON_ENCODERS, BaseModel, BaseModelConfig, RuledModel
from servo.types.protocols import HumanReadable, Numeric

__all__ = [
    "CPU",
    "EnumSetting",
    "EnvironmentEnumSetting",
    "EnvironmentRangeSetting",
    "EnvironmentSetting",
    "EnvironmentSettingList",
    "InstanceType",
    "InstanceTypeUnits",
    "Memory",
    "NumericType",
    "RangeSetting",
    "Replicas",
    "Setting",
    "find_setting",
]

# The fields are written with `Optional` and `Union`, as users of pydantic 1 look into their annotations.
if TYPE_CHECKING:
    Scalar = float | str
    Scalars = list[float | str]
else:
    Scalar = _pydantic.number_or_text(Numeric)
    Scalars = _pydantic.at_least_one(Scalar)


def _warn(message: str) -> None:
    from loguru import logger

    logger.opt(depth=1).warning("{}", message)


class Setting(RuledModel, abc.ABC):
    """One knob of a component.

    Attributes:
        name: Unique within its component.
        type: What kind of setting it is: `range` or `enum`.
        pinned: A pinned setting is shown but never changed.
        unit: For people: `cores`, `GiB`, …
        value: What it is set to now.

    Raises:
        TypeError: The class is abstract.
        pydantic.ValidationError: An argument is wrong.
    """

    name: str
    type: str
    pinned: bool = False
    unit: Optional[str] = None  # noqa: UP045
    value: Optional[Scalar] = None  # noqa: UP045

    _fields_schema: ClassVar[Any]

    def __init__(self, *args: Any, **data: Any) -> None:
        if isinstance(data.get("unit"), enum.Enum) and "unit" in data and not self._keeps_unit():
            data["unit"] = data["unit"].value
        super().__init__(*args, **data)

    @classmethod
    def _keeps_unit(cls) -> bool:
        return False

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Callable[[Any], Any]) -> Any:
        # Nothing can be made of a mapping where the class is abstract: there only objects of subclasses are taken.
        if inspect.isabstract(cls):
            if "_fields_schema" not in vars(cls):
                cls._fields_schema = handler(source)
            return _pydantic.instance_schema(cls)
        return handler(source)

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any) -> Any:
        # The fields are told all the same.
        if core_schema["type"] == "custom-error":
            core_schema = cls._fields_schema
        return super().__get_pydantic_json_schema__(core_schema, handler)

    @classmethod
    def human_readable(cls, value: Any) -> str:
        """The text of a value for people, in the type of the `value` field.

        Args:
            value: A value of such a setting.

        Returns:
            What the value's own `human_readable()` gives, or its plain text.
        """
        try:
            cast = cls.get_setting_type()(value)
            if isinstance(cast, HumanReadable):
                return cast.human_readable()
        except Exception:
            pass
        return str(value)

    @classmethod
    def get_setting_type(cls) -> Any:
        """The type of the `value` field, without None."""
        return _pydantic.inner_type(cls, "value")

    @property
    def human_readable_value(self) -> str:
        """The text of the value for people."""
        value = self.value
        return value.human_readable() if isinstance(value, HumanReadable) else str(value)

    def summary(self) -> str:
        """A line for people."""
        return repr(self)

    def safe_set_value_copy(self, value: Any) -> Self:
        """A copy with another value, even one that this setting would refuse.

        Args:
            value: Refused values are converted by `value_type` where the setting has one, and kept as they are.

        Returns:
            The copy; this setting stays as it is.

        Raises:
            ValueError: `value_type` cannot convert the value.
        """
        copied = self.copy()
        try:
            copied.value = value
        except ValueError:
            from loguru import logger

            logger.opt(exception=True).error("{}", f"Failed to parse safe_set value {value!r}")
            value_type = getattr(self, "value_type", None)
            copied = self.copy(update={"value": value_type(value) if value_type is not None else value})
        return copied

    @abc.abstractmethod
    def __opsani_repr__(self) -> dict[str, Any]:
        """What is sent to an optimizer: the setting by its name."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "value" and self.pinned and self.value is not None and value != self.value:
            raise self._wrong(
                f"value of pinned settings cannot be changed: assigned value {value!r} is not equal to existing "
                f"value {self.value!r}",
                "value",
            )
        if name == "unit" and isinstance(value, enum.Enum) and not self._keeps_unit():
            value = value.value
        super().__setattr__(name, value)

    def _wire(self, *names: str) -> dict[str, Any]:
        fields = {name: getattr(self, name) for name in ("type", "pinned", "unit", "value", *names)}
        return {self.name: {name: value for name, value in fields.items() if value is not None}}


def find_setting(settings: Iterable[Setting], setting_name: str) -> Setting | None:
    """The first setting of a name, or None.

    Args:
        settings: Where to look.
        setting_name: The name.
    """
    return next((setting for setting in settings if setting.name == setting_name), None)


class EnumSetting(Setting):
    """A setting that takes one of a list of values.

    Attributes:
        values: The choices, at least one; numbers stay numbers.
    """

    _positional: ClassVar[tuple[str, ...]] = ("name", "values", "value", "pinned", "unit")

    type: Literal["enum"] = "enum"
    values: Scalars

    def _check_rules(self) -> None:
        super()._check_rules()
        if self.value is None or any(_same(self.value, item) for item in self.values):
            return
        for item in self.values:
            # A number that was written as a text, in a configuration for instance.
            if str(item) == self.value:
                self.__dict__["value"] = item
                return
        raise self._wrong(f"invalid value: {self.value!r} is not in the values list {self.values!r}")

    def summary(self) -> str:
        """A line for people."""
        return f"{type(self).__name__}(values={self.values!r}, unit={self.unit})"

    def __opsani_repr__(self) -> dict[str, Any]:
        return self._wire("values")


def _same(one: Any, other: Any) -> bool:
    return isinstance(one, str) == isinstance(other, str) and bool(one == other)


class RangeSetting(Setting):
    """A setting that takes every `step` from `min` to `max`.

    What is odd about the range is logged as a warning, when the setting is made and when it is changed.

    Attributes:
        min: The least value.
        max: The greatest value.
        step: The distance of neighbours; zero where `min` equals `max`.
    """

    _positional: ClassVar[tuple[str, ...]] = ("name", "min", "max", "step", "value", "pinned", "unit")

    type: Literal["range"] = "range"
    min: Numeric
    max: Numeric
    step: Numeric
    value: Optional[Numeric] = None  # noqa: UP045

    def _check_rules(self) -> None:
        super()._check_rules()
        if self.step < 0:
            raise self._wrong("ensure this value is greater than or equal to 0", "step", "value_error.number.not_ge")
        for problem in self._problems():
            _warn(problem)

    def _problems(self) -> Iterator[str]:
        """What is odd about the range."""
        low, high = self.human_readable(self.min), self.human_readable(self.max)
        if self.min > self.max:
            yield f"min cannot be greater than max ({low} > {high})"
        kinds: dict[str, list[str]] = {}
        for name in ("min", "max", "step"):
            kinds.setdefault(type(getattr(self, name)).__name__, []).append(name)
        if len(kinds) > 1:
            groups = " ".join(f"{kind}: {', '.join(names)}." for kind, names in kinds.items())
            yield f"invalid range: min, max, and step must all be of the same Numeric type ({groups})"
        if self.value is not None and not self.min <= self.value <= self.max:
            yield f"invalid value: {self.human_readable(self.value)} is outside of the range {low}-{high}"
        if self.min == self.max:
            if self.step != 0:
                yield (
                    f"step must be zero when min equals max: step {self.human_readable(self.step)} cannot step from "
                    f"{low} to {high} (consider using the pinned attribute of settings if you have a value you don't "
                    "want changed)"
                )
            return
        if self.step == 0:
            yield "step cannot be zero"
            return
        yield from self._misalignment(low, high)

    def _misalignment(self, low: str, high: str) -> Iterator[str]:
        found = step_alignment(float(self.min), float(self.max), float(self.step))
        if found is None:
            return
        difference, *bounds = found
        whole = all(isinstance(bound, int) for bound in (self.min, self.max, self.step))

        def shown(number: float) -> str:
            return self.human_readable(int(number) if whole else number)

        first, second, third, fourth = self._bounds_shown(shown, bounds, low, high)
        yield (
            f"{type(self).__name__}('{self.name}' {low}-{high}, {self.human_readable(self.step)}) min/max difference "
            f"is not step aligned: {shown(difference)} is not a multiple of {self.human_readable(self.step)} "
            f"(consider min {first} or {second}, max {third} or {fourth})."
        )

    def _bounds_shown(
        self, shown: Callable[[float], str], bounds: list[float], low: str, high: str
    ) -> tuple[str, str, str, str]:
        """The texts of the nearest aligned bounds; those that read like the present ones give way to the next."""
        texts = [shown(bound) for bound in bounds]
        step = float(self.step)
        for at, sign, present in ((0, 1, low), (1, -1, low), (2, -1, high), (3, 1, high)):
            for count in range(1, 64):
                if texts[at] != present:
                    break
                texts[at] = shown(bounds[at] + sign * count * step)
        return texts[0], texts[1], texts[2], texts[3]

    def summary(self) -> str:
        """A line for people."""
        low, high, step = (self.human_readable(number) for number in (self.min, self.max, self.step))
        return f"{type(self).__name__}(range=[{low}..{high}], step={step}, unit={self.unit})"

    def __str__(self) -> str:
        low, high, step = (self.human_readable(number) for number in (self.min, self.max, self.step))
        return f"{self.name} ({self.type} {low}-{high}, {step})"

    def __opsani_repr__(self) -> dict[str, Any]:
        return self._wire("min", "max", "step")


class CPU(RangeSetting):
    """The processor time of a component, in cores unless another unit is given."""

    name: Literal["cpu"] = "cpu"
    unit: Optional[str] = "cores"  # noqa: UP045
    min: float = pydantic.Field(..., gt=0)
    max: float
    step: float = 0.125
    value: Optional[float] = None  # noqa: UP045

    def __init__(self, *args: Any, **data: Any) -> None:
        super().__init__(*args, **data)
        _tell_unit(self)


def _tell_unit(setting: RangeSetting) -> None:
    """Counts the unit as given, so that what is written without defaults still tells it."""
    setting.__fields_set__.add("unit")


class Memory(RangeSetting):
    """The memory of a component, in gibibytes unless another unit is given."""

    name: Literal["mem"] = "mem"
    unit: Optional[str] = "GiB"  # noqa: UP045

    def __init__(self, *args: Any, **data: Any) -> None:
        super().__init__(*args, **data)
        _tell_unit(self)

    def _problems(self) -> Iterator[str]:
        if self.min == 0:
            yield "min must be greater than zero"
        yield from super()._problems()


class Replicas(RangeSetting):
    """How many instances of a component run."""

    name: Literal["replicas"] = "replicas"
    min: pydantic.StrictInt
    max: pydantic.StrictInt
    step: pydantic.StrictInt = 1
    value: Optional[pydantic.StrictInt] = None  # noqa: UP045


class InstanceTypeUnits(enum.StrEnum):
    """Whose types of machines are meant."""

    ec2 = "ec2"


class InstanceType(EnumSetting):
    """The type of the machine that a component runs on."""

    name: Literal["inst_type"] = "inst_type"
    unit: InstanceTypeUnits = InstanceTypeUnits.ec2

    @classmethod
    def _keeps_unit(cls) -> bool:
        return True


class EnvironmentSetting(Setting):
    """A setting that is an environment variable of the application.

    Attributes:
        literal: The name of the variable, where it is not that of the setting.
    """

    literal: Optional[str] = None  # noqa: UP045

    @property
    def variable_name(self) -> str:
        """The name of the variable."""
        return self.literal or self.name


class NumericType:
    """The type `int` or `float`, given as such or by name."""

    @classmethod
    def validate(cls, value: Any) -> Any:
        """The type that is meant.

        Args:
            value: `"int"`, `"float"`, or a class of numbers.

        Returns:
            The type, or None.

        Raises:
            ValueError: It is none.
        """
        if value is None:
            return None
        if isinstance(value, str) and value in ("int", "float"):
            return {"int": int, "float": float}[value]
        if isinstance(value, type) and issubclass(value, int | float):
            return value
        raise ValueError(f"Unrecognized numeric type {value!r}")

    @classmethod
    def __get_validators__(cls) -> Iterator[Callable[[Any], Any]]:
        yield cls.validate

    @classmethod
    def __modify_schema__(cls, schema: dict[str, Any]) -> None:
        schema.clear()
        schema.update({"enum": ["int", "float"]})

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        return _pydantic.checked_schema(cls.validate)

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any) -> dict[str, Any]:
        return {"enum": ["int", "float"]}


class EnvironmentRangeSetting(RangeSetting, EnvironmentSetting):
    """A range setting that is an environment variable.

    Attributes:
        value_type: The type that values are converted to, where they come as texts.
    """

    value: Optional[Union[pydantic.StrictInt, float]] = None  # noqa: UP007, UP045
    value_type: Optional[NumericType] = None  # noqa: UP045

    class Config(BaseModelConfig):
        json_encoders = {**DEFAULT_JSON_ENCODERS, type: lambda kind: kind.__name__}  # noqa: RUF012

    def _check_rules(self) -> None:
        if self.value is not None and self.value_type is not None:
            kind: Any = self.value_type
            self.__dict__["value"] = kind(self.value)
        super()._check_rules()


class EnvironmentEnumSetting(EnumSetting, EnvironmentSetting):
    """An enum setting that is an environment variable."""


class EnvironmentSettingList(BaseModel):
    """Environment variables to adjust, as a list of mappings with a `type` of `range` or `enum`.

    Raises:
        pydantic.ValidationError: An item is wrong, or has another `type`.
    """

    __root__: List[  # noqa: UP006
        Annotated[
            Union[EnvironmentRangeSetting, EnvironmentEnumSetting],  # noqa: UP007
            pydantic.Field(discriminator="type"),
        ]
    ]

    def __iter__(self) -> Iterator[EnvironmentSetting]:  # type: ignore[override]
        return iter(self.__root__)

    def __getitem__(self, index: int) -> EnvironmentSetting:
        return self.__root__[index]

    def __len__(self) -> int:
        return len(self.__root__)
