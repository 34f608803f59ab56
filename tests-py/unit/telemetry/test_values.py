"""Telemetry: texts by name."""

import pytest

import servo
from servo.telemetry import ONE_MiB, Telemetry


def test_what_is_told_of_the_servo_itself(monkeypatch):
    monkeypatch.setenv("POD_NAMESPACE", "demo-ns")
    values = Telemetry().values
    assert values["servox.version"] == servo.__version__
    assert values["servox.namespace"] == "demo-ns"
    assert set(values) == {"servox.version", "servox.platform", "servox.namespace"}
    monkeypatch.setenv("POD_NAMESPACE", "")
    assert "servox.namespace" not in Telemetry().values


def test_texts_come_and_go():
    telemetry = Telemetry()
    telemetry["web.version"] = "7"
    assert telemetry["web.version"] == "7"
    telemetry.remove("web.version")
    telemetry.remove("web.version")
    with pytest.raises(KeyError):
        telemetry["web.version"]


def test_equal_by_value_and_therefore_without_a_hash():
    one, other = Telemetry({"a": "1"}), Telemetry({"a": "1"})
    assert one == other
    other["a"] = "2"
    assert one != other
    assert one != {"a": "1"}
    with pytest.raises(TypeError, match="unhashable"):
        hash(one)


def test_names_are_where_they_were():
    import servo.telemetry as module

    assert ONE_MiB == 1_048_576
    assert module.DIAGNOSTICS_MAX_RETRIES == 20
    assert module.DIAGNOSTICS_CHECK_ENDPOINT == "assets/opsani.com/diagnostics-check"
    assert module.DIAGNOSTICS_OUTPUT_ENDPOINT == "assets/opsani.com/diagnostics-output"
    assert [state.value for state in module.DiagnosticStates] == ["WITHHOLD", "SEND", "STOP"]
    assert {"Diagnostics", "DiagnosticsHandler"} <= set(dir(module))
    with pytest.raises(AttributeError, match="nothing_such"):
        getattr(module, "nothing_such")  # noqa: B009
