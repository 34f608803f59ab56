"""``servo optimizer best``: the best configuration, and what it is better than."""

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

PARTS = ("study", "storage", "goal_name", "goal", "direction", "constraints", "baseline", "best", "verified")


def best(
    context: typer.Context,
    file: FileOption = None,
    storage: StorageOption = None,
    study: StudyOption = None,
    generation: GenerationOption = None,
    output: FormOption = Form.text,
) -> None:
    """Show the best configuration and what it is better than."""
    options: Options = context.obj
    found = read_study(options, file, storage, study, generation)
    if output in (Form.json, Form.yaml):
        echo_data({name: found[name] for name in (*PARTS, "change_percent", "verification")}, output)
        return
    from servo.cli.views.study import best_lines

    for line in best_lines(found):
        typer.echo(line)
