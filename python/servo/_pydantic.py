"""Every difference between pydantic 1 and pydantic 2."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pydantic

MAJOR = int(pydantic.VERSION.split(".")[0])

if TYPE_CHECKING:
    ModelMetaclass = type
else:
    ModelMetaclass = type(pydantic.BaseModel)

# The options of a model that have another name in pydantic 1.
_OLD_NAMES = {"validate_default": "validate_all"}


def model_base(**options: Any) -> Any:
    """A `pydantic.BaseModel` with those options, named as in pydantic 2."""
    if MAJOR == 1:
        config = type("Config", (), {_OLD_NAMES.get(name, name): value for name, value in options.items()})
        return ModelMetaclass("BaseModel", (pydantic.BaseModel,), {"__module__": __name__, "Config": config})

    class BaseModel(pydantic.BaseModel):
        model_config = pydantic.ConfigDict(**options)  # type: ignore[typeddict-item]

    return BaseModel


def field_type(model: type, name: str) -> Any:
    """The type of a field of a model, annotations resolved."""
    fields = model.__fields__ if MAJOR == 1 else model.model_fields  # type: ignore[attr-defined]
    field = fields[name]
    return field.outer_type_ if MAJOR == 1 else field.annotation


def problems(model: type, data: Any) -> list[tuple[list[str | int], str, bool]]:
    """What is wrong with the data of a model: the place, a sentence, and whether the key itself is wrong."""
    try:
        parse = model.parse_obj if MAJOR == 1 else model.model_validate  # type: ignore[attr-defined]
        parse(data)
    except pydantic.ValidationError as error:
        found = []
        for item in error.errors():
            unknown = item["type"] in ("value_error.extra", "extra_forbidden")
            place = [step for step in item["loc"] if step != "__root__"]
            message = "unknown key" if unknown else item["msg"]
            found.append((place, message, unknown))
        return found
    return []


def field_names(model: type) -> list[str]:
    """The keys a model knows."""
    fields = model.__fields__ if MAJOR == 1 else model.model_fields  # type: ignore[attr-defined]
    return list(fields)


def duration_schema(validate: Callable[[Any], Any]) -> Any:
    """How pydantic 2 reads and writes a duration."""
    from pydantic_core import core_schema

    return core_schema.no_info_plain_validator_function(
        validate, serialization=core_schema.plain_serializer_function_ser_schema(str, when_used="json")
    )


def value_schema(cls: type) -> Any:
    """How pydantic 2 reads a value class of the engine."""
    from pydantic_core import core_schema

    return core_schema.is_instance_schema(cls)


def value_validators(cls: type) -> list[Callable[[Any], Any]]:
    """How pydantic 1 reads a value class of the engine."""

    def validate(value: Any) -> Any:
        if not isinstance(value, cls):
            raise TypeError(f"instance of {cls.__name__} expected")
        return value

    return [validate]
