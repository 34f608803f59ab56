"""What an optimizer is told of the servo and its connectors when they say hello."""

from __future__ import annotations

import functools
import os
import platform
from typing import ClassVar

__all__ = ["Telemetry"]


@functools.cache
def _constant() -> dict[str, str]:
    """What does not change while the process lives."""
    import servo

    return {"servox.version": servo.__version__, "servox.platform": platform.platform()}


class Telemetry:
    """Texts by name, shared by a servo and its connectors.

    A connector sets `{its name}.{key}` when it is attached, and removes it when it is detached.

    Args:
        values: The texts; those of the servo itself unless given.

    Attributes:
        values: The texts; the dict itself, not a copy.
    """

    __slots__ = ("__weakref__", "values")

    def __init__(self, values: dict[str, str] | None = None) -> None:
        if values is None:
            values = dict(_constant())
            if namespace := os.environ.get("POD_NAMESPACE"):
                values["servox.namespace"] = namespace
        self.values = values

    def __getitem__(self, key: str) -> str:
        return self.values[key]

    def __setitem__(self, key: str, value: str) -> None:
        self.values[key] = value

    def remove(self, key: str) -> None:
        """Removes a text; without effect when there is none of that name."""
        self.values.pop(key, None)

    def __eq__(self, other: object) -> bool:
        return self.values == other.values if isinstance(other, Telemetry) else NotImplemented

    # Equal ones would need equal hashes, and what is equal changes with the texts.
    __hash__: ClassVar[None]  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Telemetry(values={self.values!r})"
