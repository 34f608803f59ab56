"""``servo list`` and ``servo connectors``: what the configuration has, and what is installed."""

from typing import Annotated

import typer

from servo.cli.options import Options
from servo.cli.output import Form, FormOption, TargetOption, target_of

VerboseOption = Annotated[bool, typer.Option("--verbose", "-v", help="Also homepage, maturity and license.")]


def list_servos(context: typer.Context, form: FormOption = None, output: TargetOption = None) -> None:
    """List the servos of the configuration."""
    from servo.cli.asking import members_of
    from servo.cli.views.table import table_text, width_for

    options: Options = context.obj
    target = target_of(options, form, output)
    servos = [
        {"name": member.name, "optimizer": member.optimizer, "description": member.view.description}
        for member in members_of(options).all
    ]
    if target.form != Form.table:
        target.write_data({"servos": servos})
        return
    rows = [[one["name"], one["optimizer"], one["description"] or "-"] for one in servos]
    target.write(table_text(rows, ["NAME", "OPTIMIZER", "DESCRIPTION"], width_for(target)))


def list_connectors(
    context: typer.Context, verbose: VerboseOption = False, form: FormOption = None, output: TargetOption = None
) -> None:
    """List the connectors that are installed; needs no configuration."""
    from servo.cli.about import about, cells, headings, installed_types
    from servo.cli.views.table import table_text, width_for

    target = target_of(context.obj, form, output)
    found = [{"name": cls.__default_name__, "type": cls.name, **about(cls)} for cls in installed_types()]
    if target.form != Form.table:
        target.write_data({"connectors": found})
        return
    rows = [[one["name"], *cells(one, verbose)] for one in found]
    target.write(table_text(rows, headings("NAME", verbose=verbose), width_for(target)) + "\n")
