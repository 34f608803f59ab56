"""Fields of pydantic 2 with the attributes that fields of pydantic 1 have."""

from __future__ import annotations

import collections.abc
from typing import Any, get_args, get_origin

from servo._pydantic.annotations import without_none


class OldField:
    """A field as `__fields__` of pydantic 1 shows it; what it does not know is asked of the field of pydantic 2.

    Args:
        name: The name.
        info: The field of pydantic 2.
    """

    def __init__(self, name: str, info: Any) -> None:
        self.name = name
        self._info = info

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self._info, name)

    @property
    def alias(self) -> str:
        return self._info.alias or self.name

    @property
    def required(self) -> bool:
        required: bool = self._info.is_required()
        return required

    @property
    def default(self) -> Any:
        return None if self.required else self._info.default

    @property
    def allow_none(self) -> bool:
        return without_none(self._info.annotation) is not self._info.annotation

    @property
    def outer_type_(self) -> Any:
        """The type without None."""
        return without_none(self._info.annotation)

    @property
    def type_(self) -> Any:
        """The type of the items where the field is a collection, else that of the field, without None."""
        outer = self.outer_type_
        origin, arguments = get_origin(outer), get_args(outer)
        if isinstance(origin, type) and arguments and issubclass(origin, collections.abc.Collection):
            return arguments[-1] if issubclass(origin, collections.abc.Mapping) else arguments[0]
        return outer

    @property
    def field_info(self) -> OldField:
        """Itself: what pydantic 1 has in two objects is one here."""
        return self

    @property
    def extra(self) -> dict[str, Any]:
        """What stands in the schema besides what pydantic knows."""
        extra = self._info.json_schema_extra
        return extra if isinstance(extra, dict) else {}

    def get_default(self) -> Any:
        """A new default."""
        return self._info.get_default(call_default_factory=True)

    def __repr__(self) -> str:
        return f"ModelField(name={self.name!r}, type={self.outer_type_!r}, required={self.required})"
