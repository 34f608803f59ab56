import contextvars
import copy
import datetime
import sys
import types
from typing import Any

import pytest

from servo import errors
from servo.errors import (
    AdjustmentFailedError,
    AdjustmentRejectedError,
    BaseError,
    ConnectorError,
    ConnectorNotFoundError,
    EventAbortedError,
    EventCancelledError,
    EventError,
    EventHandlersNotFoundError,
    MeasurementFailedError,
    ServoError,
    UnexpectedCommandIdError,
    UnexpectedEventError,
)

PARENTS = {
    BaseError: RuntimeError,
    ServoError: BaseError,
    ConnectorNotFoundError: ServoError,
    ConnectorError: ServoError,
    EventHandlersNotFoundError: ConnectorError,
    EventError: ConnectorError,
    UnexpectedEventError: EventError,
    UnexpectedCommandIdError: EventError,
    EventCancelledError: EventError,
    MeasurementFailedError: EventError,
    AdjustmentFailedError: EventError,
    AdjustmentRejectedError: AdjustmentFailedError,
    EventAbortedError: EventError,
}


def test_the_hierarchy() -> None:
    for cls, parent in PARENTS.items():
        assert cls.__bases__ == (parent,)
    assert {cls.__name__ for cls in PARENTS} - {*errors.__all__} == {"UnexpectedCommandIdError"}


@pytest.mark.parametrize("cls", PARENTS)
@pytest.mark.parametrize(
    ("args", "kwargs", "text", "kept", "reason"),
    [
        ((), {}, "", ("",), None),
        (("broken",), {}, "broken", ("broken",), None),
        (("broken", "unstable"), {}, "broken", ("broken",), "unstable"),
        (("broken", "unstable", 1, 2), {}, "('broken', 1, 2)", ("broken", 1, 2), "unstable"),
        (("broken",), {"reason": "unstable"}, "broken", ("broken",), "unstable"),
    ],
)
def test_construction(cls: Any, args: Any, kwargs: Any, text: str, kept: Any, reason: Any) -> None:
    before = datetime.datetime.now()
    error = cls(*args, **kwargs)
    assert str(error) == text
    assert error.args == kept
    assert error.reason == reason
    assert before <= error.created_at <= datetime.datetime.now()
    assert (error.assembly, error.servo, error.connector, error.event) == (None, None, None, None)
    assert error._additional_errors is None
    error.reason = "later"
    assert copy.copy(error).reason == "later"


def test_what_is_given_is_kept() -> None:
    others = [ValueError("x")]
    error = EventError("m", assembly=1, servo_=2, connector=3, event=4, additional_errors=others)
    assert (error.assembly, error.servo, error.connector, error.event) == (1, 2, 3, 4)
    assert error._additional_errors == others


def test_the_connector_and_event_at_work_are_known() -> None:
    from servo.configuration import BaseConfiguration
    from servo.connector import BaseConnector
    from servo.events import EventContext, Preposition, _current_event, get_event

    class KnownConnector(BaseConnector):
        config: BaseConfiguration

    connector = KnownConnector(config=BaseConfiguration())
    token = _current_event.set(EventContext(get_event("measure"), Preposition.before))
    try:
        with connector.current():
            error = EventCancelledError("not now")
            given = EventCancelledError("not now", connector="other", event="one")
    finally:
        _current_event.reset(token)
    assert error.connector is connector
    assert error.event == get_event("measure")
    assert (given.connector, given.event) == ("other", "one")
    assert EventCancelledError().connector is None


def test_the_servo_and_assembly_at_work_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in ("servo", "assembly"):
        module = types.ModuleType(f"servo.{kind}")
        variable: contextvars.ContextVar[Any] = contextvars.ContextVar(kind, default=f"the {kind}")
        setattr(module, f"current_{kind}", variable.get)
        monkeypatch.setitem(sys.modules, module.__name__, module)
    error = ServoError("m")
    assert (error.assembly, error.servo) == ("the assembly", "the servo")


RANKED = [
    [BaseError, *(cls for cls in PARENTS if cls not in errors._ERROR_PRIORITIES and cls is not BaseError)],
    [MeasurementFailedError],
    [AdjustmentFailedError],
    [AdjustmentRejectedError],
    [EventAbortedError],
]


def test_priorities() -> None:
    for low, classes in enumerate(RANKED):
        for high, others in enumerate(RANKED):
            for cls in classes:
                for other in others:
                    if cls is not BaseError:
                        assert (cls() < other()) == (low < high), (cls, other)
    with pytest.raises(TypeError):
        BaseError() < BaseError()  # type: ignore[operator] # noqa: B015
    with pytest.raises(TypeError):
        ServoError() < 5  # noqa: B015


class TestGroup:
    failed = AdjustmentFailedError("failed")
    rejected = AdjustmentRejectedError("rejected", "too big")
    event = EventError("event")
    foreign = ValueError("foreign")

    @pytest.mark.parametrize(
        ("members", "chosen"),
        [
            ([failed, rejected, event], rejected),
            ([foreign, event], event),
            ([event, ConnectorError("second")], event),
            ([ExceptionGroup("n", [foreign, ExceptionGroup("o", [rejected])]), failed], rejected),
        ],
    )
    def test_the_first_of_the_highest_priority_stands_for_all(self, members: Any, chosen: Any) -> None:
        found = ServoError.servo_error_from_group(ExceptionGroup("g", members))
        assert found is chosen
        assert found in (found._additional_errors or [])

    def test_all_errors_are_kept_in_order(self) -> None:
        group = ExceptionGroup("g", [ExceptionGroup("n", [self.foreign, self.rejected]), self.failed])
        found = ServoError.servo_error_from_group(group)
        assert found._additional_errors == [self.foreign, self.rejected, self.failed]

    def test_a_base_error_can_be_compared_too(self) -> None:
        base = BaseError("base")
        assert ServoError.servo_error_from_group(ExceptionGroup("g", [base, self.event])) is base
        assert ServoError.servo_error_from_group(ExceptionGroup("g", [base, self.failed])) is self.failed

    @pytest.mark.parametrize(
        ("cls", "default", "made"),
        [
            (ServoError, None, ServoError),
            (EventError, None, EventError),
            (EventError, MeasurementFailedError, MeasurementFailedError),
        ],
    )
    def test_foreign_errors_get_a_stand_in(self, cls: Any, default: Any, made: Any) -> None:
        other = KeyError("other")
        found = cls.servo_error_from_group(ExceptionGroup("g", [self.foreign, other]), default_error=default)
        assert type(found) is made
        assert str(found) == "foreign"
        assert found.__cause__ is self.foreign
        assert found._additional_errors == [self.foreign, other]
