"""``servo describe``: what can be adjusted and measured."""

from typing import Annotated, Any

import typer

from servo.cli.options import Options, Output, OutputOption, echo_json


def describe(
    context: typer.Context,
    connectors: Annotated[
        list[str] | None, typer.Argument(metavar="CONNECTORS", help="Connectors to ask; all without one.")
    ] = None,
    output: OutputOption = Output.text,
) -> None:
    """Show the components with their settings, and the metrics."""
    from servo.cli.session import ask_each, check_connectors, open_servos
    from servo.cli.views.table import plain_table

    options: Options = context.obj
    servos = open_servos(options)
    check_connectors(servos, connectors or [])

    results = ask_each(servos, lambda servo: servo.describe(connectors or None))
    if output is Output.json:
        echo_json({"servos": [{"name": name, "connectors": answers} for name, answers in results]})
        return
    for name, answers in results:
        if len(results) > 1:
            typer.echo(name)
        rows = []
        for answer in answers:
            rows.append((answer["connector"], "\n".join(settings_of(answer)), "\n".join(_metrics(answer))))
        for line in plain_table(["CONNECTOR", "COMPONENTS", "METRICS"], rows):
            typer.echo(line)


def settings_of(answer: dict[str, Any]) -> list[str]:
    """``component.setting=value unit`` for every setting of a connector's answer."""
    lines = []
    for component in answer.get("components") or []:
        for setting in component.get("settings") or []:
            value, unit = setting.get("value"), setting.get("unit")
            text = "" if value is None else str(value)
            lines.append(f"{component['name']}.{setting['name']}={text}" + (f" {unit}" if unit and text else ""))
    return lines


def _metrics(answer: dict[str, Any]) -> list[str]:
    return [
        f"{metric['name']} ({metric['unit']})" if metric.get("unit") else str(metric["name"])
        for metric in answer.get("metrics") or []
    ]
