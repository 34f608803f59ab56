"""Every sentence that `servo.types` says about wrong values, with its place and the type that pydantic 1 has for it."""
# ruff: noqa: E501 - a row of a table is a line

import datetime

import pydantic
import pytest
from loguru import logger

import servo

NOW = datetime.datetime(2026, 3, 1, 12, 0, tzinfo=datetime.UTC)
METRIC = servo.Metric("tp", "rpm")
POINT = servo.DataPoint(METRIC, NOW, 1)
SERIES = servo.TimeSeries(METRIC, [POINT])
CONDITION = {"metric": "m", "threshold": 5}
UNITS = "'', '%', 'ms', 'bytes', 'GiB', 'cores', 'rpm', 'rps'"
NUMBER = ["value is not a valid float", "value is not a valid integer"]
RANGE = {"name": "x", "min": 1, "max": 9, "step": 1}


# What is made, the place of the error, its sentences, its type (of the first).
WRONG = [
    (lambda: servo.Metric("a", "parsec"), ("unit",), f"value is not a valid enumeration member; permitted: {UNITS}", "type_error.enum"),
    (lambda: servo.Metric(None), ("name",), "none is not an allowed value", "type_error.none.not_allowed"),
    (lambda: servo.DataPoint(METRIC, NOW, None), ("value",), "none is not an allowed value", "type_error.none.not_allowed"),
    (lambda: servo.DataPoint(METRIC, NOW, "x"), ("value",), "value is not a valid float", "type_error.float"),
    (lambda: servo.DataPoint(METRIC, "soon", 1), ("time",), "invalid datetime format", "value_error.datetime"),
    (lambda: servo.DataPoint(METRIC, 1e400, 1), ("time",), "invalid datetime format", "value_error.datetime"),
    (lambda: servo.DataPoint(5, NOW, 1), ("metric",), "value is not a valid dict", "type_error.dict"),
    (lambda: servo.DataPoint.parse_obj({"metric": METRIC, "time": NOW}), ("value",), "field required", "value_error.missing"),
    (lambda: servo.TimeSeries(METRIC, 5), ("data_points",), "value is not a valid list", "type_error.list"),
    (lambda: servo.TimeSeries(METRIC, None), ("data_points",), "none is not an allowed value", "type_error.none.not_allowed"),
    (lambda: servo.TimeSeries(METRIC, [], metadata=[]), ("metadata",), "value is not a valid dict", "type_error.dict"),
    (lambda: servo.TimeSeries(METRIC, [], id=[]), ("id",), "str type expected", "type_error.str"),
    (lambda: servo.Measurement(readings=None), ("readings",), "none is not an allowed value", "type_error.none.not_allowed"),
    (lambda: servo.Measurement(readings=[SERIES, POINT]), ("readings",), 'all readings must be of the same type: expected "TimeSeries" but found "DataPoint"', "assertion_error"),
    (lambda: servo.RangeSetting(**{**RANGE, "min": "1"}), ("min",), NUMBER, "type_error.float"),
    (lambda: servo.RangeSetting(**{**RANGE, "max": True}), ("max",), NUMBER, "type_error.float"),
    (lambda: servo.RangeSetting(**{**RANGE, "step": -1}), ("step",), "ensure this value is greater than or equal to 0", "value_error.number.not_ge"),
    (lambda: servo.RangeSetting(**RANGE, type="enum"), ("type",), "unexpected value; permitted: 'range'", "value_error.const"),
    (lambda: servo.RangeSetting(**RANGE, pinned="maybe"), ("pinned",), "value could not be parsed to a boolean", "type_error.bool"),
    (lambda: servo.EnumSetting(name="e", values=[]), ("values",), "ensure this value has at least 1 items", "value_error.list.min_items"),
    (lambda: servo.EnumSetting(name="e", values=["x"], type="x"), ("type",), "unexpected value; permitted: 'enum'", "value_error.const"),
    (lambda: servo.EnumSetting(name="e", values=["one", "two"], value="three"), ("__root__",), "invalid value: 'three' is not in the values list ['one', 'two']", "value_error"),
    (lambda: servo.CPU(min=0, max=2), ("min",), "ensure this value is greater than 0", "value_error.number.not_gt"),
    (lambda: servo.CPU(min=1, max=2, name="mem"), ("name",), "unexpected value; permitted: 'cpu'", "value_error.const"),
    (lambda: servo.Memory(min=1, max=2), ("step",), "field required", "value_error.missing"),
    (lambda: servo.Replicas(min=1.0, max=2), ("min",), "value is not a valid integer", "type_error.integer"),
    (lambda: servo.InstanceType(values=["a"], unit=None), ("unit",), "none is not an allowed value", "type_error.none.not_allowed"),
    (lambda: servo.EnvironmentRangeSetting(**RANGE, value_type="bogus"), ("value_type",), "Unrecognized numeric type 'bogus'", "value_error"),
    (lambda: servo.EnvironmentSettingList.parse_obj([{"name": "a"}]), ("__root__", 0), "Discriminator 'type' is missing in value", "value_error.discriminated_union.missing_discriminator"),
    (lambda: servo.EnvironmentSettingList.parse_obj([{"type": "foo"}]), ("__root__", 0), "No match for discriminator 'type' and value 'foo' (allowed values: 'range', 'enum')", "value_error.discriminated_union.invalid_discriminator"),
    (lambda: servo.Control(past=30, delay="30s"), ("__root__",), "past and delay attributes must be equal", "assertion_error"),
    (lambda: servo.Control(duration="60 sec"), ("duration",), "Invalid duration '60 sec'", "value_error"),
    (lambda: servo.Control(duration=[1]), ("duration",), "invalid type; expected timedelta, string, bytes, int or float", "type_error"),
    (lambda: servo.Control(load="much"), ("load",), "value is not a valid dict", "type_error.dict"),
    (lambda: servo.Control(userdata={"slo": {"conditions": [{**CONDITION, "x": 1}]}}), ("userdata", "slo", "conditions", 0, "x"), "extra fields not permitted", "value_error.extra"),
    (lambda: servo.SloCondition(metric="m", threshold=1, threshold_metric="n"), ("__root__",), "SLO Condition cannot specify both threshold and threshold_metric", "value_error"),
    (lambda: servo.SloCondition(metric="m"), ("__root__",), "SLO Condition must specify either threshold or threshold_metric", "value_error"),
    (lambda: servo.SloCondition(**CONDITION, trigger_count=2, trigger_window=1), ("__root__",), "trigger_count cannot be greater than trigger_window (2 > 1)", "value_error"),
    (lambda: servo.SloCondition(**CONDITION, trigger_count=0), ("trigger_count",), "ensure this value is greater than or equal to 1", "value_error.number.not_ge"),
    (lambda: servo.SloInput(conditions=[CONDITION, CONDITION]), ("conditions",), "Slo conditions must be unique. Redundant conditions found: (m below 5)", "value_error"),
    (lambda: servo.Adjustment(component_name="a", setting_name="b"), ("value",), "field required", "value_error.missing"),
    (lambda: servo.Adjustment(component_name="a", setting_name="b", value=None), ("value",), "none is not an allowed value", "type_error.none.not_allowed"),
    (lambda: servo.Component("a", [{"name": "x"}]), ("settings", 0), "Can't instantiate abstract class Setting with abstract method __opsani_repr__", "type_error"),
    (lambda: servo.Metric.parse_obj(5), ("__root__",), "Metric expected dict not int", "type_error"),
    (lambda: servo.Metric.parse_raw("[1"), ("__root__",), "Expecting ',' delimiter: line 1 column 3 (char 2)", "value_error.jsondecode"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "place", "sentences", "kind"), WRONG)
def test_what_is_wrong_is_told(make, place, sentences, kind):
    with pytest.raises(pydantic.ValidationError) as error:
        make()
    assert isinstance(error.value, ValueError)
    found = error.value.errors()
    assert [item["msg"] for item in found] == ([sentences] if isinstance(sentences, str) else sentences)
    assert {item["loc"] for item in found} == {place}
    assert found[0]["type"] == kind


@pytest.mark.parametrize(
    ("make", "kind", "message"),
    [
        (lambda: servo.Metric(), TypeError, "'name'"),
        (lambda: servo.DataPoint(METRIC), TypeError, "'time', 'value'"),
        (lambda: servo.DataPoint(METRIC, NOW, 1, 2), TypeError, "at most 3 positional arguments but 4"),
        (lambda: servo.TimeSeries(METRIC, [], metric=METRIC), TypeError, "multiple values for argument 'metric'"),
        (lambda: servo.TimeSeries(METRIC, [{"time": 1}]), AttributeError, "time"),
        (lambda: servo.TimeSeries(METRIC, [POINT, servo.DataPoint(METRIC, NOW.replace(tzinfo=None), 1)]), TypeError, "naive and offset-aware"),
        (lambda: SERIES[0:1], TypeError, "values can only be retrieved by integer index"),
        (lambda: SERIES[1], IndexError, "out of range"),
        (lambda: SERIES[-2], IndexError, "out of range"),
        (lambda: POINT["a"], TypeError, "values can only be retrieved by integer index"),
        (lambda: POINT[-1], KeyError, "index out of bounds: -1 not in \\(0, 1\\)"),
        (lambda: servo.Measurement([POINT])["a"], TypeError, "readings can only be retrieved by integer index"),
        (lambda: servo.Setting(name="a", type="b"), TypeError, "abstract"),
        (lambda: servo.Description().get_setting("cpu"), ValueError, "name must include component name and setting name"),
        (lambda: setattr(METRIC.copy(), "x", 1), ValueError, '"Metric" object has no field "x"'),
        (lambda: servo.License.from_str("x"), NameError, 'No license identified by "x".'),
        (lambda: servo.Maturity.from_str("x"), NameError, 'No maturity level identified by "x".'),
        (lambda: servo.Version.parse("x"), ValueError, "x is not valid SemVer string"),
        (lambda: hash(POINT), TypeError, "unhashable"),
        (lambda: servo.TimeSeries.from_columns(METRIC, [1, 2], [1]), ValueError, "found 2 and 1"),
        (lambda: servo.TimeSeries.from_columns(METRIC, [1e300], [1]), ValueError, "no time between"),
        (lambda: servo.TimeSeries.from_columns(METRIC, [float("nan")], [1]), ValueError, "no time between"),
        (lambda: servo.TimeSeries.from_columns(METRIC, ["x"], [1]), TypeError, "found str"),
        (lambda: servo.TimeSeries.from_pairs(METRIC, [[1, "x"]]), ValueError, "'x' is not a number"),
        (lambda: servo.TimeSeries.from_pairs(METRIC, [[1, 2, 3]]), ValueError, "2 items, found 3"),
    ],
)  # fmt: skip
def test_errors_of_other_classes(make, kind, message):
    with pytest.raises(kind, match=message):
        make()


@pytest.fixture
def warnings():
    found = []
    handler = logger.add(lambda message: found.append(message.record["message"]), level="WARNING")
    yield found
    logger.remove(handler)


@pytest.mark.parametrize(
    ("low", "high", "step", "value", "expected"),
    [
        (1, 9, 1, 3, []),
        (5, 5, 0, None, []),
        (0.1, 0.4, 0.1, None, []),
        (5, 1, 2, None, ["min cannot be greater than max (5 > 1)"]),
        (1.0, 4, 1, None, ["invalid range: min, max, and step must all be of the same Numeric type (float: min. int: max, step.)"]),
        (1, 3, 1, 7, ["invalid value: 7 is outside of the range 1-3"]),
        (3, 3, 1, None, ["step must be zero when min equals max: step 1 cannot step from 3 to 3 (consider using the pinned attribute of settings if you have a value you don't want changed)"]),
        (1, 3, 0, None, ["step cannot be zero"]),
        (3.0, 11.0, 3.0, None, ["RangeSetting('x' 3.0-11.0, 3.0) min/max difference is not step aligned: 8.0 is not a multiple of 3.0 (consider min 5.0 or 2.0, max 9.0 or 12.0)."]),
        (0.1, 0.4, 0.2, None, ["RangeSetting('x' 0.1-0.4, 0.2) min/max difference is not step aligned: 0.3 is not a multiple of 0.2 (consider min 0.2 or 0.0, max 0.3 or 0.5)."]),
    ],
)  # fmt: skip
def test_what_is_odd_about_a_range_is_a_warning(warnings, low, high, step, value, expected):
    setting = servo.RangeSetting(name="x", min=low, max=high, step=step, value=value)
    assert warnings == expected
    warnings.clear()
    setting.pinned = True
    assert warnings == expected


def test_memory_of_nothing_is_a_warning(warnings):
    servo.Memory(min=0, max=4, step=1)
    assert warnings == ["min must be greater than zero"]


def test_a_threshold_with_a_minimum_is_a_warning(warnings):
    servo.SloCondition(**CONDITION, slo_threshold_minimum=1)
    assert warnings == [
        "SLO Condition should not specify both static threshold and metric based threshold minimum. "
        "Please double check the Slo Conditions of the User Config"
    ]
