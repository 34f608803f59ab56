"""The study that a command looks at, and the options that say which."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from servo.cli.options import Options
from servo.cli.output import as_text


class Form(StrEnum):
    """The form of a result on stdout."""

    text = "text"
    table = "table"
    json = "json"
    yaml = "yaml"


FileOption = Annotated[
    Path | None,
    typer.Option("--file", "-f", metavar="FILE", help="Configuration file; without it that of --config-file."),
]
StorageOption = Annotated[
    str | None,
    typer.Option(
        "--storage",
        metavar="URL",
        envvar="SERVO_STORAGE",
        help="Storage to look into instead of that of a configuration file: sqlite:///PATH or postgresql://...",
    ),
]
StudyOption = Annotated[
    str | None, typer.Option("--study", "-s", metavar="NAME", help="Study; without it that of the servo.")
]
GenerationOption = Annotated[
    int | None,
    typer.Option("--generation", "-g", metavar="N", min=1, help="Which of the studies of that name; the newest."),
]
FormOption = Annotated[Form, typer.Option("--output", "-o", metavar="FORM", help="text (or table), json or yaml.")]


def read_study(
    options: Options, file: Path | None, storage: str | None, study: str | None, generation: int | None
) -> dict[str, Any]:
    """The study that is meant, as it is written down. A servo that runs with it is not disturbed.

    Raises:
        CommandError: The configuration is not valid, or the storage cannot be read.
        typer.BadParameter: There is no such file, servo or study.
    """
    from servo.cli.errors import engine_errors
    from servo.cli.session import core

    native: Any = core()
    if storage is not None:
        if file is not None:
            raise typer.BadParameter("either a configuration file or a storage is expected, found both")
        try:
            source = native.StudySource(storage, study)
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="'--storage'") from None
    else:
        source = _configured(native, options if file is None else replace(options, config_file=file), study)
    with engine_errors():
        try:
            found: dict[str, Any] = json.loads(source.read(generation))
        except LookupError as error:
            raise typer.BadParameter(str(error)) from None
    return found


def _configured(native: Any, options: Options, study: str | None) -> Any:
    from servo.cli.errors import engine_errors
    from servo.cli.session import connector_types, require_file, unknown

    require_file(options.config_file)
    with engine_errors():
        types = connector_types(options.config_file)
        sources = native.configured_studies(str(options.config_file), types, dict(os.environ))
    known = [source.servo for source in sources]
    for name in options.names:
        if name not in known:
            raise typer.BadParameter(unknown("servo with a local optimizer", name, known))
    if options.names:
        sources = [source for source in sources if source.servo in options.names]
    if not sources:
        raise typer.BadParameter(f"no servo of '{options.config_file}' has a local optimizer; name a --storage")
    if len(sources) > 1:
        raise typer.BadParameter(f"several servos have a local optimizer: name one with --name ({', '.join(known)})")
    return sources[0] if study is None else sources[0].with_study(study)


def trial_of(study: dict[str, Any], number: int) -> dict[str, Any]:
    """A trial of a study.

    Raises:
        typer.BadParameter: There is none of that number.
    """
    trials = study["trials"]
    for trial in trials:
        if trial["number"] == number:
            return dict(trial)
    which = f"there are {trials[0]['number']} to {trials[-1]['number']}" if trials else "there is none yet"
    raise typer.BadParameter(f"study '{study['study']}' has no trial {number}; {which}", param_hint="'TRIAL'")


def echo_data(data: object, form: Form) -> None:
    """Write a result to stdout as one document of JSON or YAML."""
    typer.echo(as_text(data, form), nl=False)
