"""Validators of pydantic 1 on models of pydantic 2: what `@pydantic.validator` cannot do there by itself."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

from servo._pydantic.old_fields import OldField
from servo._pydantic.words import FOLLOWS

_EXTRAS = ("values", "field", "config")


def adapt_validators(namespace: dict[str, Any]) -> None:
    """Lets the validators of a class body take `values`, `field` and `config`, and raise TypeError."""
    for value in namespace.values():
        # The class that is behind `pydantic.validator`, and nothing else.
        if type(getattr(value, "decorator_info", None)).__name__ == "ValidatorDecoratorInfo":
            value.shim = _shim


def _shim(validate: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    """A validator in the form of pydantic 2.

    Raises:
        TypeError: It takes arguments that no validator is given.
    """
    return partial(_call, old_style(validate), getattr(validate, "__self__", None))


def _call(validate: Callable[..., Any], owner: Any, value: Any, info: Any) -> Any:
    return validate(owner, info.field_name, value, info.data)


def old_style(validate: Callable[..., Any]) -> Callable[[Any, str | None, Any, dict[str, Any]], Any]:
    """A validator of pydantic 1 as a function of the model, the name of the field, the value, and those before it.

    Raises:
        TypeError: It takes arguments that no validator is given.
    """
    return partial(_called, validate, _extras_of(validate))


def _extras_of(validate: Callable[..., Any]) -> tuple[str, ...]:
    """Which of the further arguments a validator takes."""
    try:
        _, *further = inspect.signature(validate).parameters.values()
    except ValueError:
        # Some functions that are written in C tell nothing of theirs; they take a value.
        return ()
    if any(one.kind is inspect.Parameter.VAR_KEYWORD for one in further):
        return _EXTRAS
    unknown = [
        one.name
        for one in further
        if one.name not in _EXTRAS and one.default is one.empty and one.kind is not inspect.Parameter.VAR_POSITIONAL
    ]
    if unknown:
        raise TypeError(
            f"Invalid signature for validator {validate}: {inspect.signature(validate)}, should be: "
            "(cls, value, values, config, field), 'values', 'config' and 'field' are all optional"
        )
    return tuple(one.name for one in further if one.name in _EXTRAS)


def _called(
    validate: Callable[..., Any],
    extras: tuple[str, ...],
    owner: Any,
    name: str | None,
    value: Any,
    values: dict[str, Any],
) -> Any:
    from pydantic_core import PydanticCustomError

    given: dict[str, Any] = {}
    if "values" in extras:
        given["values"] = values
    if "field" in extras:
        fields = getattr(owner, "__pydantic_fields__", {})
        given["field"] = OldField(name, fields[name]) if name is not None and name in fields else None
    if "config" in extras:
        given["config"] = getattr(owner, "__old_config__", None)
    try:
        return validate(value, **given)
    except TypeError as error:
        raise PydanticCustomError("type_error", "{text}", {"text": str(error)}) from None
    except KeyError as error:
        missing = error.args[0] if error.args else None
        if missing in values or missing not in getattr(owner, "__pydantic_fields__", {}):
            raise
        # That field is missing or wrong, which is a problem of its own.
        raise PydanticCustomError(FOLLOWS, "{name} is missing or wrong", {"name": str(missing)}) from None
