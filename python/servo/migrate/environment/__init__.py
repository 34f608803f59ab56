"""Rules for variables of the environment."""

from __future__ import annotations

from collections.abc import Iterator

from servo.migrate.environment.reading import Variable, read_variables
from servo.migrate.model import Room
from servo.migrate.project import Project
from servo.migrate.source import Source
from servo.migrate.walk import Kind

ROOM = Room()

from servo.migrate.environment import rules  # noqa: E402, F401


def subjects(project: Project) -> Iterator[tuple[Source, Variable]]:
    """The variables that files set."""
    for source, kind in project.sources:
        if kind in (Kind.environment, Kind.shell, Kind.yaml):
            for variable in read_variables(source, of_servo=kind is Kind.environment):
                yield source, variable
