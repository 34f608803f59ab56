"""Which files of a project are looked at."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from enum import Enum, auto
from pathlib import Path

from servo.migrate.model import Unread

MAX_FILES = 20_000
"""Files that are looked at; a folder with more is not a project."""
MAX_BYTES = 1 << 20
"""The size of a file that people write."""
MAX_LOCK_BYTES = 1 << 24
"""The size of a file that a program wrote."""

_SKIPPED = frozenset(
    {"node_modules", "__pycache__", "site-packages", "venv", "env", "virtualenv", "build", "dist", "target", "htmlcov"}
)
# Folders with a dot in front that do hold something.
_KEPT = frozenset({".github", ".gitlab", ".circleci", ".devcontainer", ".config"})


class Kind(Enum):
    """What a file is read as."""

    yaml = auto()
    python = auto()
    requirements = auto()
    pyproject = auto()
    lock = auto()
    shell = auto()
    environment = auto()


_NAMES = (
    (re.compile(r"(poetry|pdm|uv)\.lock|Pipfile\.lock|pylock(\..+)?\.toml"), Kind.lock),
    (re.compile(r"pyproject\.toml|Pipfile|setup\.cfg"), Kind.pyproject),
    (re.compile(r".*(requirements|constraints).*\.(txt|in)"), Kind.requirements),
    (re.compile(r".*\.py"), Kind.python),
    (re.compile(r".*\.ya?ml"), Kind.yaml),
    (re.compile(r"\.env(\..+)?|.+\.env|\.envrc"), Kind.environment),
    (re.compile(r".*\.(sh|bash|zsh|ksh|mk|service|dockerfile)|(.*\.)?(Dockerfile|Containerfile)(\..+)?"), Kind.shell),
    (re.compile(r"(GNU)?[Mm]akefile|[Jj]ustfile|Procfile|Jenkinsfile|tox\.ini|Taskfile"), Kind.shell),
)


def kind_of(path: Path) -> Kind | None:
    """What a file is by its name; None where it is of no concern."""
    if path.parent.name == "requirements" and path.suffix in (".txt", ".in"):
        return Kind.requirements
    for pattern, kind in _NAMES:
        if pattern.fullmatch(path.name):
            return kind
    if not path.suffix and _is_script(path):
        return Kind.shell
    return None


def find_files(roots: Sequence[Path]) -> tuple[list[tuple[Path, Kind]], list[Unread]]:
    """The files below some paths, in order, each once; and what could not be looked into."""
    found: dict[Path, Kind] = {}
    unread: list[Unread] = []
    for root in roots:
        if not root.is_dir():
            # Named by a person: a file of a name that says nothing is a configuration.
            found.setdefault(root, kind_of(root) or Kind.yaml)
            continue
        for path in _below(root, unread):
            kind = kind_of(path)
            if kind is None:
                continue
            if len(found) >= MAX_FILES:
                unread.append(Unread(root, f"it has more than {MAX_FILES:,} files; name the folders to look at"))
                return list(found.items()), unread
            found.setdefault(path, kind)
    return list(found.items()), unread


def _below(root: Path, unread: list[Unread]) -> Iterator[Path]:
    def refused(error: OSError) -> None:
        unread.append(Unread(Path(error.filename or root), f"it cannot be read: {error.strerror or error}"))

    for folder, folders, files in os.walk(root, onerror=refused):
        here = Path(folder)
        folders[:] = sorted(name for name in folders if not _is_skipped(here / name))
        for name in sorted(files):
            path = here / name
            try:
                regular = stat.S_ISREG(path.stat().st_mode)
            except OSError:
                continue
            if regular:
                yield path


def _is_skipped(folder: Path) -> bool:
    name = folder.name
    if name in _SKIPPED or name.endswith(".egg-info") or (name.startswith(".") and name not in _KEPT):
        return True
    return (folder / "pyvenv.cfg").exists()


def _is_script(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            first = file.readline(200)
    except OSError:
        return False
    return re.match(rb"#!.*\b(ba|z|k|da)?sh\b", first) is not None
