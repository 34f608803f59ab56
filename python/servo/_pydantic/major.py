"""Which pydantic is installed, and what both majors call differently."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pydantic

MAJOR = int(pydantic.VERSION.split(".")[0])

if TYPE_CHECKING:
    ModelMetaclass = type
else:
    ModelMetaclass = type(pydantic.BaseModel)


def fields_of(model: type) -> dict[str, Any]:
    """The fields of a model by name."""
    fields: Any = model.__fields__ if MAJOR == 1 else model.model_fields  # type: ignore[attr-defined]
    return dict(fields)


def field_type(model: type, name: str) -> Any:
    """The type of a field of a model, annotations resolved."""
    field = fields_of(model)[name]
    return field.outer_type_ if MAJOR == 1 else field.annotation


def set_value(model: Any, name: str, value: Any) -> None:
    """Sets a field to a value that needs no validation; it counts as given."""
    model.__dict__[name] = value
    model.__fields_set__.add(name)
