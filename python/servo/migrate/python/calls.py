"""Functions whose result, errors or side effects are others."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from servo.migrate.model import Hit, Severity
from servo.migrate.project import Project
from servo.migrate.python import ROOM
from servo.migrate.python.reading import PythonFile, text_of

_SUBPROCESS = (
    "run_subprocess_exec",
    "run_subprocess_shell",
    "stream_subprocess_exec",
    "stream_subprocess_shell",
    "stream_subprocess_output",
)


@ROOM.rule(
    "python-api-client",
    Severity.blocker,
    "optimizers-at-a-service",
    "`get_api_client_for_optimizer()`",
    what="`get_api_client_for_optimizer()` gives a client with `post(event, param, servo_uid)`, and none of httpx.",
    action="Call `post`, which gives the JSON of the reply and retries by itself; catch `servo.errors.ServoError`.",
)
def api_client(file: PythonFile, project: Project) -> Iterator[Hit]:
    for call in file.nodes(ast.Call):
        if file.is_servos(call.func, "get_api_client_for_optimizer"):
            yield Hit(file.offset(call))


@ROOM.rule(
    "python-diagnostics-api",
    Severity.blocker,
    "telemetry-and-diagnostics",
    "`DiagnosticsHandler._diagnostics_api`",
    what="`_diagnostics_api` is not there any more.",
    action="Call the client's `request(method, path, body)`.",
)
def diagnostics_api(file: PythonFile, project: Project) -> Iterator[Hit]:
    for node in file.nodes(ast.Attribute):
        if node.attr == "_diagnostics_api":
            yield Hit(file.offset(node))


@ROOM.rule(
    "python-current-assembly",
    Severity.defect,
    "servo-and-assembly",
    "`current_assembly()` is always None",
    what="`current_assembly()` gives the assembly; with ServoX it was always None.",
    action="Remove what counts on None.",
)
def assembly_of_context(file: PythonFile, project: Project) -> Iterator[Hit]:
    for call in file.nodes(ast.Call):
        if file.is_servos(call.func, "current_assembly"):
            yield Hit(file.offset(call))


@ROOM.rule(
    "python-subprocess-group",
    Severity.changed,
    "subprocesses",
    "a time-out ends the process alone",
    what="The time-out of `{name}` ends the process with all that it started; with ServoX its children went on.",
    action="Pass `start_new_session=False` where children must go on.",
)
def subprocess_group(file: PythonFile, project: Project) -> Iterator[Hit]:
    for call in file.nodes(ast.Call):
        if file.is_servos(call.func, *_SUBPROCESS) and any(keyword.arg == "timeout" for keyword in call.keywords):
            yield Hit(file.offset(call), {"name": file.dotted(call.func).rpartition(".")[2]})


@ROOM.rule(
    "python-exception-group",
    Severity.changed,
    "subprocesses",
    "errors of callbacks come in an `ExceptionGroup`",
    what="What goes wrong in a subprocess comes as the error itself; `except {name}` does not catch it.",
    action="Write `except* …`, which catches both, or catch the error.",
)
def exception_group(file: PythonFile, project: Project) -> Iterator[Hit]:
    for attempt in file.nodes(ast.Try):
        inside = [node for statement in attempt.body for node in ast.walk(statement) if isinstance(node, ast.Call)]
        if not any(file.is_servos(call.func, *_SUBPROCESS) for call in inside):
            continue
        for handler in attempt.handlers:
            if isinstance(handler.type, ast.Name) and handler.type.id in ("ExceptionGroup", "BaseExceptionGroup"):
                yield Hit(file.offset(handler), {"name": handler.type.id})


@ROOM.rule(
    "python-cancelled-runner",
    Severity.changed,
    "runners",
    "`AssemblyRunner.run()` ends with a CancelledError",
    what="`run()` of an AssemblyRunner returns after a signal; ServoX raised CancelledError.",
    action="Put what must happen behind it where it returns, too.",
)
def cancelled_runner(file: PythonFile, project: Project) -> Iterator[Hit]:
    if not any(file.is_servos(node, "AssemblyRunner") for node in (*file.nodes(ast.Attribute), *file.nodes(ast.Name))):
        return
    for attempt in file.nodes(ast.Try):
        inside = [node for statement in attempt.body for node in ast.walk(statement) if isinstance(node, ast.Call)]
        runs = any(isinstance(call.func, ast.Attribute) and call.func.attr == "run" for call in inside)
        for handler in attempt.handlers if runs else ():
            if handler.type is not None and ast.unparse(handler.type).rpartition(".")[2] == "CancelledError":
                yield Hit(file.offset(handler))


@ROOM.rule(
    "python-cli-runner",
    Severity.blocker,
    "commands",
    "`typer.testing.CliRunner(mix_stderr=False)`",
    what="`CliRunner(mix_stderr=…)` is a TypeError with the typer that servox-rs needs.",
    action="Write `CliRunner()`: `result.stdout` and `result.stderr` are always apart.",
)
def cli_runner(file: PythonFile, project: Project) -> Iterator[Hit]:
    for call in file.nodes(ast.Call):
        if file.dotted(call.func) in ("typer.testing.CliRunner", "click.testing.CliRunner"):
            yield from (Hit(file.offset(keyword)) for keyword in call.keywords if keyword.arg == "mix_stderr")


@ROOM.rule(
    "python-log-file",
    Severity.changed,
    "logging",
    "`logs/servo.log` beside the package",
    what="There is no file `logs/servo.log`; importing servo opens none.",
    action="Set SERVO_LOG_FILE where the servo runs, and read that file.",
)
def log_file(file: PythonFile, project: Project) -> Iterator[Hit]:
    for node in file.nodes(ast.Constant):
        if "logs/servo.log" in (text_of(node) or ""):
            yield Hit(file.offset(node))


@ROOM.rule(
    "python-log-sinks",
    Severity.changed,
    "logging",
    "importing `servo` removes all sinks",
    what="Importing servo leaves the sinks of loguru alone; with ServoX it put its own in their place.",
    action="Call `servo.logging.reset_to_defaults()` for those of the servo.",
)
def log_sinks(file: PythonFile, project: Project) -> Iterator[Hit]:
    for call in file.nodes(ast.Call):
        logger = (
            call.func.value if isinstance(call.func, ast.Attribute) and call.func.attr in ("add", "remove") else None
        )
        if file.dotted(logger) in ("loguru.logger", "servo.logger", "servo.logging.logger"):
            yield Hit(file.offset(call))


@ROOM.rule(
    "python-compared-connectors",
    Severity.changed,
    "connectors",
    "connectors are equal when",
    what="Connectors are equal to themselves alone; with ServoX two with equal fields were equal.",
    action="Compare names or configurations.",
)
def compared_connectors(file: PythonFile, project: Project) -> Iterator[Hit]:
    for node in file.nodes(ast.Compare):
        sides = [node.left, *node.comparators]
        names = {ast.unparse(side).rpartition(".")[2].rstrip("_") for side in sides}
        if len(sides) == 2 and isinstance(node.ops[0], ast.Eq | ast.NotEq) and names <= {"connector", "self"}:
            yield Hit(file.offset(node))
