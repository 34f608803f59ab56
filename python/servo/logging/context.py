"""What a log record is about: the servo, the connector, the event and the command at work."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from servo.connector import current_connector
from servo.events import current_event

if TYPE_CHECKING:
    from loguru import Record

__all__ = ["About", "about", "current", "name_servos"]

_optimizers: dict[str, str] = {}
"""What the optimizers of servos call them, where there are several servos."""


class About(NamedTuple):
    """What a record is about, as far as that is known."""

    component: str
    servo: str | None
    connector: str | None
    event: str | None
    command_uid: str | None


def name_servos(servos: Mapping[str, str]) -> None:
    """Tells which servos there are: with several of them components name theirs.

    Args:
        servos: What the optimizer calls each, by the name of the servo.
    """
    _optimizers.clear()
    if len(servos) > 1:
        _optimizers.update(servos)


def current(module: str, name: str) -> Any:
    """What a function such as `current_servo` gives; None as long as its module was not imported, as nothing is set."""
    function = getattr(sys.modules.get(f"servo.{module}"), name, None)
    return function() if callable(function) else None


def component_of(servo: str | None, connector: str | None, event: str | None) -> str:
    """How a component is told, such as `prometheus[measure]`; with several servos, `id(prometheus[measure])`."""
    told = connector or "servo"
    if event:
        told += f"[{event}]"
    identifier = _optimizers.get(servo) if servo is not None else None
    return told if identifier is None else f"{identifier}({told})"


def about(record: Record) -> About:
    """What a record is about: what is bound to it, else what is at work."""
    extra = record["extra"]
    engine: tuple[str | None, ...] | None = record.get("engine")  # type: ignore[assignment]
    if engine is not None:
        return About(extra["component"], *engine)
    connector = extra["connector"] if extra.get("connector") is not None else current_connector()
    connector = None if connector is None else str(getattr(connector, "name", connector))
    event = current_event()
    told = None if event is None else str(event)
    servo = extra["servo"] if extra.get("servo") is not None else current("servo", "current_servo")
    name = None if servo is None else str(getattr(servo, "name", servo))
    component = extra.get("component")
    if component is None:
        component = component_of(name, connector, told)
        servos = getattr(current("assembly", "current_assembly"), "servos", None) or ()
        if len(servos) > 1 and servo is not None and name not in _optimizers:
            optimizer = getattr(servo, "optimizer", None)
            component = f"{getattr(optimizer, 'id', None) or name}({component})"
    uid = current("servo", "current_command_uid")
    return About(str(component), name, connector, told, None if uid is None else str(uid))
