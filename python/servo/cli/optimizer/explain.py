"""``servo optimizer explain``: why a configuration was tried, and judged as it was."""

from typing import Annotated

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
    trial_of,
)
from servo.cli.options import Options


def explain(
    context: typer.Context,
    number: Annotated[int, typer.Argument(metavar="TRIAL", min=0, help="Number of the trial.")],
    file: FileOption = None,
    storage: StorageOption = None,
    study: StudyOption = None,
    generation: GenerationOption = None,
    output: FormOption = Form.text,
) -> None:
    """Tell why a trial was made and judged as it was."""
    options: Options = context.obj
    found = read_study(options, file, storage, study, generation)
    trial = trial_of(found, number)
    from servo.cli.views.explanation import explanation, explanation_lines

    told = explanation(found, trial)
    if output in (Form.json, Form.yaml):
        echo_data(told, output)
        return
    for line in explanation_lines(told):
        typer.echo(line)
