"""Errors of the package: hierarchy, texts, priorities, groups."""

from report import attempt, show

import servo
from servo import errors

NAMES = ["BaseError", "ServoError", "ConnectorNotFoundError", "ConnectorError", "EventHandlersNotFoundError", "EventError",
         "UnexpectedEventError", "UnexpectedCommandIdError", "EventCancelledError", "MeasurementFailedError",
         "AdjustmentFailedError", "AdjustmentRejectedError", "EventAbortedError"]
for name in NAMES:
    show(f"bases of {name}", [cls.__name__ for cls in getattr(errors, name).__mro__ if cls is not object])
    show(f"{name} at the top", hasattr(servo, name))
error = errors.AdjustmentRejectedError("too big", reason="unstable")
show("made", [str(error), error.args, error.reason, error.created_at is not None, error.connector, error.event, error.servo, error.assembly])
show("repr", repr(error))
show("empty", [str(errors.BaseError()), errors.BaseError().reason])
show("by position", [errors.EventError("a", "b").reason, str(errors.EventError("a", "b"))])
show("more arguments", [str(errors.EventError("a", "b", "c")), errors.EventError("a", "b", "c").args])


def settable():
    error.reason = "other"
    return error.reason


attempt("reason", settable)
attempt("unknown argument", lambda: errors.EventError("a", bogus=1))
low, high = errors.MeasurementFailedError("m"), errors.EventAbortedError("x")
show("ordered", [low < high, high < low, errors.ServoError() < low, errors.AdjustmentFailedError() < errors.AdjustmentRejectedError()])
show("sorted", [type(one).__name__ for one in sorted([high, low, errors.AdjustmentRejectedError(), errors.ServoError()])])
group = ExceptionGroup("g", [ValueError("v"), ExceptionGroup("h", [low, errors.AdjustmentFailedError("a"), high])])
found = errors.ServoError.servo_error_from_group(group)
show("from a group", [type(found).__name__, str(found), [str(one) for one in found._additional_errors]])
plain = errors.EventError.servo_error_from_group(ExceptionGroup("g", [ValueError("v"), KeyError("k")]))
show("from a plain group", [type(plain).__name__, str(plain), [type(one).__name__ for one in plain._additional_errors], type(plain.__cause__).__name__])
other = errors.EventError.servo_error_from_group(ExceptionGroup("g", [ValueError("v")]), default_error=errors.AdjustmentFailedError)
show("from a plain group with a default", [type(other).__name__, str(other)])
show("of equal priority", str(errors.ServoError.servo_error_from_group(ExceptionGroup("g", [errors.EventAbortedError("1"), errors.EventAbortedError("2")]))))


class ShopError(servo.ConnectorError):
    """An error of one's own."""


show("own", [isinstance(ShopError("x"), RuntimeError), str(ShopError("x", reason="y")), ShopError("x", reason="y").reason])
try:
    raise errors.MeasurementFailedError("no data") from ValueError("empty")
except servo.EventError as caught:
    show("caught", [str(caught), type(caught.__cause__).__name__])
show("all", sorted(errors.__all__))
