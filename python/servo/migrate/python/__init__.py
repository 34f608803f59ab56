"""Rules for modules of Python."""

from servo.migrate.model import Room

ROOM = Room()

# Each adds its rules to the room, in this order.
from servo.migrate.python import (  # noqa: E402, F401, I001
    names,
    imports,
    handlers,
    checks,
    configuration,
    pubsub,
    values,
    calls,
    pydantic,
)
