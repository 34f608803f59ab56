"""The root of the commands: sections of its help, and what happens to errors."""

import errno
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from servo.cli.errors import CommandError, report_defect


class Section(StrEnum):
    """Where a command stands in the help, in this order."""

    assembly, ops, config = "Assembly Commands", "Operational Commands", "Configuration Commands"
    connectors, commands, other = "Connector Commands", "Commands", "Other Commands"


class SectionedCommand(TyperCommand):
    """A command whose help has a section for each panel of its options; those without one come last."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the sections."""
        sections: dict[str, list[tuple[str, str]]] = {}
        others: list[tuple[str, str]] = []
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None:
                panel = getattr(parameter, "rich_help_panel", None)
                (sections.setdefault(panel, []) if panel else others).append(record)
        for title, records in {**sections, "Options": others}.items():
            with formatter.section(title):
                formatter.write_dl(records)


class RootGroup(TyperGroup):
    """A group that lists its commands by section and turns errors into lines on stderr."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the sections that have commands."""
        visible = [(name, command) for name, command in self.commands.items() if not command.hidden]
        limit = formatter.width - 6 - max((len(name) for name, _ in visible), default=0)
        rows: dict[Section, list[tuple[str, str]]] = {section: [] for section in Section}
        for name, command in visible:
            panel = getattr(command, "rich_help_panel", None)
            section = panel if isinstance(panel, Section) else Section.commands
            rows[section].append((name, command.get_short_help_str(limit)))
        for section, listed in rows.items():
            if listed:
                with formatter.section(section.value):
                    formatter.write_dl(sorted(listed) if section in (Section.connectors, Section.other) else listed)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of a name: one of the servo, or else a group that a connector adds."""
        found = super().get_command(ctx, cmd_name)
        if found is None and not cmd_name.startswith("-"):
            from servo.cli.connectors import found_command

            found = found_command(cmd_name, ctx.params.get("config_file"))
        return found

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Show the help when nothing at all is asked for."""
        if not args and not ctx.resilient_parsing:
            typer.echo(ctx.get_help())
            ctx.exit()
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command; an expected error becomes its own lines, any other a short report."""
        try:
            return super().invoke(ctx)
        except CommandError as error:
            _to_stderr(error.lines)
            raise typer.Exit(error.exit_code) from None
        except (typer.TyperException, typer.Exit, typer.Abort, EOFError):
            raise
        except Exception as error:
            if isinstance(error, OSError) and error.errno == errno.EPIPE:
                raise
            _to_stderr(report_defect(error, ctx.obj))
            raise typer.Exit(1) from None


def _to_stderr(lines: Sequence[str]) -> None:
    for line in lines:
        typer.echo(line, err=True)
