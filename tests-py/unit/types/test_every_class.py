"""What every value class has: equality, copies, pickles, dicts, and a place in models of users."""

import copy
import datetime
import gc
import json
import pickle
import weakref

import pydantic
import pytest

import servo

OLD = pydantic.VERSION.startswith("1.")
NOW = datetime.datetime(2026, 3, 1, 12, 0, tzinfo=datetime.UTC)
METRIC = servo.Metric("tp", "rpm")


def cpu():
    return servo.CPU(min=1, max=4, value=2)


def series():
    return servo.TimeSeries(METRIC, [servo.DataPoint(METRIC, NOW, 1.5)], id="a", metadata={"k": "v"})


MADE = {
    servo.Metric: lambda: servo.Metric("tp", "rpm"),
    servo.DataPoint: lambda: servo.DataPoint(METRIC, NOW, 1.5),
    servo.TimeSeries: series,
    servo.Measurement: lambda: servo.Measurement(readings=[series()], annotations={"a": "b"}),
    servo.CPU: cpu,
    servo.Memory: lambda: servo.Memory(min=1, max=2, step=1, unit=None),
    servo.Replicas: lambda: servo.Replicas(min=1, max=3, pinned=True, value=2),
    servo.InstanceType: lambda: servo.InstanceType(values=["m5.large"], value="m5.large"),
    servo.EnumSetting: lambda: servo.EnumSetting(name="e", values=["x", 1, 2.5], value=1),
    servo.RangeSetting: lambda: servo.RangeSetting(name="r", min=1, max=3, step=1),
    servo.EnvironmentEnumSetting: lambda: servo.EnvironmentEnumSetting(name="E", values=["x"], literal="F"),
    servo.EnvironmentRangeSetting: lambda: servo.EnvironmentRangeSetting(name="R", min=1, max=3, step=1, value="2"),
    servo.EnvironmentSettingList: lambda: servo.EnvironmentSettingList.parse_obj(
        [{"type": "enum", "name": "E", "values": ["x"]}]
    ),
    servo.Component: lambda: servo.Component("web", [cpu()]),
    servo.Description: lambda: servo.Description([servo.Component("web", [cpu()])], [METRIC]),
    servo.Adjustment: lambda: servo.Adjustment(component_name="web", setting_name="cpu", value=1.25),
    servo.Control: lambda: servo.Control(duration="5m", past="30s", load={"users": 3}, userdata={"slo": None, "k": 1}),
    servo.UserData: lambda: servo.UserData(anything=[1, "two"]),
    servo.SloCondition: lambda: servo.SloCondition(metric="m", threshold="5.0", trigger_count=2),
    servo.SloInput: lambda: servo.SloInput(conditions=[{"metric": "m", "threshold_metric": "n"}]),
    servo.DurationProgress: lambda: servo.DurationProgress("5m", started_at=NOW),
}
CLASSES = list(MADE)
# Their settings are objects of an abstract class, of which nothing can be made out of a mapping.
OF_OBJECTS = {servo.Component, servo.Description}
HASHABLE = {servo.Metric, servo.SloCondition}
every_class = pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)


def parse(model, data):
    return model.parse_obj(data) if OLD else model.model_validate(data)


def dump(model):
    return model.dict() if OLD else model.model_dump()


def dump_json(model):
    # The encoders of a model of pydantic 1 are its own.
    return model.json() if OLD else model.model_dump_json()


def holder(cls):
    """A model of a user, with a value in each kind of place."""
    return pydantic.create_model("Holder", one=(cls, ...), many=(list[cls], []), named=(dict[str, cls], {}))


@every_class
def test_equals_are_equal(cls):
    one, other = MADE[cls](), MADE[cls]()
    assert one == other
    assert one != "something else"
    assert type(one) is cls
    if cls in HASHABLE:
        assert hash(one) == hash(other)
        assert len({one, other}) == 1
    else:
        with pytest.raises(TypeError):
            hash(one)


@every_class
@pytest.mark.parametrize(
    "clone",
    [
        copy.copy,
        copy.deepcopy,
        lambda one: pickle.loads(pickle.dumps(one)),
        lambda one: one.copy(),
        lambda one: one.copy(deep=True),
    ],
    ids=["copy", "deepcopy", "pickle", "method", "deep method"],
)
def test_copies_are_equal_and_apart(cls, clone):
    one = MADE[cls]()
    other = clone(one)
    assert other == one
    assert other is not one
    assert type(other) is cls
    assert repr(other) == repr(one)
    assert other.json() == one.json()


@every_class
def test_repr_names_the_class(cls):
    assert repr(MADE[cls]()).startswith(f"{cls.__name__}(")


@every_class
def test_what_is_dumped_is_read_again(cls):
    one = MADE[cls]()
    if cls in OF_OBJECTS:
        assert json.loads(one.json())
        return
    assert cls.parse_obj(one.dict()) == one
    assert cls.parse_raw(one.json()) == one


@every_class
def test_the_json_is_that_of_the_dict(cls):
    one = MADE[cls]()
    text = one.json()
    written = json.loads(text)
    assert text == json.dumps(written, separators=(",", ":"), ensure_ascii=False)
    fields = one.dict()
    assert list(fields if cls is not servo.EnvironmentSettingList else fields["__root__"][0]) == list(
        written if isinstance(written, dict) else written[0]
    )
    assert json.loads(one.json(indent=2, sort_keys=True)) == written


@every_class
def test_what_is_not_declared_cannot_be_set(cls):
    one = MADE[cls]()
    if cls is servo.UserData:
        one.undeclared = 1
        assert one.undeclared == 1
        return
    with pytest.raises(ValueError, match=f'"{cls.__name__}" object has no field "undeclared"'):
        one.undeclared = 1


@every_class
def test_it_nests_in_models_of_users(cls):
    model = holder(cls)
    one, two = MADE[cls](), MADE[cls]()
    held = model(one=one, many=[two], named={"x": two})
    assert held.one == one
    assert held.many == [two]
    assert type(held.named["x"]) is cls
    assert pickle.loads(pickle.dumps(held.one)) == one
    dumped = dump(held)
    written = json.loads(dump_json(held))
    assert dumped.keys() == written.keys() == {"one", "many", "named"}
    if cls not in OF_OBJECTS:
        again = parse(model, {"one": one.dict(), "many": [one.dict()], "named": {"x": one}})
        assert again.one == again.many[0] == again.named["x"] == one
    with pytest.raises(pydantic.ValidationError):
        model(one=object())


@every_class
def test_it_has_a_place_in_schemas_of_users(cls):
    model = holder(cls)
    schema = model.schema() if OLD else model.model_json_schema()
    assert set(schema["properties"]) == {"one", "many", "named"}
    assert schema["properties"]["many"]["type"] == "array"
    assert json.dumps(schema)


@every_class
def test_its_own_schema(cls):
    schema = cls.schema()
    assert schema["title"] == cls.__name__
    assert schema["type"] == ("array" if cls is servo.EnvironmentSettingList else "object")
    assert "$defs" not in schema
    # What stands in the docstring for programmers is not for readers of a schema.
    assert "Attributes:" not in json.dumps(schema)
    assert "Raises:" not in json.dumps(schema)


@pytest.mark.parametrize(
    ("cls", "required", "properties"),
    [
        (servo.Metric, {"name"}, {"name", "unit"}),
        (servo.DataPoint, {"metric", "time", "value"}, {"metric", "time", "value"}),
        (servo.TimeSeries, {"metric", "data_points"}, {"metric", "data_points", "id", "annotation", "metadata"}),
        (servo.Component, {"name", "settings"}, {"name", "settings"}),
        (servo.Description, set(), {"components", "metrics"}),
        (servo.Measurement, set(), {"readings", "annotations"}),
        (servo.Adjustment, {"component_name", "setting_name", "value"}, {"component_name", "setting_name", "value"}),
    ],
)
def test_schemas_name_the_fields(cls, required, properties):
    schema = cls.schema()
    assert set(schema.get("required", ())) == required
    assert set(schema["properties"]) == properties


@every_class
def test_cycles_are_collected(cls):
    class Holding(cls):
        if cls not in (servo.DataPoint, servo.TimeSeries):

            class Config:
                extra = "allow"

    if cls is servo.EnvironmentSettingList:
        pytest.skip("a list has no further attributes")
    fields = {name: getattr(MADE[cls](), name) for name in MADE[cls]().dict()}
    one = Holding(**fields)
    one.__dict__["itself"] = one
    gone = weakref.ref(one) if not OLD or cls in (servo.DataPoint, servo.TimeSeries) else None
    marker = _Marker()
    one.__dict__["marker"] = marker
    left = weakref.ref(marker)
    del one, marker, fields
    gc.collect()
    assert left() is None
    assert gone is None or gone() is None


class _Marker:
    pass


def test_a_cycle_through_the_points_is_collected():
    one = servo.TimeSeries(METRIC, [])
    marker = _Marker()

    class Odd(servo.Metric):
        class Config:
            extra = "allow"

    metric = Odd("m")
    metric.__dict__.update(series=one, marker=marker)
    one.metric = metric
    left = weakref.ref(marker)
    del one, metric, marker
    gc.collect()
    assert left() is None
