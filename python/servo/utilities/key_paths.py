"""Values by the path of their keys: `spec.replicas`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["value_for_key_path", "values_for_keys"]

_RAISE: Any = object()


def values_for_keys(obj: dict[Any, Any], *keys: Sequence[str]) -> list[Any]:
    """The values of some keys, None for those that are missing; further sequences cut the list to their length.

    Raises:
        TypeError: There is no sequence of keys.
    """
    if not keys:
        raise TypeError("values_for_keys() needs a sequence of keys")
    return [obj.get(wanted[0]) for wanted in zip(*keys, strict=False)]


def value_for_key_path(obj: Any, key_path: str, default: Any = _RAISE) -> Any:
    """The value at a path of attributes and keys, separated by dots.

    An attribute wins over a key, and a name that holds dots over a path.

    Args:
        obj: Where the path starts.
        key_path: The path, of any depth.
        default: What to return when there is nothing; raises unless given.

    Raises:
        ValueError: There is nothing at that path.
    """
    value = _find(obj, key_path)
    if value is not _RAISE:
        return value
    if default is _RAISE:
        raise ValueError(f"unknown key-path '{key_path}'")
    return default


def _find(obj: Any, path: str) -> Any:
    if hasattr(obj, path):
        return getattr(obj, path)
    try:
        if path in obj:
            return obj[path]
    except TypeError:
        pass  # What has no keys, or none that are texts.
    head, dot, tail = path.partition(".")
    if not dot or (inner := _find(obj, head)) is _RAISE:
        return _RAISE
    return _find(inner, tail)
