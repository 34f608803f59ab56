"""Rules for files of requirements."""

from servo.migrate.model import Room

ROOM = Room()

from servo.migrate.requirements import rules  # noqa: E402, F401
