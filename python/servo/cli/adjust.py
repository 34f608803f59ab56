"""``servo adjust``: change settings now."""

from typing import TYPE_CHECKING, Annotated

import typer

from servo.cli.options import Options
from servo.cli.output import FormOption, TargetOption, target_of

if TYPE_CHECKING:
    from servo.cli.asking import Member, Part

FAILED = "adjustment failed: "


def adjust(
    context: typer.Context,
    settings: Annotated[
        list[str] | None,
        typer.Argument(metavar="SETTINGS", help="What to change, as component.setting=value."),
    ] = None,
    form: FormOption = None,
    output: TargetOption = None,
) -> None:
    """Change settings and show all of them as they are afterwards."""
    from servo.cli.answers import description_data, setting_lines
    from servo.cli.asking import members_of, tell_each
    from servo.cli.errors import CommandError
    from servo.cli.views.table import table_text, width_for

    wanted = [parse_setting(text) for text in settings or []]
    options: Options = context.obj
    target = target_of(options, form, output)
    members = members_of(options)

    async def check() -> None:
        for member in members.selected:
            await _check(member, wanted)

    async def ask(member: "Member") -> "Part":
        from servo.types import Adjustment

        adjustments = [
            Adjustment(component_name=component, setting_name=setting, value=value)
            for component, setting, value in wanted
        ]
        found = [(result.connector.name, result.value) for result in await member.ask("adjust", adjustments)]
        if not found:
            raise CommandError(f"{FAILED}no connector handled the request")
        rows = [[name, "\n".join(setting_lines(told))] for name, told in found]
        table = table_text(rows, ["CONNECTOR", "SETTINGS"], width_for(target)) + "\n"
        return table, {"connectors": [{"connector": name, **description_data(told)} for name, told in found]}

    tell_each(options, target, members, ask, FAILED, before=check if wanted else None)


async def _check(member: "Member", wanted: list[tuple[str, str, str]]) -> None:
    """Refuse settings that no connector of the servo has, before anything is changed.

    Raises:
        typer.BadParameter: There is none of a name.
    """
    from servo.cli.session import unknown

    known: list[str] = []
    names = {connector.name for connector in member.handles("adjust")}
    for result in await member.ask("describe", include=sorted(names)) if names else ():
        described = [f"{one.name}.{setting.name}" for one in result.value.components or () for setting in one.settings]
        if described:
            names.discard(result.connector.name)
        known += described
    if names or not known:
        # Who describes nothing may know any setting.
        return
    for component, setting, _ in wanted:
        if (name := f"{component}.{setting}") not in known:
            raise typer.BadParameter(unknown("setting", name, known))


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
