"""Connectors: their base class, what is known of a class, which classes there are, and which keys mean them."""

from __future__ import annotations

from typing import Any

from servo.connector.base import BaseConnector, current_connector
from servo.connector.description import metadata
from servo.connector.discovery import ENTRY_POINT_GROUP as ENTRY_POINT_GROUP
from servo.connector.discovery import ConnectorLoader as ConnectorLoader
from servo.connector.discovery import connector_types as connector_types
from servo.connector.discovery import load_all as load_all
from servo.connector.discovery import load_entry_points as load_entry_points
from servo.connector.identifiers import _connector_class_from_string as _connector_class_from_string
from servo.connector.identifiers import import_connector as import_connector
from servo.connector.naming import RESERVED_KEYS as RESERVED_KEYS
from servo.connector.naming import _name_for_connector_class as _name_for_connector_class
from servo.connector.naming import _reserved_keys as _reserved_keys
from servo.connector.registry import ConnectorClasses
from servo.connector.routes import _default_routes as _default_routes
from servo.connector.routes import _normalize_connectors as _normalize_connectors
from servo.connector.routes import _routes_for_connectors_descriptor as _routes_for_connectors_descriptor

__all__ = ["BaseConnector", "current_connector", "metadata"]

# Every class, in the order of their definition. `registry` finds it here, where tests replace it.
_connector_subclasses: ConnectorClasses = ConnectorClasses()


def __getattr__(name: str) -> Any:
    """The values of `servo.types`, which connectors also import from here."""
    from servo import types

    if name in types.__all__:
        return getattr(types, name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
