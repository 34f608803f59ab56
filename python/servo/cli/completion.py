"""What a shell offers: the script of each shell, and the words for an option."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from enum import StrEnum
from importlib import import_module
from typing import Annotated, Any

import typer

PROGRAM, VARIABLE = "servo", "_SERVO_COMPLETE"
_NO_CONNECTORS = ("name", "description", "servo_uid", "optimizer", "connectors", "no_diagnostics", "settings", "checks")


class Shell(StrEnum):
    """The shells that can complete."""

    bash, zsh, fish = "bash", "zsh", "fish"
    powershell, pwsh = "powershell", "pwsh"


def completion(
    shell: Annotated[Shell, typer.Argument(metavar="SHELL", help="The shell that reads it.", case_sensitive=False)],
) -> None:
    """Show the script that makes a shell complete.

    `servo --install-completion SHELL` puts it where the shell finds it. By hand:

    \b
    bash        in ~/.bashrc: source <(servo completion bash)
    zsh         servo completion zsh > ~/.zfunc/_servo, and in ~/.zshrc:
                fpath+=~/.zfunc; autoload -Uz compinit; compinit
    fish        servo completion fish > ~/.config/fish/completions/servo.fish
    PowerShell  servo completion powershell >> $PROFILE
    """
    typer.echo(script_of(shell))


def script_of(shell: str) -> str:
    """The script that makes a shell ask ``servo`` for what it offers."""
    script: str = import_module("typer.completion").get_completion_script(
        prog_name=PROGRAM, complete_var=VARIABLE, shell=str(shell)
    )
    return script


def show_script(ctx: typer.Context, value: Shell | None) -> Shell | None:
    """``--show-completion SHELL``: shows the script, and ends."""
    if value and not ctx.resilient_parsing:
        typer.echo(script_of(value))
        raise typer.Exit()
    return value


def install_script(ctx: typer.Context, value: Shell | None) -> Shell | None:
    """``--install-completion SHELL``: puts the script where the shell finds it, and ends."""
    if value and not ctx.resilient_parsing:
        try:
            shell, path = import_module("typer.completion").install(
                shell=str(value), prog_name=PROGRAM, complete_var=VARIABLE
            )
        except OSError as error:
            typer.echo(f"error: completion cannot be installed: {error}", err=True)
            raise typer.Exit(1) from None
        typer.echo(f"{shell} completion installed in {path}")
        typer.echo("Completion will take effect once you restart the terminal")
        raise typer.Exit()
    return value


def prepare() -> None:
    """Makes typer know the shells, where one of them asks; what goes wrong then would only disturb the line."""
    if os.environ.get(VARIABLE, "").startswith("complete"):
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115 (until the end)
    if os.environ.get(VARIABLE):
        import_module("typer.completion").get_completion_inspect_parameters()


def offer_connectors(command: Any, *, installed: bool) -> None:
    """Lets parameters of a command that are connectors by their names offer them, where a shell asks.

    Args:
        command: The command.
        installed: Whether it takes all that are installed, or those of the configuration file.
    """
    if not os.environ.get(VARIABLE):
        return
    item = import_module("typer.core").CompletionItem
    names = connector_keys if installed else connector_names
    for parameter in command.params:
        if parameter.name in ("connector", "connectors"):
            parameter.shell_complete = lambda ctx, incomplete: [item(name) for name in names(ctx, incomplete)]


def servo_names(ctx: Any, incomplete: str) -> list[str]:
    """The names of servos in the configuration file that begin like that; none where it cannot be read."""
    names = [str(one["name"]) for one in _documents(ctx) if one.get("name")]
    return _beginning(names, incomplete)


def connector_names(ctx: Any, incomplete: str) -> list[str]:
    """The names of the connectors that the configuration file mentions; none where it cannot be read."""
    return _beginning([name for one in _documents(ctx) for name in _connectors_of(one)], incomplete)


def connector_keys(ctx: Any, incomplete: str) -> list[str]:
    """The names of the connectors that are installed; none of them is imported."""
    from importlib.metadata import entry_points

    from servo import _core

    known = [name for name, _ in _core.native_connectors()]
    return _beginning([*known, *entry_points(group="servo.connectors").names], incomplete)


def _connectors_of(document: dict[str, Any]) -> Iterator[str]:
    named = document.get("connectors")
    if named:
        yield from (str(name).rpartition(".")[2] for name in named)
    else:
        yield from (key for key in document if key not in _NO_CONNECTORS)


def _documents(ctx: Any) -> list[dict[str, Any]]:
    from servo._core import ConfigError, read_documents

    file = ctx.find_root().params.get("config_file") or os.environ.get("SERVO_CONFIG_FILE") or "servo.yaml"
    try:
        documents = [json.loads(text) for text in read_documents(str(file))]
    except (ConfigError, OSError):
        return []
    return [one for one in documents if isinstance(one, dict)]


def _beginning(names: list[str], incomplete: str) -> list[str]:
    return [name for name in dict.fromkeys(names) if name.startswith(incomplete)]
