"""``servo optimizer COMMAND``: the studies of local optimizers, and optimizers for others.

A command is the module of its name in this package; it is imported when it is asked for, or for the help of the group.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

COMMANDS = ("serve", "trials", "best", "explain", "export")
"""The names of the commands, in the order of the help. A module here has a function of the name of its command."""


class LazyGroup(TyperGroup):
    """A group whose commands are made from the modules of `COMMANDS`."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The names, in order."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of a name, or None."""
        if cmd_name not in COMMANDS:
            return None
        if cmd_name not in self.commands:
            function = getattr(import_module(f"{__name__}.{cmd_name}"), cmd_name)
            single = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
            single.command(cmd_name)(function)
            self.commands[cmd_name] = typer.main.get_command(single)
        return self.commands[cmd_name]

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that the arguments begin with; a name that is none is told with the nearest."""
        if args and args[0] not in COMMANDS:
            for name in COMMANDS:
                self.get_command(ctx, name)
        return super().resolve_command(ctx, args)


optimizer = typer.Typer(
    name="optimizer",
    cls=LazyGroup,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    help="Look at studies of the local optimizer, or serve it to others.",
)
