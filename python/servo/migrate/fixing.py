"""What `--fix` changes: worked out in memory, shown as a diff, written file by file."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from servo._whole_files import write_file
from servo.migrate.diffs import unified
from servo.migrate.model import Edit, Finding
from servo.migrate.project import Project
from servo.migrate.scan import scan
from servo.migrate.source import Source

MAX_PASSES = 20
"""Edits that overlap are made one after another."""


@dataclass(frozen=True, slots=True)
class Change:
    """A file before and after."""

    before: Source
    after: Source
    findings: tuple[Finding, ...]
    """What it puts right."""

    @property
    def path(self) -> Path:
        """The file."""
        return self.before.path

    def diff(self, name: str) -> list[str]:
        """A unified diff for people: what looks like a secret is not shown.

        Args:
            name: The name of the file to show.
        """
        return unified(self.before.text, self.after.text, name)


class ChangedMeanwhileError(Exception):
    """A file is no longer what was read."""


def plan(project: Project) -> list[Change]:
    """What would put right all that can be, in the order of the files.

    Edits of one file can uncover others, so the changed texts are looked at again until nothing is left.
    """
    first = {source.path: source for source, _ in project.sources}
    changed: dict[Path, Source] = {}
    fixed: dict[Path, list[Finding]] = {}
    for _ in range(MAX_PASSES):
        current = project.with_texts(changed)
        edits: dict[Path, list[Edit]] = {}
        for finding in scan(current).findings:
            if finding.edits:
                edits.setdefault(finding.path, []).extend(finding.edits)
                fixed.setdefault(finding.path, []).append(finding)
        if not edits:
            break
        for path, wanted in edits.items():
            changed[path] = changed.get(path, first[path]).edited(wanted)
    return [
        Change(first[path], after, tuple(fixed.get(path, ())))
        for path, after in sorted(changed.items())
        if after.text != first[path].text
    ]


def write(change: Change) -> None:
    """Replaces a file in one step; its permissions stay.

    Raises:
        ChangedMeanwhileError: It is no longer what was read.
        OSError: It cannot be written.
    """
    target = change.path.resolve()
    if target.read_bytes() != change.before.raw:
        raise ChangedMeanwhileError(f"{change.path} has changed since it was read; it is left as it is")
    write_file(target, change.after.raw)


def originals(changes: Sequence[Change]) -> dict[Path, str]:
    """Where the text of each file can be had again: `git`, `changed` (git has an older one) or `nowhere`."""
    return {change.path: _kept_by_git(change.path.resolve()) for change in changes}


def _kept_by_git(path: Path) -> str:
    command = ["git", "-C", str(path.parent), "status", "--porcelain", "--ignored", "--", path.name]
    tracked = ["git", "-C", str(path.parent), "ls-files", "--error-unmatch", "--", path.name]
    try:
        state = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
        known = subprocess.run(tracked, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.SubprocessError):
        return "nowhere"
    if state.returncode or known.returncode:
        return "nowhere"
    return "changed" if state.stdout.strip() else "git"
