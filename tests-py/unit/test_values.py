"""The classes of `servo.types`, as connectors use them."""

import copy
import datetime
import gc
import json
import pickle
import weakref
from typing import ClassVar
from unittest import mock

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

import servo

MAJOR = int(pydantic.VERSION.split(".")[0])
NOW = datetime.datetime(2026, 3, 1, 12, 0, tzinfo=datetime.UTC)
LATENCY = servo.Metric("latency", servo.Unit.milliseconds)


def cpu():
    return servo.RangeSetting(name="cpu", min=1, max=4, step=0.5, value=2)


# Each class with arguments in the order of its constructor, and the fields that may be left out.
VALUES = {
    servo.Metric: ({"name": "tp", "unit": servo.Unit.requests_per_minute}, {"unit": servo.Unit.float}),
    servo.DataPoint: ({"metric": LATENCY, "time": NOW, "value": 41.5}, {}),
    servo.TimeSeries: (
        {
            "metric": LATENCY,
            "data_points": [servo.DataPoint(LATENCY, NOW, 1.0)],
            "id": "a",
            "annotation": "b",
            "metadata": {"pod": "x"},
        },
        {"id": None, "annotation": None, "metadata": None},
    ),
    servo.Measurement: (
        {"readings": [servo.DataPoint(LATENCY, NOW, 1.0)], "annotations": {"a": "b"}},
        {"readings": [], "annotations": {}},
    ),
    servo.RangeSetting: (
        {"name": "cpu", "min": 1, "max": 4, "step": 0.5, "value": 2, "pinned": True, "unit": "cores"},
        {"value": None, "pinned": False, "unit": None},
    ),
    servo.EnumSetting: (
        {"name": "gc", "values": ["g1", 2, 2.5], "value": "g1", "pinned": True, "unit": "kind"},
        {"value": None, "pinned": False, "unit": None},
    ),
    servo.Component: ({"name": "web", "settings": [cpu()]}, {}),
    servo.Description: (
        {"components": [servo.Component("web", [cpu()])], "metrics": [LATENCY]},
        {"components": [], "metrics": []},
    ),
    servo.Adjustment: ({"component_name": "web", "setting_name": "cpu", "value": 1.25}, {}),
    servo.Control: (
        {
            "duration": servo.Duration("5m"),
            "delay": servo.Duration("1s"),
            "warmup": servo.Duration("2s"),
            "settlement": servo.Duration("3s"),
            "load": {"rate": 1},
            "userdata": {"a": [1, None]},
            "environment": {"mode": "x"},
        },
        {
            "duration": servo.Duration(1),
            "delay": servo.Duration(0),
            "warmup": servo.Duration(0),
            "settlement": None,
            "load": None,
            "userdata": None,
            "environment": None,
        },
    ),
}
every_class = pytest.mark.parametrize("cls", VALUES, ids=lambda cls: cls.__name__)


def make(cls):
    return cls(**VALUES[cls][0])


@every_class
def test_arguments_come_by_position_and_by_name(cls):
    fields, _ = VALUES[cls]
    value = cls(*fields.values())
    assert value == cls(**fields)
    assert {name: getattr(value, name) for name in fields} == fields


@every_class
def test_what_is_left_out_has_its_default(cls):
    fields, defaults = VALUES[cls]
    value = cls(**{name: field for name, field in fields.items() if name not in defaults})
    assert {name: getattr(value, name) for name in defaults} == defaults
    for name in defaults:
        # Two objects never share what can be changed.
        if isinstance(defaults[name], list | dict):
            other = cls(**{key: field for key, field in fields.items() if key not in defaults})
            assert getattr(value, name) is not getattr(other, name)


@every_class
def test_required_arguments_are_all_asked_for_at_once(cls):
    fields, defaults = VALUES[cls]
    required = [name for name in fields if name not in defaults]
    if not required:
        assert cls() == cls()
        return
    with pytest.raises(pydantic.ValidationError) as error:
        cls()
    assert [item["loc"] for item in error.value.errors()] == [(name,) for name in required]
    assert f"for {cls.__name__}" in str(error.value)
    assert "field required" in str(error.value)


@every_class
def test_too_many_or_doubled_arguments_are_type_errors(cls):
    fields, _ = VALUES[cls]
    with pytest.raises(TypeError, match=rf"{cls.__name__}\(\) takes at most {len(fields)} positional arguments"):
        cls(*fields.values(), 1)
    first = next(iter(fields))
    with pytest.raises(TypeError, match=f"multiple values for argument '{first}'"):
        cls(*fields.values(), **{first: fields[first]})


@every_class
def test_equality_is_that_of_the_fields(cls):
    value = make(cls)
    assert value == make(cls)
    assert value != 1
    assert value != make(servo.Metric if cls is not servo.Metric else servo.Adjustment)
    assert value == mock.ANY
    assert (value != make(cls)) is False


@every_class
def test_repr_names_the_class_and_every_field(cls):
    text = repr(make(cls))
    assert text.startswith(f"{cls.__name__}(")
    assert all(f"{name}=" in text for name in VALUES[cls][0])


@every_class
def test_the_dict_has_every_field_and_no_object_of_the_engine(cls):
    plain = make(cls).dict()
    assert list(plain) == list(VALUES[cls][0])
    assert not any(f"{other.__name__}(" in repr(plain) for other in VALUES)


@every_class
def test_copies_and_pickles_are_equal_and_apart(cls):
    value = make(cls)
    for other in (copy.copy(value), copy.deepcopy(value), pickle.loads(pickle.dumps(value)), value.copy()):
        assert type(other) is cls
        assert other is not value
        assert other == value


@every_class
def test_fields_are_set_and_never_deleted(cls):
    fields, _ = VALUES[cls]
    value = make(cls)
    for name, field in fields.items():
        setattr(value, name, field)
        with pytest.raises(AttributeError):
            delattr(value, name)
    assert value == make(cls)


@every_class
def test_a_cycle_through_an_object_is_collected(cls):
    value = make(cls)
    value.me = value
    gone = weakref.ref(value)
    del value
    gc.collect()
    assert gone() is None


WRONG = [
    (servo.Metric, "name", 5, "str type expected"),
    (servo.Metric, "unit", "parsecs", "is not a valid Unit"),
    (servo.DataPoint, "metric", "latency", "instance of Metric expected, found str"),
    (servo.DataPoint, "time", "yesterday", "invalid datetime format"),
    (servo.DataPoint, "value", None, "none is not an allowed value"),
    (servo.DataPoint, "value", "fast", "value is not a valid float"),
    (servo.TimeSeries, "data_points", 5, "value is not a valid list"),
    (servo.TimeSeries, "data_points", [5], "instance of DataPoint expected, found int"),
    (servo.TimeSeries, "id", 5, "str type expected"),
    (servo.Measurement, "readings", None, "value is not a valid list"),
    (servo.Measurement, "readings", ["x"], "instance of DataPoint or TimeSeries expected, found str"),
    (servo.Measurement, "annotations", [], "value is not a valid dict"),
    (servo.RangeSetting, "min", "1", "value is not a valid float or integer"),
    (servo.RangeSetting, "max", True, "value is not a valid float or integer"),
    (servo.RangeSetting, "pinned", "maybe", "value could not be parsed to a boolean"),
    (servo.EnumSetting, "values", [], "ensure this value has at least 1 items"),
    (servo.EnumSetting, "values", "abc", "value is not a valid list"),
    (servo.Component, "settings", ["cpu"], "instance of Setting expected, found str"),
    (servo.Description, "metrics", {"a": 1}, "value is not a valid list"),
    (servo.Adjustment, "value", None, "value is not a valid float or integer"),
    (servo.Control, "duration", "5 minutes", "Invalid duration '5 minutes'"),
    (servo.Control, "warmup", 1e300, "out of range"),
    (servo.Control, "load", "much", "value is not a valid dict"),
]


@pytest.mark.parametrize(("cls", "name", "wrong", "message"), WRONG)
def test_wrong_values_are_refused_with_their_field(cls, name, wrong, message):
    value = make(cls)
    for attempt in (
        lambda: cls(**{**VALUES[cls][0], name: wrong}),
        lambda: setattr(value, name, wrong),
        lambda: value.copy(update={name: wrong}),
    ):
        with pytest.raises(pydantic.ValidationError) as error:
            attempt()
        assert isinstance(error.value, ValueError)
        assert [item["loc"] for item in error.value.errors()] == [(name,)]
        assert message in str(error.value)
    assert value == make(cls)


@pytest.mark.parametrize(
    ("field", "given", "stored"),
    [
        ("duration", "1m", servo.Duration(60)),
        ("warmup", None, servo.Duration(0)),
        ("delay", 2.5, servo.Duration("2.5s")),
    ],
)
def test_a_control_reads_durations(field, given, stored):
    control = servo.Control(**{field: given})
    assert getattr(control, field) == stored
    assert type(getattr(control, field)) is servo.Duration


def test_a_copy_with_an_update():
    setting = cpu().copy(update={"value": 3, "pinned": True})
    assert (setting.value, setting.pinned, setting.max) == (3, True, 4)
    assert cpu().value == 2


class TestSubclasses:
    class Query(servo.Metric):
        query: str
        language: ClassVar[str] = "promql"

        def __init__(self, name, query, **kwargs):
            super().__init__(name, **kwargs)
            self.query = query

        @property
        def short(self):
            return self.query[:3]

        @short.setter
        def short(self, value):
            self.query = value

    class Slotted(servo.Adjustment):
        __slots__ = ("note",)

    def test_a_constructor_of_its_own(self):
        metric = self.Query("errors", "sum(rate(x))", unit="rps")
        assert (metric.name, metric.unit, metric.query) == ("errors", "rps", "sum(rate(x))")
        assert repr(metric).startswith("Query(name='errors'")
        assert metric == servo.Metric("errors", "rps")
        assert servo.DataPoint(metric, NOW, 1).metric is metric

    def test_further_attributes_are_copied_too(self):
        metric = self.Query("errors", "up")
        metric.extra = [1]
        for other in (copy.copy(metric), copy.deepcopy(metric), metric.copy(update={"query": "down"})):
            assert type(other) is self.Query
            assert other.extra == [1]
        assert metric.copy().extra is metric.extra
        assert copy.deepcopy(metric).extra is not metric.extra
        assert metric.copy(update={"query": "down"}).query == "down"
        assert metric.query == "up"

    def test_properties_and_slots_are_set_as_in_any_class(self):
        metric = self.Query("errors", "up")
        metric.short = "xyz"
        assert metric.query == "xyz"
        assert "short" not in vars(metric)
        adjustment = self.Slotted("web", "cpu", 1)
        adjustment.note = "slow"
        assert "note" not in vars(adjustment)
        del adjustment.note
        assert not hasattr(adjustment, "note")
        with pytest.raises(AttributeError):
            del metric.unheard_of

    def test_fields_stay_checked(self):
        metric = self.Query("errors", "up")
        with pytest.raises(pydantic.ValidationError, match="for Query"):
            metric.name = 5

    def test_the_pickle_of_a_subclass(self):
        metric = PickledMetric("a", "q")
        restored = pickle.loads(pickle.dumps(metric))
        assert (type(restored), restored.name, restored.query) == (PickledMetric, "a", "q")


class PickledMetric(servo.Metric):
    def __init__(self, name, query):
        super().__init__(name)
        self.query = query


class TestModels:
    class Plan(pydantic.BaseModel):
        metric: servo.Metric
        settings: list[servo.RangeSetting] = []
        wait: servo.Duration = servo.Duration("1m")
        unit: servo.Unit = servo.Unit.count

    def dump(self, model):
        return model.dict() if MAJOR == 1 else model.model_dump()

    def test_objects_and_mappings_are_taken(self):
        plan = self.Plan(metric=LATENCY, settings=[cpu()], wait="5m", unit="rps")
        assert plan.metric is LATENCY
        same = self.Plan(
            metric={"name": "latency", "unit": "ms"},
            settings=[{"name": "cpu", "min": 1, "max": 4, "step": 0.5, "value": 2}],
            wait=300,
            unit=servo.Unit.requests_per_second,
        )
        assert same == plan
        assert type(same.wait) is servo.Duration

    def test_subclasses_stand_for_their_class(self):
        query = PickledMetric("a", "q")
        assert self.Plan(metric=query).metric is query

    @pytest.mark.parametrize(
        ("field", "wrong", "message"),
        [
            ("metric", 5, "instance of Metric or a mapping of its fields expected, found int"),
            ("metric", {"unit": "ms"}, "field required"),
            ("wait", "soon", "Invalid duration 'soon'"),
            ("wait", [], "invalid type; expected timedelta, string, int or float"),
            ("wait", True, "invalid type"),
            ("wait", 1e300, "out of range"),
            ("wait", "290000000y", "out of range"),
        ],
    )
    def test_what_is_wrong_is_told_with_its_place(self, field, wrong, message):
        with pytest.raises(pydantic.ValidationError) as error:
            self.Plan(**{"metric": LATENCY, field: wrong})
        assert error.value.errors()[0]["loc"][0] == field
        assert message in str(error.value)

    def test_dumps(self):
        plan = self.Plan(metric=LATENCY, settings=[cpu()])
        assert self.dump(plan)["wait"] == servo.Duration("1m")
        copied = plan.copy(deep=True) if MAJOR == 1 else plan.model_copy(deep=True)
        assert copied == plan
        assert copied.metric is not plan.metric

    @pytest.mark.skipif(MAJOR == 1, reason="pydantic 1 asks each model for its encoders")
    def test_json(self):
        plan = self.Plan(metric=LATENCY, settings=[cpu()])
        written = json.loads(plan.model_dump_json())
        assert written["wait"] == "1m"
        assert written["metric"] == {"name": "latency", "unit": "ms"}
        assert self.Plan.model_validate_json(plan.model_dump_json()) == plan

    def test_the_schema(self):
        schema = self.Plan.schema() if MAJOR == 1 else self.Plan.model_json_schema()
        assert schema["properties"]["wait"]["format"] == "duration"
        assert schema["properties"]["metric"]["type"] == "object"


class TestReadings:
    def test_a_data_point_is_a_pair(self):
        time, value = point = servo.DataPoint(LATENCY, NOW, "41.5")
        assert (time, value) == (NOW, 41.5) == (point[0], point[1])
        assert point.unit is servo.Unit.milliseconds
        with pytest.raises(KeyError, match=r"index out of bounds: 3 not in \(0, 1\)"):
            point[3]
        with pytest.raises(TypeError, match="integer index"):
            point["time"]

    def test_a_series_is_sorted_and_a_sequence(self):
        early, late = (servo.DataPoint(LATENCY, NOW + datetime.timedelta(seconds=s), s) for s in (1, 2))
        series = servo.TimeSeries(LATENCY, (late, early))
        assert list(series) == [early, late]
        assert (len(series), series[-1]) == (2, late)
        assert not servo.TimeSeries(LATENCY, [])
        with pytest.raises(IndexError):
            series[2]
        with pytest.raises(TypeError, match="integer index"):
            series[0:1]

    def test_times_that_cannot_be_compared_are_refused(self):
        points = [servo.DataPoint(LATENCY, time, 1) for time in (NOW, NOW.replace(tzinfo=None))]
        with pytest.raises((pydantic.ValidationError, TypeError), match="naive and offset-aware"):
            servo.TimeSeries(LATENCY, points)

    def test_readings_of_a_measurement_are_of_one_class(self):
        point = servo.DataPoint(LATENCY, NOW, 1)
        with pytest.raises(pydantic.ValidationError, match='expected "DataPoint" but found "TimeSeries"'):
            servo.Measurement(readings=[point, servo.TimeSeries(LATENCY, [point])])

    def test_the_wire_form(self):
        measurement = servo.Measurement(readings=[servo.DataPoint(LATENCY, NOW, 41.5)], annotations={"k": "v"})
        wire = measurement.__opsani_repr__()
        assert wire["metrics"]["latency"]["unit"] == "ms"
        assert wire["metrics"]["latency"]["value"] == 41.5
        assert wire["annotations"] == {"k": "v"}


class TestDescriptions:
    def test_parts_are_found_by_name(self):
        web = servo.Component("web", [cpu(), servo.EnumSetting("gc", ["g1", "z"])])
        description = servo.Description([web], [LATENCY])
        assert description.get_component("web") is web
        assert description.get_component("db") is None
        assert description.get_metric("latency") is LATENCY
        assert description.get_setting("web.gc").values == ["g1", "z"]
        assert description.get_setting("db.gc") is None
        assert web.get_setting("mem") is None
        with pytest.raises(ValueError, match="component name and setting name"):
            description.get_setting("cpu")

    def test_a_list_is_the_list_itself(self):
        description = servo.Description()
        description.metrics.append(LATENCY)
        assert description.metrics == [LATENCY]

    def test_the_wire_form(self):
        wire = servo.Description([servo.Component("web", [cpu()])], [LATENCY]).__opsani_repr__()
        assert wire["application"]["components"]["web"]["settings"]["cpu"]["type"] == "range"
        assert wire["measurement"]["metrics"]["latency"]["unit"] == "ms"

    def test_an_adjustment_tells_its_place(self):
        adjustment = servo.Adjustment("web", "cpu", 1.25)
        assert (adjustment.selector, str(adjustment)) == ("web.cpu", "web.cpu=1.25")


class TestUnits:
    def test_names_and_wire_texts_are_both_understood(self):
        for name, unit in servo.Unit.__members__.items():
            assert servo.Unit(name) is unit
            assert servo.Unit(unit.value) is unit
            assert servo.Metric("m", name).unit is unit

    def test_plain_numbers_share_one_unit(self):
        assert servo.Unit.count is servo.Unit.rate is servo.Unit.int is servo.Unit.float
        assert str(servo.Unit.float) == ""

    @pytest.mark.parametrize("wrong", ["parsec", 5, None])
    def test_others_are_refused(self, wrong):
        with pytest.raises(ValueError, match="is not a valid Unit"):
            servo.Unit(wrong)


MICROSECONDS = st.integers(min_value=-(10**17), max_value=10**17)
SPANS = MICROSECONDS.map(lambda micros: servo.Duration(microseconds=micros))


class TestDurations:
    @given(SPANS)
    def test_the_text_of_a_duration_is_read_as_the_same(self, span):
        assert servo.Duration(str(span)) == span
        assert eval(repr(span), {"Duration": servo.Duration}) == span
        assert span == str(span)

    @given(SPANS)
    def test_copies_pickles_and_hashes(self, span):
        for other in (copy.copy(span), copy.deepcopy(span), pickle.loads(pickle.dumps(span)), servo.Duration(span)):
            assert type(other) is servo.Duration
            assert other == span
            assert hash(other) == hash(span)

    @given(st.text() | st.from_regex(r"[-+]?([0-9.]{1,12}(ns|us|ms|s|m|h|d|w|mm|y|x)){1,4}", fullmatch=True))
    def test_any_text_is_a_duration_or_a_value_error(self, text):
        try:
            span = servo.Duration(text)
        except ValueError:
            return
        assert servo.Duration(str(span)) == span

    @given(st.floats(allow_nan=True, allow_infinity=True) | st.integers())
    def test_any_number_is_a_duration_or_a_value_error(self, number):
        try:
            span = servo.Duration(number)
        except ValueError:
            return
        assert servo.Duration(str(span)) == span

    @given(SPANS, SPANS)
    def test_arithmetic_gives_durations(self, one, two):
        plain, other = (datetime.timedelta(microseconds=s // datetime.timedelta(microseconds=1)) for s in (one, two))
        results = {
            "+": (one + two, one + other, plain + two, plain + other),
            "-": (one - two, one - other, plain - two, plain - other),
            "*": (one * 2, 2 * one, plain * 2),
            "/": (one / 2, plain / 2),
            "//": (one // 2, plain // 2),
            "neg": (-one, -plain),
            "pos": (+one, +plain),
            "abs": (abs(one), abs(plain)),
        }
        if two:
            results["%"] = (one % two, one % other, plain % two, plain % other)
            assert one / two == plain / other
            assert one // two == plain // other
            assert divmod(one, two) == divmod(plain, other)
            assert type(divmod(one, two)[1]) is servo.Duration
        for operator, (*durations, expected) in results.items():
            for duration in durations:
                assert type(duration) is servo.Duration, operator
                assert duration == expected, operator

    def test_times_move_by_durations(self):
        assert NOW + servo.Duration("1h") == NOW + datetime.timedelta(hours=1) == servo.Duration("1h") + NOW
        assert type(NOW - servo.Duration("1h")) is datetime.datetime
        assert sum([servo.Duration("1s"), servo.Duration("2s")], servo.Duration()) == servo.Duration("3s")
        with pytest.raises(TypeError):
            servo.Duration("1s") + 60

    def test_how_they_compare(self):
        span = servo.Duration(300)
        assert span == "5m"
        assert span != "300s"
        assert span == 300
        assert span == 300.0
        assert span == datetime.timedelta(minutes=5)
        assert span != None  # noqa: E711
        assert span < datetime.timedelta(minutes=6)
        assert {span: 1}[datetime.timedelta(minutes=5)] == 1
        assert not servo.Duration(0)
        with pytest.raises(TypeError):
            assert span < "6m"

    @pytest.mark.parametrize(
        ("arguments", "units", "text"),
        [
            ((120,), {}, "2m"),
            ((), {"hours": 10, "seconds": 25}, "10h25s"),
            (("1h",), {"minutes": 5}, "1h5m"),
            ((datetime.timedelta(minutes=1),), {"seconds": 1}, "1m1s"),
            ((servo.Duration("1s"),), {"milliseconds": 5}, "1.005s"),
            (("-1.5s",), {}, "-1.5s"),
            ((), {}, "0"),
        ],
    )
    def test_how_they_are_made(self, arguments, units, text):
        assert servo.Duration(*arguments, **units) == servo.Duration(text)

    @pytest.mark.parametrize("wrong", ["", "3", "-", "s", ".", "5 m", "5M", "5x", "5m garbage", "1e3s", "1.2.3s"])
    def test_what_is_no_duration(self, wrong):
        with pytest.raises(ValueError, match="duration"):
            servo.Duration(wrong)

    @pytest.mark.parametrize("wrong", [float("nan"), float("inf"), 1e18, "300000y", datetime.timedelta.max])
    def test_what_is_too_long(self, wrong):
        with pytest.raises(ValueError, match=r"out of range|NaN"):
            servo.Duration(wrong)

    def test_how_long_ago(self):
        for zone in (None, datetime.UTC):
            span = servo.Duration.since(datetime.datetime.now(zone) - datetime.timedelta(hours=1))
            assert type(span) is servo.Duration
            assert datetime.timedelta(hours=1) <= span < datetime.timedelta(hours=2)
