"""What connector authors write for pydantic 1 in models and settings of their own, with either pydantic."""

import enum
import functools
from typing import Dict, List, Optional, Union  # noqa: UP035 (as in the connectors that exist)

import pydantic
import pytest

import servo

OLD = pydantic.VERSION.startswith("1.")
if OLD:
    # A class body that is run for each of two bases is no mistake.
    validator = functools.partial(pydantic.validator, allow_reuse=True)
    root_validator = functools.partial(pydantic.root_validator, allow_reuse=True)
else:
    validator, root_validator = pydantic.validator, pydantic.root_validator
# pydantic 2 says that its own idioms are others.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def errors(make):
    with pytest.raises(pydantic.ValidationError) as caught:
        make()
    return [(item["loc"], item["msg"], item["type"]) for item in caught.value.errors()]


def bases():
    return pytest.mark.parametrize("base", [servo.BaseModel, servo.BaseConfiguration], ids=["model", "configuration"])


@bases()
def test_validators_see_the_other_values_the_field_and_the_config(base):
    seen = {}

    class Model(base):
        low: int = 0
        high: int = 10

        class Config(base.Config):
            title = "Mine"

        @validator("high")
        def _ordered(cls, value, values, field, config):
            seen.update(name=field.name, type=field.type_, title=config.title, cls=cls)
            if value < values["low"]:
                raise ValueError("high must not be below low")
            return value

        @validator("low")
        def _everything(cls, value, **kwargs):
            seen["kwargs"] = set(kwargs)
            return value

    assert Model(high=5).high == 5
    assert seen == {
        "name": "high",
        "type": int,
        "title": "Mine",
        "cls": Model,
        "kwargs": {"values", "field", "config"},
    }
    assert errors(lambda: Model(low=3, high=1)) == [(("high",), "high must not be below low", "value_error")]


@bases()
def test_type_errors_and_assertions_are_errors_of_the_field(base):
    class Model(base):
        a: int = 0
        b: int = 0

        @validator("a")
        def _type(cls, value):
            raise TypeError("of another type")

        @validator("b")
        def _assert(cls, value):
            if value:
                raise AssertionError("not zero")
            return value

    assert errors(lambda: Model(a=1, b=1)) == [
        (("a",), "of another type", "type_error"),
        (("b",), "not zero", "assertion_error"),
    ]


@bases()
def test_validators_of_items_of_defaults_and_before(base):
    class Model(base):
        names: List[str] = []  # noqa: RUF012, UP006
        period: servo.Duration = None
        by_name: Dict[str, int] = {}  # noqa: RUF012, UP006

        @validator("names", each_item=True)
        def _lower(cls, value):
            return value.lower()

        @validator("period", pre=True, always=True)
        def _default(cls, value):
            return value or "5m"

        @validator("by_name", "names")
        def _short(cls, value):
            if len(value) > 1:
                raise ValueError("one at most")
            return value

    made = Model(names=["A"])
    assert (made.names, made.period) == (["a"], servo.Duration("5m"))
    assert errors(lambda: Model(names=["A", "B"], by_name={"a": 1, "b": 2})) == [
        (("names",), "one at most", "value_error"),
        (("by_name",), "one at most", "value_error"),
    ]


@bases()
def test_validators_of_the_whole(base):
    class Model(base):
        low: int = 0
        high: int = 10

        @root_validator(pre=True)
        def _start(cls, values):
            values = dict(values)
            values["low"] = values.pop("start", values.get("low", 0))
            return values

        @root_validator(skip_on_failure=True)
        def _ordered(cls, values):
            if values["high"] < values["low"]:
                raise ValueError("high must not be below low")
            return values

    assert Model(start=3).low == 3
    assert errors(lambda: Model(start=30)) == [(("__root__",), "high must not be below low", "value_error")]
    made = Model()
    assert errors(lambda: setattr(made, "low", 11)) == [
        (("__root__",), "high must not be below low", "value_error"),
    ]
    assert made.low == 0


@bases()
def test_fields_are_looked_at(base):
    class Color(enum.Enum):
        red = "r"

    class Model(base):
        maybe: Optional[int]  # noqa: UP045
        needed: Optional[int] = pydantic.Field(...)  # noqa: UP045
        either: Union[int, str] = 1  # noqa: UP007
        many: List[float] = []  # noqa: RUF012, UP006
        color: Color = Color.red

    fields = Model.__fields__
    assert not fields["maybe"].required
    assert fields["needed"].required
    assert (fields["maybe"].type_, fields["maybe"].outer_type_, fields["maybe"].allow_none) == (int, int, True)
    assert fields["many"].type_ is float
    assert fields["color"].default is Color.red
    assert fields["either"].name == fields["either"].alias == "either"
    assert Model(needed=None).needed is None
    assert errors(lambda: Model()) == [(("needed",), "field required", "value_error.missing")]


def test_limits_of_fields_have_the_texts_of_pydantic_1():
    class Model(servo.BaseModel):
        count: int = pydantic.Field(1, ge=1, lt=10)
        name: str = pydantic.Field("abc", min_length=2, max_length=4)
        items: List[int] = pydantic.Field([1], **({"min_items": 1} if OLD else {"min_length": 1}))  # noqa: UP006

    assert errors(lambda: Model(count=0, name="x", items=[])) == [
        (("count",), "ensure this value is greater than or equal to 1", "value_error.number.not_ge"),
        (("name",), "ensure this value has at least 2 characters", "value_error.any_str.min_length"),
        (("items",), "ensure this value has at least 1 items", "value_error.list.min_items"),
    ]
    assert errors(lambda: Model(count=10, name="vwxyz")) == [
        (("count",), "ensure this value is less than 10", "value_error.number.not_lt"),
        (("name",), "ensure this value has at most 4 characters", "value_error.any_str.max_length"),
    ]


def test_a_new_default_needs_no_annotation():
    class Small(servo.CPU):
        step = 0.25
        max: float = 2.0

    made = Small(min=1)
    assert (made.step, made.max) == (0.25, 2.0)
    assert errors(lambda: Small(min=0)) == [
        (("min",), "ensure this value is greater than 0", "value_error.number.not_gt"),
    ]


def test_a_setting_with_a_validator_and_a_field_of_its_own():
    class Heap(servo.RangeSetting):
        name: str = "heap"
        unit: Optional[str] = "MiB"  # noqa: UP045
        reserve: int = 64

        @validator("max")
        def _fits(cls, value, values):
            if value + values.get("reserve", 0) > 1024:
                raise ValueError("more than there is")
            return value

    made = Heap(min=128, max=512, step=64)
    assert made.__opsani_repr__() == {
        "heap": {"type": "range", "pinned": False, "unit": "MiB", "min": 128, "max": 512, "step": 64}
    }
    assert errors(lambda: Heap(min=128, max=2048, step=64)) == [(("max",), "more than there is", "value_error")]


def test_readings_with_validators():
    metric, now = servo.Metric("a"), 0

    class NoisyPoint(servo.DataPoint):
        note: str = "none"

        @validator("value")
        def _positive(cls, value):
            if value < 0:
                raise ValueError("must not be negative")
            return value * 2

        @validator("note")
        def _upper(cls, value):
            return value.upper()

    point = NoisyPoint(metric, now, 3, note="x")
    assert (point.value, point.note) == (6.0, "X")
    assert errors(lambda: NoisyPoint(metric, now, -3)) == [(("value",), "must not be negative", "value_error")]
    assert errors(lambda: setattr(point, "value", -1)) == [(("value",), "must not be negative", "value_error")]
    point.note = "other"
    assert (point.value, point.note) == (6.0, "OTHER")
    with pytest.raises(ValueError, match="has no field"):
        point.undeclared = 1

    class Filled(servo.TimeSeries):
        @validator("data_points")
        def _some(cls, value):
            if not value:
                raise ValueError("no points")
            return value

    assert errors(lambda: Filled(metric, [])) == [(("data_points",), "no points", "value_error")]
    assert len(Filled(metric, [servo.DataPoint(metric, now, 1)])) == 1


class Lot(int):
    """A type as pydantic 1 has them, with every signature of a validator."""

    seen: dict = {}  # noqa: RUF012

    @classmethod
    def __get_validators__(cls):
        yield cls.validate
        yield cls.doubled
        yield limited
        yield cls.everything

    @classmethod
    def validate(cls, v):
        return cls(v)

    @classmethod
    def doubled(cls, v, values):
        cls.seen["values"] = dict(values)
        return cls(v * values.get("factor", 1))

    @classmethod
    def everything(cls, v, values, field, config):
        cls.seen.update(field=field.name, title=config.title)
        return v

    @classmethod
    def __modify_schema__(cls, field_schema):
        field_schema.update(examples=[12])


def limited(value, field):
    if value > 1000:
        raise ValueError(f"{field.name} must not be above 1000")
    return value


def lots(base, annotation, **options):
    body = {"__annotations__": {"factor": int, "lot": annotation}, "factor": 2, "__module__": __name__, **options}
    return type(base)("Lots", (base,), {**body, "Config": type("Config", (base.Config,), {"title": "Lots"})})


@bases()
@pytest.mark.parametrize("annotation", [Lot, "Lot"], ids=["class", "text"])
def test_types_of_pydantic_1_are_read_with_all_their_validators(base, annotation):
    model = lots(base, annotation)
    made = model(lot="6", factor=3)
    assert made.lot == 18
    assert type(made.lot) is Lot
    assert Lot.seen["values"]["factor"] == 3
    assert (Lot.seen["field"], Lot.seen["title"]) == ("lot", "Lots")
    assert errors(lambda: model(lot=600)) == [(("lot",), "lot must not be above 1000", "value_error")]
    assert errors(lambda: model(lot="x")) == [
        (("lot",), "invalid literal for int() with base 10: 'x'", "value_error"),
    ]
    assert errors(lambda: model(lot=None)) == [
        (("lot",), "none is not an allowed value", "type_error.none.not_allowed")
    ]
    [(place, _, kind)] = errors(lambda: model(lot=[]))
    assert (place, kind) == (("lot",), "type_error")
    described = model.schema()["properties"]["lot"]
    assert (described["type"], described["examples"]) == ("integer", [12])


@bases()
@pytest.mark.parametrize(
    ("annotation", "given", "expected"),
    [
        (Lot | None, None, None),
        ("Optional[Lot]", "3", 6),
        (list[Lot], [1, "2"], [2, 4]),
        ("Dict[str, 'Lot']", {"a": 4}, {"a": 8}),
        (list[Lot | None] | None, [None, 5], [None, 10]),
    ],
)
def test_types_of_pydantic_1_stand_anywhere_in_an_annotation(base, annotation, given, expected):
    assert lots(base, annotation)(lot=given).lot == expected


def test_types_of_pydantic_1_stand_in_settings_and_in_functions():
    class Cores(float):
        @classmethod
        def __get_validators__(cls):
            yield cls.validate

        @classmethod
        def validate(cls, v):
            return cls(float(v[:-1]) / 1000) if isinstance(v, str) and v.endswith("m") else cls(v)

    class MilliCPU(servo.CPU):
        min: Cores
        # pydantic 1 does not look for texts in functions.
        max: Cores if OLD else "Cores"
        step: Cores = Cores(0.125)

    class Wider(MilliCPU):
        pass

    for kind in (MilliCPU, Wider):
        made = kind(min="250m", max="4000m")
        assert (made.min, made.max, made.step) == (0.25, 4.0, 0.125)
        assert type(made.min) is type(made.max) is Cores
        made.max = "2000m"
        assert made.max == 2.0


def test_a_validator_of_a_type_that_takes_what_nobody_gives_is_refused():
    class Odd(int):
        @classmethod
        def __get_validators__(cls):
            yield cls.validate

        @classmethod
        def validate(cls, v, more):
            return v

    with pytest.raises(Exception, match="Invalid signature for validator"):

        class _(servo.BaseModel):
            odd: Odd


@bases()
def test_a_field_whose_default_is_none_may_be_none(base):
    class Model(base):
        count: int = None
        names: List[str] = None  # noqa: UP006
        limit: int = pydantic.Field(None, ge=1)

    made = Model()
    assert (made.count, made.names, made.limit) == (None, None, None)
    assert Model(count=None, names=["a"], limit=3).limit == 3
    made.limit = None
    assert errors(lambda: Model(count="x"))[0][:2] == (("count",), "value is not a valid integer")
    assert errors(lambda: Model(limit=0))[0][:2] == (("limit",), "ensure this value is greater than or equal to 1")


def metrics_with_steps():
    class StepMetric(servo.Metric):
        step: servo.Duration = servo.Duration("1m")

        @validator("step")
        def _known(cls, value, values):
            if values["name"] == "odd":
                raise ValueError("odd has no step")
            return value

    class Metrics(servo.BaseModel):
        metrics: list[StepMetric]

    return Metrics


@pytest.mark.parametrize("item", [{"step": "2m"}, {"step": "?"}, {"unit": "x", "step": "2m"}])
def test_a_validator_that_reads_a_missing_field_leaks_no_key_error(item):
    model = metrics_with_steps()
    found = errors(lambda: model(metrics=[{"name": "a"}, item]))
    assert {place[:2] for place, _, _ in found} == {("metrics", 1)}
    assert errors(lambda: model(metrics=[{"name": "odd", "step": "2m"}])) == [
        (("metrics", 0, "step"), "odd has no step", "value_error"),
    ]


def test_a_key_error_of_its_own_making_is_raised():
    class Model(servo.BaseModel):
        name: str = "a"

        @validator("name")
        def _look_up(cls, value):
            return {}[value]

    with pytest.raises(KeyError):
        Model(name="b")
