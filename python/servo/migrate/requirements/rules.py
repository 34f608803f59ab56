"""What a project says that it needs."""

from __future__ import annotations

from collections.abc import Iterator

from servo.migrate.model import Edit, Hit, Severity
from servo.migrate.project import Project
from servo.migrate.requirements import ROOM
from servo.migrate.requirements.reading import Requirement
from servo.migrate.requirements.versions import allows_from

NEEDED = {
    "loguru": "0.7.3",
    "pydantic": "1.10",
    "pyfiglet": "1.0",
    "python-dotenv": "1.0",
    "pyyaml": "6.0",
    "rich": "15.0",
    "tabulate": "0.9",
    "typer": "0.28",
}
"""What servox-rs needs, and from which version on."""
_PYTHON = "3.11"
# Packages that were published for ServoX and need it.
_FOR_SERVOX = ("servo-", "servox-")


@ROOM.rule(
    "requirements-servox",
    Severity.blocker,
    "packages-of-connectors",
    "requirements, `dependencies`",
    what="The distribution servox would be installed in place of servox-rs, or over it.",
    action="Write `servox-rs`.",
    fixes=True,
)
def servox(requirement: Requirement, project: Project) -> Iterator[Hit]:
    if requirement.name != "servox" or requirement.locked:
        return
    others = [one for one in project.requirements if one.source.path == requirement.source.path]
    edits: tuple[Edit, ...] = ()
    if requirement.replaceable and not any(one.name == "servox-rs" for one in others):
        text = 'servox-rs = "*"' if requirement.style == "poetry" else "servox-rs"
        if requirement.marker:
            text += f" {requirement.marker}"
        edits = (Edit(requirement.start, requirement.end, text),)
    yield Hit(requirement.start, {}, edits)


@ROOM.rule(
    "requirements-older-servox",
    Severity.advice,
    "packages-of-connectors",
    "requirements, `dependencies`",
    what="The project is made for a ServoX before 25; what changed until 25.3 is not looked for.",
    action="Make it work with ServoX 25.3 first, or look at names that are not there with care.",
)
def older_servox(requirement: Requirement, project: Project) -> Iterator[Hit]:
    concerned = requirement.name == "servox" and requirement.spec and not requirement.locked
    if concerned and not allows_from(requirement.spec, "25.0", None, requirement.style):
        yield Hit(requirement.start)


@ROOM.rule(
    "requirements-lock",
    Severity.blocker,
    "packages-of-connectors",
    "a lock file",
    what="The lock file has servox.",
    action="Change the requirements, then make the lock file anew.",
)
def lock(requirement: Requirement, project: Project) -> Iterator[Hit]:
    if requirement.locked and requirement.name == "servox":
        yield Hit(requirement.start)


@ROOM.rule(
    "requirements-conflict",
    Severity.blocker,
    "install",
    "pydantic 1",
    what="servox-rs needs {name} {least} or newer, which this pin keeps out.",
    action="Let {name} {least} in, or leave it out where your own code does not use it.",
)
def conflict(requirement: Requirement, project: Project) -> Iterator[Hit]:
    least = NEEDED.get(requirement.name)
    if least is None or requirement.locked or not requirement.spec:
        return
    below = "3.0" if requirement.name == "pydantic" else None
    if not allows_from(requirement.spec, least, below, requirement.style):
        yield Hit(requirement.start, {"name": requirement.name, "least": least})


@ROOM.rule(
    "requirements-pydantic",
    Severity.advice,
    "packages-of-connectors",
    "pydantic",
    what="pydantic is kept at 1; servox-rs works with 1.10 and 2.",
    action="Change agents first, pydantic when it suits.",
)
def pydantic(requirement: Requirement, project: Project) -> Iterator[Hit]:
    if requirement.name == "pydantic" and not requirement.locked and requirement.spec:
        keeps = not allows_from(requirement.spec, "2.0", "3.0", requirement.style)
        if keeps and allows_from(requirement.spec, "1.10", "2.0", requirement.style):
            yield Hit(requirement.start)


@ROOM.rule(
    "requirements-python",
    Severity.blocker,
    "install",
    "distribution `servox`",
    what="servox-rs needs Python 3.11 or newer, which `{spec}` keeps out.",
    action="Let Python 3.11 in; ServoX 25.3 needs it, too, whatever its metadata say.",
)
def python(requirement: Requirement, project: Project) -> Iterator[Hit]:
    if (
        requirement.style == "python"
        and requirement.spec
        and not allows_from(requirement.spec, _PYTHON, "4.0", "poetry")
    ):
        yield Hit(requirement.start, {"spec": requirement.spec})


@ROOM.rule(
    "requirements-connector-package",
    Severity.advice,
    "packages-of-connectors",
    "",
    what="`{name}` may be a package for ServoX: one that names servox among its requirements brings that back.",
    action="Look at `pip show {name}`; install it with `--no-deps` if it does, or ask for a release without it.",
)
def connector_package(requirement: Requirement, project: Project) -> Iterator[Hit]:
    if requirement.name.startswith(_FOR_SERVOX) and requirement.name != "servox-rs" and not requirement.locked:
        yield Hit(requirement.start, {"name": requirement.name})
