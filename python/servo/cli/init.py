"""``servo init``: a short dialogue that ends with a configuration."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from servo.cli.generate import confirm_overwriting, short, show
from servo.cli.options import Options

if TYPE_CHECKING:
    from servo.cli.drafts.samples import Part
    from servo.cli.drafts.wanted import Wanted

DOTENV = Path(".env")


def init(
    context: typer.Context,
    dotenv: Annotated[
        bool, typer.Option("--dotenv/--no-dotenv", help="Ask for the optimizer; write one at a service to .env.")
    ] = True,
) -> None:
    """Initialize a servo: answer questions, get a configuration."""
    from servo.cli.drafts.document import Draft
    from servo.cli.drafts.writing import Writing
    from servo.cli.errors import CommandError
    from servo.cli.logs import configure_logging
    from servo.cli.output import is_terminal
    from servo.cli.session import connector_types

    options: Options = context.obj
    configure_logging(options)
    path = short(options.config_file)
    writing = Writing(path)
    writing.check("'--config-file' / '-c'")
    environment = dict(os.environ)
    chosen_local = False
    if dotenv:
        found = _optimizer()
        chosen_local = found == {}
        # What is set already goes before the file.
        environment = {**(found or {}), **environment}
    connector_types(path)
    wanted = _wanted(path, local=chosen_local)
    confirm_overwriting(path)
    samples = _samples(wanted) if chosen_local else None
    draft = Draft(wanted, _without_service(environment) if chosen_local else environment)
    text = writing.write(draft, samples)
    if not is_terminal():
        # Whoever has just answered the questions sees what came of them, and not a page.
        show(options, text)
    writing.report()
    if problems := writing.problems(environment):
        raise CommandError(problems)
    typer.echo(f"√ Valid configuration in {path}")
    typer.echo(_next(path, adjusts=samples is not None))


def _optimizer() -> dict[str, str] | None:
    """Ask for the optimizer, and write `.env` for one at a service.

    Returns:
        The variables of the service; none for the local optimizer. None where the file is to stay as it is.
    """
    from servo._whole_files import write_file
    from servo.cli.drafts.dotenv import of_service
    from servo.cli.drafts.files import check_writable
    from servo.cli.errors import CommandError
    from servo.cli.prompts import ask, confirm

    if DOTENV.exists() and not confirm(f"File '{DOTENV}' already exists. Overwrite it?"):
        return None
    known, token = os.environ.get("OPSANI_OPTIMIZER"), os.environ.get("OPSANI_TOKEN")
    question = "Opsani optimizer? (format: dev.opsani.com/app-name)"
    chosen = ask(question, _identifier, default=known or "local")
    if chosen == "local":
        return {}
    check_writable(DOTENV, "'--dotenv'")
    given = ask("API token?", str, default=token or None, shown="that of OPSANI_TOKEN", hidden=True)
    try:
        # Nobody else reads the token.
        write_file(DOTENV, of_service(chosen, given), mode=0o600)
    except OSError as error:
        raise CommandError(f"error: {DOTENV} cannot be written: {error.strerror or error}") from error
    typer.echo(f"{DOTENV} file initialized")
    return {"OPSANI_OPTIMIZER": chosen, "OPSANI_TOKEN": given}


def _identifier(answer: str) -> str:
    import re

    from servo.configuration.optimizers import OPTIMIZER_ID_REGEX

    text = answer.strip()
    if text.lower() == "local":
        return "local"
    if not re.match(OPTIMIZER_ID_REGEX, text):
        raise ValueError(
            f"expected 'local', or '<organization>/<name>' with 5 to 50 and 1 to 64 letters, digits, hyphens and "
            f"periods, found '{text}'"
        )
    return text


def _without_service(environment: dict[str, str]) -> dict[str, str]:
    """The variables without those that name an optimizer: the user wants the local one."""
    return {name: text for name, text in environment.items() if not name.startswith(("OPSANI_", "APPD_"))}


def _wanted(path: Path, *, local: bool) -> Wanted:
    """Ask which connectors there are to be."""
    from servo.cli.drafts.selection import select
    from servo.cli.drafts.wanted import wanted
    from servo.cli.prompts import confirm

    usual = ["process", "load"] if local else []
    question = "with process and load. Select other connectors?" if local else "Do you want to select the connectors?"
    if not confirm(f"Generating {path}{' ' if local else '. '}{question}"):
        return wanted(usual)
    return select(usual)


def _samples(wanted: Wanted) -> dict[str, Part]:
    """The parts of the connectors, with what the user says of the application."""
    from servo.cli.drafts.application import described
    from servo.cli.drafts.samples import parts

    return described(wanted, parts(wanted.routes, required=True, defaults=False))


def _next(path: Path, *, adjusts: bool) -> str:
    """What to type next."""
    option = "" if str(path) == "servo.yaml" else f"-c {path} "
    first = "measure --duration 10s" if adjusts else "check"
    why = "starts the application and measures it once" if adjusts else "checks connectors and optimizer"
    rows = [(f"servo {option}{first}", why), (f"servo {option}run", "optimizes until there is a result")]
    if not adjusts:
        rows[1] = (rows[1][0], "connects to the optimizer")
    width = max(len(command) for command, _ in rows)
    return "\n".join(["Next:", *(f"  {command:<{width}}  {told}" for command, told in rows)])
