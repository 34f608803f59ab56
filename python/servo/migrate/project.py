"""The files of a project, and what rules ask about the project as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from servo.migrate.model import Unread
from servo.migrate.source import Source, UnreadableError, read_source
from servo.migrate.walk import MAX_BYTES, MAX_LOCK_BYTES, Kind, find_files

if TYPE_CHECKING:
    from servo.migrate.commands.reading import CommandLine
    from servo.migrate.python.reading import PythonFile
    from servo.migrate.requirements.reading import Requirement
    from servo.migrate.yaml.reading import Document


class Project:
    """The sources that are looked at. What is read from them is kept."""

    def __init__(self, sources: Sequence[tuple[Source, Kind]], unread: Sequence[Unread] = ()) -> None:
        self.sources = list(sources)
        self.unread = list(unread)
        """What could not be read; areas add what they cannot parse."""

    def with_texts(self, changed: Mapping[Path, Source]) -> Project:
        """The project with other texts in some of its files."""
        return Project([(changed.get(source.path, source), kind) for source, kind in self.sources])

    def of(self, *kinds: Kind) -> list[Source]:
        """The sources of some kinds."""
        return [source for source, kind in self.sources if kind in kinds]

    @cached_property
    def documents(self) -> list[Document]:
        """The documents that are servos."""
        from servo.migrate.yaml.reading import read_documents

        return [document for source in self.of(Kind.yaml) for document in read_documents(source, self)]

    @cached_property
    def python_files(self) -> list[PythonFile]:
        """The modules that use servo."""
        from servo.migrate.python.reading import read_python

        files = (read_python(source, self) for source in self.of(Kind.python))
        return [file for file in files if file is not None]

    @cached_property
    def requirements(self) -> list[Requirement]:
        """What files of requirements name."""
        from servo.migrate.requirements.reading import read_requirements

        return [
            requirement
            for source, kind in self.sources
            if kind in (Kind.requirements, Kind.pyproject, Kind.lock) or source.path.name == "setup.py"
            for requirement in read_requirements(source, kind, self)
        ]

    @cached_property
    def command_lines(self) -> list[CommandLine]:
        """Command lines of the servo in scripts and files for containers."""
        from servo.migrate.commands.reading import read_command_lines

        return [
            command
            for source, kind in self.sources
            if kind in (Kind.shell, Kind.yaml)
            for command in read_command_lines(source, is_yaml=kind is Kind.yaml)
        ]

    @cached_property
    def declared(self) -> frozenset[str]:
        """The names of all distributions that the project says it needs."""
        return frozenset(requirement.name for requirement in self.requirements if not requirement.locked)

    @cached_property
    def local_modules(self) -> frozenset[str]:
        """The top-level names of modules and packages of the project."""
        names = set()
        for source in self.of(Kind.python):
            names.add(source.path.stem)
            names.add(source.path.parent.name)
        return frozenset(names)


def open_project(paths: Sequence[Path]) -> Project:
    """Reads the files below some paths.

    Args:
        paths: Files and folders.
    """
    found, unread = find_files(paths)
    sources = []
    for path, kind in found:
        try:
            sources.append((read_source(path, MAX_LOCK_BYTES if kind is Kind.lock else MAX_BYTES), kind))
        except UnreadableError as error:
            unread.append(Unread(path, str(error)))
    return Project(sources, unread)
