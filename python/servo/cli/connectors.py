"""Commands that connectors add: `servo <connector> <command>`."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Optional

import typer
from typer.core import TyperGroup

from servo.cli.application import CLI, DEFAULT
from servo.cli.catalogue import Section
from servo.cli.context import Context
from servo.cli.plugins import load_plugins

if TYPE_CHECKING:
    from servo.connector import BaseConnector
    from servo.servo import Servo

__all__ = ["ConnectorCLI", "found_command", "installed_commands"]


class ConnectorCLI(CLI):
    """The commands of a connector class; making one adds the group to ``servo``.

    Args:
        connector_type: The class.
        args: As of `typer.Typer`.
        name: The name of the group; that of the connector unless given.
        help: What it is for; the description of the connector unless given.
        command_type: The class of the group.
        callback: Runs before a command; selects the connector unless given.
        section: Where it stands in the help of another app than ``servo``.
        kwargs: As of `typer.Typer`.
    """

    __clis__: ClassVar[set[ConnectorCLI]] = set()
    _made: ClassVar[Iterator[int]] = itertools.count()

    def __init__(
        self,
        connector_type: type[BaseConnector],
        *args: Any,
        name: str | None = None,
        help: str | None = None,
        command_type: type[TyperGroup] | None = None,
        callback: Any = DEFAULT,
        section: Section = Section.commands,
        **kwargs: Any,
    ) -> None:
        from servo.utilities.strings import commandify

        self.connector_type = connector_type
        self.group_name = name or commandify(connector_type.__default_name__ or connector_type.__name__)
        self._number = next(self._made)
        super().__init__(
            *args,
            name=self.group_name,
            help=help or connector_type.description,
            command_type=command_type,
            callback=_selecting(connector_type) if callback is DEFAULT else callback,
            section=section,
            **kwargs,
        )
        ConnectorCLI.__clis__.add(self)


def _selecting(connector_type: type[BaseConnector]) -> Callable[..., None]:
    def select(
        context: Context,
        connector: Optional[str] = typer.Option(  # noqa: UP045 (looked at by typer)
            None, "--connector", "-c", metavar="CONNECTOR", help="Which of several connectors of this type."
        ),
    ) -> None:
        context.selecting = functools.partial(_select, connector_type, connector)

    # Annotations as texts would be looked up in the connector's module.
    select.__annotations__ = {"context": Context, "connector": Optional[str], "return": None}  # noqa: UP045
    return select


def _select(connector_type: type[BaseConnector], name: str | None, context: Context) -> None:
    servo_ = context.servo
    if servo_ is None:
        raise typer.BadParameter("A servo must be selected")
    context.servo_, context.assembly = servo_, context.assembly
    context.connector = _selected(connector_type, servo_, name)


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
    from servo.cli.session import look_beside

    # Some versions of typer give the option as it was written.
    file = Path(config_file or "servo.yaml")
    look_beside(file)
    load_plugins()
    _import_named(file)
    return known_commands().get(name)


def installed_commands() -> dict[str, Any]:
    """The groups of commands of connectors that have been imported, and of those that are installed, by name."""
    load_plugins()
    return known_commands()


def known_commands() -> dict[str, Any]:
    """The groups of commands of connectors that have been imported, by name; of equal names the newest."""
    made = sorted(ConnectorCLI.__clis__, key=lambda cli: cli._number)
    groups = {}
    for name, cli in {cli.group_name: cli for cli in made}.items():
        group: Any = typer.main.get_group(cli)
        group.section = Section.connectors
        groups[name] = group
    return groups


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
