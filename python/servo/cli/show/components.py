"""``servo show components``: what can be adjusted."""

from typing import TYPE_CHECKING, Any

import typer

from servo.cli.options import Options
from servo.cli.output import FormOption, TargetOption, target_of

if TYPE_CHECKING:
    from servo.cli.asking import Member, Part


def components(context: typer.Context, form: FormOption = None, output: TargetOption = None) -> None:
    """Show the components that can be adjusted, with their settings."""
    from servo.cli.answers import component_data
    from servo.cli.asking import members_of, tell_each
    from servo.cli.views.table import table_text, width_for

    options: Options = context.obj
    target = target_of(options, form, output)

    async def ask(member: "Member") -> "Part":
        results = await member.ask("components")
        found = [(component, result.connector.name) for result in results for component in result.value or ()]
        data = [component_data(component) | {"connector": connector} for component, connector in found]
        rows = [[one.name, "\n".join(sorted(map(_line, one.settings))), connector] for one, connector in found]
        table = table_text(rows, ["COMPONENT", "SETTINGS", "CONNECTOR"], width_for(target)) + "\n"
        return table if results else "", {"components": data}

    tell_each(options, target, members_of(options), ask)


def _line(setting: Any) -> str:
    return f"{setting.name}={setting.human_readable_value} {setting.summary()}"
