"""``servo version``: what is installed."""

from typing import Annotated

import typer

from servo._distributions import DISTRIBUTION, PREDECESSOR, conflict
from servo.cli.options import Output, echo_json

ABOUT = {
    "maturity": "Experimental",
    "description": "Connects an application to an optimizer: describe it, measure it, adjust it, report back.",
    "homepage": "https://github.com/servox-rs/servox-rs",
    "license": "Apache-2.0",
}


def version(
    short: Annotated[bool, typer.Option("--short", "-s", help="Name and version only.")] = False,
    output: Annotated[
        Output, typer.Option("--output", "-o", "--format", "-f", metavar="FORM", help="text or json.")
    ] = Output.text,
) -> None:
    """Show the version; needs no configuration."""
    from servo.cli.session import core

    number = core().version()
    other = predecessor_version()
    if output is Output.json:
        result: dict[str, object] = {"name": "Servo", "version": number, "distribution": DISTRIBUTION}
        if not short:
            result |= ABOUT
            result["conflicts"] = [f"{PREDECESSOR} {other}"] if other else []
        echo_json(result)
    else:
        typer.echo(f"Servo v{number} ({DISTRIBUTION})" if short else f"Servo v{number} ({DISTRIBUTION}, experimental)")
        if not short:
            typer.echo(ABOUT["description"])
            typer.echo(ABOUT["homepage"])
            typer.echo(f"Licensed under the terms of {ABOUT['license']}")
    if other:
        typer.echo(f"warning: {conflict(other)}", err=True)


def predecessor_version() -> str | None:
    """The version of ServoX, when that is installed in the same environment."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as version_of

    try:
        return version_of(PREDECESSOR)
    except PackageNotFoundError:
        return None
