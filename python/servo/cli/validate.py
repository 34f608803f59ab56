"""``servo validate``: are the configuration files valid?"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from servo.cli.options import Options
from servo.cli.output import TargetOption, target_of

if TYPE_CHECKING:
    from servo.cli.output import Target

FORMS = ("text", "json", "yaml")
STDIN = "<stdin>"
_HINT = "'--file' / '-f'"


def validate(
    context: typer.Context,
    connectors: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="CONNECTORS",
            help="What documents without 'connectors' may have, as name, Class or alias:name. [default: all]",
        ),
    ] = None,
    files: Annotated[
        list[str] | None,
        typer.Option(
            "--file", "-f", metavar="FILE", help="File to check, - for stdin; again for more. [default: --config-file]"
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing; the exit code tells.")] = False,
    form: Annotated[str | None, typer.Option("--format", metavar="FORM", help="text, json or yaml.")] = None,
    output: TargetOption = None,
) -> None:
    """Check a configuration file and show everything that is wrong with it."""
    from servo.cli.logs import configure_logging

    options: Options = context.obj
    target = target_of(options, form, output, FORMS, default="text", other_names={"text": "text"})
    paths = [Path(file) for file in files] if files else [options.config_file]
    for path in paths:
        _require(path if files else short(path))
    configure_logging(options)
    offered = [_descriptor(connector) for connector in connectors] if connectors else None
    results = [_checked(path if files else short(path), offered, options) for path in paths]
    valid = all(result["valid"] for result in results)
    if not quiet:
        _tell(results, target)
    if not valid:
        raise typer.Exit(1)


def short(path: Path) -> Path:
    """A path within the working directory the short way."""
    try:
        return path.relative_to(Path.cwd().resolve())
    except ValueError:
        return path


def _require(path: Path) -> None:
    if str(path) == "-":
        return
    if path.is_dir():
        raise typer.BadParameter(f"File '{path}' is a directory.", param_hint=_HINT)
    if not path.exists():
        raise typer.BadParameter(f"File '{path}' does not exist.", param_hint=_HINT)


def _descriptor(text: str) -> tuple[str | None, str]:
    """The key and the identifier of a connector, such as `name`, `Class` or `alias:name`."""
    alias, colon, identifier = text.rpartition(":")
    if colon and (not alias or not identifier or ":" in alias):
        message = f"'{text}' is no connector: expected a name, a class or a dotted path, or alias:name"
        raise typer.BadParameter(message)
    return alias or None, identifier


def _checked(path: Path, offered: Sequence[tuple[str | None, str]] | None, options: Options) -> dict[str, Any]:
    """The result of a file, with the lines for people under `lines`."""
    from servo.cli.errors import describe_error, is_expected, traceback_of
    from servo.cli.session import connector_types, core

    read = str(path) == "-"
    name = STDIN if read else str(path)
    variables = dict(os.environ)
    arguments: dict[str, Any] = {}
    if read:
        arguments["content"] = sys.stdin.buffer.read()
    if offered is not None:
        arguments["offered"] = list(offered)
        # It would say the same of all documents.
        variables.pop("SERVO_CONNECTORS", None)
    try:
        types = connector_types(Path() / STDIN if read else path)
        with import_module("servo.connector.imports").explained():
            documents = core().validate_file(name, types, variables, **arguments)
    except LookupError as error:
        if offered is None or not isinstance(error.args[0], str):
            raise
        raise typer.BadParameter(f"no connector found for identifier '{error.args[0]}'") from None
    except Exception as error:
        if not is_expected(error):
            raise
        lines = [*traceback_of(error, options), *describe_error(error, "")]
        return {"file": name, "valid": False, "problems": _problems(error), "lines": lines}
    return {"file": name, "valid": True, "documents": documents, "problems": [], "lines": []}


def _tell(results: Sequence[dict[str, Any]], target: Target) -> None:
    if target.form != "text":
        told = [{key: value for key, value in result.items() if key != "lines"} for result in results]
        target.write_data(told[0] if len(told) == 1 else {"files": told})
        return
    valid = "".join(f"√ Valid configuration in {result['file']}\n" for result in results if result["valid"])
    if valid:
        target.write(valid)
    for result in results:
        if not result["valid"]:
            for line in (f"X Invalid configuration in {result['file']}", *result["lines"]):
                typer.echo(line, err=True)


def _problems(error: BaseException) -> Any:
    problems = getattr(error, "problems", None)
    if isinstance(problems, str):
        return json.loads(problems)
    return [{"message": str(error)}]
