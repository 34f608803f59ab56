"""Rules for scripts, images and manifests as a whole."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from typing import Any

from servo.migrate.commands import ROOM
from servo.migrate.model import Edit, Find, Hit, Severity
from servo.migrate.project import Project
from servo.migrate.source import Source
from servo.migrate.walk import Kind

_POETRY = re.compile(r"\bpoetry run (?=servo\b)|\"poetry\",\s*\"run\",\s*(?=\"servo\")")
_NO_VIRTUALENV = re.compile(
    r"virtualenvs\.create\s+false|POETRY_VIRTUALENVS_CREATE\s*[= ]\s*[\"']?(false|0)|FROM\s+\S*opsani/servox", re.I
)
_INSTALL = re.compile(
    r"\b(?:pip3?|uv|pipx|poetry|pdm)\b(?:[ \t]+(?:pip|tool))?[ \t]+(?:install|add)\b(?:[^\n;&|]|\\\r?\n)*?"
    r"[\s\"'](?P<what>(?:git\+\S+/)?servox(?!-rs)(?:\[[^\]]*\])?(?:\.git)?(?:@[\w.^~<>=*-]+)?"
    r"(?:[=<>~!^]=?[\w.,<>=!*-]+)?)(?=[\s\"']|$)"
)
_IMAGE = re.compile(
    r"(?:^[ \t]*FROM\s+(?:--\S+\s+)?|\bimage:\s*[\"']?|\bservoImageOverride:\s*[\"']?)"
    r"(?P<image>[\w./-]*\bservox(?:[:@][\w.:${}-]+)?)(?=[\s\"']|$)",
    re.M | re.I,
)
_NAMED_IMAGE = re.compile(
    r"(?<![\w./-])(?P<image>(?:[\w-]+\.[\w.-]+(?::\d+)?/)?(?<!github\.com/)opsani/servox)(?=[:@\"'\s]|$)", re.M
)
_GRACE = re.compile(r"terminationGracePeriodSeconds:|stop_grace_period:|TimeoutStopSec=")


def _of_sources(find: Callable[[Source, Project], Iterator[Hit]]) -> Find:
    @functools.wraps(find)
    def found(subject: Any, project: Project) -> Iterator[Hit]:
        if isinstance(subject, Source):
            yield from find(subject, project)

    return found


@ROOM.rule(
    "command-poetry-run",
    Severity.changed,
    "packages-of-connectors",
    "an image whose entry point",
    what="`poetry run servo` needs Poetry where the servo runs; `servo` is enough where the package is installed.",
    action="Write `servo`, unless Poetry keeps a virtual environment there.",
    fixes=True,
)
@_of_sources
def poetry_run(source: Source, project: Project) -> Iterator[Hit]:
    entry = (
        source.path.name.lower().startswith(("dockerfile", "containerfile", "entrypoint"))
        or ".dockerfile" in source.path.name
    )
    # Elsewhere, or with an environment of its own, Poetry may be the only one who finds the program.
    shared = any(_NO_VIRTUALENV.search(other.text) for other in project.of(Kind.shell))
    for match in _POETRY.finditer(source.text):
        if not _is_comment(source, match.start()):
            yield Hit(match.start(), {}, (Edit(match.start(), match.end(), ""),) if entry and shared else ())


@ROOM.rule(
    "command-install-servox",
    Severity.blocker,
    "packages-of-connectors",
    "requirements, `dependencies`",
    what="This installs servox in place of servox-rs, or over it.",
    action="Install `servox-rs`.",
    fixes=True,
)
@_of_sources
def install_servox(source: Source, project: Project) -> Iterator[Hit]:
    for match in _INSTALL.finditer(source.text):
        if not _is_comment(source, match.start()):
            yield Hit(match.start("what"), {}, (Edit(match.start("what"), match.end("what"), "servox-rs"),))


@ROOM.rule(
    "command-servox-image",
    Severity.blocker,
    "packages-of-connectors",
    "the image",
    what="The image has ServoX: what runs there is not servox-rs.",
    action="Make an image of Python with servox-rs and your connectors installed, and `servo` as its entry point.",
)
@_of_sources
def servox_image(source: Source, project: Project) -> Iterator[Hit]:
    places = {match.start("image") for pattern in (_IMAGE, _NAMED_IMAGE) for match in pattern.finditer(source.text)}
    for place in sorted(places):
        if not _is_comment(source, place):
            yield Hit(place)


@ROOM.rule(
    "command-vegeta-program",
    Severity.advice,
    "vegeta-and-load",
    "needs `vegeta` in",
    what="The program `vegeta` is not needed: `load` makes the requests itself.",
    action="Leave it out once no servo has the vegeta connector.",
)
@_of_sources
def vegeta_program(source: Source, project: Project) -> Iterator[Hit]:
    for match in re.finditer(r"peterevans/vegeta|tsenart/vegeta|/bin/vegeta", source.text):
        if not _is_comment(source, match.start()):
            yield Hit(match.start())


@ROOM.rule(
    "command-log-file",
    Severity.changed,
    "logging",
    "`logs/servo.log` beside the package",
    what="There is no file `logs/servo.log`.",
    action="Set SERVO_LOG_FILE to a path, and read that.",
)
@_of_sources
def log_file(source: Source, project: Project) -> Iterator[Hit]:
    for match in re.finditer(r"\blogs/servo\.log\b", source.text):
        if not _is_comment(source, match.start()):
            yield Hit(match.start())


@ROOM.rule(
    "command-grace-period",
    Severity.advice,
    "commands",
    "a second signal is ignored",
    what="The end of a servo may take 30 s (`--shutdown-timeout`); Kubernetes waits for 30 s, Docker for 10 s.",
    action="Set `terminationGracePeriodSeconds` or `stop_grace_period` above the time-out.",
)
@_of_sources
def grace_period(source: Source, project: Project) -> Iterator[Hit]:
    if not _GRACE.search(source.text):
        runs = [one for one in project.command_lines if one.source is source and one.command == "run"]
        container = re.search(r"^\s*(containers|services):\s*$", source.text, re.M)
        if container and (runs or _IMAGE.search(source.text)):
            yield Hit(container.start(1))


@ROOM.rule(
    "command-success-status",
    Severity.changed,
    "commands",
    "`servo run` ends with 1",
    what="The unit takes exit code 1 for success, which is a failure now: an orderly end is 0.",
    action="Remove `SuccessExitStatus=1`.",
)
@_of_sources
def success_status(source: Source, project: Project) -> Iterator[Hit]:
    for match in re.finditer(r"^SuccessExitStatus=.*\b1\b", source.text, re.M):
        if re.search(r"^ExecStart=.*servo", source.text, re.M):
            yield Hit(match.start())


def _is_comment(source: Source, offset: int) -> bool:
    line, column = source.position(offset)
    return source.line(line)[: column - 1].lstrip().startswith(("#", "//"))
