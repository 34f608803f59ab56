"""A hash of nested lists and dictionaries that does not depend on the order of keys."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

__all__ = ["dump_container", "get_hash"]


def get_hash(data: list[Any] | dict[Any, Any]) -> str:
    """The SHA-256 of a container, in hexadecimal digits.

    Values that print alike hash alike: `1` and `"1"`.

    Raises:
        TypeError: The keys of a dictionary cannot be sorted.
    """
    digest = hashlib.sha256()
    dump_container(data, digest.update)
    return digest.hexdigest()


def dump_container(c: str | bytes | list[Any] | dict[Any, Any], func: Callable[[bytes], Any]) -> None:
    """Feeds the canonical form of a container to a function, piece by piece.

    A dictionary is `{key:value,}` by sorted keys, a list `[item,]`, bytes stand as they are, and all else is its
    `str()` in UTF-8.

    Args:
        c: The container.
        func: Called with each piece.
    """
    if isinstance(c, dict):
        func(b"{")
        for key in sorted(c):
            func(f"{key}:".encode())
            dump_container(c[key], func)
            func(b",")
        func(b"}")
    elif isinstance(c, list):
        func(b"[")
        for item in c:
            dump_container(item, func)
            func(b",")
        func(b"]")
    else:
        func(c if isinstance(c, bytes) else str(c).encode())
