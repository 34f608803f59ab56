"""The JSON Schema beside a configuration file, by which editors complete and check it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from servo.connector import BaseConnector

__all__ = ["schema_for"]


def schema_for(routes: Mapping[str, type[BaseConnector]], documents: Sequence[Any]) -> dict[str, object]:
    """The schema of every document of a file.

    Args:
        routes: The class of each key of a new document.
        documents: The documents that are there already.
    """
    from servo.cli.schema import editor_schema

    known = [_routes_of(document) for document in documents]
    every = {key: cls for one in known for key, cls in one.items()} | dict(routes)
    schema = editor_schema(every)
    properties = schema["properties"]
    assert isinstance(properties, dict)
    for key, cls in every.items():
        if any(one.get(key, cls) is not cls for one in known):
            # Another connector in another document: what both of them may say is not known here.
            properties[key] = {"type": "object"}
    return schema


def _routes_of(document: Any) -> dict[str, type[BaseConnector]]:
    """The class of each key of a document; none where its connectors cannot be found."""
    from servo.connector.routes import _default_routes, _routes_for_connectors_descriptor

    asked = document.get("connectors") if isinstance(document, dict) else None
    try:
        found = _routes_for_connectors_descriptor(asked) if asked else None
    except (TypeError, ValueError):
        return {}
    if found is None:
        return {key: cls for key, cls in _default_routes().items() if isinstance(document, dict) and key in document}
    return found
