"""``servo optimizer export``: a study for other programs."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from servo.cli.optimizer.study import (
    FileOption,
    GenerationOption,
    StorageOption,
    StudyOption,
    read_study,
)
from servo.cli.options import Options
from servo.cli.output import as_text


class Format(StrEnum):
    """The form of a file."""

    table = "table"
    json = "json"
    yaml = "yaml"
    csv = "csv"


SUFFIXES = {".json": Format.json, ".yaml": Format.yaml, ".yml": Format.yaml, ".csv": Format.csv}


def export(
    context: typer.Context,
    file: FileOption = None,
    storage: StorageOption = None,
    study: StudyOption = None,
    generation: GenerationOption = None,
    form: Annotated[
        Format | None,
        typer.Option(
            "--format",
            metavar="FORM",
            help="table, json, yaml or csv; that of the file's ending, or a table.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", dir_okay=False, help="File to write; stdout without it."),
    ] = None,
) -> None:
    """Write a study with all its trials: as a table, JSON, YAML or CSV."""
    options: Options = context.obj
    if form is None:
        form = SUFFIXES.get(output.suffix.lower(), Format.table) if output is not None else Format.table
    found = read_study(options, file, storage, study, generation)
    if form in (Format.json, Format.yaml):
        text = as_text(found, form)
    elif form is Format.csv:
        from servo.cli.views.trials import csv_trials

        text = csv_trials(found)
    else:
        from servo.cli.views.trials import plain_trials

        text = "".join(f"{line}\n" for line in plain_trials(found))
    if output is None:
        typer.echo(text, nl=False)
        return
    from servo.cli.errors import CommandError

    try:
        output.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise CommandError(f"error: {output} cannot be written: {error.strerror or error}") from error
    typer.echo(f"{len(found['trials'])} trials of study {found['study']} written to {output}", err=True)
