"""Which checks are wanted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Optional, Union

from servo import _pydantic
from servo.checks.models import Check, CheckModel
from servo.logging import Mixin

__all__ = ["CheckFilter"]

_Wanted = Union[None, str, Sequence[str], re.Pattern[str]]  # noqa: UP007


class CheckFilter(CheckModel, Mixin):
    """Which checks are wanted; of several constraints all must be met.

    Attributes:
        name: The name, one of several names, or a regular expression that is found in the name.
        id: The same for the identifier.
        tags: One of them must be among the tags of the check.
        exclusive: Whether only the checks that are named run: no prerequisites, and neither of several names nor of an
            expression any.

    Raises:
        pydantic.ValidationError: An argument is of another type.
    """

    name: _Wanted = None
    id: _Wanted = None
    tags: Optional[set[str]] = None  # noqa: UP045
    exclusive: bool = False

    def __init__(self, **data: Any) -> None:
        super().__init__(**data)

    @_pydantic.before("name", "id")
    def _texts(cls, value: Any) -> Any:
        if isinstance(value, list | tuple):
            return type(value)(_text(item) for item in value)
        if isinstance(value, set | frozenset):
            return sorted(str(_text(item)) for item in value)
        return _text(value)

    @_pydantic.before("tags")
    def _tags(cls, value: Any) -> Any:
        return {_text(item) for item in value} if isinstance(value, list | tuple | set | frozenset) else value

    @property
    def any(self) -> bool:
        """Whether there is a constraint."""
        return not self.empty

    @property
    def empty(self) -> bool:
        """Whether there is no constraint, so that every check matches."""
        return self.name is None and self.id is None and self.tags is None

    def matches(self, check: Check) -> bool:
        """Whether a check is wanted.

        Args:
            check: The check; what counts is its name, its identifier and its tags.

        Returns:
            Whether it meets all constraints.
        """
        return (
            self._meets(self.name, check.name)
            and self._meets(self.id, check.id)
            and (self.tags is None or not self.tags.isdisjoint(check.tags or ()))
        )

    def _meets(self, wanted: Any, value: str) -> bool:
        if wanted is None:
            return True
        if isinstance(wanted, str):
            return value == wanted
        if self.exclusive:
            return False
        if isinstance(wanted, re.Pattern):
            return wanted.search(value) is not None
        return value in wanted


def _text(value: Any) -> Any:
    """Numbers and bytes as texts; anything else stays."""
    if isinstance(value, bytes):
        return value.decode()
    return str(value) if isinstance(value, int | float) else value


CheckFilter.__module__ = "servo.checks"
