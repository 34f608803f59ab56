"""What connector authors write for pydantic 1, with either pydantic."""

import enum
import json
import pathlib
import sys
import types
from typing import Dict, List, Optional  # noqa: UP035 (as in the connectors that exist)

import pydantic
import pytest

import servo
from servo.configuration import DEFAULT_TITLE, AbstractBaseConfiguration, BaseConfiguration

OLD = pydantic.VERSION.startswith("1.")


class Color(enum.Enum):
    red = "r"


class OddKind:
    """What pydantic knows nothing of."""

    def __init__(self, text="odd"):
        self.text = text


class Item(servo.BaseConfiguration):
    url: str
    retries: Optional[int]  # noqa: UP045


class VegetaConfiguration(servo.BaseConfiguration):
    rate: str
    maybe: Optional[str]  # noqa: UP045
    either: int | None
    color: Color = Color.red
    items: List[Item] = []  # noqa: RUF012, UP006
    by_name: Dict[str, Item] = {}  # noqa: RUF012, UP006
    folder: pathlib.Path = pathlib.Path("/tmp")
    odd: OddKind = OddKind()

    class Config:
        json_encoders = servo.BaseConfiguration.json_encoders({OddKind: lambda odd: f"<{odd.text}>"})


class HooksConfiguration(AbstractBaseConfiguration):
    __root__: List[Item]  # noqa: UP006


def test_none_is_the_default_of_what_may_be_none():
    config = VegetaConfiguration(rate="1")
    assert (config.maybe, config.either, config.description) == (None, None, None)


def test_postponed_annotations_are_understood(monkeypatch):
    module = types.ModuleType("late_annotations")
    module.servo = servo
    monkeypatch.setitem(sys.modules, module.__name__, module)
    namespace = vars(module)
    source = (
        "from __future__ import annotations\nfrom typing import Any, Optional, Union\n"
        "class LateConfiguration(servo.BaseConfiguration):\n"
        "    a: Optional[int]\n    b: int | None\n    c: 'Union[int, None]'\n    d: Any\n    e: list[int | None]\n"
    )
    exec(source, namespace)
    config = namespace["LateConfiguration"](e=[None])
    assert (config.a, config.b, config.c, config.d, config.e) == (None, None, None, None, [None])
    with pytest.raises(pydantic.ValidationError, match="e"):
        namespace["LateConfiguration"]()


def test_a_field_without_a_schema_hides_no_variable_of_others(monkeypatch):
    monkeypatch.setenv("VEGETA_EITHER", "7")
    monkeypatch.setenv("VEGETA_ITEMS", '[{"url": "u"}]')
    monkeypatch.setenv("VEGETA_ODD", "x")
    config = VegetaConfiguration(rate="1", odd=OddKind())
    assert (config.either, config.items[0].url) == (7, "u")


def test_variables_of_the_inner_class(monkeypatch):
    class NamedConfiguration(BaseConfiguration):
        rate: int = 1
        more: int = 2

        class Config:
            fields = {"rate": {"env": "CONF_RATE"}, "more": {"env": ["CONF_FIRST", "CONF_SECOND"]}}  # noqa: RUF012

    monkeypatch.setenv("CONF_RATE", "5")
    monkeypatch.setenv("CONF_SECOND", "6")
    assert (NamedConfiguration().rate, NamedConfiguration().more) == (5, 6)
    assert NamedConfiguration.schema()["properties"]["rate"]["env_names"] == {"CONF_RATE"}


def test_values_are_written_as_json():
    config = VegetaConfiguration(rate="1", items=[{"url": "u"}], by_name={"x": {"url": "v"}})
    assert json.loads(config.json(exclude_none=True)) == {
        "rate": "1",
        "color": "r",
        "items": [{"url": "u"}],
        "by_name": {"x": {"url": "v"}},
        "folder": "/tmp",
        "odd": "<odd>",
    }
    assert config.json(include={"rate"}) == '{"rate":"1"}'
    assert config.json(include={"rate"}, indent=2) == '{\n  "rate": "1"\n}'
    with pytest.raises(TypeError):
        config.json(ensure_ascii=True)


def test_the_methods_of_pydantic_1():
    config = VegetaConfiguration.parse_obj({"rate": "1", "items": [{"url": "u"}]})
    assert config.dict(include={"items"}) == {"items": [{"description": None, "url": "u", "retries": None}]}
    assert config.copy(update={"rate": "2"}).rate == "2"
    assert config.copy(deep=True).items[0] is not config.items[0]
    assert VegetaConfiguration.construct(rate=5).rate == 5
    assert VegetaConfiguration.parse_raw('{"rate": "3"}').rate == "3"
    assert config.__fields_set__ == {"rate", "items"}
    assert "rate" in VegetaConfiguration.__fields__
    with pytest.raises(pydantic.ValidationError, match="VegetaConfiguration expected dict not int"):
        VegetaConfiguration.parse_obj(5)


class TestRoot:
    def test_it_is_read_and_written_as_what_it_holds(self):
        hooks = HooksConfiguration.parse_obj([{"url": "a"}, {"url": "b"}])
        assert [item.url for item in hooks.__root__] == ["a", "b"]
        assert HooksConfiguration(__root__=[{"url": "a"}]).__root__[0].url == "a"
        assert json.loads(hooks.json(exclude_none=True)) == [{"url": "a"}, {"url": "b"}]
        assert hooks.yaml(exclude_none=True) == "- url: a\n- url: b\n"
        assert hooks.dict(exclude_none=True) == {"__root__": [{"url": "a"}, {"url": "b"}]}

    def test_it_nests(self):
        class OuterConfiguration(BaseConfiguration):
            hooks: HooksConfiguration

        outer = OuterConfiguration(hooks=[{"url": "a"}])
        assert outer.hooks.__root__[0].url == "a"
        assert json.loads(outer.json(exclude_none=True)) == {"hooks": [{"url": "a"}]}
        assert OuterConfiguration.schema()["properties"]["hooks"]

    def test_wrong_items_are_told(self):
        with pytest.raises(pydantic.ValidationError):
            HooksConfiguration.parse_obj([{"ulr": "a"}])


@pytest.mark.filterwarnings("ignore:Pydantic V1 style")
def test_validators():
    class CheckedConfiguration(BaseConfiguration):
        low: int = 0
        high: int = 10
        names: List[str] = []  # noqa: RUF012, UP006

        @pydantic.validator("high")
        def _ordered(cls, value, values):
            if value < values["low"]:
                raise ValueError("high must not be below low")
            return value

        @pydantic.validator("names", each_item=True)
        def _lower(cls, value):
            return value.lower()

        @pydantic.root_validator(pre=True)
        def _short(cls, values):
            return {**values, "low": 1} if "start" in values and values.pop("start") else values

    assert CheckedConfiguration(names=["A"], start=True).dict(exclude={"description"}) == {
        "low": 1,
        "high": 10,
        "names": ["a"],
    }
    with pytest.raises(pydantic.ValidationError, match="high must not be below low"):
        CheckedConfiguration(low=5, high=1)


def test_options_of_the_inner_class():
    class OpenConfiguration(BaseConfiguration):
        class Config(BaseConfiguration.Config):
            extra = "allow"
            title = "Open"
            allow_population_by_field_name = True

        rate: int = pydantic.Field(1, alias="the-rate")

    assert OpenConfiguration(rate=3, more=4).more == 4
    assert OpenConfiguration.parse_obj({"the-rate": 5}).json(by_alias=True, exclude_none=True) == '{"the-rate":5}'
    assert OpenConfiguration.schema()["title"] == "Open"


def test_assignments_are_validated():
    config = VegetaConfiguration(rate="1")
    config.either = "5"
    assert config.either == 5
    with pytest.raises(pydantic.ValidationError):
        config.either = "x"


class TestTitles:
    def test_they_follow_the_class(self):
        class DNSConfiguration(BaseConfiguration):
            a: int = 1

        class Sub(DNSConfiguration):
            pass

        class ThingSettings(BaseConfiguration):
            pass

        assert DEFAULT_TITLE == "Base Connector Configuration Schema"
        assert DNSConfiguration.schema()["title"] == "DNS Connector Configuration Schema"
        assert Sub.schema()["title"] == "DNS Connector Configuration Schema"
        assert ThingSettings.schema()["title"] == "ThingSettings Connector Configuration Schema"

    def test_errors_name_the_class(self):
        with pytest.raises(pydantic.ValidationError, match="1 validation error for VegetaConfiguration"):
            VegetaConfiguration()

    def test_variables_follow_the_class(self):
        class OpsaniDevConfiguration(BaseConfiguration):
            a: int = 1

        class DNSConfiguration(BaseConfiguration):
            a: int = 1

        class Other(BaseConfiguration):
            a: int = 1

            class Config:
                env_prefix = "Mine_"

        def names(cls):
            return cls.schema()["properties"]["a"]["env_names"]

        assert names(OpsaniDevConfiguration) == {"OPSANI_DEV_A"}
        assert names(DNSConfiguration) == {"D_N_S_A"}
        assert names(Other) == {"MINE_A"}
        assert BaseConfiguration.schema()["properties"]["description"]["env_names"] == {"BASE_DESCRIPTION"}
        assert json.loads(Other.schema_json())["properties"]["a"]["env_names"] == ["MINE_A"]


def test_the_schema_has_the_conventions_of_pydantic_1():
    schema = json.loads(VegetaConfiguration.schema_json()) if not OLD else None
    if schema is None:
        # The odd type has no schema there.
        schema = json.loads(Item.schema_json())
        assert schema["properties"]["retries"] == {
            "title": "Retries",
            "env_names": ["ITEM_RETRIES"],
            "type": "integer",
        }
    else:
        assert schema["properties"]["either"] == {"title": "Either", "env_names": ["VEGETA_EITHER"], "type": "integer"}
        assert schema["properties"]["items"]["items"] == {"$ref": "#/definitions/Item"}
        assert schema["definitions"]["Item"]["properties"]["url"]["env_names"] == ["ITEM_URL"]
    assert schema["additionalProperties"] is False
    assert "$defs" not in schema
