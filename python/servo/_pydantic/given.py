"""What was given to a model and is no default, the same with either pydantic."""

from __future__ import annotations

from typing import Any

import pydantic

from servo._pydantic.major import MAJOR, fields_of


def given(model: Any, dumped: Any) -> Any:
    """The part of a dump that was given and differs from the defaults, as pydantic 1 leaves out what is neither.

    Args:
        model: The model, or a value inside of one.
        dumped: What it is dumped as, by the names that files have for its fields.
    """
    if isinstance(model, pydantic.BaseModel):
        if (rooted := _root(model)) is not None:
            return given(rooted[0], dumped)
        return _of_model(model, dumped) if isinstance(dumped, dict) else dumped
    if isinstance(model, dict) and isinstance(dumped, dict) and len(model) == len(dumped):
        pairs = zip(model.values(), dumped.items(), strict=True)
        return {key: given(inner, item) for inner, (key, item) in pairs}
    if isinstance(model, list | tuple) and isinstance(dumped, list | tuple) and len(model) == len(dumped):
        return [given(inner, item) for inner, item in zip(model, dumped, strict=True)]
    return dumped


def _root(model: Any) -> tuple[Any] | None:
    if MAJOR == 1:
        return (model.__root__,) if "__root__" in fields_of(type(model)) else None
    rooted = getattr(type(model), "__pydantic_root_model__", False)
    return (model.root,) if rooted else None


def _of_model(model: Any, dumped: dict[str, Any]) -> dict[str, Any]:
    fields = fields_of(type(model))
    names = model.__fields_set__ if MAJOR == 1 else model.model_fields_set
    keys = {_key(name, field): name for name, field in fields.items()}
    result = {}
    for key, item in dumped.items():
        name = keys.get(key, key)
        if name not in names:
            continue
        field, value = fields.get(name), getattr(model, name, item)
        if field is None or not _is_default(field, value):
            result[key] = given(value, item)
    return result


def _key(name: str, field: Any) -> str:
    return str(getattr(field, "serialization_alias", None) or getattr(field, "alias", None) or name)


def _is_default(field: Any, value: Any) -> bool:
    """Whether a value is the one of the declaration; what a factory makes is none."""
    required = field.required if MAJOR == 1 else field.is_required()
    if required:
        return False
    default = field.default if MAJOR == 1 or field.default_factory is None else None
    try:
        return bool(default == value)
    except Exception:
        # Whatever objects do that are compared.
        return False
