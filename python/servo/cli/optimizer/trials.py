"""``servo optimizer trials``: what was tried, and what came of it."""

import typer

from servo.cli.optimizer.study import (
    FileOption,
    Form,
    FormOption,
    GenerationOption,
    StorageOption,
    StudyOption,
    echo_data,
    read_study,
)
from servo.cli.options import Options
from servo.cli.output import is_terminal


def trials(
    context: typer.Context,
    file: FileOption = None,
    storage: StorageOption = None,
    study: StudyOption = None,
    generation: GenerationOption = None,
    output: FormOption = Form.text,
) -> None:
    """List the trials of a study."""
    options: Options = context.obj
    found = read_study(options, file, storage, study, generation)
    if output in (Form.json, Form.yaml):
        echo_data(found, output)
        return
    from servo.cli.views.study import heading, tally
    from servo.cli.views.trials import plain_trials, print_trials

    if is_terminal():
        typer.echo(heading(found))
        print_trials(found, color=options.color)
        typer.echo(tally(found))
    elif found["trials"]:
        # The table alone: one line for each trial, for other programs.
        for line in plain_trials(found):
            typer.echo(line)
