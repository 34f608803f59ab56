"""``servo version``: what is installed."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from servo import _about
from servo._distributions import DISTRIBUTION, PREDECESSOR, conflict
from servo.cli.output import TargetOption, target_of

if TYPE_CHECKING:
    from servo.connector import BaseConnector

FORMS = ("text", "json", "yaml")


def version(
    context: typer.Context,
    connector: Annotated[
        str | None, typer.Argument(metavar="CONNECTOR", help="A connector instead of the servo.", show_default=False)
    ] = None,
    short: Annotated[bool, typer.Option("--short", "-s", help="Name and version only.")] = False,
    form: Annotated[
        str | None, typer.Option("--format", "-f", metavar="FORM", help="Form of the result: text, json or yaml.")
    ] = None,
    output: TargetOption = None,
) -> None:
    """Show the version of the servo or of a connector; needs no configuration."""
    target = target_of(context.obj, form, output, FORMS, "text", {"table": "text"})
    # The servo itself is told of without importing any connector.
    told = _of_servo() if connector is None else _of_class(connector)
    if target.form == "text":
        target.write(_text(told, short))
    else:
        names = ("name", "version", "cryptonym") if short else tuple(told)
        target.write_data({name: told[name] for name in names})
    if connector is None and (other := predecessor_version()):
        typer.echo(f"warning: {conflict(other)}", err=True)


def predecessor_version() -> str | None:
    """The version of ServoX, when that is installed in the same environment."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as version_of

    try:
        return version_of(PREDECESSOR)
    except PackageNotFoundError:
        return None


def _of_servo() -> dict[str, Any]:
    from servo.cli.session import core

    other = predecessor_version()
    return {
        "name": "Servo",
        "version": core().version(),
        "cryptonym": _about.CRYPTONYM,
        "maturity": _about.MATURITY,
        "description": _about.DESCRIPTION,
        "homepage": _about.HOMEPAGE,
        "license": _about.LICENSE,
        "distribution": DISTRIBUTION,
        "conflicts": [f"{PREDECESSOR} {other}"] if other else [],
    }


def _of_class(identifier: str) -> dict[str, Any]:
    cls = _class_of(identifier)
    return {
        "name": cls.full_name,
        "version": str(cls.version),
        "cryptonym": cls.cryptonym,
        # Scripts read the word where there is none.
        "maturity": str(cls.maturity),
        "description": cls.description,
        "homepage": cls.homepage,
        "license": str(cls.license),
    }


def _class_of(identifier: str) -> "type[BaseConnector]":
    """The class of a default name, a class name or a dotted path.

    Raises:
        typer.BadParameter: There is none.
    """
    from servo.cli.about import installed_types
    from servo.cli.session import hint_of
    from servo.connector import _connector_class_from_string

    known = [str(cls.__default_name__) for cls in installed_types()]
    try:
        found = _connector_class_from_string(identifier)
        why = ""
    except Exception as error:
        # Whatever a module does when it is imported.
        found, why = None, f" ({type(error).__name__}: {error})"
    if found is None:
        raise typer.BadParameter(f"no connector found for key '{identifier}'{why}{hint_of(identifier, known)}")
    return found


def _text(told: dict[str, Any], short: bool) -> str:
    cryptonym = f' "{told["cryptonym"]}"' if told["cryptonym"] else ""
    line = f"{told['name']} v{told['version']}{cryptonym}"
    if short:
        return f"{line}\n"
    return (
        f"{line} ({told['maturity']})\n{told['description']}\n{told['homepage']}\n"
        f"Licensed under the terms of {told['license']}\n"
    )
