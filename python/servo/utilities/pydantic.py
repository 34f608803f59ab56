"""Models whose options change for a while, and validators for a type wherever it is used."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from servo import _pydantic

__all__ = ["append_pydantic_validator", "extra", "prepend_pydantic_validator"]

Model = TypeVar("Model")


@contextmanager
def extra(obj: Model, extra: Any = "allow") -> Iterator[Model]:
    """Changes, for the time of a `with` block, what the class of a model does with fields it does not declare.

    With pydantic 2 it is about setting attributes of this model; how models are made was settled with their class.

    Args:
        obj: A model, or its class.
        extra: `allow`, `ignore` or `forbid`, or the member of `pydantic.Extra`.
    """
    with _pydantic.option(obj, "extra", getattr(extra, "value", extra)):
        yield obj


@contextmanager
def allow_mutation(obj: Model, allow_mutation: bool = True) -> Iterator[Model]:
    """Changes, for the time of a `with` block, whether the fields of models of that class can be set.

    Args:
        obj: A model, or its class.
        allow_mutation: Whether they can.
    """
    with _pydantic.option(obj, "frozen", not allow_mutation):
        yield obj


def prepend_pydantic_validator(type_: type[Any], validator: Callable[[Any], Any]) -> None:
    """Runs a validator before all others of a type, in models that are declared afterwards.

    Args:
        type_: The type of the fields. With pydantic 2 a class that can be given attributes.
        validator: Takes the value and returns it, or raises `ValueError`.

    Raises:
        TypeError: pydantic 2 cannot do this for a built-in type.
    """
    _pydantic.add_validator(type_, validator, first=True)


def append_pydantic_validator(type_: type[Any], validator: Callable[[Any], Any]) -> None:
    """Runs a validator after all others of a type, in models that are declared afterwards.

    Args:
        type_: The type of the fields. With pydantic 2 a class that can be given attributes.
        validator: Takes the value and returns it, or raises `ValueError`.

    Raises:
        TypeError: pydantic 2 cannot do this for a built-in type.
    """
    _pydantic.add_validator(type_, validator, first=False)
