"""How pydantic reads and writes classes that are no models: durations, and the value classes of the engine."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import partial
from typing import Any

from servo._pydantic.major import MAJOR
from servo._pydantic.validators import checked_base, declared_in, watched_fields
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
    """How pydantic 2 reads an abstract class, of which only objects are taken."""
    from pydantic_core import core_schema

    methods = sorted(getattr(cls, "__abstractmethods__", ()))
    message = (
        f"Can't instantiate abstract class {cls.__name__} with abstract method{'s' if len(methods) > 1 else ''} "
        f"{', '.join(methods)}"
    )
    return core_schema.custom_error_schema(
        core_schema.is_instance_schema(cls), custom_error_type="type_error", custom_error_message=message
    )


def checked_schema(validate: Callable[[Any], Any]) -> Any:
    """How pydantic 2 reads what a function checks."""
    from pydantic_core import core_schema

    return core_schema.no_info_plain_validator_function(validate)


def value_of(cls: type, value: Any) -> Any:
    """A value class's object from itself or from a mapping of its fields.

    Raises:
        ValueError: It is neither, or a field is wrong.
    """
    from servo.types.records import parse

    if not isinstance(value, cls | dict):
        found = type(value).__name__
        raise ValueError(f"instance of {cls.__name__} or a mapping of its fields expected, found {found}")
    try:
        return parse(cls, value)
    except (AttributeError, TypeError) as error:
        raise ValueError(str(error)) from None


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


def further_model(cls: type) -> Any:
    """A model of what subclasses of a value class of the engine declare in their bodies: fields and validators.

    Fields of the value class itself are in it where a validator may look at them.

    Returns:
        The model, or None where nothing is declared.
    """
    above = [one for one in reversed(cls.__mro__) if one is not object and "__servo_record__" not in vars(one)]
    bodies = [(one, declared_in(one)) for one in above]
    if not any(body for _, body in bodies):
        return None
    fields: tuple[str, ...] = cls.__servo_record__  # type: ignore[attr-defined]
    watched = {name for _, body in bodies for name in watched_fields(body, fields)}
    model = checked_base({name: Any for name in fields if name in watched})
    for one, body in bodies:
        model = type(model)(one.__name__, (model,), {**body, "__module__": one.__module__})
    return model


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
