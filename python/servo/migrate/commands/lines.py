"""Rules for one call of the servo."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from typing import Any

from servo.migrate.commands import ROOM
from servo.migrate.commands.reading import CommandLine
from servo.migrate.model import Find, Hit, Severity
from servo.migrate.project import Project

_EXIT_CODE = re.compile(r"\$\?|\|\|\s*(true|:|exit\s+0)\b|returncode|errorlevel", re.I)
_LEVELS = frozenset({"TRACE", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"})
_REMOVED_OPTIONS = ("--optimizer", "--token", "--token-file", "--base-url", "--url")


def _of_commands(*names: str) -> Callable[[Callable[[CommandLine, Project], Iterator[Hit]]], Find]:
    """A rule that looks at calls of some commands only; of all without a name."""

    def wrap(find: Callable[[CommandLine, Project], Iterator[Hit]]) -> Find:
        @functools.wraps(find)
        def found(subject: Any, project: Project) -> Iterator[Hit]:
            if isinstance(subject, CommandLine) and (not names or subject.command in names):
                yield from find(subject, project)

        return found

    return wrap


@ROOM.rule(
    "command-not-there",
    Severity.blocker,
    "not-there-yet",
    "",
    what="`servo {name}` is not there yet.",
    action="Keep what needs it with ServoX until it is.",
)
@_of_commands()
def not_there(command: CommandLine, project: Project) -> Iterator[Hit]:
    if command.command not in available_commands():
        yield Hit(command.start, {"name": command.command})


@ROOM.rule(
    "command-removed-option",
    Severity.blocker,
    "commands",
    "`--optimizer`, `--token`",
    what="There is no option `{name}`, as in ServoX 25.3: what it gave comes from servo.yaml or the environment.",
    action="Set OPSANI_OPTIMIZER, OPSANI_TOKEN, OPSANI_TOKEN_FILE or OPSANI_BASE_URL in its place.",
)
@_of_commands()
def removed_option(command: CommandLine, project: Project) -> Iterator[Hit]:
    for name in _REMOVED_OPTIONS:
        if name in command.options:
            yield Hit(command.start, {"name": name})


@ROOM.rule(
    "command-exit-code",
    Severity.changed,
    "commands",
    "`servo run` ends with 1",
    what="`servo run` ends with 0 after a signal or a result, with 1 for failures alone; this looks at the exit code.",
    action="Treat 0 as the orderly end, and 1 as a failure.",
)
@_of_commands("run")
def exit_code(command: CommandLine, project: Project) -> Iterator[Hit]:
    following = "\n".join(line for line in command.next_lines.splitlines()[:3])
    if _EXIT_CODE.search(command.tail) or re.search(r"\$\?", following):
        yield Hit(command.start)


@ROOM.rule(
    "command-run-name",
    Severity.changed,
    "commands",
    "`run --name` runs all servos",
    what="`servo --name … run` runs that servo alone; ServoX ran all of the file.",
    action="Remove `--name` where all are meant; repeat it for several.",
)
@_of_commands("run")
def run_name(command: CommandLine, project: Project) -> Iterator[Hit]:
    if "--name" in command.options:
        yield Hit(command.start)


@ROOM.rule(
    "command-no-poll",
    Severity.changed,
    "commands",
    "`run --no-poll` exits",
    what="`run --no-poll` stays up until a signal, then exits with 0; ServoX exited at once with 1.",
    action="Send a signal where it must end, or use `--dry-run`.",
)
@_of_commands("run")
def no_poll(command: CommandLine, project: Project) -> Iterator[Hit]:
    if command.flag("--no-poll"):
        yield Hit(command.start)


@ROOM.rule(
    "command-interactive",
    Severity.changed,
    "commands",
    "`run --interactive`",
    what='"No" to a question of `run --interactive` ends that servo with 0; ServoX went on.',
    action="Answer all questions where a script does.",
)
@_of_commands("run")
def interactive(command: CommandLine, project: Project) -> Iterator[Hit]:
    if command.flag("--interactive", "-i"):
        yield Hit(command.start)


@ROOM.rule(
    "command-run-debug",
    Severity.changed,
    "commands",
    "`run --debug` lets",
    what="`run --debug` shows tracebacks, in asyncio's slower debug mode; in ServoX it let errors of the loop pass.",
    action="Remove it where it was there for that.",
)
@_of_commands("run")
def run_debug(command: CommandLine, project: Project) -> Iterator[Hit]:
    if command.flag("--debug", "--DEBUG"):
        yield Hit(command.start)


@ROOM.rule(
    "command-limit",
    Severity.changed,
    "commands",
    "`--limit` has no effect",
    what="`--limit` bounds how many servos run at a time; with ServoX it had no effect.",
    action="Remove it where all are to run.",
)
@_of_commands()
def limit(command: CommandLine, project: Project) -> Iterator[Hit]:
    if "--limit" in command.options:
        yield Hit(command.start)


@ROOM.rule(
    "command-show-options",
    Severity.defect,
    "commands",
    "options of `servo` stand before",
    what="`servo {options} show` heeds its options; ServoX ignored them before `show`, and took the defaults.",
    action="Write them once, before or behind `show`.",
)
@_of_commands("show")
def show_options(command: CommandLine, project: Project) -> Iterator[Hit]:
    given = [name for name in ("--config-file", "--log-level", "--no-color") if name in command.options]
    if given:
        yield Hit(command.start, {"options": " ".join(given)})


@ROOM.rule(
    "command-log-level",
    Severity.advice,
    "commands",
    "`--log-level` in capitals",
    what="The level is understood in any case, SUCCESS included; ServoX refused it, and the command failed.",
    action="Nothing; remove what counted on the failure.",
)
@_of_commands()
def log_level(command: CommandLine, project: Project) -> Iterator[Hit]:
    word = command.options.get("--log-level")
    if word is not None:
        level = word.text.rpartition("=")[2]
        if level.isalpha() and level not in _LEVELS and level.upper() in _LEVELS | {"SUCCESS"}:
            yield Hit(word.start)


@ROOM.rule(
    "command-config-secrets",
    Severity.changed,
    "commands",
    "`config` prints",
    what="`servo config` writes asterisks in place of tokens and secrets; ServoX wrote them in clear text.",
    action="Pass `--show-secrets` where the output is read again.",
)
@_of_commands("config")
def config_secrets(command: CommandLine, project: Project) -> Iterator[Hit]:
    if command.flag("--show-secrets") is None:
        yield Hit(command.start)


@ROOM.rule(
    "command-validate-file",
    Severity.defect,
    "commands",
    "`validate` ignores `-c`",
    what="`validate` checks the file of `-c`; ServoX checked servo.yaml, whatever that said.",
    action="Nothing, if the file of `-c` is what you mean to check.",
)
@_of_commands("validate")
def validate_file(command: CommandLine, project: Project) -> Iterator[Hit]:
    if "--config-file" in command.options:
        yield Hit(command.start)


@ROOM.rule(
    "command-generate",
    Severity.changed,
    "commands",
    "`generate` and `init` write",
    what="`servo generate` writes other text than ServoX did: check what reads or edits its output.",
    action="Compare its output with what the script expects, above all the part `optimizer`.",
)
@_of_commands("generate")
def generate(command: CommandLine, project: Project) -> Iterator[Hit]:
    if "generated-id.test" in command.source.text or "generated-token" in command.source.text:
        yield Hit(command.start)


@functools.cache
def available_commands() -> frozenset[str]:
    """The commands of this version, with those of the connectors that it has."""
    from servo.cli.catalogue import COMMANDS
    from servo.migrate.yaml.connectors import is_available

    own = frozenset(entry.name for entry in COMMANDS)
    return own | {name for name in ("prometheus", "vegeta") if is_available(name)}
