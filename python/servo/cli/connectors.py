"""Commands that connectors add: `servo <connector> <command>`."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Optional

import typer
from typer.core import TyperCommand, TyperGroup

from servo.cli.errors import engine_errors
from servo.cli.group import Section

if TYPE_CHECKING:
    from servo.assembly import Assembly
    from servo.connector import BaseConnector
    from servo.servo import Servo

__all__ = ["ConnectorCLI", "Context", "found_command"]


class Context(typer.Context):
    """What a command of a connector works with.

    Attributes:
        config_file: The configuration file.
        name: The servo that `--name` names.
        assembly: The assembly of that file.
        servo_: The servo that was selected; `servo` is the same.
        connector: The connector that was selected.
        section: Where the command stands in the help.
    """

    config_file: Path | None = None
    name: str | None = None
    limit: int | None = None
    assembly: Assembly | None = None
    servo_: Servo | None = None
    connector: BaseConnector | None = None
    section: Section = Section.commands

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.attributes():
            if (inherited := getattr(self.parent, name, None)) is not None:
                setattr(self, name, inherited)

    @classmethod
    def attributes(cls) -> set[str]:
        """The names of what a context takes from the one around it."""
        return {"config_file", "name", "limit", "assembly", "servo_", "connector", "section"}

    @property
    def servo(self) -> Servo | None:
        """The servo that was selected."""
        return self.servo_


class _Command(TyperCommand):
    context_class = Context


class _Group(TyperGroup):
    context_class = Context


class ConnectorCLI(typer.Typer):
    """The commands of a connector class; making one adds the group to `servo`.

    Args:
        connector_type: The class.
        name: The name of the group; that of the connector unless given.
        help: What it is for; the description of the connector unless given.
        command_type: The class of the group.
        callback: Runs before a command; selects the connector unless given.
        section: Where it stands in the help.
        kwargs: As of `typer.Typer`.
    """

    __clis__: ClassVar[list[ConnectorCLI]] = []

    def __init__(
        self,
        connector_type: type[BaseConnector],
        *args: Any,
        name: str | None = None,
        help: str | None = None,
        command_type: type[TyperGroup] | None = None,
        callback: Callable[..., Any] | None = None,
        section: Section = Section.commands,
        **kwargs: Any,
    ) -> None:
        from servo.utilities.strings import commandify

        self.connector_type = connector_type
        self.group_name = name or commandify(connector_type.__default_name__ or connector_type.__name__)
        kwargs.setdefault("cls", command_type or _Group)
        kwargs.setdefault("pretty_exceptions_enable", False)
        kwargs.setdefault("rich_markup_mode", None)
        kwargs.setdefault("no_args_is_help", True)
        super().__init__(
            *args,
            name=self.group_name,
            help=help or connector_type.description,
            callback=callback or _selecting(connector_type),
            add_completion=False,
            **kwargs,
        )
        self.section = section
        ConnectorCLI.__clis__.append(self)

    def command(
        self, name: str | None = None, *, cls: type[TyperCommand] | None = None, section: Any = None, **kwargs: Any
    ) -> Callable[[Any], Any]:
        """Adds a command: a function, asynchronous or not, whose parameter annotated `Context` has the connector."""
        if section is not None:
            kwargs.setdefault("rich_help_panel", section)
        add = super().command(name, cls=cls or _Command, **kwargs)

        def decorate(function: Any) -> Any:
            add(_awaited(function) if inspect.iscoroutinefunction(function) else function)
            return function

        return decorate


def _awaited(function: Any) -> Any:
    import functools

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        from servo.cli.session import run_async

        return run_async(function(*args, **kwargs))

    return call


def _selecting(connector_type: type[BaseConnector]) -> Callable[..., None]:
    def select(
        context: Context,
        connector: Optional[str] = typer.Option(  # noqa: UP045 (looked at by typer)
            None, "--connector", "-c", metavar="CONNECTOR", help="Which of several connectors of this type."
        ),
    ) -> None:
        if context.resilient_parsing:
            return
        context.servo_ = _servo_of(context)
        context.connector = _selected(connector_type, context.servo_, connector)

    # Annotations as texts would be looked up in the connector's module.
    select.__annotations__ = {"context": Context, "connector": Optional[str], "return": None}  # noqa: UP045
    return select


def _servo_of(context: Context) -> Servo:
    from servo.cli.session import connector_types, core, require_file, run_async, unknown

    options = context.obj
    if len(options.names) > 1:
        raise typer.BadParameter("A servo must be selected, and one only: give --name once")
    name = options.names[0] if options.names else None
    context.config_file, context.name = options.config_file, name
    require_file(options.config_file)
    with engine_errors():
        # The engine tells what is wrong with its place.
        types = connector_types(options.config_file)
        core().validate_file(str(options.config_file), types, dict(os.environ))
        assembled = import_module("servo.assembly").Assembly.assemble(config_file=options.config_file)
        assembly: Assembly = run_async(assembled)
    context.assembly = assembly
    if name is not None:
        for servo_ in assembly.servos:
            if servo_.name == name:
                return servo_
        raise typer.BadParameter(unknown("servo", name, [servo_.name for servo_ in assembly.servos]))
    if len(assembly.servos) != 1:
        raise typer.BadParameter("A servo must be selected")
    return assembly.servos[0]


def _selected(connector_type: type[BaseConnector], servo_: Servo, name: str | None) -> BaseConnector:
    found = [member for member in servo_.connectors if isinstance(member, connector_type)]
    kind, of = connector_type.__name__, f'servo "{servo_.name}"'
    if not found:
        raise typer.BadParameter(f'no instances of "{kind}" are active in the {of}')
    if len(found) == 1:
        return found[0]
    names = [member.name for member in found]
    if name is None:
        raise typer.BadParameter(f'multiple instances of "{kind}" found in {of}: select one of {names!r}')
    for member in found:
        if member.name == name:
            return member
    raise typer.BadParameter(f'no connector named "{name}" of type "{kind}" found in {of}: select one of {names!r}')


def found_command(name: str, config_file: Path | str | None) -> Any:
    """The group of commands of that name which a connector adds, or None.

    Args:
        name: What was asked for.
        config_file: The configuration file: what it names by dotted paths is imported as well.
    """
    from servo.cli.session import connector_types

    # Some versions of typer give the option as it was written.
    file = Path(config_file or "servo.yaml")
    connector_types(file)
    _import_named(file)
    for cli in reversed(ConnectorCLI.__clis__):
        if cli.group_name == name:
            return typer.main.get_command(cli)
    return None


def _import_named(config_file: Path) -> None:
    """Imports the connectors that a configuration names by dotted paths; what is wrong with it is told by others."""
    import json

    from servo import _core

    try:
        documents = [json.loads(text) for text in _core.read_documents(str(config_file))]
    except (_core.ConfigError, OSError):
        return
    for document in documents:
        named = document.get("connectors") if isinstance(document, dict) else None
        for identifier in named.values() if isinstance(named, dict) else named or ():
            if isinstance(identifier, str) and "." in identifier:
                try:
                    import_module("servo.connector").import_connector(identifier)
                except Exception:
                    # `servo validate` says why.
                    continue
