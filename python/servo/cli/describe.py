"""``servo describe``: what can be adjusted and measured."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from servo.cli.options import Options
from servo.cli.output import FormOption, TargetOption, target_of

if TYPE_CHECKING:
    from servo.cli.asking import Member, Part


def describe(
    context: typer.Context,
    connectors: Annotated[
        list[str] | None, typer.Argument(metavar="CONNECTORS", help="Connectors to ask; all without one.")
    ] = None,
    form: FormOption = None,
    output: TargetOption = None,
) -> None:
    """Show the components with their settings, and the metrics."""
    from servo.cli.answers import description_data, setting_lines
    from servo.cli.asking import check_connectors, members_of, tell_each
    from servo.cli.views.table import table_text, width_for

    options: Options = context.obj
    target = target_of(options, form, output)
    members = members_of(options)
    check_connectors(members.selected, connectors or [])

    async def ask(member: "Member") -> "Part":
        found = [(result.connector.name, result.value) for result in await member.ask("describe", include=connectors)]
        rows = [[name, "\n".join(setting_lines(told)), "\n".join(_metrics(told))] for name, told in found]
        table = table_text(rows, ["CONNECTOR", "COMPONENTS", "METRICS"], width_for(target))
        return table, {"connectors": [{"connector": name, **description_data(told)} for name, told in found]}

    tell_each(options, target, members, ask)


def _metrics(description: Any) -> list[str]:
    return [f"{metric.name} ({metric.unit.value})" for metric in description.metrics or ()]
