"""Every difference between pydantic 1 and pydantic 2."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, get_args

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
        # Models of pydantic 2 can be referred to weakly as they are.
        namespace = {"__module__": __name__, "__slots__": ("__weakref__",), "Config": config}
        return ModelMetaclass("BaseModel", (pydantic.BaseModel,), namespace)

    class BaseModel(pydantic.BaseModel):
        model_config = pydantic.ConfigDict(**options)  # type: ignore[typeddict-item]

    return BaseModel


def field_type(model: type, name: str) -> Any:
    """The type of a field of a model, annotations resolved."""
    field = _fields(model)[name]
    return field.outer_type_ if MAJOR == 1 else field.annotation


def problems(model: type, data: Any) -> list[tuple[list[str | int], str, list[str] | None]]:
    """What is wrong with the data of a model: the place, a sentence, and for an unknown key those that are known."""
    try:
        parse = model.parse_obj if MAJOR == 1 else model.model_validate  # type: ignore[attr-defined]
        parse(data)
    except pydantic.ValidationError as error:
        found = []
        for item in error.errors():
            unknown = item["type"] in ("value_error.extra", "extra_forbidden")
            place = _place(item["loc"], data)
            message = "unknown key" if unknown else item["msg"].removeprefix("Value error, ")
            found.append((place, message, _known_names(model, place[:-1]) if unknown else None))
        return found
    return []


def _place(steps: tuple[str | int, ...], data: Any) -> list[str | int]:
    """The steps that lead to data; the last may be a missing key. Steps that name a member of a union are left out."""
    place: list[str | int] = []
    for at, step in enumerate(steps):
        inside = step in data if isinstance(data, dict) else isinstance(data, list) and step in range(len(data))
        if inside:
            data = data[step]
        elif at < len(steps) - 1 or not isinstance(data, dict) or step == "__root__":
            continue
        place.append(step)
    return place


def _known_names(model: type, place: list[str | int]) -> list[str]:
    """The fields of the model that is found at a place within another."""
    for step in place:
        # A key of a plain mapping and an item of a list lead to no other model than the field's.
        if step in _fields(model):
            inner = _model_within(field_type(model, str(step)))
            if inner is None:
                return []
            model = inner
    return list(_fields(model))


def _model_within(annotation: Any) -> type | None:
    """The first model that an annotation such as `list[X] | None` speaks of."""
    if isinstance(annotation, type) and issubclass(annotation, pydantic.BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_within(part)) is not None), None)


def _fields(model: type) -> Any:
    return model.__fields__ if MAJOR == 1 else model.model_fields  # type: ignore[attr-defined]


def validation_error(title: str, errors: list[tuple[str, str]]) -> Exception:
    """The error of the installed pydantic for wrong fields of a class of that name: each field with a sentence."""
    if MAJOR == 1:
        from pydantic.error_wrappers import ErrorWrapper

        wrappers = [ErrorWrapper(ValueError(message), loc=name) for name, message in errors]
        return pydantic.ValidationError(wrappers, type(title, (pydantic.BaseModel,), {}))
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

    def validate(value: Any) -> Any:
        return value_of(cls, value)

    return [validate]
