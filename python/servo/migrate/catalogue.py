"""All rules there are."""

from __future__ import annotations

from servo.migrate import commands, environment, python, requirements, yaml
from servo.migrate.model import Rule

RULES: tuple[Rule, ...] = tuple(
    rule for room in (yaml.ROOM, python.ROOM, requirements.ROOM, commands.ROOM, environment.ROOM) for rule in room.rules
)
"""The rules, in the order of their areas."""


def rule_named(id: str) -> Rule | None:
    """The rule of a name."""
    return next((rule for rule in RULES if rule.id == id), None)
