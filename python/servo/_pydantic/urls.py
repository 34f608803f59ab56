"""URLs as pydantic 1 has them, texts with parts, on models of pydantic 2."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import SplitResult, urlsplit

import pydantic

# `AnyHttpUrl`, `pydantic.HttpUrl`, `Optional[PostgresDsn]`.
_URL = re.compile(r"(Url|Dsn)\b")


class UrlText(str):
    """A URL as it was given, which also answers to the names that pydantic's classes have for its parts.

    Attributes that are not told here are those of `pydantic.AnyUrl` of pydantic 2.
    """

    __slots__ = ()

    @property
    def scheme(self) -> str:
        """What stands before `://`."""
        return self._split.scheme

    @property
    def user(self) -> str | None:
        """The name of the user, or None."""
        return self._split.username

    @property
    def password(self) -> str | None:
        """The password, or None."""
        return self._split.password

    @property
    def host(self) -> str:
        """The host as it was written."""
        host = self._split.netloc.rpartition("@")[2]
        if host.startswith("["):
            return host.partition("]")[0] + "]"
        return host.partition(":")[0]

    @property
    def port(self) -> str | None:
        """The port as a text; None where the URL tells none."""
        port = self._split.port
        return None if port is None else str(port)

    @property
    def path(self) -> str | None:
        """The path, or None."""
        return self._split.path or None

    @property
    def query(self) -> str | None:
        """What stands behind `?`, or None."""
        return self._split.query or None

    @property
    def fragment(self) -> str | None:
        """What stands behind `#`, or None."""
        return self._split.fragment or None

    @property
    def _split(self) -> SplitResult:
        return urlsplit(str(self))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")
        return getattr(pydantic.AnyUrl(str(self)), name)


def keep_texts_of_urls(namespace: dict[str, Any]) -> None:
    """Gives the fields of a class body whose annotations speak of URLs a validator that leaves them texts.

    It is inside of the validators of the class, which take texts as with pydantic 1.
    """
    names = [
        name
        for name, annotation in namespace.get("__annotations__", {}).items()
        if not name.startswith("_") and _URL.search(_text_of(annotation))
    ]
    if names:
        checked = pydantic.field_validator(*names, mode="wrap", check_fields=False)
        shown = pydantic.field_serializer(*names, mode="plain", check_fields=False)
        # Of their own names in each class: those of the same name would take the place of the ones above.
        namespace[f"_servo_urls_of_{'_'.join(names)}"] = checked(classmethod(_checked))
        namespace[f"_servo_shown_urls_of_{'_'.join(names)}"] = shown(_shown)


def _text_of(annotation: Any) -> str:
    return annotation if isinstance(annotation, str) else repr(annotation)


def _checked(_: type, value: Any, check: Callable[[Any], Any]) -> Any:
    return _as_texts(check(value), value)


def _shown(self: Any, value: Any) -> Any:
    """A text is written as it is; pydantic would warn that it expected an object of its own."""
    return value


def _as_texts(checked: Any, given: Any) -> Any:
    """What pydantic made of a value, with texts in place of its URLs: as they were given, where that can be told."""
    if type(checked).__module__ == "pydantic.networks" or type(checked).__module__.startswith("pydantic_core"):
        return UrlText(given if isinstance(given, str) else checked)
    if type(checked) is dict:
        givens = given if isinstance(given, Mapping) else {}
        return {key: _as_texts(item, givens.get(key)) for key, item in checked.items()}
    if type(checked) in (list, tuple):
        same = isinstance(given, list | tuple) and len(given) == len(checked)
        return type(checked)(_as_texts(item, given[i] if same else None) for i, item in enumerate(checked))
    if type(checked) in (set, frozenset):
        return type(checked)(_as_texts(item, None) for item in checked)
    return checked
