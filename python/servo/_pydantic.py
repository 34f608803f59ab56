"""Every difference between pydantic 1 and pydantic 2."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import pydantic

from servo.types.core import Duration

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


def validation_error(title: str, errors: list[tuple[str, str]]) -> Exception:
    """The error of the installed pydantic for wrong fields of a class of that name: each field with a sentence."""
    if MAJOR == 1:
        from pydantic.error_wrappers import ErrorWrapper

        wrappers = [ErrorWrapper(ValueError(message), loc=name) for name, message in errors]
        return pydantic.ValidationError(wrappers, type(title, (pydantic.BaseModel,), {}))  # type: ignore[call-arg, arg-type]
    from pydantic_core import InitErrorDetails, PydanticCustomError, ValidationError

    # The sentence is no template: it may hold braces.
    details = [
        InitErrorDetails(type=PydanticCustomError("value_error", "{text}", {"text": message}), loc=(name,), input=None)
        for name, message in errors
    ]
    return ValidationError.from_exception_data(title, details, hide_input=True)


def duration_schema(validate: Callable[[Any], Any]) -> Any:
    """How pydantic 2 reads and writes a duration."""
    from pydantic_core import core_schema

    return core_schema.no_info_plain_validator_function(
        validate, serialization=core_schema.plain_serializer_function_ser_schema(str, when_used="json")
    )


def value_of(cls: type, value: Any) -> Any:
    """A value class's object from itself or from a mapping of its fields.

    Raises:
        ValueError: It is neither.
    """
    if isinstance(value, cls):
        return value
    if isinstance(value, dict):
        return cls(**value)
    raise ValueError(f"instance of {cls.__name__} or a mapping of its fields expected, found {type(value).__name__}")


def value_schema(cls: type) -> Any:
    """How pydantic 2 reads and writes a value class of the engine."""
    from pydantic_core import core_schema

    return core_schema.no_info_plain_validator_function(
        partial(value_of, cls),
        serialization=core_schema.plain_serializer_function_ser_schema(_written, info_arg=True),
        metadata={"pydantic_js_functions": [lambda _schema, _handler: {"type": "object", "title": cls.__name__}]},
    )


def _written(value: Any, info: Any) -> Any:
    """A value as pydantic 2 dumps it: the fields, and for JSON durations as their texts."""
    fields = value.dict() if hasattr(value, "dict") else value
    return _texts(fields) if info.mode_is_json() else fields


def _texts(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _texts(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_texts(item) for item in value]
    return str(value) if isinstance(value, Duration) else value


def value_validators(cls: type) -> list[Callable[[Any], Any]]:
    """How pydantic 1 reads a value class of the engine."""
    return [partial(value_of, cls)]
