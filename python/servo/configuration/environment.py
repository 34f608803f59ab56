"""What variables add to a configuration that is made by itself.

The names are those of its class, such as `COMMON_PROXIES`. In a `servo.yaml` they are those of the document,
`SERVO_<KEY>_<FIELD>`, which the engine reads before any configuration is made.
"""

from __future__ import annotations

import json
import os
from typing import Any

from servo import _pydantic

__all__ = ["Snapshot", "filled", "merged", "snapshot", "values_of"]


class Snapshot:
    """The environment as it was at one time, and what has been read from it.

    Attributes:
        names: The names of all variables.
        found: For a class and a prefix what its variables give, as JSON, and what is wrong with them.
    """

    __slots__ = ("found", "names", "state")

    def __init__(self, state: Any) -> None:
        self.state = state
        self.names = frozenset(os.environ)
        self.found: dict[Any, tuple[str, list[tuple[str, str, str]]]] = {}


# As the process has them, where that can be seen: names and texts need not be decoded to be compared.
_VARIABLES: Any = getattr(os.environ, "_data", os.environ)
_latest = Snapshot(None)


def snapshot() -> Snapshot:
    """The environment as it is; the same object as before unless a variable has changed."""
    global _latest
    state = (tuple(_VARIABLES.keys()), tuple(_VARIABLES.values()))
    if state != _latest.state:
        _latest = Snapshot(state)
    return _latest


def filled(cls: Any, values: dict[str, Any]) -> dict[str, Any]:
    """Values with their gaps filled from the environment; mappings are merged, and what is given wins.

    Raises:
        pydantic.ValidationError: A variable that should hold JSON does not.
    """
    read = getattr(cls, "_environment", None)
    found = read(values) if read is not None else values_of(cls)
    return merged(values, found) if found else values


def values_of(cls: Any, prefix: str | None = None) -> dict[str, Any]:
    """What the variables of a class give to its fields.

    Args:
        cls: A configuration class.
        prefix: What the names of the variables begin with, instead of the prefix of the class.

    Raises:
        pydantic.ValidationError: A variable that should hold JSON does not.
    """
    now = snapshot()
    prefix = cls.__env_prefix__ if prefix is None else prefix
    if (known := now.found.get((cls, prefix))) is None:
        known = now.found[cls, prefix] = _read(cls, prefix, now)
    text, problems = known
    if problems:
        errors = [(path, f'error parsing env var "{variable}": {why}') for path, variable, why in problems]
        raise _pydantic.validation_error(cls.__name__, errors)
    found: dict[str, Any] = json.loads(text) if text else {}
    return found


def _read(cls: Any, prefix: str, now: Snapshot) -> tuple[str, list[tuple[str, str, str]]]:
    declared = {name for names in cls.__env_names__.values() for name in names}
    if now.names.isdisjoint(declared) and not (prefix and any(name.startswith(prefix) for name in now.names)):
        return "", []
    from servo._core import environment_values

    text, problems = environment_values(prefix, _pydantic.schema_text(cls), dict(os.environ))
    return "" if text == "{}" else text, problems


def merged(values: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """The values, and what was found where they have nothing."""
    result = dict(values)
    for name, value in found.items():
        if name not in result:
            result[name] = value
        elif isinstance(result[name], dict) and isinstance(value, dict):
            result[name] = merged(result[name], value)
    return result
