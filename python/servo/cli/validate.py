"""``servo validate``: is the configuration file valid?"""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from servo.cli.options import Options, Output, OutputOption, echo_json


def validate(
    context: typer.Context,
    file: Annotated[
        Path | None,
        typer.Option("--file", "-f", metavar="FILE", help="File to check; without it that of --config-file."),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing; the exit code tells.")] = False,
    output: OutputOption = Output.text,
) -> None:
    """Check a configuration file and show everything that is wrong with it."""
    from servo.cli.errors import CommandError, describe_error, is_expected
    from servo.cli.logs import configure_logging
    from servo.cli.session import connector_types, core, environment

    options: Options = context.obj
    path = file if file is not None else options.config_file
    if path.is_dir():
        raise typer.BadParameter(f"File '{path}' is a directory.", param_hint="'--file' / '-f'")
    if not path.exists():
        raise typer.BadParameter(f"File '{path}' does not exist.", param_hint="'--file' / '-f'")
    configure_logging(options)
    native = core()
    # A path within the working directory is shown the short way.
    shown = file if file is not None else _short(path)
    try:
        documents = native.validate_file(str(shown), connector_types(shown), environment())
    except Exception as error:
        if not is_expected(error):
            raise
        if quiet:
            raise typer.Exit(1) from None
        if output is Output.json:
            result = {"file": str(shown), "valid": False, "problems": _problems(error)}
            echo_json(result)
            raise typer.Exit(1) from None
        raise CommandError([f"X Invalid configuration in {shown}", *describe_error(error, "")]) from None
    if quiet:
        return
    if output is Output.json:
        result = {"file": str(shown), "valid": True, "documents": documents, "problems": []}
        echo_json(result)
    else:
        typer.echo(f"√ Valid configuration in {shown}")


def _short(path: Path) -> Path:
    try:
        return path.relative_to(Path.cwd().resolve())
    except ValueError:
        return path


def _problems(error: BaseException) -> Any:
    problems = getattr(error, "problems", None)
    if isinstance(problems, str):
        return json.loads(problems)
    return [{"message": str(error)}]
