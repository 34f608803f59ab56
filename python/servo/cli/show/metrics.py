"""``servo show metrics``: what can be measured."""

from typing import TYPE_CHECKING, Any

import typer

from servo.cli.options import Options
from servo.cli.output import FormOption, TargetOption, target_of

if TYPE_CHECKING:
    from servo.cli.asking import Member, Part


def metrics(context: typer.Context, form: FormOption = None, output: TargetOption = None) -> None:
    """Show the metrics that can be measured."""
    from servo.cli.asking import members_of, tell_each
    from servo.cli.views.table import table_text, width_for

    options: Options = context.obj
    target = target_of(options, form, output)

    async def ask(member: "Member") -> "Part":
        found = _by_metric(await member.ask("metrics"))
        data = [
            {"name": name, "unit": unit.value, "connectors": [connector.name for connector in connectors]}
            for (name, unit), connectors in found.items()
        ]
        rows = [
            [name, f"{unit.name} ({unit.value})", "\n".join(sorted({type(one).name for one in connectors}))]
            for (name, unit), connectors in found.items()
        ]
        return table_text(rows, ["METRIC", "UNIT", "CONNECTORS"], width_for(target)) + "\n", {"metrics": data}

    tell_each(options, target, members_of(options), ask)


def _by_metric(results: list[Any]) -> dict[Any, list[Any]]:
    """The connectors that measure each metric, by its name and unit."""
    found: dict[Any, list[Any]] = {}
    for result in results:
        for metric in result.value or ():
            found.setdefault((metric.name, metric.unit), []).append(result.connector)
    return dict(sorted(found.items()))
