"""Rules for command lines, images and whatever else stands in scripts and manifests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from servo.migrate.model import Room
from servo.migrate.project import Project
from servo.migrate.source import Source
from servo.migrate.walk import Kind

ROOM = Room()

from servo.migrate.commands import lines, deployment  # noqa: E402, F401, I001


def subjects(project: Project) -> Iterator[tuple[Source, Any]]:
    """What the rules look at: each command line, and each file as a whole."""
    for command in project.command_lines:
        yield command.source, command
    for source in project.of(Kind.shell, Kind.yaml):
        if "servo" in source.text.lower():
            yield source, source
