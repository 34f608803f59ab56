"""The rules of settings."""

import decimal
from typing import Optional

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st
from loguru import logger

import servo
from servo.types.settings import NumericType


@pytest.fixture(autouse=True)
def silent():
    logger.disable("servo")
    yield
    logger.enable("servo")


def test_a_pinned_value_stays():
    setting = servo.RangeSetting(name="x", min=1, max=9, step=1, pinned=True)
    setting.value = 5
    setting.value = 5.0
    for new in (6, "5", None):
        with pytest.raises(pydantic.ValidationError) as error:
            setting.value = new
        (found,) = error.value.errors()
        assert found["loc"] == ("value",)
        assert found["msg"] == (
            f"value of pinned settings cannot be changed: assigned value {new!r} is not equal to existing value 5.0"
        )
    assert setting.value == 5


def test_a_refused_value_is_not_kept():
    setting = servo.EnumSetting(name="x", values=["a", "b"], value="a")
    with pytest.raises(pydantic.ValidationError):
        setting.value = "c"
    assert setting.value == "a"
    with pytest.raises(pydantic.ValidationError):
        setting.values = ["b"]
    assert setting.values == ["a", "b"]


def test_items_of_an_enum_keep_their_types():
    setting = servo.EnumSetting(name="x", values=[1, 2.5, "z"], value=1)
    assert [type(item) for item in setting.values] == [int, float, str]
    assert servo.EnumSetting(name="x", values=[1, 2.5, "z"], value="2.5").value == 2.5
    assert setting.__opsani_repr__() == {"x": {"type": "enum", "pinned": False, "value": 1, "values": [1, 2.5, "z"]}}


def test_a_copy_with_any_value():
    setting = servo.CPU(min=1, max=4, value=2, pinned=True)
    assert setting.safe_set_value_copy(3).value == 3
    assert setting.value == 2
    variable = servo.EnvironmentRangeSetting(name="v", min=1, max=9, step=1, value=2, value_type="int")
    assert variable.safe_set_value_copy("7").value == 7
    with pytest.raises(ValueError, match="invalid literal"):
        variable.safe_set_value_copy("x")


@pytest.mark.parametrize(
    ("setting", "text", "summary"),
    [
        (servo.CPU(min=1, max=2), "cpu (range 1.0-2.0, 0.125)", "CPU(range=[1.0..2.0], step=0.125, unit=cores)"),
        (servo.Replicas(min=1, max=3), "replicas (range 1-3, 1)", "Replicas(range=[1..3], step=1, unit=None)"),
        (servo.EnumSetting(name="e", values=["x", "y"], unit="u"), None, "EnumSetting(values=['x', 'y'], unit=u)"),
    ],
)
def test_texts_for_people(setting, text, summary):
    assert setting.summary() == summary
    assert text is None or str(setting) == text
    assert setting.human_readable_value == "None"


def test_the_built_in_settings():
    assert servo.CPU(min="0.5", max=2).min == 0.5
    assert servo.CPU(min=1, max=2, unit=None).unit is None
    assert servo.Memory(min=1, max=2, step=1).__opsani_repr__() == {
        "mem": {"type": "range", "pinned": False, "unit": "GiB", "min": 1, "max": 2, "step": 1}
    }
    machine = servo.InstanceType(values=["m5.large"])
    assert machine.unit is servo.InstanceTypeUnits.ec2
    assert machine.json() == (
        '{"name":"inst_type","type":"enum","pinned":false,"unit":"ec2","value":null,"values":["m5.large"]}'
    )
    assert servo.find_setting([machine], "inst_type") is machine
    assert servo.find_setting([machine], "cpu") is None


def test_variables():
    for given_type, value, stored in ((None, "3", 3.0), ("int", "3.7", 3), (float, 2, 2.0), ("int", None, None)):
        setting = servo.EnvironmentRangeSetting(name="A", min=1, max=9, step=1, value=value, value_type=given_type)
        assert (setting.value, type(setting.value)) == (stored, type(stored))
        assert "value_type" not in setting.__opsani_repr__()["A"]
    assert servo.EnvironmentEnumSetting(name="A", values=["x"]).variable_name == "A"
    assert servo.EnvironmentEnumSetting(name="A", literal="B", values=["x"]).variable_name == "B"
    assert NumericType.validate("int") is int
    settings = servo.EnvironmentSettingList.parse_obj(
        [{"type": "range", "name": "a", "min": 1, "max": 2, "step": 1}, {"type": "enum", "name": "b", "values": ["x"]}]
    )
    assert [type(item).__name__ for item in settings] == ["EnvironmentRangeSetting", "EnvironmentEnumSetting"]
    assert settings[1].name == "b"


class Cores(decimal.Decimal):
    """A quantity with a text of its own."""

    @classmethod
    def __get_validators__(cls):
        yield lambda value: cls(value)

    @classmethod
    def __get_pydantic_core_schema__(cls, source, handler):
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(cls)

    def human_readable(self):
        return f"{int(self * 1000)}m"


class KubeCPU(servo.CPU):
    min: Cores
    max: Cores
    step: Cores = "0.125"
    value: Optional[Cores] = None  # noqa: UP045


def test_a_subclass_with_quantities():
    setting = KubeCPU(min="0.25", max=4, value=1)
    assert setting.get_setting_type() is Cores
    assert (str(setting), setting.human_readable_value) == ("cpu (range 250m-4000m, 125m)", "1000m")
    assert KubeCPU.human_readable("0.5") == "500m"
    assert KubeCPU.human_readable("x") == "x"


NUMBERS = st.floats(allow_nan=True, allow_infinity=True) | st.integers(-(10**20), 10**20)


@given(NUMBERS, NUMBERS, NUMBERS, st.none() | NUMBERS)
def test_any_range_is_an_answer_or_a_value_error(low, high, step, value):
    try:
        setting = servo.RangeSetting(name="x", min=low, max=high, step=step, value=value)
    except ValueError:
        return
    assert setting.json()
    assert setting.summary()
