"""How pydantic reads and writes classes that are no models: durations, and the value classes of the engine."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar, get_origin, get_type_hints

import pydantic

from servo._pydantic.annotations import admits_none
from servo._pydantic.major import MAJOR
from servo._pydantic.options import model_base
from servo.types.durations import Duration


def duration_schema(validate: Callable[[Any], Any]) -> Any:
    """How pydantic 2 reads and writes a duration."""
    from pydantic_core import PydanticCustomError, core_schema

    def check(value: Any) -> Any:
        try:
            return validate(value)
        except TypeError as error:
            raise PydanticCustomError("type_error", "{text}", {"text": str(error)}) from None

    return core_schema.no_info_plain_validator_function(
        check, serialization=core_schema.plain_serializer_function_ser_schema(str, when_used="json")
    )


def instance_schema(cls: type) -> Any:
    """How pydantic 2 reads a class of which only objects are taken."""
    from pydantic_core import core_schema

    return core_schema.is_instance_schema(cls)


def checked_schema(validate: Callable[[Any], Any]) -> Any:
    """How pydantic 2 reads what a function checks."""
    from pydantic_core import core_schema

    return core_schema.no_info_plain_validator_function(validate)


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


def further_fields(cls: type) -> Any:
    """A model of the fields that subclasses of a value class of the engine declare in their bodies, or None."""
    fields: dict[str, Any] = {}
    for above in reversed(cls.__mro__):
        if "__servo_record__" in vars(above) or above is object:
            continue
        hints = get_type_hints(above, include_extras=True)
        for name in vars(above).get("__annotations__", {}):
            if get_origin(hints[name]) is not ClassVar and not name.startswith("_"):
                fields[name] = (hints[name], getattr(above, name, None if admits_none(hints[name]) else ...))
    if not fields:
        return None
    return pydantic.create_model(cls.__name__, __base__=model_base(validate_default=True), **fields)


def add_validator(cls: type, validate: Callable[[Any], Any], *, first: bool) -> None:
    """Lets a function see every value of a type, before or after all other validators of it.

    Raises:
        TypeError: The class takes no attributes, and pydantic 2 has no other way.
    """
    if MAJOR == 1:
        module: Any = importlib.import_module("pydantic.validators")
        table: list[tuple[type, list[Any]]] = module._VALIDATORS
        unknown = (None, [module.make_arbitrary_type_validator(cls)])
        known, validators = next(((known, found) for known, found in table if issubclass(cls, known)), unknown)
        if known is not cls:
            # Ahead of the base class that matched, with what the base class has.
            validators = list(validators)
            table.insert(0, (cls, validators))
        validators.insert(0 if first else len(validators), validate)
        return

    from pydantic_core import core_schema

    wrap = core_schema.no_info_before_validator_function if first else core_schema.no_info_after_validator_function
    inherited = getattr(cls, "__get_pydantic_core_schema__", None)

    def schema(owner: type, source: Any, handler: Any) -> Any:
        inner = core_schema.is_instance_schema(owner) if inherited is None else inherited(source, handler)
        return wrap(validate, inner)

    try:
        cls.__get_pydantic_core_schema__ = classmethod(schema)  # type: ignore[attr-defined]
    except TypeError:
        raise TypeError(
            f"pydantic 2 has no validators for {cls!r} everywhere; annotate the field instead: "
            f"Annotated[{cls.__name__}, pydantic.{'Before' if first else 'After'}Validator(...)]"
        ) from None
