"""The words of the protocol."""

import pytest

import servo
from servo import api, errors


def test_events_are_those_of_the_wire_and_not_those_of_the_bus():
    assert {event.name: event.value for event in api.Events} == {
        "hello": "HELLO",
        "whats_next": "WHATS_NEXT",
        "describe": "DESCRIPTION",
        "measure": "MEASUREMENT",
        "adjust": "ADJUSTMENT",
        "goodbye": "GOODBYE",
    }
    assert api.Events.measure == "MEASUREMENT"
    assert getattr(servo, "Events", None) is not api.Events
    assert servo.api is api


def test_statuses_and_reasons():
    assert {status.name: status.value for status in api.OptimizerStatuses} == {
        "ok": "ok",
        "invalid": "invalid",
        "unexpected_event": "unexpected-event",
        "cancelled": "cancel",
    }
    assert [str(status) for status in api.ServoStatuses] == ["ok", "failed", "rejected", "aborted", "cancelled"]
    assert [str(reason) for reason in api.Reasons] == ["success", "unknown", "unstable"]


def test_commands_know_the_event_of_their_result():
    events = {command: command.response_event for command in api.Commands if command is not api.Commands.sleep}
    assert events == {"DESCRIBE": "DESCRIPTION", "MEASURE": "MEASUREMENT", "ADJUST": "ADJUSTMENT"}
    with pytest.raises(ValueError, match=r"^unknown command: SLEEP$"):
        api.Commands.sleep.response_event  # noqa: B018


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.BaseError("x"), "failed"),
        (errors.MeasurementFailedError("x"), "failed"),
        (errors.AdjustmentFailedError("x"), "failed"),
        (errors.AdjustmentRejectedError("x"), "rejected"),
        (errors.EventAbortedError("x"), "aborted"),
        (errors.EventCancelledError("x"), "cancelled"),
        (ValueError("x"), "failed"),
        (ExceptionGroup("g", [errors.EventCancelledError("x"), errors.AdjustmentRejectedError("y")]), "rejected"),
        (ExceptionGroup("g", [ValueError("x")]), "failed"),
    ],
)
def test_the_status_of_an_error(error, status):
    assert api.ServoStatuses.from_error(error) == status


def test_the_name_of_the_agent():
    assert api.USER_AGENT == "github.com/opsani/servox"
    assert api.user_agent() == f"github.com/opsani/servox v{servo.__version__}"
