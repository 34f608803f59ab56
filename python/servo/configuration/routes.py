"""`connectors:` of a document as Python code writes it."""

from __future__ import annotations

import json
import re
from typing import Any

__all__ = ["RESERVED_NAMES", "normalized_connectors"]

RESERVED_NAMES = frozenset(
    {"connectors", "control", "measure", "adjust", "optimization"}
    | {"name", "description", "servo_uid", "optimizer", "no_diagnostics", "settings", "checks"}
)
"""Names that no connector may have."""

_NAME = re.compile(r"[0-9a-zA-Z\-_/.]{3,128}")


def normalized_connectors(value: Any) -> Any:
    """A descriptor of connectors with names in place of classes.

    Args:
        value: A list of names or classes, a mapping of names to them, JSON text of either, or `None`.

    Raises:
        ValueError: It is none of these, a name is reserved or malformed, or no connector is known by it.
    """
    if isinstance(value, str):
        value = _decoded(value)
    if value is None:
        return None
    if isinstance(value, dict):
        for alias in value:
            if not isinstance(alias, str):
                raise ValueError(f"Connector descriptor keys must be strings (invalid value '{alias}')")
        found = {alias: _identifier(item) for alias, item in value.items()}
        for alias, identifier in found.items():
            _check_alias(alias, identifier)
        return found
    if isinstance(value, list | tuple | set | frozenset):
        return [_identifier(item) for item in value]
    raise ValueError(f"Invalid connectors value: {value}")


def _decoded(text: str) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        raise ValueError(f'error parsing JSON for "{text}"') from None
    if isinstance(value, str):
        raise ValueError(f'JSON string values for `connectors` cannot parse into strings: "{value}"')
    return value


def _identifier(value: Any) -> str:
    if isinstance(value, type):
        return value.__name__
    if isinstance(value, str):
        if _default_name(value) is None:
            raise ValueError(f"Invalid connectors value: {value}")
        return value
    raise ValueError(f"Invalid connectors value: {value}")


def _known() -> dict[str, set[str]]:
    """The names by which connectors are known, for each default name."""
    from servo import connector
    from servo._core import native_connectors

    known = {name: set(others) for name, others in native_connectors()}
    for cls in list(connector._connector_subclasses):
        qualified = f"{cls.__module__}.{cls.__qualname__}"
        name = cls.__default_name__ or cls.__name__.lower()
        known.setdefault(name, set()).update({cls.__name__, cls.__qualname__, qualified})
    return known


def _default_name(identifier: str) -> str | None:
    known = _known()
    if identifier in known:
        return identifier
    found = next((name for name, others in known.items() if identifier in others), None)
    if found is None and "." in identifier:
        from servo.connector import import_connector

        try:
            cls = import_connector(identifier)
        except (ImportError, TypeError) as error:
            raise ValueError(f"Invalid connectors value: {identifier} ({error})") from None
        return cls.__default_name__ or cls.__name__.lower()
    return found


def _check_alias(alias: str, identifier: str) -> None:
    if not _NAME.fullmatch(alias):
        raise ValueError(
            f'"{alias}" is not a valid connector name: names may only contain alphanumeric characters, hyphens, '
            "slashes, periods, and underscores, and have 3 to 128 of them"
        )
    if alias in RESERVED_NAMES:
        raise ValueError(f'Name "{alias}" is reserved')
    known = _known()
    if alias in known and _default_name(identifier) != alias:
        owner = next((name for name in sorted(known[alias]) if "." not in name), alias)
        raise ValueError(f'Name "{alias}" is reserved by `{owner}`')
