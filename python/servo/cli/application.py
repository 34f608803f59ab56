"""`CLI` and `ServoCLI`: apps of typer whose commands work with servos."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand, TyperGroup

from servo.cli.catalogue import Section
from servo.cli.command import Command
from servo.cli.context import Context
from servo.cli.group import Group, RootGroup
from servo.cli.root import root_callback, servo_callback

if TYPE_CHECKING:
    import servo.types
    from servo.connector import BaseConnector
    from servo.servo import Servo

__all__ = ["CLI", "ServoCLI"]

SUMMARY = "Connect an application to an optimizer: describe it, measure it, adjust it, report back."


DEFAULT: Any = object()
"""Stands for the callback that a class has of its own."""


class CLI(typer.Typer):
    """An app whose commands have a `Context`.

    Args:
        args: As of `typer.Typer`.
        name: What is typed, where the app is added to another.
        help: What it is for.
        command_type: The class of the group.
        callback: Runs before a command: `root_callback` unless given, for the options of ``servo``; None for none.
        section: Where it stands in the help of the app that it is added to.
        kwargs: As of `typer.Typer`.
    """

    section: Section = Section.commands

    def __init__(
        self,
        *args: Any,
        name: str | None = None,
        help: str | None = None,
        command_type: type[TyperGroup] | None = None,
        callback: Any = DEFAULT,
        section: Section = Section.commands,
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("pretty_exceptions_enable", False)
        kwargs.setdefault("rich_markup_mode", None)
        kwargs.setdefault("add_completion", False)
        kwargs.setdefault("cls", command_type or Group)
        super().__init__(
            *args, name=name, help=help, callback=root_callback if callback is DEFAULT else callback, **kwargs
        )
        self.section = section

    @property
    def logger(self) -> Any:
        """The logger that is shared with connectors."""
        from servo.logging import logger

        return logger

    def command(
        self, *args: Any, cls: type[TyperCommand] | None = None, section: Section | None = None, **kwargs: Any
    ) -> Callable[[Any], Any]:
        """Adds a command: a function, asynchronous or not, whose parameter annotated `Context` has the context.

        Args:
            args: The name, unless it is that of the function.
            cls: The class of the command.
            section: Where it stands in the help.
            kwargs: As of `typer.Typer.command`.
        """
        add = super().command(*args, cls=cls or Command, **kwargs)

        def decorate(function: Any) -> Any:
            if section is not None:
                function.section = section
            add(_awaited(function) if inspect.iscoroutinefunction(function) else function)
            return function

        return decorate

    def callback(self, *args: Any, cls: type[TyperGroup] | None = None, **kwargs: Any) -> Callable[[Any], Any]:
        """Makes a function what runs before a command."""
        return super().callback(*args, cls=cls or Group, **kwargs)

    def add_cli(
        self,
        cli: CLI,
        *args: Any,
        cls: type[TyperGroup] | None = None,
        section: Section | None = None,
        context_settings: dict[Any, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Adds the commands of another app as a group.

        Args:
            cli: The app.
            args: As of `typer.Typer.add_typer`.
            cls: The class of the group; that of the app unless given.
            section: Where it stands in the help; as the app says unless given.
            context_settings: Settings of its context.
            kwargs: As of `typer.Typer.add_typer`.

        Raises:
            ValueError: It is no `CLI`.
        """
        if not isinstance(cli, CLI):
            raise ValueError(f"Cannot add cli of type '{type(cli)}: not a servo.cli.CLI")
        if cls is not None:
            kwargs["cls"] = cls
        if context_settings is not None:
            kwargs["context_settings"] = context_settings
        super().add_typer(cli, *args, rich_help_panel=section or cli.section, **kwargs)

    root_callback = staticmethod(root_callback)

    @staticmethod
    def assemble_from_context(ctx: Context) -> None:
        """Assembles the servos of the configuration file, and selects one where that can be done.

        Raises:
            CommandError: The configuration is wrong, or a connector cannot be attached.
            typer.BadParameter: There is no such file, or no servo of that name.
        """
        ctx.assembly = ctx.assembly
        ctx.servo_ = ctx.servo_

    @staticmethod
    def connectors_named(names: Sequence[str], servo_: Servo) -> list[BaseConnector]:
        """The connectors of a servo that have these names.

        Raises:
            typer.BadParameter: There is none of a name.
        """
        by_name = {member.name: member for member in [*servo_.connectors, servo_]}
        for name in names:
            if name not in by_name:
                raise typer.BadParameter(f"no connector found named '{name}'")
        return [by_name[name] for name in names]

    @staticmethod
    def connectors_type_callback(context: typer.Context, value: Any) -> Any:
        """The connector classes for names, class names or dotted paths; one for a text, a list for a list.

        Raises:
            typer.BadParameter: There is none.
        """
        if not value:
            return None
        return _type_of(value) if isinstance(value, str) else [_type_of(one) for one in value]

    @staticmethod
    def connector_routes_callback(
        context: typer.Context, value: Sequence[str] | None
    ) -> dict[str, type[BaseConnector]] | None:
        """The connector classes for descriptors such as ``name`` and ``alias:name``, by their keys.

        Raises:
            typer.BadParameter: There is no such connector, or a descriptor is wrong.
        """
        if not value:
            return None
        from servo.connector import load_all
        from servo.connector.routes import _routes_for_connectors_descriptor

        load_all()
        descriptor: Any = list(value)
        if any(":" in one for one in value):
            descriptor = {key: identifier or key for key, _, identifier in (one.partition(":") for one in value)}
        try:
            return _routes_for_connectors_descriptor(descriptor)
        except (ImportError, TypeError, ValueError) as error:
            raise typer.BadParameter(str(error)) from error

    @staticmethod
    def duration_callback(context: typer.Context, value: str | None) -> servo.types.Duration | None:
        """The duration of a text; None for none.

        Raises:
            typer.BadParameter: The text is no duration.
        """
        if not value:
            return None
        from servo.types import Duration

        try:
            return Duration(value)
        except ValueError as error:
            raise typer.BadParameter(f"invalid duration parameter: {error}") from error


class ServoCLI(CLI):
    """The command line ``servo``, with the commands of all connectors that have been imported.

    Args:
        args: As of `typer.Typer`.
        name: What is typed.
        command_type: The class of the group.
        callback: Runs before a command; keeps the options of the root unless given.
        add_completion: Whether there are options for the completion of shells.
        no_args_is_help: Whether the help is shown where there are no arguments.
        kwargs: As of `CLI`.
    """

    def __init__(
        self,
        *args: Any,
        name: str | None = "servo",
        command_type: type[TyperGroup] | None = None,
        callback: Any = DEFAULT,
        add_completion: bool = True,
        no_args_is_help: bool = True,
        **kwargs: Any,
    ) -> None:
        if callback is DEFAULT:
            callback = servo_callback if add_completion else root_callback
        kwargs.setdefault("help", SUMMARY)
        super().__init__(
            *args,
            name=name,
            command_type=command_type or RootGroup,
            callback=callback,
            no_args_is_help=no_args_is_help,
            **kwargs,
        )


def _type_of(key: str) -> Any:
    from servo.connector import _connector_class_from_string, load_all

    load_all()
    found = _connector_class_from_string(key)
    if found is None:
        raise typer.BadParameter(f"no Connector type found for key '{key}'")
    return found


def _awaited(function: Any) -> Any:
    import functools

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        from servo.cli.session import run_async

        return run_async(function(*args, **kwargs))

    return call
