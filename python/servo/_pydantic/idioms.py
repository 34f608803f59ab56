"""Models of pydantic 2 that are written as for pydantic 1, and that answer to its names."""

from __future__ import annotations

import dataclasses
import inspect
import json
import sys
from collections.abc import Callable
from typing import Annotated, Any

import pydantic

from servo._pydantic.annotations import admits_none, or_none
from servo._pydantic.encoders import encoder_of
from servo._pydantic.errors import validation_error
from servo._pydantic.major import ModelMetaclass
from servo._pydantic.old_fields import OldField
from servo._pydantic.old_types import Names, fields_of_model
from servo._pydantic.old_validators import adapt_validators
from servo._pydantic.options import new_options, old_options
from servo._pydantic.required import declared_required, has_no_default
from servo._pydantic.schemas import describe, model_schema
from servo._pydantic.urls import keep_texts_of_urls
from servo._pydantic.words import old_error
from servo.types.json_text import dumps

_Namespace = dict[str, Any]
_Metaclass: Any = ModelMetaclass
_Model: Any = pydantic.BaseModel


class OldStyleMeta(_Metaclass):  # type: ignore[misc]
    """Reads class bodies that are written for pydantic 1."""

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: _Namespace, **kwargs: Any) -> Any:
        _move_root(namespace)
        _read_config(bases, namespace)
        _repeat_annotations(bases, namespace)
        keep_texts_of_urls(namespace)
        adapt_validators(namespace)
        _allow_none(namespace)
        open_fields = {name for name, value in namespace.items() if has_no_default(value)}
        if open_fields:
            open_fields -= declared_required(namespace)
        given = namespace.keys() - open_fields
        for field, annotation in namespace.get("__annotations__", {}).items():
            if not field.startswith("_") and field not in given and admits_none(annotation):
                if field in namespace:
                    namespace[field].default = None
                else:
                    namespace[field] = None
        # No frame among the names of this function: pydantic keeps what it finds there for as long as the class lives.
        names = Names(namespace.get("__module__"), _frame_around())
        with fields_of_model(namespace.get("__annotations__", {}), names) as made:
            model = super().__new__(mcs, name, bases, namespace, **kwargs)
            made.append(model)
            if not model.__pydantic_complete__:
                # pydantic looks for names of the function around the class one call further up.
                model.model_rebuild(raise_errors=False, _types_namespace=names.around())
            type.__setattr__(model, "Config", model.__old_config__)
            _complete(model, bases, given)
        return model

    @property
    def __fields__(cls) -> Any:
        return {name: OldField(name, field) for name, field in cls.model_fields.items()}

    @property
    def __config__(cls) -> Any:
        return cls.__old_config__


def _frame_around() -> Any:
    """The function in which a class is defined; None in a module."""
    frame: Any = sys._getframe(2)
    while frame is not None and frame.f_code.co_name == "__new__":
        frame = frame.f_back
    return None if frame is None or frame.f_code.co_name == "<module>" else frame


def _move_root(namespace: _Namespace) -> None:
    """Makes a model of one value out of a body that declares `__root__`."""
    for name, value in namespace.items():
        fields = getattr(info := getattr(value, "decorator_info", None), "fields", ())
        if info is not None and "__root__" in fields:
            fields = tuple("root" if field == "__root__" else field for field in fields)
            namespace[name].decorator_info = dataclasses.replace(info, fields=fields)
    annotations = namespace.get("__annotations__", {})
    if "__root__" not in annotations:
        return
    namespace["__annotations__"] = {
        "root" if name == "__root__" else name: annotation for name, annotation in annotations.items()
    }
    namespace |= {"__pydantic_root_model__": True, "__pydantic_private__": None, "__pydantic_extra__": None}
    if "__root__" in namespace:
        namespace["root"] = namespace.pop("__root__")


def _read_config(bases: tuple[type, ...], namespace: _Namespace) -> None:
    """Turns an inner `class Config` into the options of pydantic 2, and keeps it with what it inherits."""
    inner = namespace.pop("Config", None)
    options = dict(namespace.get("model_config", {}))
    if options:
        inner = type("Config", (inner or object,), old_options(options))
    if inner is not None:
        options = {**new_options(inner), **options}
    if namespace.get("__pydantic_root_model__"):
        options["extra"] = None
    if options:
        namespace["model_config"] = options
    whole: Any = None
    for base in reversed(bases):
        whole = _inherit(getattr(base, "__old_config__", None), whole)
    namespace["__old_config__"] = _inherit(inner, whole) or type("Config", (), {})


def _inherit(own: Any, above: Any) -> Any:
    if own is None or above is None:
        return own or above
    if issubclass(own, above):
        return own
    return above if issubclass(above, own) else type("Config", (own, above), {})


def _repeat_annotations(bases: tuple[type, ...], namespace: _Namespace) -> None:
    """Gives a new default of a field above the annotation of that field, which pydantic 2 wants to see again."""
    known: _Namespace = {}
    for base in reversed(bases):
        known.update(getattr(base, "model_fields", {}))
    own = namespace.get("__annotations__", {})
    for name in namespace.keys() & known.keys():
        if name not in own and not hasattr(namespace[name], "__get__"):
            field = known[name]
            annotation = Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation
            namespace["__annotations__"] = own = {**own, name: annotation}


def _allow_none(namespace: _Namespace) -> None:
    """Lets fields be None whose default it is."""
    annotations = namespace.get("__annotations__", {})
    for name, annotation in annotations.items():
        default = namespace.get(name, ...)
        if isinstance(default, pydantic.fields.FieldInfo):
            default = default.default
        if default is None and not name.startswith("_") and (wider := or_none(annotation)) is not annotation:
            namespace["__annotations__"] = {**namespace["__annotations__"], name: wider}


def _complete(model: Any, bases: tuple[type, ...], given: set[str]) -> None:
    """Makes None the default of what may be None, where the body of the class did not show it."""
    found = [
        field
        for name, field in model.model_fields.items()
        if field.is_required()
        and name not in given
        and not any(name in getattr(base, "model_fields", {}) for base in bases)
        and not model.__pydantic_root_model__
        and admits_none(field.annotation)
    ]
    for field in found:
        field.default = None
    if found:
        model.model_rebuild(force=True)


_DUMP_OPTIONS = {"by_alias", "exclude", "exclude_defaults", "exclude_none", "exclude_unset", "include", "skip_defaults"}


class OldStyleModel(_Model, metaclass=OldStyleMeta):  # type: ignore[misc]
    """A model of pydantic 2 with the methods and the errors of pydantic 1."""

    model_config = pydantic.ConfigDict(coerce_numbers_to_str=True, validate_default=True, protected_namespaces=())

    def __init__(self, /, *root: Any, **data: Any) -> None:
        rooted = type(self).__pydantic_root_model__
        values: Any = data
        if rooted:
            # Within other models, pydantic gives what is no mapping as an argument without a name.
            values = root[0] if root else data.get("__root__", data)
        elif root:
            raise TypeError(f"{type(self).__name__}() takes no positional arguments but {len(root)} were given")
        try:
            self.__pydantic_validator__.validate_python(values, self_instance=self)
        except pydantic.ValidationError as error:
            raise old_error(error, values, at="__root__" if rooted else None) from None

    def __setattr__(self, name: str, value: Any) -> None:
        before, given = dict(self.__dict__), set(self.__pydantic_fields_set__)
        try:
            super().__setattr__(name, value)
        except pydantic.ValidationError as error:
            # A rule of the whole model is checked after the field was set.
            self.__dict__.clear()
            self.__dict__.update(before)
            self.__pydantic_fields_set__.intersection_update(given)
            if error.errors()[0]["type"] == "no_such_attribute":
                raise ValueError(f'"{type(self).__name__}" object has no field "{name}"') from None
            raise old_error(error, {name: value}) from None

    def __eq__(self, other: object) -> bool:
        if super().__eq__(other) is True:
            return True
        if isinstance(other, pydantic.BaseModel):
            other = other.dict() if isinstance(other, OldStyleModel) else other.model_dump()
        return bool(self.dict() == other)

    @property
    def __fields__(self) -> Any:
        return type(self).__fields__

    @property
    def __config__(self) -> Any:
        return type(self).__old_config__

    @property
    def __fields_set__(self) -> set[str]:
        fields: set[str] = self.__pydantic_fields_set__
        return fields

    @classmethod
    def __get_validators__(cls) -> Any:
        yield cls.validate

    def dict(self, *, skip_defaults: bool | None = None, **options: Any) -> Any:
        if skip_defaults is not None:
            options["exclude_unset"] = skip_defaults
        values = _parts_as_dicts(self.model_dump(serialize_as_any=True, warnings=False, **options))
        return {"__root__": values} if type(self).__pydantic_root_model__ else values

    def json(self, *, encoder: Callable[[Any], Any] | None = None, models_as_dict: bool = True, **options: Any) -> str:
        # What `dict` does not know is meant for the writer of JSON.
        choice = {name: options.pop(name) for name in _DUMP_OPTIONS if name in options}
        values = self.dict(**choice)
        if type(self).__pydantic_root_model__:
            values = values["__root__"]
        return dumps(values, default=encoder or encoder_of(type(self)), **options)

    def copy(self, *, include: Any = None, exclude: Any = None, update: Any = None, deep: bool = False) -> Any:
        copied = self.model_copy(deep=deep)
        fields = copied.__dict__
        for name in list(fields):
            if (include is not None and name not in include) or (exclude is not None and name in exclude):
                del fields[name]
                copied.__pydantic_fields_set__.discard(name)
        fields.update(update or {})
        copied.__pydantic_fields_set__.update(update or {})
        return copied

    @classmethod
    def construct(cls, _fields_set: set[str] | None = None, **values: Any) -> Any:
        return cls.model_construct(_fields_set, **values)

    @classmethod
    def parse_obj(cls, obj: Any) -> Any:
        if not cls.__pydantic_root_model__ and not isinstance(obj, dict | cls):
            try:
                obj = dict(obj)
            except (TypeError, ValueError):
                message = f"{cls.__name__} expected dict not {type(obj).__name__}"
                raise validation_error(cls.__name__, [("__root__", message, "type_error")]) from None
        return cls._parsed(obj)

    @classmethod
    def _parsed(cls, obj: Any) -> Any:
        return cls.validate(obj)

    @classmethod
    def parse_raw(cls, b: str | bytes, **_: Any) -> Any:
        try:
            obj = json.loads(b)
        except ValueError as error:
            problem = ("__root__", str(error), "value_error.jsondecode")
            raise validation_error(cls.__name__, [problem]) from None
        return cls.parse_obj(obj)

    @classmethod
    def validate(cls, value: Any) -> Any:
        rooted = cls.__pydantic_root_model__
        if rooted and isinstance(value, dict) and value.keys() == {"__root__"}:
            value = value["__root__"]
        try:
            return cls.model_validate(value)
        except pydantic.ValidationError as error:
            raise old_error(error, value, at="__root__" if rooted else None) from None

    @classmethod
    def update_forward_refs(cls, **names: Any) -> None:
        with fields_of_model(vars(cls).get("__annotations__", {}), Names(cls.__module__, given=names)) as made:
            made.append(cls)
            cls.model_rebuild(force=True, _types_namespace=names or None)

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any) -> Any:
        schema = handler(core_schema)
        shown = handler.resolve_ref_schema(schema)
        if cls.__doc__ and shown.get("description") == inspect.cleandoc(cls.__doc__):
            describe(shown)
        cls._describe(shown)
        return schema

    @classmethod
    def _describe(cls, schema: _Namespace) -> None:
        """Adds to the JSON Schema of the class what pydantic does not know."""
        if title := getattr(cls.__old_config__, "title", None):
            schema["title"] = title

    @classmethod
    def schema(cls, by_alias: bool = True, ref_template: str = "#/definitions/{model}") -> Any:
        return model_schema(cls, by_alias, ref_template)

    @classmethod
    def schema_json(cls, *, by_alias: bool = True, ref_template: str = "#/definitions/{model}", **options: Any) -> str:
        return json.dumps(cls.schema(by_alias, ref_template), default=sorted, **options)


# Not in the class body, where pydantic looks for that name.
OldStyleModel.__root__ = property(lambda model: model.root)


def _parts_as_dicts(value: Any) -> Any:
    """Dumped data with the value classes of the engine as dicts too."""
    if isinstance(value, dict):
        return {key: _parts_as_dicts(item) for key, item in value.items()}
    if type(value) is list:
        return [_parts_as_dicts(item) for item in value]
    return value.dict() if hasattr(type(value), "__servo_record__") else value
