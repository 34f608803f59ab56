"""A class of checks made from a list."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import new_class
from typing import Any

from servo.checks.base import BaseChecks
from servo.checks.models import Check, id_of_name
from servo.checks.multichecks import item_method

__all__ = ["create_checks_from_iterable"]


def create_checks_from_iterable(
    handler: Callable[..., Any], iterable: Iterable[Any], *, base_class: type[BaseChecks] = BaseChecks
) -> type[BaseChecks]:
    """A class with a check for each item.

    The checks are named `Check` and the `name` of the item, or the item itself where it has none.

    Args:
        handler: A function, or a coroutine function, that is called with an item and gives a result of check handlers.
        iterable: The items.
        base_class: The base of the new class; its checks come first.

    Returns:
        The class.
    """
    methods: dict[str, Any] = {}
    for item in iterable:
        name = f"Check {getattr(item, 'name', item)}"
        # Two items of one name are two checks.
        id, count = id_of_name(name), 1
        while f"check_{id}" in methods:
            count += 1
            id = id_of_name(f"{name} {count}")
        template = Check(name=name, id=id)
        methods[f"check_{id}"] = item_method(f"check_{id}", template, handler, item)
    return new_class("_IterableChecks", (base_class,), {}, lambda body: body.update(__module__=__name__, **methods))
