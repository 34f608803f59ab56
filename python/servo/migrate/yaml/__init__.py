"""Rules for documents of servos."""

from servo.migrate.model import Room

ROOM = Room()

# Each adds its rules to the room, in this order.
from servo.migrate.yaml import form, connectors, values, settings  # noqa: E402, F401, I001
