"""The base model of connectors with either pydantic."""

from __future__ import annotations

import inspect
import sys
from typing import TYPE_CHECKING, Any

import pydantic

from servo._pydantic.configurations import SettingsModel
from servo._pydantic.major import MAJOR

if MAJOR == 1 or TYPE_CHECKING:

    class ConnectorModel(SettingsModel):
        """A model whose unknown arguments are left out, and whose assignments are not validated."""

        # Models of pydantic 2 can be referred to weakly as they are.
        __slots__ = ("__weakref__",)

        class Config:
            extra = "ignore"
            arbitrary_types_allowed = True
            validate_all = False

else:
    from servo._pydantic.words import old_error

    class _Metaclass(type(SettingsModel)):
        """Reads class bodies of connectors that are written for pydantic 1."""

        def __new__(mcs, name, bases, namespace, **kwargs):
            # The name of a class is a matter of the class, that of an object one of its constructor.
            if any(hasattr(base, "__default_name__") for base in bases):
                namespace.pop("name", None)
                namespace.get("__annotations__", {}).pop("name", None)
            # Of `type(name, bases, {})` the module is not told.
            namespace.setdefault("__module__", sys._getframe(1).f_globals.get("__name__", __name__))
            _annotate(bases, namespace)
            return super().__new__(mcs, name, bases, namespace, **kwargs)

    def _annotate(bases, namespace):
        """Annotates new fields that are declared by their default alone."""
        # Where annotations are evaluated late there is no dict of them.
        if {"__annotate__", "__annotate_func__"} & namespace.keys():
            return
        known = {"Config", "model_config"}.union(
            *(getattr(base, "model_fields", ()) for base in bases),
            *(getattr(base, "__class_vars__", ()) for base in bases),
            namespace.get("__annotations__", ()),
        )
        found = {
            key: _type_of(value)
            for key, value in namespace.items()
            if not key.startswith("_") and key not in known and _is_field(value)
        }
        if found:
            namespace["__annotations__"] = {**namespace.get("__annotations__", {}), **found}

    def _is_field(value):
        if isinstance(value, pydantic.fields.FieldInfo):
            return True
        others = (type, pydantic.fields.ModelPrivateAttr)
        return not (isinstance(value, others) or inspect.isroutine(value) or hasattr(value, "__get__"))

    def _type_of(value):
        return Any if value is None or isinstance(value, pydantic.fields.FieldInfo) else type(value)

    class ConnectorModel(SettingsModel, metaclass=_Metaclass):
        """A model whose unknown arguments are left out, and whose assignments are not validated."""

        model_config = pydantic.ConfigDict(extra="ignore", arbitrary_types_allowed=True, validate_default=False)

        def __setattr__(self, name, value):
            if self.model_config.get("validate_assignment"):
                super().__setattr__(name, value)
                return
            try:
                pydantic.BaseModel.__setattr__(self, name, value)
            except pydantic.ValidationError as error:
                raise old_error(error, {name: value}) from None
            except ValueError as error:
                if "has no field" not in str(error):
                    raise
                raise ValueError(f'"{type(self).__name__}" object has no field "{name}"') from None
