"""From a project to its findings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from servo.migrate import commands, environment, python, requirements, yaml
from servo.migrate.model import Finding, Hit, Room, Rule, Severity, Unread
from servo.migrate.project import Project
from servo.migrate.source import Source

NOT_APPLIED = "a defect of this command kept it from applying the rule"
MAX_FINDINGS = 10_000
"""A report with more says nothing to anybody."""


@dataclass(frozen=True, slots=True)
class Report:
    """What was found."""

    findings: tuple[Finding, ...]
    """By file, the file with the worst finding first; within a file the worst first."""
    unread: tuple[Unread, ...]
    """What could not be looked at."""
    files: int
    """How many files were read."""

    def count(self, severity: Severity) -> int:
        """How many findings have a severity."""
        return sum(finding.rule.severity is severity for finding in self.findings)

    @property
    def fixable(self) -> int:
        """How many findings `--fix` can put right."""
        return sum(finding.fixable for finding in self.findings)


def scan(project: Project) -> Report:
    """Looks at a project with all rules."""
    found: dict[tuple[Any, ...], Finding] = {}
    for finding in _findings(project):
        # A block scalar may be looked at as a part of several files' worth of documents.
        found.setdefault((finding.path, finding.line, finding.column, finding.rule.id, finding.what), finding)
        if len(found) >= MAX_FINDINGS:
            project.unread.append(Unread(finding.path, f"the report ends here: it has {MAX_FINDINGS:,} findings"))
            break
    worst: dict[Any, int] = {}
    for finding in found.values():
        worst[finding.path] = min(worst.get(finding.path, 99), finding.rule.severity.rank)
    ordered = sorted(found.values(), key=lambda one: (worst[one.path], str(one.path), one.order))
    unread = sorted(set(project.unread), key=lambda one: (str(one.path), one.why))
    return Report(tuple(ordered), tuple(unread), len(project.sources))


def _findings(project: Project) -> Iterator[Finding]:
    yield from _of(yaml.ROOM, ((document.source, document) for document in project.documents), project)
    yield from _of(python.ROOM, ((file.source, file) for file in project.python_files), project)
    yield from _of(requirements.ROOM, ((one.source, one) for one in project.requirements), project)
    yield from _of(commands.ROOM, commands.subjects(project), project)
    yield from _of(environment.ROOM, environment.subjects(project), project)


def _of(room: Room, subjects: Iterable[tuple[Source, Any]], project: Project) -> Iterator[Finding]:
    for source, subject in subjects:
        for rule in room.rules:
            try:
                hits = list(rule.find(subject, project))
            except Exception as error:
                # A file that nobody thought of must not take the findings of all others away.
                project.unread.append(Unread(source.path, f"{NOT_APPLIED} {rule.id}: {type(error).__name__}"))
                continue
            for hit in hits:
                yield _finding(rule, source, hit)


def _finding(rule: Rule, source: Source, hit: Hit) -> Finding:
    line, column = source.position(hit.start)
    what, action = rule.texts(hit.values)
    return Finding(rule, source.path, line, column, what, action, hit.edits)
