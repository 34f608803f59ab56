"""What variables add to a configuration that is made by itself.

The names are those of its class, such as `COMMON_PROXIES`. In a `servo.yaml` they are those of the document,
`SERVO_<KEY>_<FIELD>`, which the engine reads before any configuration is made.
"""

from __future__ import annotations

import json
import os
from typing import Any

from servo import _pydantic

__all__ = ["filled", "merged", "values_of"]


def filled(cls: Any, values: dict[str, Any]) -> dict[str, Any]:
    """Values with their gaps filled from the environment; mappings are merged, and what is given wins.

    Raises:
        pydantic.ValidationError: A variable that should hold JSON does not.
    """
    read = getattr(cls, "_environment", None)
    found = read(values) if read is not None else values_of(cls)
    return merged(values, found) if found else values


def values_of(cls: Any) -> dict[str, Any]:
    """What the variables of a class give to its fields.

    Raises:
        pydantic.ValidationError: A variable that should hold JSON does not.
    """
    prefix: str = cls.__env_prefix__
    declared = {name for names in cls.__env_names__.values() for name in names}
    present = any(name in os.environ for name in declared)
    if not present and not (prefix and any(name.startswith(prefix) for name in os.environ)):
        return {}
    from servo._core import environment_values

    text, problems = environment_values(prefix, _pydantic.schema_text(cls), dict(os.environ))
    if problems:
        errors = [(path, f'error parsing env var "{variable}": {why}') for path, variable, why in problems]
        raise _pydantic.validation_error(cls.__name__, errors)
    found: dict[str, Any] = json.loads(text)
    return found


def merged(values: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """The values, and what was found where they have nothing."""
    result = dict(values)
    for name, value in found.items():
        if name not in result:
            result[name] = value
        elif isinstance(result[name], dict) and isinstance(value, dict):
            result[name] = merged(result[name], value)
    return result
