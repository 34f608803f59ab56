"""The options of models: an inner `class Config`, and what pydantic 2 calls its members."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pydantic

from servo._pydantic.major import MAJOR, ModelMetaclass

_NEW_NAMES = {
    "allow_population_by_field_name": "populate_by_name",
    "anystr_lower": "str_to_lower",
    "anystr_strip_whitespace": "str_strip_whitespace",
    "anystr_upper": "str_to_upper",
    "keep_untouched": "ignored_types",
    "max_anystr_length": "str_max_length",
    "min_anystr_length": "str_min_length",
    "orm_mode": "from_attributes",
    "schema_extra": "json_schema_extra",
    "validate_all": "validate_default",
}
"""Options of an inner `class Config` that pydantic 2 has under another name."""
_OLD_NAMES = {new: old for old, new in _NEW_NAMES.items()}
# Not `title`, which pydantic 2 shows in errors too, where pydantic 1 has the name of the class.
_KNOWN = {
    "alias_generator",
    "arbitrary_types_allowed",
    "extra",
    "frozen",
    "use_enum_values",
    "validate_assignment",
    *_NEW_NAMES.values(),
}


def new_options(config: type) -> dict[str, Any]:
    """The options of pydantic 2 that an inner `class Config` sets; those that mean nothing there are left out."""
    options: dict[str, Any] = {}
    for name in dir(config):
        value = getattr(config, name)
        if name == "allow_mutation":
            options["frozen"] = not value
        elif (new := _NEW_NAMES.get(name, name)) in _KNOWN:
            options[new] = getattr(value, "value", value) if name == "extra" else value
    return options


def old_options(options: dict[str, Any]) -> dict[str, Any]:
    """Options of pydantic 2 with the names that an inner `class Config` has for them."""
    named = {_OLD_NAMES.get(name, name): value for name, value in options.items()}
    if "frozen" in named:
        named["allow_mutation"] = not named["frozen"]
    return named


def model_base(**options: Any) -> Any:
    """A `pydantic.BaseModel` with those options, named as in pydantic 2."""
    if MAJOR == 1:
        config = type("Config", (), old_options(options))
        # Models of pydantic 2 can be referred to weakly as they are.
        namespace = {"__module__": __name__, "__slots__": ("__weakref__",), "Config": config}
        return ModelMetaclass("BaseModel", (pydantic.BaseModel,), namespace)

    class BaseModel(pydantic.BaseModel):
        model_config = pydantic.ConfigDict(**options)  # type: ignore[typeddict-item]

    return BaseModel


def config_option(model: type, name: str, default: Any = None) -> Any:
    """An option of the inner `class Config` of a model, inherited ones too."""
    if MAJOR == 1:
        return getattr(model.__config__, name, default)  # type: ignore[attr-defined]
    return getattr(model.__old_config__, name, default)  # type: ignore[attr-defined]


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
