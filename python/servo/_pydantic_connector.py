"""The base model of connectors with either pydantic."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import pydantic

from servo import _pydantic

__all__ = ["ConnectorModel", "told"]


if _pydantic.MAJOR == 1 or TYPE_CHECKING:

    class ConnectorModel(_pydantic.SettingsModel):
        """A model whose unknown arguments are left out, and whose assignments are not validated."""

        # Models of pydantic 2 can be referred to weakly as they are.
        __slots__ = ("__weakref__",)

        class Config:
            extra = "ignore"
            arbitrary_types_allowed = True
            validate_all = False

else:
    _IGNORED = (
        classmethod,
        property,
        staticmethod,
        type,
        pydantic.fields.ModelPrivateAttr,
        pydantic.fields.ComputedFieldInfo,
    )

    class _Metaclass(type(_pydantic.SettingsModel)):
        """Reads class bodies that are written for pydantic 1: fields need no annotation there."""

        def __new__(mcs, name, bases, namespace, **kwargs):
            # The name of a class is a matter of the class, that of an object one of its constructor.
            if any(hasattr(base, "__default_name__") for base in bases):
                namespace.pop("name", None)
                namespace.get("__annotations__", {}).pop("name", None)
            known = {}
            for base in reversed(bases):
                known.update(getattr(base, "model_fields", {}))
            class_variables = set().union(*(getattr(base, "__class_vars__", ()) for base in bases))
            annotations = namespace.get("__annotations__", {})
            found = {}
            for key, value in namespace.items():
                if (
                    key.startswith("_")
                    or key in annotations
                    or key in class_variables
                    or key in ("Config", "model_config")
                    or _is_no_field(value)
                ):
                    continue
                found[key] = known[key].annotation if key in known else _type_of(value)
            # Where annotations are evaluated late there is no such dict.
            if found and not {"__annotate__", "__annotate_func__"} & namespace.keys():
                annotations = {**annotations, **found}
                dict.__setitem__(namespace, "__annotations__", annotations)
            return super().__new__(mcs, name, bases, namespace, **kwargs)

    def _is_no_field(value):
        return (
            isinstance(value, _IGNORED)
            or inspect.isroutine(value)
            or hasattr(value, "decorator_info")
            or (hasattr(type(value), "__get__") and not isinstance(value, pydantic.fields.FieldInfo))
        )

    def _type_of(value):
        default = value.default if isinstance(value, pydantic.fields.FieldInfo) else value
        return Any if default is None or isinstance(value, pydantic.fields.FieldInfo) else type(default)

    class ConnectorModel(_pydantic.SettingsModel, metaclass=_Metaclass):
        """A model whose unknown arguments are left out, and whose assignments are not validated."""

        model_config = pydantic.ConfigDict(
            extra="ignore",
            arbitrary_types_allowed=True,
            validate_default=False,
            coerce_numbers_to_str=True,
            protected_namespaces=(),
        )

        def __setattr__(self, name, value):
            try:
                super().__setattr__(name, value)
            except ValueError as error:
                if type(error) is ValueError and "has no field" in str(error):
                    raise ValueError(f'"{type(self).__name__}" object has no field "{name}"') from None
                raise


def told(error: Any, data: Any) -> Exception:
    """A validation error in the words of pydantic 1."""
    if _pydantic.MAJOR == 1:
        found: Exception = error
        return found
    return _pydantic._old_error(error, data)
