"""``servo generate``: write a configuration file to start from."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from servo.cli.options import Options

FILE_OPTION = "'--file' / '-f'"


def generate(
    context: typer.Context,
    connectors: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="CONNECTORS",
            help="Connectors to generate a configuration for: `connector`, `ConnectorClass`, `package.module.Class`, "
            "or any of these as `alias:connector`. All that are installed without any.",
        ),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            "--file", "-f", metavar="FILE", help="File to write; without it that of --config-file. `-` is stdout."
        ),
    ] = None,
    defaults: Annotated[bool, typer.Option("--defaults", "-d", help="Write values that are defaults, too.")] = False,
    name: Annotated[str | None, typer.Option("--name", "-n", metavar="TEXT", help="What the servo is called.")] = None,
    standalone: Annotated[bool, typer.Option("--standalone", "-s", help="Leave the key `connectors` out.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Do not show what is written.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file without asking.")] = False,
    append: Annotated[bool, typer.Option("--append", help="Add a document to the file.")] = False,
    schema: Annotated[
        bool, typer.Option("--schema/--no-schema", help="Write a JSON Schema beside the file, for editors.")
    ] = True,
) -> None:
    """Generate a configuration."""
    from servo.cli.drafts.document import Draft
    from servo.cli.drafts.wanted import wanted
    from servo.cli.drafts.writing import Writing
    from servo.cli.logs import configure_logging
    from servo.cli.session import connector_types

    options: Options = context.obj
    path = file if file is not None else short(options.config_file)
    writing = Writing(path, schema=schema, append=append)
    if not writing.to_stdout:
        writing.check(FILE_OPTION)
    configure_logging(options)
    connector_types(path)
    chosen = wanted(connectors or ())
    if not (force or append or writing.to_stdout):
        confirm_overwriting(path)
    draft = Draft(chosen, dict(os.environ), name=name, defaults=defaults, standalone=standalone)
    text = writing.write(draft)
    if writing.to_stdout:
        typer.echo(text, nl=False)
    elif not quiet:
        show(options, text)
        writing.report()
    for line in [] if writing.to_stdout else writing.problems(dict(os.environ)):
        typer.echo(line, err=True)


def confirm_overwriting(path: Path) -> None:
    """Ask before a file is overwritten.

    Raises:
        typer.Abort: It is to stay.
    """
    from servo.cli.prompts import confirm

    if path.exists() and not confirm(f"File '{path}' already exists. Overwrite it?"):
        raise typer.Abort


def show(options: Options, text: str) -> None:
    """Show what was written, and an empty line."""
    from servo.cli.output import Target

    Target("yaml", color=options.color).write(text, lexer="yaml")
    typer.echo()


def short(path: Path) -> Path:
    """A path within the working directory the short way; any other as it is."""
    try:
        return path.relative_to(Path.cwd().resolve())
    except ValueError:
        return path


def problems_of(path: Path, environment: dict[str, str]) -> list[Any]:
    """What is wrong with a configuration file: the lines that `servo validate` shows."""
    from servo.cli.errors import describe_error, is_expected
    from servo.cli.session import connector_types, core

    try:
        core().validate_file(str(path), connector_types(path), environment)
    except Exception as error:
        if not is_expected(error):
            raise
        return describe_error(error, "")
    return []
