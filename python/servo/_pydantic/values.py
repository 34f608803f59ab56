"""The base of value models: what `servo.BaseModel` and the classes of `servo.types` are made of."""

from __future__ import annotations

import importlib
import inspect
from typing import Any

import pydantic

from servo._pydantic.major import MAJOR
from servo._pydantic.schemas import describe


def value_model(config: type, parts: tuple[type, ...]) -> Any:
    """The base of value models.

    Args:
        config: The inner `Config`.
        parts: Classes of the engine that stand in models and have a `dict()` of their own.
    """
    if MAJOR == 1:
        return _old_value_model(config, parts)
    from servo._pydantic.idioms import OldStyleMeta, OldStyleModel

    return OldStyleMeta(
        "BaseModel",
        (OldStyleModel,),
        {
            "__module__": __name__,
            "__qualname__": "BaseModel",
            "Config": config,
            "model_config": pydantic.ConfigDict(json_schema_extra=describe),
        },
    )


def _old_value_model(config: type, parts: tuple[type, ...]) -> Any:
    # Models of users write these classes as JSON, too.
    table: dict[Any, Any] = importlib.import_module("pydantic.json").ENCODERS_BY_TYPE
    table.update({part: lambda value: value.dict() for part in parts})

    main: Any = importlib.import_module("pydantic.main")

    def _problems(cls: type, value: Any) -> Any:
        try:
            return main.validate_model(cls, value)[2]
        except KeyError:
            # A validator looked for a field that is missing; the constructor has said so.
            return None

    class BaseModel(pydantic.BaseModel):
        @classmethod
        def _get_value(cls, v: Any, to_dict: bool, *args: Any, **kwargs: Any) -> Any:
            if to_dict and isinstance(v, parts):
                return v.dict()  # type: ignore[attr-defined]
            return super()._get_value(v, to_dict, *args, **kwargs)

        @classmethod
        def validate(cls, value: Any) -> Any:
            try:
                return super().validate(value)
            except TypeError:
                # A constructor with required arguments does not tell all that is wrong, nor where.
                takes_fields = isinstance(value, dict) and not inspect.isabstract(cls)
                if takes_fields and (problems := _problems(cls, value)) is not None:
                    raise problems from None
                raise

        Config = type(
            "Config",
            (config,),
            {"validate_all": True, "copy_on_model_validation": "none", "schema_extra": staticmethod(describe)},
        )

    return BaseModel
