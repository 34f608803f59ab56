"""Commands: what `Command` and the groups have in common."""

from __future__ import annotations

import copy
import sys
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand, TyperGroup

from servo.cli.catalogue import Section
from servo.cli.context import Context
from servo.cli.help import WIDEST
from servo.cli.options import ROOT_OPTIONS
from servo.cli.values import spare, tell_value

__all__ = ["Command", "Framed", "section_of"]

if TYPE_CHECKING:
    _Base = TyperCommand
else:
    _Base = object


class Framed(_Base):
    """A command or group whose context is a `Context`, and which takes the options of the root behind itself, too."""

    context_class = Context

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for parameter in self.params:
            spare(parameter)

    def get_help_option(self, ctx: Any) -> Any:
        """The option that shows the help."""
        made, option = self._help_option is not None, super().get_help_option(ctx)
        if option is not None and not made:
            spare(option)
        return option

    @property
    def section(self) -> Section:
        """Where the command stands in the help."""
        return section_of(self)

    @section.setter
    def section(self, section: Section) -> None:
        self._section = section

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """A context for these arguments.

        Raises:
            ValueError: The context around it is none of `servo.cli`.
        """
        if parent is not None and not isinstance(parent, Context):
            raise ValueError(
                f'Encountered an unexpected parent subclass type "{type(parent)}" while attempting to create a context'
            )
        if sys.stdout.isatty():
            extra.setdefault("max_content_width", WIDEST)
        return super().make_context(info_name, args, parent=parent, **extra)

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """What the line of usage has behind the name, with dots behind an argument that may be repeated."""
        arguments = [parameter for parameter in self.get_params(ctx) if _is_repeated(parameter)]
        repeated = {piece for argument in arguments for piece in argument.get_usage_pieces(ctx)}
        # Some versions of typer leave them out where an argument names its metavar.
        return [f"{piece}..." if piece in repeated and not piece.endswith("...") else piece
                for piece in super().collect_usage_pieces(ctx)]  # fmt: skip

    def get_params(self, ctx: Any) -> list[Any]:
        """The parameters, and the options of the root whose names are free here; help does not show those."""
        parameters: list[Any] = super().get_params(ctx)
        if ctx.command is not self or not isinstance(ctx, Context) or ctx.parent is None:
            return parameters
        if "root" not in ctx.behind:
            ctx.behind["root"] = [*_root_options(ctx, parameters)]
        return [*parameters, *ctx.behind["root"]]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Reads the arguments; options of the root hold for the contexts around as well."""
        if "--no-color" in args:
            # Already for help, which is shown while the arguments are read.
            ctx.color = False
        allowed, ctx.allow_extra_args = ctx.allow_extra_args, True
        try:
            rest = super().parse_args(ctx, args)
        except typer.BadParameter as error:
            tell_value(error)
            raise
        finally:
            ctx.allow_extra_args = allowed
        if rest and not allowed and not ctx.resilient_parsing:
            ctx.fail(f"Got unexpected extra argument{'s' * (len(rest) > 1)} ({' '.join(map(str, rest))})")
        given = ctx.behind.get("given")
        if given:
            from servo.cli.options import options_of

            root = ctx.find_root()
            merge(root.params, given)
            ctx.adopt(options_of(root.params))
        return rest

    def invoke(self, ctx: Any) -> Any:
        """Run the command; what a group around it selects is selected now that all options are known."""
        if isinstance(ctx, Context) and not isinstance(self, TyperGroup):
            ctx.select()
        return super().invoke(ctx)


def _is_repeated(parameter: Any) -> bool:
    return bool(parameter.param_type_name == "argument" and parameter.nargs == -1)


def merge(parameters: dict[str, Any], given: dict[str, Any]) -> None:
    """Adds options that were given behind to those of the root; names come to names."""
    for name, value in given.items():
        if name == "name" and parameters.get("name"):
            value = [*_as_list(parameters["name"]), *_as_list(value)]
        parameters[name] = value


def _as_list(names: Any) -> list[str]:
    return [names] if isinstance(names, str) else list(names or ())


def _root_options(ctx: Context, own: Sequence[Any]) -> list[Any]:
    """Copies of the options of the root without the names that this command, or a group around it, has itself."""
    taken = {text for parameter in own for text in (*parameter.opts, *parameter.secondary_opts)}
    root = {parameter.name: parameter for parameter in ctx.find_root().command.params}
    around = ctx.parent
    while around is not None and around.parent is not None:
        for parameter in around.command.params:
            if parameter.name not in root or parameter.opts != root[parameter.name].opts:
                taken.update(parameter.opts, parameter.secondary_opts)
        around = around.parent
    copies = []
    for parameter in root.values():
        free = [text for text in parameter.opts if text not in taken]
        if parameter.name in ROOT_OPTIONS and free:
            copied: Any = copy.copy(parameter)
            # A parameter of the command may have the name.
            copied.name, copied.opts = f"servo.{parameter.name}", free
            copied.expose_value, copied.hidden = False, not ctx.resilient_parsing
            copied.handle_parse_result = partial(_keep, copied, parameter.name)
            copies.append(copied)
    return copies


def _keep(copied: Any, name: str, ctx: Context, opts: dict[str, Any], args: list[str]) -> tuple[Any, list[str]]:
    """What typer does with an option: this one is kept for the root, when it was given."""
    if copied.name in opts:
        try:
            value = copied.process_value(ctx, opts[copied.name])
        except typer.BadParameter as error:
            error.ctx, error.param = error.ctx or ctx, error.param or copied
            if ctx.resilient_parsing:
                return None, args
            raise
        ctx.behind.setdefault("given", {})[name] = value
    return None, args


def section_of(command: Any) -> Section:
    """Where a command stands in the help."""
    for found in (
        getattr(command, "_section", None),
        getattr(getattr(command, "callback", None), "section", None),
        getattr(command, "rich_help_panel", None),
    ):
        if isinstance(found, Section):
            return found
    return Section.commands


class Command(Framed, TyperCommand):
    """A command. Its help has a section for each panel of its options; those without one come last."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the sections."""
        arguments: list[tuple[str, str]] = []
        panels: dict[str, list[tuple[str, str]]] = {}
        others: list[tuple[str, str]] = []
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is None:
                continue
            panel = getattr(parameter, "rich_help_panel", None)
            if panel:
                panels.setdefault(panel, []).append(record)
            else:
                (arguments if parameter.param_type_name == "argument" else others).append(record)
        for title, records in {"Arguments": arguments, **panels, "Options": others}.items():
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)
