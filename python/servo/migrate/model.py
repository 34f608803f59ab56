"""Rules, what they find, and the edits that put it right."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from servo.migrate.project import Project

GUIDE = "https://github.com/servox-rs/servox-rs/blob/main/docs/migrating.md"
"""The page that compares ServoX with this version; rules point to its sections."""


class Severity(StrEnum):
    """How much a finding asks for; the worst comes first."""

    blocker = "blocker"
    """It does not work until it is changed."""
    changed = "changed"
    """It works, and behaves differently."""
    defect = "defect"
    """It relied on a defect of ServoX, or worked around one."""
    advice = "advice"
    """Nothing has to be done."""

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return list(type(self)).index(self)


@dataclass(frozen=True, slots=True)
class Edit:
    """Text in place of other text."""

    start: int
    """The first character that goes."""
    end: int
    """Behind the last one."""
    text: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A place that a rule found in a source."""

    start: int
    """The character where it is."""
    values: Mapping[str, str] = field(default_factory=dict)
    """What the texts of the rule name. Never a value of the project that may be a secret."""
    edits: tuple[Edit, ...] = ()
    """What puts it right; none where a person must decide."""


Find = Callable[[Any, "Project"], Iterator[Hit]]


@dataclass(frozen=True, slots=True)
class Rule:
    """Something that a project for ServoX may have, and what becomes of it."""

    id: str
    severity: Severity
    section: str
    """The anchor of the section of the guide."""
    row: str
    """The beginning of the row in that section; empty for a rule about the section as a whole."""
    what: str
    """What is there and why it matters, in one sentence. `{name}` is filled by the hit."""
    action: str
    """What to do about it."""
    fixes: bool
    """Whether `--fix` can put it right, at least in most cases."""
    find: Find

    @property
    def area(self) -> str:
        """The kind of files it is about."""
        return self.id.partition("-")[0]

    @property
    def url(self) -> str:
        """The section of the guide."""
        return f"{GUIDE}#{self.section}"

    def texts(self, values: Mapping[str, str] | None = None) -> tuple[str, str]:
        """What is there and what to do; what no value names is an ellipsis."""
        known = _Names(values or {})
        return (
            Formatter().vformat(self.what, (), known),
            Formatter().vformat(self.action, (), known),
        )


class _Names(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "\N{HORIZONTAL ELLIPSIS}"


@dataclass(frozen=True, slots=True)
class Finding:
    """A hit with its place among the files."""

    rule: Rule
    path: Path
    line: int
    """Counted from 1."""
    column: int
    """Counted from 1, in characters."""
    what: str
    action: str
    edits: tuple[Edit, ...] = ()

    @property
    def fixable(self) -> bool:
        """Whether `--fix` puts it right."""
        return bool(self.edits)

    @property
    def order(self) -> tuple[int, int, int, str]:
        """The worst first, then as they stand in the file."""
        return (self.rule.severity.rank, self.line, self.column, self.rule.id)


@dataclass(frozen=True, slots=True)
class Unread:
    """A file that could not be looked at, or not as a whole."""

    path: Path
    why: str
    line: int | None = None


class Room:
    """The rules of one area."""

    areas: ClassVar[tuple[str, ...]] = ("yaml", "python", "requirements", "command", "env")

    def __init__(self) -> None:
        self.rules: list[Rule] = []

    def rule(
        self, id: str, severity: Severity, section: str, row: str, *, what: str, action: str, fixes: bool = False
    ) -> Callable[[Find], Find]:
        """Makes a rule of the function that finds its places."""

        def register(find: Find) -> Find:
            self.rules.append(Rule(id, severity, section, row, what, action, fixes, find))
            return find

        return register
