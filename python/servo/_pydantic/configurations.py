"""`SettingsModel`: the base of configurations."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import pydantic

from servo._pydantic.major import MAJOR
from servo._pydantic.schemas import OpenSchema, describe, schema_by_field

_nested: ContextVar[bool] = ContextVar("servox.nested_configuration", default=False)


@contextmanager
def nested() -> Iterator[None]:
    """The time in which configurations inside of another one are made."""
    token = _nested.set(True)
    try:
        yield
    finally:
        _nested.reset(token)


def is_nested() -> bool:
    """Whether a configuration inside of another one is made."""
    return _nested.get()


if MAJOR == 1 or TYPE_CHECKING:

    class SettingsModel(pydantic.BaseModel):
        """A model that answers to the names of pydantic 1 and knows its idioms."""

        class Config:
            arbitrary_types_allowed = True
            validate_all = True
            env_prefix = ""
            schema_extra = staticmethod(describe)

        def __init__(self, /, **values: Any) -> None:
            super().__init__(**values)
            self._initialized()

        @classmethod
        def validate(cls, value: Any) -> Any:
            with nested():
                return super().validate(value)

        def _initialized(self) -> None:
            """Called when all fields have their values."""

else:
    from servo._pydantic.idioms import OldStyleModel

    class SettingsModel(OldStyleModel):
        """A model that answers to the names of pydantic 1 and knows its idioms."""

        model_config = pydantic.ConfigDict(arbitrary_types_allowed=True)

        def __init__(self, /, **values):
            super().__init__(**values)

        # Models inside of others are validated without a call of this.
        __init__.__pydantic_base_init__ = True

        @classmethod
        def __pydantic_init_subclass__(cls, **kwargs):
            super().__pydantic_init_subclass__(**kwargs)
            cls._class_completed()

        @classmethod
        def _class_completed(cls):
            """Called when the fields of a class are known."""

        def model_post_init(self, context, /):
            self._initialized()

        def _initialized(self):
            """Called when all fields have their values."""

        @classmethod
        def _parsed(cls, obj):
            if cls.__pydantic_root_model__:
                return cls(**(obj if isinstance(obj, dict) and obj.keys() == {"__root__"} else {"__root__": obj}))
            return cls(**dict(obj))


def schema_text(model: Any) -> str:
    """The JSON Schema of a model, for the engine."""
    text: str
    if MAJOR > 1 and not issubclass(model, SettingsModel):
        return json.dumps(model.model_json_schema(schema_generator=OpenSchema))
    try:
        text = model.schema_json()
    except (TypeError, ValueError):
        if MAJOR > 1:
            raise
        # One field that JSON Schema cannot say anything of does not hide the others.
        text = json.dumps(
            schema_by_field(model), default=lambda value: sorted(value) if isinstance(value, set) else None
        )
    return text
