"""The files of a project, and what rules ask about the project as a whole."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from servo.migrate.model import Unread
from servo.migrate.source import Source, UnreadableError, read_source
from servo.migrate.walk import MAX_BYTES, MAX_LOCK_BYTES, Kind, find_files

if TYPE_CHECKING:
    from servo.migrate.commands.reading import CommandLine
    from servo.migrate.python.reading import PythonFile
    from servo.migrate.requirements.reading import Requirement
    from servo.migrate.yaml.reading import Document

Subject = TypeVar("Subject")

NOT_READ = "a defect of this command kept it from reading the file"


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

        return self._read(lambda source, _: list(read_documents(source, self)), self._with(Kind.yaml))

    @cached_property
    def python_files(self) -> list[PythonFile]:
        """The modules that use servo."""
        from servo.migrate.python.reading import read_python

        def read(source: Source, _: Kind) -> list[PythonFile]:
            file = read_python(source, self)
            return [file] if file is not None else []

        return self._read(read, self._with(Kind.python))

    @cached_property
    def requirements(self) -> list[Requirement]:
        """What files of requirements name."""
        from servo.migrate.requirements.reading import read_requirements

        concerned = self._with(Kind.requirements, Kind.pyproject, Kind.lock)
        concerned += [(source, kind) for source, kind in self.sources if source.path.name == "setup.py"]
        return self._read(lambda source, kind: list(read_requirements(source, kind, self)), concerned)

    @cached_property
    def command_lines(self) -> list[CommandLine]:
        """Command lines of the servo in scripts and files for containers."""
        from servo.migrate.commands.reading import read_command_lines

        def read(source: Source, kind: Kind) -> list[CommandLine]:
            return list(read_command_lines(source, is_yaml=kind is Kind.yaml))

        return self._read(read, self._with(Kind.shell, Kind.yaml))

    def _with(self, *kinds: Kind) -> list[tuple[Source, Kind]]:
        return [(source, kind) for source, kind in self.sources if kind in kinds]

    def _read(self, read: Callable[[Source, Kind], list[Subject]], sources: list[tuple[Source, Kind]]) -> list[Subject]:
        found: list[Subject] = []
        for source, kind in sources:
            try:
                found += read(source, kind)
            except Exception as error:
                # A file that nobody thought of must not take the findings of all others away.
                self.unread.append(Unread(source.path, f"{NOT_READ}: {type(error).__name__}"))
        return found

    @cached_property
    def declared(self) -> frozenset[str]:
        """The names of all distributions that the project says it needs."""
        return frozenset(requirement.name for requirement in self.requirements if not requirement.locked)

    @cached_property
    def handlers(self) -> dict[str, dict[str, str]]:
        """The handlers of each class of the project, and the class that declares them."""
        from servo.migrate.python.handlers import handlers_of

        return handlers_of(self.python_files)

    @cached_property
    def duration_fields(self) -> frozenset[str]:
        """The names of fields that classes of the project annotate as durations."""
        return frozenset(
            statement.target.id
            for file in self.python_files
            for cls in file.classes
            for statement in cls.body
            if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name)
            if "Duration" in ast.unparse(statement.annotation)
        )

    @cached_property
    def keeps_pydantic_1(self) -> bool:
        """Whether the requirements keep pydantic 2 out."""
        from servo.migrate.requirements.versions import allows_from

        pins = [one for one in self.requirements if one.name == "pydantic" and not one.locked]
        return any(not allows_from(one.spec, "2.0", "3.0", one.style) for one in pins)

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
