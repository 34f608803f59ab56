"""Every public name of the types, where it is found."""

import importlib

import pytest

import servo

CORE = """AbstractOutputFormat BaseModel BaseModelConfig BaseProgress CONFIGMAP_FORMAT DEFAULT_JSON_ENCODERS DICT_FORMAT
DataPoint Duration DurationDescriptor DurationProgress ErrorSeverity EventProgress Futuristic HTML_FORMAT HTTP_METHODS
HumanReadable JSON_FORMAT License MARKDOWN_FORMAT Maturity Metric NoneCallable NormalizationPolicy Numeric OpsaniRepr
Reading Readings TEXT_FORMAT TimeSeries Unit Version YAML_FORMAT isfuturistic"""
SETTINGS = """CPU EnumSetting EnvironmentEnumSetting EnvironmentRangeSetting EnvironmentSetting EnvironmentSettingList
InstanceType InstanceTypeUnits Memory NumericType RangeSetting Replicas Setting find_setting"""
API = "Adjustment Component Control Description Measurement UserData"
SLO = "SloCondition SloInput SloKeep TriggerConstraints"
KUBERNETES = "ContainerLogOptions Resource ResourceRequirement"


@pytest.mark.parametrize(
    ("module", "names"),
    [("core", CORE), ("settings", SETTINGS), ("api", API), ("slo", SLO), ("kubernetes", KUBERNETES)],
)
def test_names_are_where_they_belong(module, names):
    home = importlib.import_module(f"servo.types.{module}")
    for name in names.split():
        value = getattr(home, name)
        assert getattr(importlib.import_module("servo.types"), name) is value
        if module == "kubernetes":
            assert name not in servo.__all__
        else:
            assert getattr(servo, name) is value
            assert name in servo.__all__


def test_formats_have_lexers():
    formats = servo.AbstractOutputFormat(
        "Formats", {"yaml": servo.YAML_FORMAT, "json": servo.JSON_FORMAT, "text": servo.TEXT_FORMAT, "html": "html"}
    )
    assert type(formats.yaml.lexer()).__name__ == "YamlLexer"
    assert type(formats.json.lexer()).__name__ == "JsonLexer"
    assert formats.text.lexer() is None
    with pytest.raises(RuntimeError, match="html"):
        formats.html.lexer()


def test_what_can_be_awaited():
    async def nothing():
        pass

    coroutine = nothing()
    assert servo.isfuturistic(coroutine)
    coroutine.close()
    assert not servo.isfuturistic(nothing)
    assert isinstance(servo.Duration(1), servo.HumanReadable)
    assert isinstance(servo.Component("a", []), servo.OpsaniRepr)


@pytest.mark.parametrize(
    ("less", "more"), [("1.0.0-rc.1", "1.0.0"), ("1.0.0-2", "1.0.0-10"), ("1.0.0-9", "1.0.0-a"), ("1.2.3", "1.10.0")]
)
def test_versions_are_ordered(less, more):
    assert servo.Version.parse(less) < servo.Version.parse(more)
    assert servo.Version.parse(less) < more
    assert servo.Version.parse(more) == f"{more}+build"
    assert str(servo.Version.parse(less)) == less
