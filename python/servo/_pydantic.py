"""Every difference between pydantic 1 and pydantic 2."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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


@contextmanager
def option(obj: Any, name: str, value: Any) -> Iterator[None]:
    """Changes an option of the class of a model for the time of a `with` block; named as in pydantic 2.

    With pydantic 2 it is about setting attributes: how a model is made was settled with its class.
    """
    cls: Any = obj if isinstance(obj, type) else type(obj)
    if MAJOR == 1:
        if name == "frozen":
            name, value = "allow_mutation", not value
        if name == "extra":
            value = getattr(pydantic.Extra, value)
        before = getattr(cls.__config__, name)
        setattr(cls.__config__, name, value)
        try:
            yield
        finally:
            setattr(cls.__config__, name, before)
        return

    config = cls.model_config
    options = dict(config)
    # How a field is set is decided once and remembered; what was decided under another option must not last.
    memory = getattr(cls, "__pydantic_setattr_handlers__", {})
    memory.clear()
    config[name] = value
    if not isinstance(obj, type) and name == "extra" and value == "allow" and obj.__pydantic_extra__ is None:
        object.__setattr__(obj, "__pydantic_extra__", {})
    try:
        yield
    finally:
        memory.clear()
        if name in options:
            config[name] = options[name]
        else:
            del config[name]


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
