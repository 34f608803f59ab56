"""Settings: rules, warnings, texts, wire forms, settings of one's own."""

import abc
import json
from typing import List, Optional, Union

import loguru
import pydantic
from report import attempt, show

import servo
from servo import CPU, EnumSetting, InstanceType, Memory, RangeSetting, Replicas, Setting
from servo.types import (
    EnvironmentEnumSetting,
    EnvironmentRangeSetting,
    EnvironmentSetting,
    EnvironmentSettingList,
    NumericType,
    find_setting,
)

logged = []
loguru.logger.remove()
loguru.logger.add(lambda message: logged.append([message.record["level"].name, message.record["message"]]), level="INFO")


def warned(label, function, *args, **kwargs):
    logged.clear()
    attempt(label, function, *args, **kwargs)
    show(f"{label}: log", logged)


attempt("abstract", Setting, name="a", type="b")
warned("range", lambda: repr(RangeSetting(name="a", min=0, max=10, step=1, value=3)))
warned("range texts", lambda: str(RangeSetting(name="cpu", min=1.0, max=2.0, step=0.125)))
warned("range summary", lambda: CPU(min=1.0, max=2.0).summary())
warned("range of texts", RangeSetting, name="a", min="1", max="2", step="1")
warned("range of bools", RangeSetting, name="a", min=True, max=2, step=1)
warned("range upside down", lambda: repr(RangeSetting(name="a", min=10, max=1, step=1)))
warned("range of mixed numbers", lambda: repr(RangeSetting(name="a", min=1.0, max=10, step=3)))
warned("value out of range", lambda: repr(RangeSetting(name="a", min=1, max=10, step=1, value=99)))
warned("step of one value", lambda: repr(RangeSetting(name="a", min=1, max=1, step=1)))
warned("one value", lambda: repr(RangeSetting(name="a", min=1, max=1, step=0)))
warned("step of zero", lambda: repr(RangeSetting(name="a", min=1, max=5, step=0)))
warned("not aligned", lambda: repr(RangeSetting(name="invalid", min=3.0, max=11.0, step=3.0)))
warned("not aligned integers", lambda: repr(RangeSetting(name="invalid", min=3, max=12, step=5)))
warned("aligned eighths", lambda: repr(RangeSetting(name="a", min=0.5, max=1.0, step=0.125)))
warned("missing fields", RangeSetting, name="a")
warned("unknown field", lambda: repr(RangeSetting(name="a", min=1, max=2, step=1, colour="red")))


def assign(setting, **values):
    for name, value in values.items():
        setattr(setting, name, value)
    return repr(setting)


warned("assigned out of range", lambda: assign(RangeSetting(name="a", min=1, max=10, step=1), value=50))
warned("assigned text", lambda: assign(RangeSetting(name="a", min=1, max=10, step=1), value="5"))
warned("pinned", lambda: assign(RangeSetting(name="a", min=1, max=10, step=1, value=3, pinned=True), value=4))
warned("pinned to the same", lambda: assign(RangeSetting(name="a", min=1, max=9, step=1, value=5, pinned=True), value=5.0))
warned("pinned to nothing", lambda: assign(RangeSetting(name="a", min=1, max=9, step=1, value=5, pinned=True), value=None))
warned("pinned for the first time", lambda: assign(RangeSetting(name="a", min=1, max=9, step=1, pinned=True), value=5))
warned("pinned text", lambda: assign(EnumSetting(name="a", values=["x", "y"], value="x", pinned=True), value="y"))
attempt("unknown attribute", lambda: assign(RangeSetting(name="a", min=1, max=9, step=1), colour="red"))

show("range on the wire", RangeSetting(name="replicas", min=1, max=3, step=1).__opsani_repr__())
show("range on the wire, full", RangeSetting(name="a", min=1, max=3, step=1, value=2, unit="u").__opsani_repr__())
attempt("range as json", lambda: json.loads(RangeSetting(name="a", min=1, max=3, step=1).json()))

warned("enum", lambda: repr(EnumSetting(name="a", values=["one", "two"], value="one", unit="u")))
warned("enum out of values", EnumSetting, name="a", values=["one", "two"], value="three")
warned("enum of nothing", EnumSetting, name="a", values=[])
warned("enum of another type", EnumSetting, name="a", type="range", values=["x"])
show("enum summary", EnumSetting(name="a", values=["x", "y"], unit="u").summary())
show("enum on the wire", EnumSetting(name="a", values=["x", "y"], value="y").__opsani_repr__())
warned("enum assigned", lambda: assign(EnumSetting(name="a", values=["x", "y"], value="x"), value="z"))

warned("cpu", lambda: repr(CPU(min=0.5, max=4.0, value=1.0)))
warned("cpu of texts", lambda: repr(CPU(min="0.5", max="4")))
warned("cpu of zero", CPU, min=0, max=4)
warned("cpu by another name", CPU, name="gpu", min=1, max=4)
warned("memory", lambda: repr(Memory(min=1.0, max=4.0, step=0.5)))
warned("memory without a step", Memory, min=1, max=4)
warned("memory of zero", lambda: repr(Memory(min=0, max=4, step=1)))
warned("replicas", lambda: repr(Replicas(min=1, max=4, value=2, pinned=True)))
warned("replicas in halves", Replicas, min=1, max=4.5)
warned("instance type", lambda: repr(InstanceType(values=["m5.large", "c5.large"], value="c5.large")))
show("instance type on the wire", InstanceType(values=["m5.large"]).__opsani_repr__())
show("cpu on the wire", CPU(min=1, max=2, value=1).__opsani_repr__())
show("units", [CPU(min=1, max=2).unit, Memory(min=1, max=2, step=1).unit, CPU(min=1, max=2, unit="x").unit])
show("human", [CPU(min=1, max=2, value=1.5).human_readable_value, CPU(min=1, max=2).human_readable_value])
show("human of a class", [CPU.human_readable(2), Replicas.human_readable(3), EnumSetting.human_readable("x")])

copy_of = Replicas(min=1, max=4, value=2)
warned("safe copy", lambda: repr(copy_of.safe_set_value_copy(3)))
warned("safe copy of nonsense", lambda: repr(copy_of.safe_set_value_copy("many")))
show("the original", repr(copy_of))
show("found", [find_setting([copy_of], "replicas") is copy_of, find_setting([copy_of], "cpu")])

warned("environment range", lambda: repr(EnvironmentRangeSetting(name="A", min=1, max=5, step=1, value="3")))
warned("of integers", lambda: repr(EnvironmentRangeSetting(name="A", min=1, max=5, step=1, value="3", value_type="int").value))
warned("truncated", lambda: EnvironmentRangeSetting(name="A", min=1, max=5, step=1, value="3.7", value_type="int").value)
warned("of what", EnvironmentRangeSetting, name="A", min=1, max=5, step=1, value_type="bogus")
show("variable", [EnvironmentRangeSetting(name="A", min=1, max=5, step=1, literal="B").variable_name])
show("environment enum", repr(EnvironmentEnumSetting(name="A", values=["x"], value="x")))
attempt("list", lambda: [type(s).__name__ for s in EnvironmentSettingList.parse_obj(
    [{"name": "A", "type": "range", "min": 1, "max": 2, "step": 1}, {"name": "B", "type": "enum", "values": ["x"]}])])
attempt("list item", lambda: EnvironmentSettingList.parse_obj([{"name": "B", "type": "enum", "values": ["x"]}])[0].name)
attempt("list without a type", lambda: EnvironmentSettingList.parse_obj([{"name": "A"}]))
attempt("list of an unknown type", lambda: EnvironmentSettingList.parse_obj([{"name": "A", "type": "foo"}]))
attempt("numeric type", lambda: [NumericType.validate("int") is int, NumericType.validate(float) is float])


class Cores(float):
    """A quantity with a text of its own, as connectors have."""

    @classmethod
    def __get_validators__(cls):
        yield cls.validate

    @classmethod
    def validate(cls, value):
        if isinstance(value, str) and value.endswith("m"):
            return cls(float(value[:-1]) / 1000)
        return cls(value)

    def human_readable(self):
        return f"{int(self * 1000)}m"


class MilliCPU(CPU):
    min: Cores
    max: Cores
    step: Cores = Cores(0.125)
    value: Optional[Cores] = None
    request: Optional[Cores] = None

    @pydantic.validator("request")
    def request_is_positive(cls, value):
        if value is not None and value <= 0:
            raise ValueError("request must be positive")
        return value

    def __opsani_repr__(self):
        told = super().__opsani_repr__()
        told["cpu"]["custom"] = True
        return told


warned("setting of one's own", lambda: [MilliCPU(min="250m", max="4000m").min, MilliCPU(min="250m", max="4").human_readable_value])
warned("its text", lambda: str(MilliCPU(min="250m", max="4000m", value="500m")))
warned("its warnings", lambda: str(MilliCPU(min="250m", max="4000m", step="300m").name))
warned("its rule", MilliCPU, min="250m", max="1", request="0")
warned("its wire form", lambda: MilliCPU(min="250m", max="1", value="500m").__opsani_repr__())
warned("its human form", lambda: MilliCPU(min="250m", max="1", value="500m").human_readable_value)
warned("its copy", lambda: repr(MilliCPU(min="250m", max="1", value="500m").safe_set_value_copy("750m").value))


class Switch(Setting):
    type: str = "switch"
    value: Optional[str] = "off"

    def __opsani_repr__(self):
        return {self.name: {"value": self.value}}


class Toggles(Switch, abc.ABC):
    pass


warned("another kind", lambda: [repr(Switch(name="s")), Switch(name="s").summary(), Switch(name="s").human_readable_value])
warned("another kind assigned", lambda: assign(Switch(name="s", pinned=True), value="on"))


class Group(pydantic.BaseModel):
    cpu: CPU
    more: List[Union[RangeSetting, EnumSetting]] = []


attempt("in a model", lambda: repr(Group(cpu={"min": 1, "max": 2}, more=[{"name": "e", "values": ["x"]}])))
attempt("wrong in a model", lambda: Group(cpu={"min": 0, "max": "two"}))
