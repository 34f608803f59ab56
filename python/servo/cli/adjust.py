"""``servo adjust``: change settings now."""

import json
from typing import Annotated, Any

import typer

from servo.cli.options import Options, Output, OutputOption


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
    from servo.cli.errors import CommandError, engine_errors
    from servo.cli.session import Servo, open_servos, run_async
    from servo.cli.views.table import plain_table

    adjustments = [parse_setting(text) for text in settings or []]
    options: Options = context.obj
    servos = open_servos(options)

    async def ask(servo: Servo) -> list[dict[str, Any]]:
        answers: list[dict[str, Any]] = json.loads(await servo.adjust(adjustments))
        return answers

    results = []
    for servo in servos:
        with engine_errors("adjustment failed: "):
            answers = run_async(ask(servo))
        if not answers:
            raise CommandError("adjustment failed: no connector handled the request")
        results.append((servo.name, answers))
    if output is Output.json:
        servos_json = [{"name": name, "connectors": answers} for name, answers in results]
        typer.echo(json.dumps({"servos": servos_json}, indent=2, ensure_ascii=False))
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
