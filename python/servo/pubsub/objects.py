"""What the plain classes of publish and subscribe share with models: they can be fields, and have the same texts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

__all__ = ["InstanceField", "Shown"]


class InstanceField:
    """Makes the class the type of a field: its instances are taken as they are, anything else is refused.

    Classes override `_as_field` to take more; it raises ValueError.
    """

    __slots__ = ()

    @classmethod
    def __get_validators__(cls) -> Iterator[Callable[[Any], Any]]:
        yield cls._as_field

    @classmethod
    def _as_field(cls, value: Any) -> Any:
        if not isinstance(value, cls):
            raise ValueError(f"instance of {cls.__name__} expected")
        return value

    @classmethod
    def __modify_schema__(cls, schema: dict[str, Any]) -> None:
        schema.update(type="object", title=cls.__name__)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        from servo import _pydantic

        return _pydantic.checked_schema(cls._as_field)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> dict[str, Any]:
        return {"type": "object", "title": cls.__name__}


class Shown:
    """Gives a class the texts that a pydantic model has."""

    __slots__ = ()

    def _shown(self) -> Mapping[str, Any]:
        """What is shown, by name."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self._shown().items())})"

    def __str__(self) -> str:
        return " ".join(f"{name}={value!r}" for name, value in self._shown().items())
