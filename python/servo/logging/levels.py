"""Levels by name, and the filter that lets records of a level pass."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from loguru import logger

if TYPE_CHECKING:
    from loguru import Record

__all__ = ["Filter", "level_named"]


def level_named(level: str) -> tuple[str, int]:
    """The name and the number of a level.

    Args:
        level: Its name in any case, such as `debug`, also one that was added with `logger.level`.

    Returns:
        The name as loguru knows it, and its number.

    Raises:
        ValueError: There is no such level.
    """
    for name in (str(level), str(level).upper()):
        try:
            found = logger.level(name)
        except ValueError:
            continue
        return found.name, found.no
    raise ValueError(
        f"Unknown level: {level!r}; expected TRACE, DEBUG, INFO, SUCCESS, WARNING, ERROR or CRITICAL, in any case"
    )


class Filter:
    """Lets records of a level and above pass.

    Args:
        level: The name of the level; the attribute of that name may be changed.
        modules: The numbers of other levels by module; the longest name counts.
    """

    def __init__(self, level: str = "INFO", modules: Mapping[str, int] | None = None) -> None:
        self.level = level
        self.modules: Mapping[str, int] = modules or {}

    def __call__(self, record: Record) -> bool:
        number = record["level"].no
        if self.modules and (name := record["name"]):
            found = [prefix for prefix in self.modules if name == prefix or name.startswith(prefix + ".")]
            if found:
                return number >= self.modules[max(found, key=len)]
        return number >= level_named(self.level)[1]
