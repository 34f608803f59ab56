"""Attributes of an object that are not its own: kept beside it, gone with it."""

from __future__ import annotations

import weakref
from typing import Any, Protocol, runtime_checkable

__all__ = ["Associative", "Mixin"]

_RAISE: Any = object()

# By identity: an object may be equal to another one, and its hash may change or be missing.
_tables: dict[int, dict[str, Any]] = {}


def associations_of(obj: Any) -> dict[str, Any]:
    """What is associated with an object. The table goes when the object goes."""
    key = id(obj)
    if (table := _tables.get(key)) is None:
        # At exit nothing needs to be given back.
        weakref.finalize(obj, _tables.pop, key, None).atexit = False
        table = _tables.setdefault(key, {})
    return table


class Mixin:
    """Gives a class associations, whatever else it forbids: a model without extra fields, a class with slots.

    Objects must be weakly referable; a class with `__slots__` lists `__weakref__`.
    """

    __slots__ = ()

    @property
    def _associations(self) -> dict[str, Any]:
        return associations_of(self)

    def _set_association(self, name: str, obj: Any) -> None:
        associations_of(self)[name] = obj

    def _get_association(self, name: str, default: Any = _RAISE) -> Any:
        table = associations_of(self)
        if default is _RAISE:
            return table[name]
        return table.get(name, default)


@runtime_checkable
class Associative(Protocol):
    """What has associations."""

    @property
    def _associations(self) -> dict[str, Any]: ...

    def _set_association(self, name: str, obj: Any) -> None: ...

    def _get_association(self, name: str, default: Any = ...) -> Any: ...
