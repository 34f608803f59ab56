"""What connectors are called."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from servo.configuration.routes import DOCUMENT_KEYS, NAME_RULE, RESERVED_NAMES, is_name, native_owner
from servo.connector.registry import is_servo, known_connectors

if TYPE_CHECKING:
    from servo.connector.base import BaseConnector

__all__ = ["RESERVED_KEYS", "_name_for_connector_class", "_reserved_keys", "check_alias", "default_name"]

RESERVED_KEYS = sorted(RESERVED_NAMES)
"""The keys that no connector may have, whatever connectors there are."""


def _name_for_connector_class(cls: type) -> str | None:
    """The default name of a class: its name without `Connector`, in snake case; None when nothing is left."""
    for text in (getattr(cls, "name", None), cls.__name__):
        stem = text.removesuffix("Connector") if isinstance(text, str) else ""
        if stem:
            return stem.lower() if re.fullmatch("[A-Z]+", stem) else re.sub(r"(?<!^)(?=[A-Z])", "_", stem).lower()
    return None


def default_name(cls: type) -> str | None:
    """The key of a class in a document unless it chooses another one.

    A key that means something else stays what it is: that of `ChecksConnector` is `checks_connector`.
    """
    name = _name_for_connector_class(cls)
    return f"{name}_connector" if name in DOCUMENT_KEYS else name


def _reserved_keys() -> list[str]:
    """The keys that no alias may have unless it stands for the connector whose default name it is."""
    names = (cls.__default_name__ for cls in known_connectors())
    return list(dict.fromkeys([*(name for name in names if name), *RESERVED_KEYS]))


def check_alias(alias: Any, cls: type[BaseConnector] | None) -> None:
    """Whether a key of a document may stand for a class.

    Args:
        alias: The key.
        cls: The class; None for one that only the engine knows.

    Raises:
        TypeError: The key is no text.
        ValueError: It is malformed or reserved.
    """
    if not isinstance(alias, str):
        raise TypeError(f'Connector names must be strings: "{alias}"')
    if not is_name(alias):
        raise ValueError(f'"{alias}" is not a valid connector name: {NAME_RULE}')
    for owner in known_connectors():
        if owner.__default_name__ != alias or owner is cls:
            continue
        # Of several classes with one default name, each may have it for its own.
        if cls is None or cls.__default_name__ != alias or is_servo(owner):
            raise ValueError(f'Name "{alias}" is reserved by `{owner.__name__}`')
    if (cls is None or cls.__default_name__ != alias) and (owner_name := native_owner(alias)) is not None:
        raise ValueError(f'Name "{alias}" is reserved by `{owner_name}`')
    if alias in RESERVED_NAMES:
        raise ValueError(f'Name "{alias}" is reserved')
    if alias.startswith("_") or _is_attribute(alias):
        raise ValueError(f'Name "{alias}" is reserved: a configuration has an attribute or a private name like that')


def _is_attribute(name: str) -> bool:
    from servo.configuration.document import BaseServoConfiguration

    return hasattr(BaseServoConfiguration, name)
