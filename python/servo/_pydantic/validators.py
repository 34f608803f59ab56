"""Validators in the bodies of classes that are no models."""

from __future__ import annotations

from typing import Any

import pydantic

from servo._pydantic.major import MAJOR, ModelMetaclass


def declared_in(cls: type) -> dict[str, Any]:
    """What the body of a class declares for pydantic: annotated fields with their defaults, and validators."""
    namespace = vars(cls)
    annotations = {
        name: kind for name, kind in namespace.get("__annotations__", {}).items() if not name.startswith("_")
    }
    body = {
        name: value
        for name, value in namespace.items()
        if name in annotations or _is_validator(value) or (name == "Config" and isinstance(value, type))
    }
    return {"__annotations__": annotations, **body} if annotations or body else {}


def watched_fields(body: dict[str, Any], fields: tuple[str, ...]) -> set[str]:
    """Which of the fields the validators of a body may look at."""
    found: set[str] = set()
    for value in body.values():
        if _is_validator(value):
            names = _validated(value)
            found |= set(fields) if names is None or "*" in names else set(names) & set(fields)
    return found


def _is_validator(value: Any) -> bool:
    if MAJOR == 1:
        return hasattr(value, "__validator_config__") or hasattr(value, "__root_validator_config__")
    return "Validator" in type(getattr(value, "decorator_info", None)).__name__


def _validated(value: Any) -> tuple[str, ...] | None:
    """The fields that a validator is for; None for all."""
    if MAJOR == 1:
        config = getattr(value, "__validator_config__", None)
        return None if config is None else config[0]
    return getattr(value.decorator_info, "fields", None)


def checked_base(fields: dict[str, Any]) -> Any:
    """A model of those fields, whose defaults are checked."""
    if MAJOR == 1:
        config = type(
            "Config", (), {"validate_all": True, "validate_assignment": True, "arbitrary_types_allowed": True}
        )
        namespace = {"__annotations__": fields, "__module__": __name__, "Config": config}
        return ModelMetaclass("Fields", (pydantic.BaseModel,), namespace)
    from servo._pydantic.idioms import OldStyleMeta, OldStyleModel

    options = {"validate_assignment": True, "arbitrary_types_allowed": True}
    return OldStyleMeta(
        "Fields", (OldStyleModel,), {"__annotations__": fields, "__module__": __name__, "model_config": options}
    )
