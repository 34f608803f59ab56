"""What people are told of a connector class."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from servo.configuration.routes import DOCUMENT_KEYS
from servo.types.enums import License, Maturity
from servo.types.versions import Version

__all__ = ["metadata"]

Connector = TypeVar("Connector", bound=type)


def metadata(
    name: str | tuple[str, str] | None = None,
    description: str | None = None,
    version: str | Version | None = None,
    *,
    homepage: str | None = None,
    license: str | License | None = None,
    maturity: str | Maturity | None = None,
    cryptonym: str | None = None,
) -> Callable[[Connector], Connector]:
    """A decorator that tells what a connector class is.

    Args:
        name: Its name for people; with a second text also its key in `servo.yaml`.
        description: What it does.
        version: A semantic version.
        homepage: The URL where there is more.
        license: The licence, or the text of one.
        maturity: How far it may be relied on.
        cryptonym: A name of this release; None clears an inherited one.

    Raises:
        TypeError: What is decorated is no connector class.
        ValueError: The version is none, `name` has not two elements, or the key means something else in
            `servo.yaml`.
        NameError: There is no such licence or maturity.
    """

    def decorate(cls: Connector) -> Connector:
        from servo.connector.base import BaseConnector

        if not issubclass(cls, BaseConnector):
            raise TypeError("Metadata can only be attached to Connector subclasses")
        for attribute, value in _attributes(name, description, version, homepage, license, maturity).items():
            setattr(cls, attribute, value)
        cls.cryptonym = cryptonym
        return cls

    return decorate


def _attributes(
    name: str | tuple[str, str] | None,
    description: str | None,
    version: str | Version | None,
    homepage: str | None,
    license: str | License | None,
    maturity: str | Maturity | None,
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if isinstance(name, tuple):
        if len(name) != 2:
            raise ValueError("Connector names given as tuples must contain exactly 2 elements: full name and alias")
        found["name"], found["__default_name__"] = name
        if name[1] in DOCUMENT_KEYS:
            raise ValueError(f"'{name[1]}' is a key of servo.yaml that is no connector's: choose another one")
    elif name:
        found["name"] = name
    if description:
        found["description"] = description
    if version:
        found["version"] = Version.parse(version) if isinstance(version, str) else version
    if homepage:
        found["homepage"] = homepage
    if license:
        found["license"] = License.from_str(license) if isinstance(license, str) else license
    if maturity:
        found["maturity"] = Maturity.from_str(maturity) if isinstance(maturity, str) else maturity
    return found
