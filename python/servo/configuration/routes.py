"""`connectors:` of a document as it is written: its forms, and the names in it."""

from __future__ import annotations

import functools
import json
import re
from typing import Any

__all__ = [
    "DOCUMENT_KEYS",
    "NAME_RULE",
    "RESERVED_NAMES",
    "decoded_connectors",
    "is_name",
    "native_owner",
    "normalized_connectors",
]

DOCUMENT_KEYS = frozenset(
    {"connectors", "name", "description", "servo_uid", "optimizer", "no_diagnostics", "settings", "checks"}
)
"""The keys of a document that are no connector's."""

RESERVED_NAMES = DOCUMENT_KEYS | {"control", "measure", "adjust", "optimization"}
"""Names that no connector may have."""

NAME_RULE = (
    "names may only contain alphanumeric characters, hyphens, slashes, periods, and underscores, "
    "and have 3 to 128 of them"
)
"""What `is_name` asks for."""

_NAME = re.compile(r"[0-9a-zA-Z\-_/.]{3,128}")


def is_name(text: str) -> bool:
    """Whether a text may be the name of a connector."""
    return _NAME.fullmatch(text) is not None


def normalized_connectors(value: Any) -> Any:
    """A descriptor of connectors with names in place of classes.

    Args:
        value: A list of names or classes, a mapping of names to them, JSON text of either, or `None`.

    Raises:
        ValueError: It is none of these, a name is reserved or malformed, or no connector is known by it.
    """
    if isinstance(value, str):
        value = decoded_connectors(value)
    if value is None:
        return None
    from servo.connector.registry import question_of, remembered

    question = question_of("normalized", value)
    if question is None:
        return _normalized(value)
    known = remembered(question, lambda: _normalized(value))
    return dict(known) if isinstance(known, dict) else list(known)


def _normalized(value: Any) -> Any:
    if isinstance(value, dict):
        for alias in value:
            if not isinstance(alias, str):
                raise ValueError(f"Connector descriptor keys must be strings (invalid value '{alias}')")
        return {alias: _identifier(item, alias) for alias, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_identifier(item) for item in value]
    raise ValueError(f"Invalid connectors value: {value}")


def decoded_connectors(text: str) -> Any:
    """What the JSON text of a descriptor says.

    Raises:
        ValueError: It is no JSON, or that of a text.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError(f'error parsing JSON for "{text}"') from None
    if isinstance(value, str):
        raise ValueError(f'JSON string values for `connectors` cannot parse into strings: "{text}"')
    return value


def _identifier(value: Any, alias: str | None = None) -> str:
    """The name of a class, or the text itself, when a connector is known by it and may have that alias."""
    from servo.connector import BaseConnector
    from servo.connector.identifiers import found_class
    from servo.connector.naming import check_alias

    if isinstance(value, type) and issubclass(value, BaseConnector):
        if alias is not None:
            check_alias(alias, value)
        return value.__name__
    if not isinstance(value, str):
        raise ValueError(f"Invalid connectors value: {value}")
    try:
        cls = found_class(value)
    except ValueError as error:
        if (native := _native_name(value)) is None:
            why = str(error).removeprefix(f'no connector found for the identifier "{value}"')
            raise ValueError(f"Invalid connectors value: {value}{why}") from None
        if alias is not None and alias != native:
            check_alias(alias, None)
    else:
        if alias is not None:
            check_alias(alias, cls)
    return value


@functools.cache
def _natives() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The default name and the other identifiers of the connectors of the engine."""
    from servo._core import native_connectors

    return tuple((name, tuple(others)) for name, others in native_connectors())


def _native_name(identifier: str) -> str | None:
    """The default name of a connector of the engine."""
    return next((name for name, others in _natives() if identifier in (name, *others)), None)


def native_owner(name: str) -> str | None:
    """The class of the connector of the engine whose default name that is."""
    for known, others in _natives():
        if known == name:
            return next((other for other in sorted(others) if "." not in other), name)
    return None
