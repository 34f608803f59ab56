"""Which connectors a new configuration has: what is typed as arguments of `servo generate`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from typing import TYPE_CHECKING, Any

import typer

from servo.cli.errors import CommandError

if TYPE_CHECKING:
    from servo.connector import BaseConnector

__all__ = ["Wanted", "installed", "wanted"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """The connectors of a document."""

    routes: dict[str, type[BaseConnector]]
    """The class of each key."""
    descriptor: list[str] | dict[str, str] | None
    """What stands under `connectors`; None for nothing, where every key of a connector makes it active."""


def installed() -> dict[str, type[BaseConnector]]:
    """Every connector that is known, by its default name, sorted."""
    return dict(sorted(import_module("servo.connector.routes")._default_routes().items()))


def wanted(arguments: Sequence[str]) -> Wanted:
    """The connectors that are asked for; all that are installed without arguments.

    Args:
        arguments: `connector`, `ConnectorClass`, `package.module.Class`, each also as `alias:…`.

    Raises:
        typer.BadParameter: An argument has another form, or means no connector.
        CommandError: The module of a connector failed.
    """
    if not arguments:
        return Wanted(installed(), None)
    routes: dict[str, type[BaseConnector]] = {}
    identifiers: dict[str, str] = {}
    for argument in arguments:
        key, identifier, found = _route(argument)
        if routes.get(key, found) is not found:
            raise typer.BadParameter(
                f"'{key}' would be the key of two connectors, {routes[key].__name__} and {found.__name__}: "
                f"give one of them an alias, such as 'another:{identifier}'"
            )
        if key not in routes:
            routes[key], identifiers[key] = found, identifier
    aliased = any(":" in argument for argument in arguments)
    return Wanted(routes, identifiers if aliased else list(identifiers.values()))


def _route(argument: str) -> tuple[str, str, type[BaseConnector]]:
    alias, separator, identifier = argument.rpartition(":")
    if ":" in alias:
        raise typer.BadParameter(f"'{argument}' is no connector: expected 'connector' or 'alias:connector'")
    found = _class(identifier)
    key = alias if separator else found.__default_name__ or ""
    try:
        import_module("servo.connector.naming").check_alias(key, found)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    return key, identifier, found


def _class(identifier: str) -> type[BaseConnector]:
    try:
        found: type[BaseConnector] = import_module("servo.connector.identifiers").found_class(identifier)
    except (TypeError, ValueError) as error:
        if type(error.__cause__).__name__ == "ConnectorImportError":
            # Whoever names a class of a module that fails means no other one.
            raise CommandError(
                f"error: the connector '{identifier}' cannot be used: {error.__cause__}"
            ) from error.__cause__
        why = str(error).removeprefix(f'no connector found for the identifier "{identifier}"')
        near = get_close_matches(identifier, _names(), n=1)
        hint = f". Did you mean '{near[0]}'?" if near else ""
        raise typer.BadParameter(f"no connector found for identifier '{identifier}'{why}{hint}") from None
    return found


def _names() -> list[str]:
    known: dict[str, Any] = installed()
    return [*known, *(cls.__name__ for cls in known.values())]
