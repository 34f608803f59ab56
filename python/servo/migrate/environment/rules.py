"""Variables that are read in another way, or not at all."""

from __future__ import annotations

import re
from collections.abc import Iterator

from servo.migrate.environment import ROOM
from servo.migrate.environment.reading import Variable
from servo.migrate.model import Hit, Severity
from servo.migrate.project import Project

_LEAKED = re.compile(
    r"(CONTAINER|DEPLOYMENT|STATEFUL_SET|ROLLOUT|BACKOFF_SETTINGS|BACKOFF_CONFIGURATIONS|TIMEOUTS|SERVICE_PORT|C_P_U|MEMORY"
    r"|REPLICAS)_"
    # The fields of those classes; other names are of other programs.
    r"(ALIAS|COMMAND|CPU|MEMORY|ENV|NAME|NAMESPACE|CONTAINERS|STRATEGY|REPLICAS|TIMEOUT|DESCRIPTION|MAX_TIME|MAX_TRIES"
    r"|CONNECT|READ|WRITE|POOL|MIN|MAX|STEP|UNIT|PINNED|SETTLEMENT|ON_FAILURE)"
)
_FAST_FAIL = frozenset({"PERIOD", "SPAN", "SKIP", "DISABLED", "TREAT_ZERO_AS_MISSING"})


@ROOM.rule(
    "env-leaked",
    Severity.changed,
    "environment",
    "variables of nested classes",
    what="`{name}` is not read: only variables that say which part they are for are.",
    action="Write SERVO_<KEY>_… where a value for that part of the document was meant.",
)
def leaked(variable: Variable, project: Project) -> Iterator[Hit]:
    if _LEAKED.fullmatch(variable.name) and (variable.of_servo or project.documents):
        yield Hit(variable.start, {"name": variable.name})


@ROOM.rule(
    "env-fast-fail",
    Severity.changed,
    "fast-fail",
    "`PERIOD`, `SPAN`",
    what="`{name}` is not a default of fast fail any more.",
    action="Rename it to FAST_FAIL_{name} if fast fail was meant.",
)
def fast_fail(variable: Variable, project: Project) -> Iterator[Hit]:
    if variable.of_servo and variable.name in _FAST_FAIL:
        yield Hit(variable.start, {"name": variable.name})


@ROOM.rule(
    "env-servo-name",
    Severity.changed,
    "environment",
    "`SERVO_NAME` names every servo",
    what="SERVO_NAME selects one of several servos of a file; ServoX gave all of them that name.",
    action="Write `name` in each document, and remove the variable unless one servo is to be selected.",
)
def servo_name(variable: Variable, project: Project) -> Iterator[Hit]:
    if variable.name == "SERVO_NAME" and any(document.siblings > 1 for document in project.documents):
        yield Hit(variable.start)


@ROOM.rule(
    "env-connectors",
    Severity.changed,
    "environment",
    "`SERVO_CONNECTORS`",
    what="Where the file has no `connectors`, SERVO_CONNECTORS says which are active; with ServoX it did not.",
    action="Remove it, or keep it in step with the file.",
)
def connectors(variable: Variable, project: Project) -> Iterator[Hit]:
    if variable.name == "SERVO_CONNECTORS":
        yield Hit(variable.start)


@ROOM.rule(
    "env-older-name",
    Severity.advice,
    "environment",
    "`COMMON_…`, `CHECKS_…`",
    what="`{name}` is still read, behind `{new}`.",
    action="Write `{new}`.",
)
def older_name(variable: Variable, project: Project) -> Iterator[Hit]:
    for old, new in (("COMMON_", "SERVO_SETTINGS_"), ("CHECKS_", "SERVO_CHECKS_")):
        if variable.name.startswith(old):
            yield Hit(variable.start, {"name": variable.name, "new": new + variable.name.removeprefix(old)})


@ROOM.rule(
    "env-common-timeouts",
    Severity.changed,
    "environment",
    "`COMMON_TIMEOUTS=5s`",
    what="A duration in COMMON_TIMEOUTS is the time-out of every request; with ServoX it was an error.",
    action="Check that it is what you want.",
)
def common_timeouts(variable: Variable, project: Project) -> Iterator[Hit]:
    if variable.name == "COMMON_TIMEOUTS" and not variable.value.startswith("{"):
        yield Hit(variable.start)


@ROOM.rule(
    "env-alias-with-dash",
    Severity.advice,
    "environment",
    "`SERVO_MY-ALIAS_RATE`",
    what="`{name}` is still read; `{new}` is, too, and a shell can set that.",
    action="Write `{new}`.",
)
def alias_with_dash(variable: Variable, project: Project) -> Iterator[Hit]:
    if variable.name.startswith("SERVO_") and "-" in variable.name:
        yield Hit(variable.start, {"name": variable.name, "new": variable.name.replace("-", "_")})


@ROOM.rule(
    "env-log-level",
    Severity.advice,
    "commands",
    "`--log-level` in capitals",
    what="The level is understood in any case, SUCCESS included; ServoX refused it.",
    action="Nothing; remove what counted on the failure.",
)
def log_level(variable: Variable, project: Project) -> Iterator[Hit]:
    level = variable.value
    known = {"TRACE", "DEBUG", "INFO", "SUCCESS", "WARNING", "ERROR", "CRITICAL"}
    if variable.name == "SERVO_LOG_LEVEL" and level.upper() in known and (level != level.upper() or level == "SUCCESS"):
        yield Hit(variable.start)


@ROOM.rule(
    "env-run-debug",
    Severity.changed,
    "commands",
    "`run --debug` lets",
    what="SERVO_RUN_DEBUG shows tracebacks, with asyncio's debug mode; in ServoX it let errors of the loop pass.",
    action="Remove it where it was there for that.",
)
def run_debug(variable: Variable, project: Project) -> Iterator[Hit]:
    if variable.name == "SERVO_RUN_DEBUG" and variable.value.lower() in ("1", "true", "t", "yes", "y", "on"):
        yield Hit(variable.start)


@ROOM.rule(
    "env-no-color",
    Severity.changed,
    "commands",
    "`NO_COLOR=0` means colours",
    what="NO_COLOR turns colours off whatever it is set to; with ServoX this value meant colours, or was an error.",
    action="Unset it where colours are wanted.",
)
def no_color(variable: Variable, project: Project) -> Iterator[Hit]:
    if (
        variable.name == "NO_COLOR"
        and variable.value
        and variable.value.lower() not in ("1", "true", "t", "yes", "y", "on")
    ):
        yield Hit(variable.start)


@ROOM.rule(
    "env-diagnostics",
    Severity.changed,
    "telemetry-and-diagnostics",
    "`no_diagnostics: false` ends",
    what="SERVO_NO_DIAGNOSTICS=false lets the service ask for configuration and logs; ServoX ended after the start.",
    action="Remove it unless you want that; secrets are not sent.",
)
def diagnostics(variable: Variable, project: Project) -> Iterator[Hit]:
    if variable.name == "SERVO_NO_DIAGNOSTICS" and variable.value.lower() in ("0", "false", "f", "no", "n", "off"):
        yield Hit(variable.start)
