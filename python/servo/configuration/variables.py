"""What variables add to the parts of connectors in a document: `SERVO_<KEY>` and `SERVO_<KEY>_<FIELD>`."""

from __future__ import annotations

import json
import os
from typing import Any

from servo import _pydantic
from servo.configuration.environment import merged, values_of

__all__ = ["part_of", "variables_of"]


def variables_of(key: str) -> list[str]:
    """The names of the variable for a key: one that a shell can set, and the older one where it differs."""
    plain = "".join(letter if letter.isalnum() else "_" for letter in key)
    return list(dict.fromkeys((f"SERVO_{plain.upper()}", f"SERVO_{key.upper()}")))


def part_of(key: str, model: Any, document: dict[str, Any], *, required: bool) -> Any:
    """What the environment adds to the part of a connector, or None.

    A single field does not activate a connector that nothing else asks for.

    Args:
        key: The key of the part.
        model: Its configuration class.
        document: What is given.
        required: Whether the document asks for the connector.

    Raises:
        pydantic.ValidationError: A variable that should hold JSON does not.
    """
    found: Any = None
    for name in variables_of(key):
        if name not in os.environ:
            continue
        value = _decoded(key, name, os.environ[name], model)
        found = merged(found, value) if isinstance(found, dict) and isinstance(value, dict) else found or value
    if found is not None and not isinstance(found, dict):
        return found
    if found is None and not required and key not in document:
        return None
    if key in document and not isinstance(document[key], dict):
        return None
    for name in variables_of(key) if hasattr(model, "__env_names__") else ():
        if fields := values_of(model, f"{name}_"):
            found = merged(found or {}, fields)
    return found


def _decoded(key: str, variable: str, text: str, model: Any) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        why = f"expected JSON, found a text ({error})"
        message = f'error parsing env var "{variable}": {why}'
        raise _pydantic.validation_error(model.__name__, [(key, message)]) from None
