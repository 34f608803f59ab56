"""What is told of connector classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from servo.connector import BaseConnector

SHORT = ("version", "description")
LONG = (*SHORT, "homepage", "maturity", "license")


def about(cls: type[BaseConnector]) -> dict[str, str | None]:
    """Version, description, homepage, maturity and license of a class; None for what it does not tell."""
    return {name: None if (value := getattr(cls, name)) is None else str(value) for name in LONG}


def columns(verbose: bool) -> Sequence[str]:
    """The keys of `about` that a table shows."""
    return LONG if verbose else SHORT


def headings(*first: str, verbose: bool) -> list[str]:
    """The headings of a table of connectors: the first ones, and those of `columns`."""
    return [*first, *(name.upper() for name in columns(verbose))]


def cells(told: Mapping[str, Any], verbose: bool) -> list[str]:
    """What a table shows of `about`."""
    return [told[name] or "" for name in columns(verbose)]


def installed_types() -> list[type[BaseConnector]]:
    """Every connector class that is installed, and the servo's own, by name."""
    from servo.connector import load_all
    from servo.connector.registry import known_connectors
    from servo.connectors import load_native
    from servo.servo import Servo

    load_native()
    load_all()
    return sorted({*known_connectors(), Servo}, key=lambda cls: (str(cls.__default_name__), cls.__module__))
