"""From the identifier of a connector in a document to its class. Nothing is ever evaluated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from servo.connector.imports import import_module
from servo.connector.registry import is_servo, known_connectors

if TYPE_CHECKING:
    from servo.connector.base import BaseConnector

__all__ = ["_connector_class_from_string", "found_class", "import_connector"]


def import_connector(identifier: str) -> type[BaseConnector]:
    """The connector class of a dotted path.

    Raises:
        ImportError: There is no such module or attribute, or the module failed: `ConnectorImportError` tells where.
        TypeError: It is no connector class.
    """
    from servo.connector.base import BaseConnector

    module, _, attribute = identifier.rpartition(".")
    found = getattr(import_module(module), attribute, None) if module and attribute else None
    if found is None:
        raise ImportError(f"module '{module}' has no attribute '{attribute}'")
    if not (isinstance(found, type) and issubclass(found, BaseConnector)):
        raise TypeError(f"{identifier} is not a Connector subclass")
    return found


def _connector_class_from_string(connector: Any) -> type[BaseConnector] | None:
    """The class of a default name, a class name, a qualified name or a dotted path; None when there is none.

    Raises:
        ImportError: It is a dotted path to nothing.
        TypeError: It is a dotted path to what is no connector.
    """
    if not isinstance(connector, str) or not connector:
        return None
    known = known_connectors()
    for names in (
        lambda cls: cls.__default_name__,
        lambda cls: cls.__name__,
        lambda cls: cls.__qualname__,
        lambda cls: f"{cls.__module__}.{cls.__qualname__}",
    ):
        for cls in known:
            if names(cls) == connector:
                return cls
    if "." in connector:
        return import_connector(connector)
    from servo.connectors import native_class

    return native_class(connector)


def found_class(identifier: Any) -> type[BaseConnector]:
    """The class that an entry of a descriptor means.

    Args:
        identifier: A text or a class.

    Raises:
        TypeError: It is a class, and no connector.
        ValueError: It means no connector; the text says why.
    """
    from servo.connector.base import BaseConnector

    if isinstance(identifier, type):
        if not issubclass(identifier, BaseConnector):
            raise TypeError(f"{identifier.__name__} is not a Connector subclass")
        cls: type[BaseConnector] | None = identifier
    else:
        try:
            cls = _connector_class_from_string(identifier)
        except Exception as error:
            # Whatever a module does when it is imported.
            why = str(error) or type(error).__name__
            raise ValueError(f'no connector found for the identifier "{identifier}" ({why})') from error
    if cls is None:
        raise ValueError(f'no connector found for the identifier "{identifier}"')
    if cls is BaseConnector or is_servo(cls):
        raise ValueError(
            f'no connector found for the identifier "{identifier}" ({cls.__name__} is no connector of a document)'
        )
    return cls
