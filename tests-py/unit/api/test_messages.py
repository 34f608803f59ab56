"""Messages and their wire forms."""

import json

import pydantic
import pytest

import servo
from servo import api, errors


def test_a_request_has_all_its_keys():
    request = api.Request(event=api.Events.hello, param={"agent": "a"})
    assert json.loads(request.json()) == {"event": "HELLO", "param": {"agent": "a"}, "servo_uid": None}
    assert json.loads(api.Request(event="WHATS_NEXT", param=None, servo_uid="u").json()) == {
        "event": "WHATS_NEXT",
        "param": None,
        "servo_uid": "u",
    }
    assert api.Request(event="HELLO").event is api.Events.hello
    assert api.Request(event="OTHER").event == "OTHER"
    with pytest.raises(pydantic.ValidationError):
        api.Request(param={})


def test_a_command_of_the_wire():
    text = """{"cmd": "MEASURE", "cmd_uid": "cmd-0002", "param": {"metrics": ["throughput", "error_rate"],
        "control": {"warmup": 0, "duration": 5, "delay": 0, "userdata": {"slo": {"conditions":
        [{"metric": "error_rate", "threshold": 5, "keep": "below"}]}}}}, "unknown": 1}"""
    command = api.CommandResponse.parse_obj(json.loads(text))
    assert command.command is api.Commands.measure
    assert command.command_uid == "cmd-0002"
    assert isinstance(command.param, api.MeasureParams)
    assert command.param.metrics == ["throughput", "error_rate"]
    assert command.param.control.duration == servo.Duration("5s")
    assert command.param.control.userdata.slo.conditions[0].metric == "error_rate"


@pytest.mark.parametrize(
    ("raw", "uid", "param"),
    [
        ({"cmd": "DESCRIBE", "cmd_uid": 5, "param": {}}, "5", {}),
        ({"cmd": "DESCRIBE"}, None, None),
        ({"cmd": "SLEEP", "param": {"duration": 60, "data": {"reason": "idle"}}}, None, None),
        ({"cmd": "MEASURE", "param": {"metrics": 5, "control": {}}}, None, None),
        ({"cmd": "ADJUST", "param": None}, None, None),
    ],
)
def test_params_that_are_not_of_a_measurement_stay_as_they_are(raw, uid, param):
    command = api.CommandResponse.parse_obj(raw)
    assert command.command == raw["cmd"]
    assert command.command_uid == uid
    assert command.param == raw.get("param", param)
    assert not isinstance(command.param, api.MeasureParams)


@pytest.mark.parametrize("raw", [{}, {"cmd": "JUMP"}, {"command": "SLEEP"}, {"cmd": "describe"}])
def test_what_is_no_command(raw):
    with pytest.raises(pydantic.ValidationError) as caught:
        api.CommandResponse.parse_obj(raw)
    assert [error["loc"] for error in caught.value.errors()] == [("cmd",)]


@pytest.mark.parametrize(
    "metrics", [["a", "b"], {"a": {"unit": "rpm"}, "b": {}}, [servo.Metric("a", servo.Unit.float), "b"]]
)
def test_metrics_are_names(metrics):
    params = api.MeasureParams(metrics=metrics, control={})
    assert params.metrics == ["a", "b"]
    assert params.control == servo.Control()


@pytest.mark.parametrize("raw", [{"metrics": ["a"]}, {"metrics": "ab", "control": {}}, {"control": {}}])
def test_what_cannot_be_measured(raw):
    with pytest.raises(pydantic.ValidationError):
        api.MeasureParams(**raw)


def test_a_success_on_the_wire():
    status = api.Status.ok(descriptor={"application": {}}, command_uid="cmd-0001")
    assert json.dumps(status.dict()) == (
        '{"status": "ok", "message": null, "reason": "success", "descriptor": {"application": {}}, '
        '"cmd_uid": "cmd-0001"}'
    )
    assert api.Status.ok("done", reason=api.Reasons.unstable).dict() == {
        "status": "ok",
        "message": "done",
        "reason": "unstable",
    }


def test_a_failure_on_the_wire():
    error = errors.AdjustmentRejectedError("insufficient cpu: pod unschedulable", reason="unschedulable")
    assert json.dumps(api.Status.from_error(error, command_uid="cmd-0004").dict()) == (
        '{"status": "rejected", "message": "insufficient cpu: pod unschedulable", "reason": "unschedulable", '
        '"cmd_uid": "cmd-0004"}'
    )
    assert api.Status.from_error(errors.MeasurementFailedError("no data")).dict() == {
        "status": "failed",
        "message": "no data",
        "reason": None,
    }


@pytest.mark.parametrize(("error", "message"), [(ValueError("x"), "x"), (KeyError(), "KeyError")])
def test_any_exception_has_a_status(error, message):
    assert api.Status.from_error(error).dict() == {"status": "failed", "message": message, "reason": None}


def test_a_group_is_told_whole():
    group = ExceptionGroup(
        "g", [ValueError("one"), errors.EventAbortedError("two", reason="slo-violation"), KeyError()]
    )
    assert api.Status.from_error(group).dict() == {
        "status": "aborted",
        "message": "two",
        "reason": "slo-violation",
        "other_messages": ["one", "KeyError"],
    }


@pytest.mark.parametrize("name", ["cmd_uid", "command_uid"])
def test_both_names_of_the_command(name):
    status = api.Status(status="ok", **{name: "c"})
    assert status.command_uid == "c"
    assert status.dict() == {"status": "ok", "cmd_uid": "c"}
    assert status.dict(by_alias=False) == {"status": "ok", "command_uid": "c"}
    assert set(json.loads(status.json())) == set(status.dict(by_alias=False, exclude_unset=False))


def test_a_status_of_an_optimizer():
    status = api.Status.parse_obj({"status": "cancel", "reason": "enough", "command": "SLEEP"})
    assert status.status is api.OptimizerStatuses.cancelled
    with pytest.raises(pydantic.ValidationError) as caught:
        api.Status(status="maybe")
    assert [error["loc"] for error in caught.value.errors()] == [("status",), ("status",)]


def test_adjustments_and_descriptors_are_the_inverse_of_each_other():
    settings = {"cpu": {"value": 1.5}, "gc": {"value": "zgc"}}
    state = {"application": {"components": {"web": {"settings": settings}, "db": {"settings": {"n": {"value": 2}}}}}}
    adjustments = api.descriptor_to_adjustments(state)
    assert [str(adjustment) for adjustment in adjustments] == ["web.cpu=1.5", "web.gc=zgc", "db.n=2"]
    assert [type(adjustment.value) for adjustment in adjustments] == [float, str, int]
    assert api.adjustments_to_descriptor(adjustments) == {"state": state}
    assert api.descriptor_to_adjustments({"application": {"components": {}}}) == []


@pytest.mark.parametrize(
    ("state", "missing"),
    [
        ({}, "application"),
        ({"application": {}}, "components"),
        ({"application": {"components": {"web": {}}}}, "settings"),
        ({"application": {"components": {"web": {"settings": {"cpu": {}}}}}}, "value"),
    ],
)
def test_a_missing_level(state, missing):
    with pytest.raises(KeyError, match=missing):
        api.descriptor_to_adjustments(state)
