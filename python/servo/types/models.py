"""The base of every model of `servo.types`, and of models that connectors define."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

import pydantic

from servo import _pydantic
from servo._core import DataPoint, TimeSeries
from servo.types.json_text import dumps

__all__ = ["DEFAULT_JSON_ENCODERS", "BaseModel", "BaseModelConfig"]


def _secret_text(secret: Any) -> str | None:
    return secret.get_secret_value() or None if secret is not None else None


DEFAULT_JSON_ENCODERS: dict[Any, Callable[[Any], Any]] = {pydantic.SecretStr: _secret_text, pydantic.AnyHttpUrl: str}
"""What `json()` writes for the classes of fields that JSON has no word for."""


class BaseModelConfig:
    """The options of `BaseModel`, to be mixed into an inner `class Config`."""

    json_encoders = DEFAULT_JSON_ENCODERS
    json_loads = json.loads
    json_dumps = dumps
    validate_assignment = True


if TYPE_CHECKING:
    from pydantic import BaseModel as _Model
else:
    _Model = _pydantic.value_model(BaseModelConfig, (DataPoint, TimeSeries))


class BaseModel(_Model):
    """A pydantic model whose fields are checked when they are assigned and when they have their defaults.

    With either major of pydantic it has the methods, the errors and the inner `Config` of pydantic 1. Unknown keywords
    are ignored unless a subclass forbids them.

    Args:
        data: The fields.

    Raises:
        pydantic.ValidationError: An argument is wrong.
    """

    if TYPE_CHECKING:
        Config: ClassVar[Any]

        def __init__(self, **data: Any) -> None: ...


class RuledModel(BaseModel):
    """A model with rules that no single field can have, and fields that may be given by position."""

    _positional: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *args: Any, **data: Any) -> None:
        if len(args) > len(self._positional):
            raise TypeError(
                f"{type(self).__name__}() takes at most {len(self._positional)} positional arguments but "
                f"{len(args)} were given"
            )
        for name, value in zip(self._positional, args, strict=False):
            if name in data:
                raise TypeError(f"{type(self).__name__}() got multiple values for argument '{name}'")
            data[name] = value
        super().__init__(**data)
        self._check_rules()

    def __setattr__(self, name: str, value: Any) -> None:
        before = self.__dict__.get(name)
        super().__setattr__(name, value)
        if name in self.__dict__:
            try:
                self._check_rules()
            except ValueError:
                self.__dict__[name] = before
                raise

    def _check_rules(self) -> None:
        """Raises what is wrong with the fields taken together, after each of them was found right."""

    def _wrong(self, message: str, field: str = "__root__", kind: str = "value_error") -> Exception:
        """The error of a rule, at a field or at the whole."""
        return _pydantic.validation_error(type(self).__name__, [(field, message, kind)])
