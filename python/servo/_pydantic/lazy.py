"""Defaults of fields that are shared by all objects until one of them asks for its own.

A document of `servo.yaml` has settings and checks that are hardly ever given or changed, and there may be thousands of
documents. On pydantic 1 each object has its own from the start.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

import pydantic

from servo._pydantic.major import MAJOR


def default(make: Callable[[], Any]) -> Callable[[], Any]:
    """The factory of a field's default.

    Args:
        make: Gives the shared object, the same one at every call; objects get copies of it.
    """
    if MAJOR > 1:
        return make
    return lambda: make().copy(deep=True)


def restore_default(model: Any, name: str, make: Callable[[], Any]) -> None:
    """Gives a field its default when it is None."""
    values = model.__dict__ if MAJOR == 1 else _fields.__get__(model)
    if values[name] is None:
        values[name] = default(make)()


def valid_or_same(model: Any, value: dict[str, Any]) -> Any:
    """An object of a model from its values; the values themselves when they are wrong, for others to tell."""
    if MAJOR == 1:
        return value
    try:
        return model.__pydantic_validator__.validate_python(value)
    except pydantic.ValidationError:
        return value


if MAJOR == 1 or TYPE_CHECKING:
    _fields: Any = None

    class LazyDefaults:
        """A model whose defaults may be shared."""

        __slots__ = ()
        __lazy__: ClassVar[dict[str, Callable[[], Any]]] = {}

    def share_defaults(cls: Any, **makers: Callable[[], Any]) -> None:
        """Lets objects of a class share the defaults of those fields until one asks for them."""

else:
    # Where the fields are: `__dict__` of a lazy model completes them first.
    _fields = pydantic.BaseModel.__dict__["__dict__"]

    class LazyDefaults:
        """A model whose defaults may be shared."""

        __slots__ = ()
        __lazy__: ClassVar[dict[str, Callable[[], Any]]] = {}

        @property
        def __dict__(self):
            values = _fields.__get__(self)
            for name, make in type(self).__lazy__.items():
                if values.get(name) is make():
                    values[name] = _copy(values[name])
            return values

        @__dict__.setter
        def __dict__(self, values):
            _fields.__set__(self, values)

    class _Own:
        """The attribute of a field: copies the shared default when it is asked for."""

        __slots__ = ("make", "name")

        def __init__(self, name, make):
            self.name = name
            self.make = make

        def __get__(self, model, owner=None):
            values = None if model is None else _fields.__get__(model)
            if values is None or self.name not in values:
                # As if there were no attribute: pydantic looks for defaults of subclasses here.
                raise AttributeError(self.name)
            value = values[self.name]
            if value is self.make():
                value = values[self.name] = _copy(value)
            return value

        def __set__(self, model, value):
            _fields.__get__(model)[self.name] = value

    def share_defaults(cls, **makers):
        """Lets objects of a class share the defaults of those fields until one asks for them."""
        cls.__lazy__ = {**cls.__lazy__, **makers}
        for name, make in makers.items():
            setattr(cls, name, _Own(name, make))

    def _copy(model):
        cls = type(model)
        copied = cls.__new__(cls)
        values = _fields.__get__(model)
        lazy = getattr(cls, "__lazy__", {})
        # A shared default of the shared default stays shared.
        fields = {
            name: value if name in lazy and value is lazy[name]() else _value(value) for name, value in values.items()
        }
        _fields.__set__(copied, fields)
        object.__setattr__(copied, "__pydantic_fields_set__", set(model.__pydantic_fields_set__))
        object.__setattr__(copied, "__pydantic_extra__", None)
        object.__setattr__(copied, "__pydantic_private__", None)
        return copied

    def _value(value):
        if isinstance(value, pydantic.BaseModel):
            return _copy(value)
        if isinstance(value, dict):
            return {key: _value(item) for key, item in value.items()}
        return [_value(item) for item in value] if isinstance(value, list) else value
