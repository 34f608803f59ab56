"""A servo of the engine as its Python connectors see it.

The engine runs the loop: it talks to the optimizer, calls handlers and reports. What connectors get as their servo is a
`servo.Servo` with the same connectors on its bus; it is never started by itself.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from servo.configuration.derived import document_model, parse_document
from servo.configuration.optimizers import connection_files_read_elsewhere
from servo.connector import BaseConnector
from servo.connectors import native_class
from servo.errors import ServoError
from servo.events import current_event
from servo.servo import Servo, current_servo

if TYPE_CHECKING:
    import loguru

    from servo import _core

__all__ = ["report_records", "view_of"]

LINE = "{time:YYYY-MM-DD HH:mm:ss.SSS} | {level: <8} | {name}:{function}:{line} - {message}"
"""How an optimizer is told of a record: loguru's own format."""


def view_of(engine: _core.Servo, document: str, members: list[tuple[str, Any]]) -> Servo:
    """The servo for connectors that the engine has made.

    Args:
        engine: The engine's servo.
        document: Its document of `servo.yaml`, as JSON, with what the environment adds.
        members: The name and the object of each connector, in the order of the bus: a `BaseConnector`, or the engine's.

    Raises:
        ServoError: What the engine accepts, the classes of configurations refuse.
    """
    kinds = dict(engine.connectors)
    classes: dict[str, type[BaseConnector]] = {}
    for name, member in members:
        cls = type(member) if isinstance(member, BaseConnector) else native_class(kinds[name])
        if cls is None:
            raise LookupError(f"the engine's connector '{kinds[name]}' has no class in Python")
        classes[name] = cls
    content = json.loads(document)
    # Which connectors there are has been settled.
    content.pop("connectors", None)
    content.setdefault("optimizer", {"local": {}})
    for name in classes:
        content.setdefault(name, {})
    try:
        with connection_files_read_elsewhere():
            config = parse_document(document_model(classes, required=False), content)
    except ValueError as error:
        raise ServoError(f"the configuration cannot be shown to connectors in Python: {error}") from error
    connectors = [
        member if isinstance(member, BaseConnector) else classes[name].of_engine(member, getattr(config, name))  # type: ignore[attr-defined]
        for name, member in members
    ]
    view = Servo(config=config, connectors=connectors)
    view.name = engine.name
    view._driven_by(engine)
    return view


def report_records() -> int:
    """From now on records with `progress=` that are logged in handlers which the engine runs are reported to it.

    Returns:
        The number of the sink, for `logger.remove`.
    """
    from servo.logging.defaults import add_own

    return add_own(_report, level=0, format=LINE, filter=_has_progress, catch=True)


def _has_progress(record: loguru.Record) -> bool:
    return record["extra"].get("progress") is not None


def _report(message: loguru.Message) -> None:
    record = message.record
    progress = record["extra"].get("progress")
    servo_, context = current_servo(), current_event()
    engine = servo_._engine if servo_ is not None else None
    if progress is None or engine is None or context is None:
        return
    try:
        percent = float(progress)
    except (TypeError, ValueError):
        return
    connector = record["extra"].get("connector")
    if math.isfinite(percent):
        engine.report_progress(
            getattr(connector, "name", ""), context.event.name, percent, record["message"], str(message)
        )
