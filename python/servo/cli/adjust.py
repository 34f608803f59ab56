"""``servo adjust``: change settings now."""

from typing import Annotated

import typer

from servo.cli.options import Options, Output, OutputOption, echo_json


def adjust(
    context: typer.Context,
    settings: Annotated[
        list[str] | None,
        typer.Argument(metavar="SETTINGS", help="What to change, as component.setting=value."),
    ] = None,
    output: OutputOption = Output.text,
) -> None:
    """Change settings and show all of them as they are afterwards."""
    from servo.cli.describe import settings_of
    from servo.cli.errors import CommandError
    from servo.cli.session import ask_each, open_servos
    from servo.cli.views.table import plain_table

    adjustments = [parse_setting(text) for text in settings or []]
    options: Options = context.obj
    servos = open_servos(options)

    results = ask_each(servos, lambda servo: servo.adjust(adjustments), "adjustment failed: ")
    if not all(answers for _, answers in results):
        raise CommandError("adjustment failed: no connector handled the request")
    if output is Output.json:
        echo_json({"servos": [{"name": name, "connectors": answers} for name, answers in results]})
        return
    for name, answers in results:
        if len(results) > 1:
            typer.echo(name)
        rows = [(answer["connector"], "\n".join(settings_of(answer))) for answer in answers]
        for line in plain_table(["CONNECTOR", "SETTINGS"], rows):
            typer.echo(line)


def parse_setting(text: str) -> tuple[str, str, str]:
    """Component, setting and value of ``component.setting=value``.

    Raises:
        typer.BadParameter: The text has another form.
    """
    component, dot, rest = text.partition(".")
    setting, equals, value = rest.partition("=")
    if not (dot and equals and component and setting) or "=" in component:
        raise typer.BadParameter(
            f"unable to parse setting descriptor '{text}': expected format is `component.setting=value`"
        )
    return component, setting, value
