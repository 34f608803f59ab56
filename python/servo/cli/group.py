"""Groups of commands: sections of the help, commands that are imported when they are asked for, errors."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from servo.cli.catalogue import COMMANDS, Entry, Section
from servo.cli.command import Command, Framed, section_of
from servo.cli.completion import offer_connectors, prepare
from servo.cli.errors import CommandError, RootUsageError, report
from servo.cli.options import Options

__all__ = ["Group", "LazyGroup", "OrderedGroup", "RootGroup", "Section"]


class Group(Framed, TyperGroup):
    """A group of commands; its help lists them by name, in their sections where they have some."""

    command_class = Command

    def listed(self, ctx: Any, limit: int) -> list[tuple[str, Section, str]]:
        """The commands that are not hidden: name, section, and summary of at most so many characters."""
        found = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        return [(name, section_of(one), one.get_short_help_str(limit)) for name, one in found if one and not one.hidden]

    def list_commands(self, ctx: Any) -> list[str]:
        """The names."""
        return sorted(self.commands)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the sections that have commands."""
        longest = max((len(name) for name in self.list_commands(ctx)), default=0)
        rows: dict[Section, list[tuple[str, str]]] = {section: [] for section in Section}
        for name, section, summary in self.listed(ctx, formatter.width - 6 - longest):
            rows[section].append((name, summary))
        for section, listed in rows.items():
            if listed:
                with formatter.section(section.value):
                    formatter.write_dl(sorted(listed) if section in (Section.connectors, Section.other) else listed)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that the arguments begin with; a name that is none is told with the nearest."""
        name = args[0]
        if not name.startswith("-") and not ctx.resilient_parsing and self.get_command(ctx, name) is None:
            near = get_close_matches(name, self.list_commands(ctx))
            hint = f" Did you mean {', '.join(map(repr, near))}?" if near else ""
            ctx.fail(f"No such command {name!r}.{hint}")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command; at the root an expected error becomes its own lines."""
        if ctx.parent is not None:
            return super().invoke(ctx)
        try:
            return super().invoke(ctx)
        except RootUsageError as error:
            error.ctx, error.cmd = ctx, self
            raise
        except (typer.TyperException, typer.Exit, typer.Abort, EOFError):
            raise
        except Exception as error:
            if isinstance(error, OSError) and error.errno == errno.EPIPE:
                raise
            if not (isinstance(error, CommandError) or getattr(ctx, "reports", False)):
                # Whoever calls an app from a program, such as a test, sees what a command raised.
                raise
            options = ctx.obj if isinstance(ctx.obj, Options) else None
            for line in report(error, options):
                typer.echo(line, err=True)
            raise typer.Exit(error.exit_code if isinstance(error, CommandError) else 1) from None


class OrderedGroup(Group):
    """A group whose help lists the commands in the order in which they were added."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The names."""
        return list(self.commands)


class LazyGroup(OrderedGroup):
    """A group whose commands are imported when they are asked for. Others can be added to them."""

    entries: Sequence[Entry] = ()

    def list_commands(self, ctx: Any) -> list[str]:
        """The names, those of the catalogue first."""
        return list(dict.fromkeys([*(entry.name for entry in self.entries), *self.commands]))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of a name, or None."""
        if cmd_name not in self.commands:
            entry = next((entry for entry in self.entries if entry.name == cmd_name), None)
            if entry is not None:
                self.commands[cmd_name] = load(entry)
        return super().get_command(ctx, cmd_name)

    def listed(self, ctx: Any, limit: int) -> list[tuple[str, Section, str]]:
        """The commands that are not hidden; nothing is imported for those of the catalogue."""
        lines = []
        for name in self.list_commands(ctx):
            entry = next((entry for entry in self.entries if entry.name == name), None)
            if entry is not None and name not in self.commands:
                lines.append((name, entry.section, entry.summary))
            elif (one := self.commands[name]) and not one.hidden:
                lines.append((name, section_of(one), one.get_short_help_str(limit)))
        return lines


class RootGroup(LazyGroup):
    """The commands of ``servo``: those of the catalogue, those that were added, those of connectors."""

    entries = COMMANDS

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of a name: one of the servo, or else a group that a connector adds."""
        found = super().get_command(ctx, cmd_name)
        if found is None and not cmd_name.startswith("-"):
            from servo.cli.connectors import found_command

            found = found_command(cmd_name, ctx.params.get("config_file"))
        return found

    def listed(self, ctx: Any, limit: int) -> list[tuple[str, Section, str]]:
        """The commands, with those of connectors that are installed or have been imported."""
        from servo import _pending_signals
        from servo.cli.connectors import installed_commands

        # Imports may take their time, and whoever has seen enough ends them.
        _pending_signals.release()
        lines = super().listed(ctx, limit)
        names = {name for name, *_ in lines}
        for name, command in installed_commands().items():
            if name not in names:
                lines.append((name, Section.connectors, command.get_short_help_str(limit)))
        return lines

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run the command line; a shell may ask what it offers."""
        prepare()
        return super().main(*args, **kwargs)

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """What a shell offers; connectors are imported only where no command of the servo begins like that."""
        lines = LazyGroup.listed(self, ctx, 80)
        if not incomplete.startswith("-") and not any(name.startswith(incomplete) for name, *_ in lines):
            lines = self.listed(ctx, 80)
        item = import_module("typer.core").CompletionItem
        found = [item(name, help=text) for name, _, text in lines if name.startswith(incomplete)]
        return [*found, *TyperCommand.shell_complete(self, ctx, incomplete)]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Show the help when nothing at all is asked for."""
        if not args and self.no_args_is_help and not ctx.resilient_parsing:
            typer.echo(ctx.get_help())
            ctx.exit()
        return super().parse_args(ctx, args)


def load(entry: Entry) -> Any:
    """The command of an entry, imported."""
    module, _, attribute = entry.target.partition(":")
    return as_command(getattr(import_module(module), attribute), entry)


def as_command(target: Any, entry: Entry) -> Any:
    """The command that a function or a `typer.Typer` is."""
    if isinstance(target, typer.Typer):
        frame(target)
        command: Any = typer.main.get_group(target)
        command.name = entry.name
    else:
        single = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
        single.command(entry.name, cls=Command)(target)
        command = typer.main.get_command(single)
    offer_connectors(command, installed=entry.section not in (Section.ops, Section.assembly))
    command.rich_help_panel = entry.section
    command.short_help = entry.summary
    return command


def frame(app: typer.Typer) -> None:
    """Makes the commands of an app those of `servo.cli`, where it does not say of which class they are."""
    if not (isinstance(app.info.cls, type) and issubclass(app.info.cls, TyperGroup)):
        app.info.cls = OrderedGroup
    for command in app.registered_commands:
        if command.cls in (None, TyperCommand):
            command.cls = Command
    for group in app.registered_groups:
        if group.typer_instance is not None:
            frame(group.typer_instance)
