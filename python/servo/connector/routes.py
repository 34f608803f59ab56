"""Which keys of a document stand for which connector classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from servo.configuration.routes import RESERVED_NAMES, decoded_connectors, normalized_connectors
from servo.connector.identifiers import found_class
from servo.connector.naming import check_alias
from servo.connector.registry import is_servo, known_connectors, question_of, remembered

if TYPE_CHECKING:
    from servo.connector.base import BaseConnector

__all__ = ["_default_routes", "_normalize_connectors", "_routes_for_connectors_descriptor"]

_normalize_connectors = normalized_connectors


def _routes_for_connectors_descriptor(connectors: Any) -> dict[str, type[BaseConnector]] | None:
    """The class of each key that a descriptor asks for.

    Args:
        connectors: A list of identifiers or classes, a mapping of keys to them, JSON text of either, or None.

    Returns:
        The routes in the order of the descriptor; None for None, which means every connector that is known.

    Raises:
        TypeError: A key is no text, or a class is no connector.
        ValueError: It is none of these, an identifier means no connector, or a key is malformed or reserved.
    """
    if isinstance(connectors, str):
        connectors = decoded_connectors(connectors)
    if connectors is None:
        return None
    question = question_of("routes", connectors)
    if question is None:
        return _found_routes(connectors)
    return dict(remembered(question, lambda: _found_routes(connectors)))


def _found_routes(connectors: Any) -> dict[str, type[BaseConnector]]:
    if isinstance(connectors, dict):
        return {alias: _aliased(alias, item) for alias, item in connectors.items()}
    if isinstance(connectors, list | tuple | set | frozenset):
        return dict(_named(item) for item in connectors)
    raise ValueError(f"Unexpected type `{type(connectors).__name__}`` encountered (connectors: {connectors})")


def _aliased(alias: Any, identifier: Any) -> type[BaseConnector]:
    if not isinstance(alias, str):
        raise TypeError(f'Connector names must be strings: "{alias}"')
    if not isinstance(identifier, str | type):
        raise ValueError(f'"{identifier}" is not a string or type')
    cls = found_class(identifier)
    check_alias(alias, cls)
    return cls


def _named(identifier: Any) -> tuple[str, type[BaseConnector]]:
    cls = found_class(identifier)
    name = cls.__default_name__
    if name is None:
        raise ValueError(f"A default connector name could not be constructed for class '{cls}'")
    check_alias(name, cls)
    return name, cls


def _default_routes() -> dict[str, type[BaseConnector]]:
    """Every class that is known by its default name, in the order of definition; of equal names the first.

    Classes whose default name no key may have are left out: they can be used by an alias.
    """
    from servo.connectors import load_native

    load_native()
    return dict(remembered("default routes", _found_default_routes))


def _found_default_routes() -> dict[str, type[BaseConnector]]:
    routes: dict[str, type[BaseConnector]] = {}
    for cls in known_connectors():
        name = cls.__default_name__
        if name and name not in RESERVED_NAMES and not is_servo(cls):
            routes.setdefault(name, cls)
    return routes
