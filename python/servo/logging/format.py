"""How a record looks as a line."""

from __future__ import annotations

import sys
import traceback
from typing import TYPE_CHECKING, Any

from servo.connector import current_connector
from servo.events import current_event

if TYPE_CHECKING:
    from loguru import Record

__all__ = ["DEFAULT_FORMAT", "Formatter", "current"]

DEFAULT_FORMAT = (
    "<green>{time:YYYY-MM-DD HH:mm:ss.SSS}</green> | "
    "<level>{level: <8}</level> | "
    "<cyan>{name}</cyan>:<cyan>{function}</cyan>:<cyan>{line}</cyan> | "
    "<magenta>{extra[component]}</magenta> - "
    "<level>{message}</level>{extra[traceback]}"
)


def current(module: str, name: str) -> Any:
    """What a function such as `current_servo` gives; None as long as its module was not imported, as nothing is set."""
    function = getattr(sys.modules.get(f"servo.{module}"), name, None)
    return function() if callable(function) else None


class Formatter:
    """Gives the format of a record, and adds to it which component it is of.

    `extra["component"]` is the name of the connector that logs, with the event at work, such as `prometheus[measure]`;
    `servo` outside of connectors. With several servos the identifier of the optimizer stands before it. One that was
    given stays.
    """

    def __call__(self, record: Record) -> str:
        extra = record["extra"]
        stack = "\n" + "".join(traceback.format_stack()) if extra.get("with_traceback") else ""
        extra["traceback"] = stack
        if "component" not in extra:
            extra["component"] = _component(extra)
        return DEFAULT_FORMAT + "\n{exception}"


def _component(extra: dict[str, Any]) -> str:
    connector = extra["connector"] if extra.get("connector") is not None else current_connector()
    component = "servo" if connector is None else str(getattr(connector, "name", connector))
    if (event := current_event()) is not None:
        component += f"[{event}]"
    servos = getattr(current("assembly", "current_assembly"), "servos", None) or ()
    servo = current("servo", "current_servo") if len(servos) > 1 else None
    if servo is not None:
        optimizer = getattr(servo, "optimizer", None)
        return f"{getattr(optimizer, 'id', optimizer)}({component})"
    return component
