"""``servo show connectors``: the connectors of each servo."""

from typing import Any

import typer

from servo.cli.installed import VerboseOption
from servo.cli.options import Options
from servo.cli.output import Form, FormOption, TargetOption, target_of


def connectors(
    context: typer.Context, verbose: VerboseOption = False, form: FormOption = None, output: TargetOption = None
) -> None:
    """Show the connectors of the configuration."""
    from servo.cli.about import about, cells, headings
    from servo.cli.asking import members_of
    from servo.cli.views.table import table_text, width_for

    options: Options = context.obj
    target = target_of(options, form, output)
    members = members_of(options)
    if target.form != Form.table:
        found = [
            {
                "name": member.name,
                "connectors": [
                    {"name": connector.name, "type": type(connector).name, **about(type(connector))}
                    for connector in member.connectors
                ],
            }
            for member in members.selected
        ]
        target.write_data({"servos": found})
        return
    text = ""
    for member in members.selected:
        names: dict[Any, list[str]] = {}
        for connector in member.connectors:
            names.setdefault(type(connector), []).append(connector.name)
        rows = [["\n".join(named), cls.name, *cells(about(cls), verbose)] for cls, named in names.items()]
        table = table_text(rows, headings("NAME", "TYPE", verbose=verbose), width_for(target))
        text += f"{members.heading(member)}{table}\n"
    target.write(text)
