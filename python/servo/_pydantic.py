"""Every difference between pydantic 1 and pydantic 2."""

from __future__ import annotations

import ast
import dataclasses
import datetime
import importlib
import ipaddress
import json
import pathlib
import re
import sys
import types
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Union, get_args, get_origin, get_type_hints

import pydantic

from servo.types.durations import Duration

MAJOR = int(pydantic.VERSION.split(".")[0])

if TYPE_CHECKING:
    ModelMetaclass = type
else:
    ModelMetaclass = type(pydantic.BaseModel)

# The options of a model that have another name in pydantic 1.
_OLD_NAMES = {"validate_default": "validate_all"}


def model_base(**options: Any) -> Any:
    """A `pydantic.BaseModel` with those options, named as in pydantic 2."""
    if MAJOR == 1:
        config = type("Config", (), {_OLD_NAMES.get(name, name): value for name, value in options.items()})
        # Models of pydantic 2 can be referred to weakly as they are.
        namespace = {"__module__": __name__, "__slots__": ("__weakref__",), "Config": config}
        return ModelMetaclass("BaseModel", (pydantic.BaseModel,), namespace)

    class BaseModel(pydantic.BaseModel):
        model_config = pydantic.ConfigDict(**options)  # type: ignore[typeddict-item]

    return BaseModel


def field_type(model: type, name: str) -> Any:
    """The type of a field of a model, annotations resolved."""
    field = _fields(model)[name]
    return field.outer_type_ if MAJOR == 1 else field.annotation


def problems(model: type, data: Any) -> list[tuple[list[str | int], str, list[str] | None]]:
    """What is wrong with the data of a model: the place, a sentence, and for an unknown key those that are known."""
    try:
        parse = model.parse_obj if MAJOR == 1 else model.model_validate  # type: ignore[attr-defined]
        parse(data)
    except pydantic.ValidationError as error:
        found = []
        for item in error.errors():
            unknown = item["type"] in ("value_error.extra", "extra_forbidden")
            place = _place(item["loc"], data)
            message = "unknown key" if unknown else item["msg"].removeprefix("Value error, ")
            found.append((place, message, _known_names(model, place[:-1]) if unknown else None))
        return found
    return []


def _place(steps: tuple[str | int, ...], data: Any) -> list[str | int]:
    """The steps that lead to data; the last may be a missing key. Steps that name a member of a union are left out."""
    place: list[str | int] = []
    for at, step in enumerate(steps):
        inside = step in data if isinstance(data, dict) else isinstance(data, list) and step in range(len(data))
        if inside:
            data = data[step]
        elif at < len(steps) - 1 or not isinstance(data, dict) or step == "__root__":
            continue
        place.append(step)
    return place


def _known_names(model: type, place: list[str | int]) -> list[str]:
    """The fields of the model that is found at a place within another."""
    for step in place:
        # A key of a plain mapping and an item of a list lead to no other model than the field's.
        if step in _fields(model):
            inner = _model_within(field_type(model, str(step)))
            if inner is None:
                return []
            model = inner
    return list(_fields(model))


def _model_within(annotation: Any) -> type | None:
    """The first model that an annotation such as `list[X] | None` speaks of."""
    if isinstance(annotation, type) and issubclass(annotation, pydantic.BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_within(part)) is not None), None)


def _fields(model: type) -> Any:
    return model.__fields__ if MAJOR == 1 else model.model_fields  # type: ignore[attr-defined]


def validation_error(title: str, errors: Sequence[tuple[str, ...]]) -> Exception:
    """The error of the installed pydantic for wrong fields of a class of that name.

    Args:
        title: The class.
        errors: For each the field (`__root__` for the whole), a sentence, and the type that pydantic 1 has for it;
            without, the type that belongs to the sentence.

    Returns:
        The error, to be raised.
    """
    found: list[_Problem] = []
    for name, message, *kind in errors:
        found.append(((name,), message, kind[0] if kind else _kind_of(message), {}))
    return _error(title, found)


# The types of sentences; others are a `value_error`.
_KINDS = {
    "field required": "value_error.missing",
    "extra fields not permitted": "value_error.extra",
    "none is not an allowed value": "type_error.none.not_allowed",
    "str type expected": "type_error.str",
    "value is not a valid integer": "type_error.integer",
    "value is not a valid float": "type_error.float",
    "value is not a valid list": "type_error.list",
    "value is not a valid dict": "type_error.dict",
    "value is not a valid tuple": "type_error.tuple",
    "value is not a valid set": "type_error.set",
    "value is not a valid decimal": "type_error.decimal",
    "value could not be parsed to a boolean": "type_error.bool",
    "invalid datetime format": "value_error.datetime",
    "invalid or missing URL scheme": "value_error.url.scheme",
}


def _kind_of(message: str) -> str:
    if message.startswith("value is not a valid enumeration member"):
        return "type_error.enum"
    return _KINDS.get(message, "value_error")


_Problem = tuple[tuple[int | str, ...], str, str, dict[str, Any]]


def _error(title: str, errors: Sequence[_Problem]) -> Exception:
    """The error of the installed pydantic; a problem is a place, a sentence, a type of pydantic 1 and its context."""
    if MAJOR == 1:
        from pydantic.error_wrappers import ErrorWrapper

        wrappers = [ErrorWrapper(_exception(message, kind), loc=place) for place, message, kind, _ in errors]
        return pydantic.ValidationError(wrappers, type(title, (pydantic.BaseModel,), {}))
    from pydantic_core import InitErrorDetails, PydanticCustomError, ValidationError

    # Braces of a sentence stay as they are: only those with a name of the context are a template.
    details = [
        InitErrorDetails(type=PydanticCustomError(kind, message, context or None), loc=place, input=None)
        for place, message, kind, context in errors
    ]
    return ValidationError.from_exception_data(title, details, hide_input=True)


def _exception(message: str, kind: str) -> Exception:
    """An exception that pydantic 1 shows with that type."""
    base, _, code = kind.partition(".")
    plain = {"type_error": TypeError, "assertion_error": AssertionError}.get(base, ValueError)
    return type("Wrong", (plain,), {"code": code})(message) if code else plain(message)


def duration_schema(validate: Callable[[Any], Any]) -> Any:
    """How pydantic 2 reads and writes a duration."""
    from pydantic_core import PydanticCustomError, core_schema

    def check(value: Any) -> Any:
        try:
            return validate(value)
        except TypeError as error:
            raise PydanticCustomError("type_error", "{text}", {"text": str(error)}) from None

    return core_schema.no_info_plain_validator_function(
        check, serialization=core_schema.plain_serializer_function_ser_schema(str, when_used="json")
    )


def value_of(cls: type, value: Any) -> Any:
    """A value class's object from itself or from a mapping of its fields.

    Raises:
        ValueError: It is neither.
    """
    if isinstance(value, cls):
        return value
    if isinstance(value, dict):
        return cls(**value)
    raise ValueError(f"instance of {cls.__name__} or a mapping of its fields expected, found {type(value).__name__}")


def value_schema(cls: type) -> Any:
    """How pydantic 2 reads and writes a value class of the engine."""
    from pydantic_core import core_schema

    return core_schema.no_info_plain_validator_function(
        partial(value_of, cls),
        serialization=core_schema.plain_serializer_function_ser_schema(_written, info_arg=True),
    )


def _written(value: Any, info: Any) -> Any:
    """A value as pydantic 2 dumps it: the fields, and for JSON durations as their texts."""
    fields = value.dict() if hasattr(value, "dict") else value
    return _texts(fields) if info.mode_is_json() else fields


def _texts(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _texts(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_texts(item) for item in value]
    return str(value) if isinstance(value, Duration) else value


def value_validators(cls: type) -> list[Callable[[Any], Any]]:
    """How pydantic 1 reads a value class of the engine."""

    def validate(value: Any) -> Any:
        return value_of(cls, value)

    return [validate]


@contextmanager
def option(obj: Any, name: str, value: Any) -> Iterator[None]:
    """Changes an option of the class of a model for the time of a `with` block; named as in pydantic 2.

    With pydantic 2 it is about setting attributes: how a model is made was settled with its class.
    """
    cls: Any = obj if isinstance(obj, type) else type(obj)
    if MAJOR == 1:
        if name == "frozen":
            name, value = "allow_mutation", not value
        if name == "extra":
            value = getattr(pydantic.Extra, value)
        before = getattr(cls.__config__, name)
        setattr(cls.__config__, name, value)
        try:
            yield
        finally:
            setattr(cls.__config__, name, before)
        return

    config = cls.model_config
    options = dict(config)
    # How a field is set is decided once and remembered; what was decided under another option must not last.
    memory = getattr(cls, "__pydantic_setattr_handlers__", {})
    memory.clear()
    config[name] = value
    if not isinstance(obj, type) and name == "extra" and value == "allow" and obj.__pydantic_extra__ is None:
        object.__setattr__(obj, "__pydantic_extra__", {})
    try:
        yield
    finally:
        memory.clear()
        if name in options:
            config[name] = options[name]
        else:
            del config[name]


def add_validator(cls: type, validate: Callable[[Any], Any], *, first: bool) -> None:
    """Lets a function see every value of a type, before or after all other validators of it.

    Raises:
        TypeError: The class takes no attributes, and pydantic 2 has no other way.
    """
    if MAJOR == 1:
        module: Any = importlib.import_module("pydantic.validators")
        table: list[tuple[type, list[Any]]] = module._VALIDATORS
        unknown = (None, [module.make_arbitrary_type_validator(cls)])
        known, validators = next(((known, found) for known, found in table if issubclass(cls, known)), unknown)
        if known is not cls:
            # Ahead of the base class that matched, with what the base class has.
            validators = list(validators)
            table.insert(0, (cls, validators))
        validators.insert(0 if first else len(validators), validate)
        return

    from pydantic_core import core_schema

    wrap = core_schema.no_info_before_validator_function if first else core_schema.no_info_after_validator_function
    inherited = getattr(cls, "__get_pydantic_core_schema__", None)

    def schema(owner: type, source: Any, handler: Any) -> Any:
        inner = core_schema.is_instance_schema(owner) if inherited is None else inherited(source, handler)
        return wrap(validate, inner)

    try:
        cls.__get_pydantic_core_schema__ = classmethod(schema)  # type: ignore[attr-defined]
    except TypeError:
        raise TypeError(
            f"pydantic 2 has no validators for {cls!r} everywhere; annotate the field instead: "
            f"Annotated[{cls.__name__}, pydantic.{'Before' if first else 'After'}Validator(...)]"
        ) from None


# Configurations. `SettingsModel` is their base: a model that answers to the names of pydantic 1 and knows its idioms.

_CONFIG_OLD_TO_NEW = {
    "allow_population_by_field_name": "populate_by_name",
    "anystr_lower": "str_to_lower",
    "anystr_strip_whitespace": "str_strip_whitespace",
    "anystr_upper": "str_to_upper",
    "keep_untouched": "ignored_types",
    "max_anystr_length": "str_max_length",
    "min_anystr_length": "str_min_length",
    "orm_mode": "from_attributes",
    "schema_extra": "json_schema_extra",
    "validate_all": "validate_default",
}
"""Options of an inner `class Config`, and what pydantic 2 calls them."""
_CONFIG_OF_BOTH = {"arbitrary_types_allowed", "extra", "frozen", "str_strip_whitespace", "use_enum_values"} | {
    "validate_assignment",
    "json_schema_extra",
    "populate_by_name",
    "validate_default",
    "ignored_types",
    "from_attributes",
}


def _admits_none(annotation: Any) -> bool:
    """Whether a field of that annotation is `None` unless something is given, as pydantic 1 has it."""
    if isinstance(annotation, str):
        try:
            return _text_admits_none(ast.parse(annotation, mode="eval").body)
        except SyntaxError:
            return False
    if annotation is Any or annotation is None:
        return True
    if get_origin(annotation) in (Union, types.UnionType):
        return type(None) in get_args(annotation)
    return False


def _text_admits_none(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=None) | ast.Name(id="Any") | ast.Attribute(attr="Any"):
            return True
        case ast.Constant(value=str(text)):
            return _admits_none(text)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _text_admits_none(left) or _text_admits_none(right)
        case ast.Subscript(value=ast.Name(id=name) | ast.Attribute(attr=name), slice=inner):
            if name == "Union":
                return any(_text_admits_none(item) for item in getattr(inner, "elts", [inner]))
            return name == "Optional"
    return False


def _new_config(config: type) -> dict[str, Any]:
    """An inner `class Config` as the dictionary of pydantic 2; options that mean nothing there are left out."""
    options: dict[str, Any] = {}
    for name in dir(config):
        if name.startswith("__"):
            continue
        value = getattr(config, name)
        if name == "allow_mutation":
            options["frozen"] = not value
        elif (new := _CONFIG_OLD_TO_NEW.get(name, name)) in _CONFIG_OF_BOTH or new.startswith("str_"):
            options[new] = getattr(value, "value", value)
    return options


if MAJOR == 1 or TYPE_CHECKING:
    _V1StyleSchema: Any = None

    class _SettingsBase(pydantic.BaseModel):
        class Config:
            arbitrary_types_allowed = True
            validate_all = True
            env_prefix = ""

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

    class _Annotations(dict):
        """The annotations of a class body: a field that may be `None` has that default."""

        def __init__(self, namespace):
            self.namespace = namespace

        def __setitem__(self, name, annotation):
            if name == "__root__":
                name = "root"
                for key, value in (("root_model", True), ("private", None), ("extra", None)):
                    self.namespace[f"__pydantic_{key}__"] = value
                if "__root__" in self.namespace:
                    self.namespace["root"] = self.namespace.pop("__root__")
                options = {"extra": None, **self.namespace.get("model_config", {})}
                dict.__setitem__(self.namespace, "model_config", options)
            elif not name.startswith("_") and name not in self.namespace and _admits_none(annotation):
                self.namespace[name] = None
            super().__setitem__(name, annotation)

    # The namespace of pydantic warns of validators that are defined twice.
    _Namespace = type(type(pydantic.BaseModel).__prepare__("", ()))

    class _Body(_Namespace):
        """The body of a class, in which the idioms of pydantic 1 become those of pydantic 2 as they are read."""

        def __setitem__(self, name, value):
            if name == "__annotations__" and not isinstance(value, _Annotations):
                annotations = _Annotations(self)
                for key, annotation in value.items():
                    annotations[key] = annotation
                value = annotations
            elif name == "Config" and isinstance(value, type):
                options = {**self.get("model_config", {}), **_new_config(value)}
                if self.get("__pydantic_root_model__"):
                    options["extra"] = None
                super().__setitem__("__old_config__", value)
                name, value = "model_config", options
            elif name == "model_config" and "__old_config__" in self:
                value = {**self.get("model_config", {}), **value}
            elif (info := getattr(value, "decorator_info", None)) is not None and "__root__" in getattr(
                info, "fields", ()
            ):
                fields = tuple("root" if field == "__root__" else field for field in info.fields)
                value.decorator_info = dataclasses.replace(info, fields=fields)
            super().__setitem__(name, value)

    class _SettingsMetaclass(ModelMetaclass):
        """Reads class bodies that are written for pydantic 1."""

        @classmethod
        def __prepare__(mcs, *args, **kwargs):
            return _Body(super().__prepare__(*args, **kwargs))

        @property
        def __fields__(cls):
            return cls.model_fields

    class _V1StyleSchema(pydantic.json_schema.GenerateJsonSchema):
        """What cannot be said in JSON Schema is left open, as it is for people to read."""

        def handle_invalid_for_json_schema(self, schema, error_info):
            return {}

        def emit_warning(self, kind, detail):
            pass

    class _SettingsBase(pydantic.BaseModel, metaclass=_SettingsMetaclass):
        model_config = pydantic.ConfigDict(
            arbitrary_types_allowed=True, validate_default=True, coerce_numbers_to_str=True, protected_namespaces=()
        )
        __old_config__ = None

        def __init__(self, /, **values):
            root = type(self).__pydantic_root_model__
            if root and "__root__" in values:
                values = values["__root__"]
            self.__pydantic_validator__.validate_python(values, self_instance=self)

        # Models inside of others are validated without a call of this.
        __init__.__pydantic_base_init__ = True

        @classmethod
        def __pydantic_init_subclass__(cls, **kwargs):
            super().__pydantic_init_subclass__(**kwargs)
            open_fields = [
                field for field in cls.model_fields.values() if field.is_required() and _admits_none(field.annotation)
            ]
            # Where annotations are evaluated late, the class body does not see them.
            if sys.version_info >= (3, 14) and open_fields and not cls.__pydantic_root_model__:
                for field in open_fields:
                    field.default = None
                cls.model_rebuild(force=True)
            cls._class_completed()

        @classmethod
        def _class_completed(cls):
            """Called when the fields of a class are known."""

        def model_post_init(self, context, /):
            self._initialized()

        def _initialized(self):
            """Called when all fields have their values."""

        @property
        def __fields__(self):
            return type(self).model_fields

        @property
        def __fields_set__(self):
            return self.model_fields_set

        def dict(
            self, *, include=None, exclude=None, by_alias=False, skip_defaults=None, exclude_unset=False, **others
        ):
            exclude_unset = exclude_unset or bool(skip_defaults)
            values = self.model_dump(
                include=include,
                exclude=exclude,
                by_alias=by_alias,
                exclude_unset=exclude_unset,
                warnings=False,
                **others,
            )
            return {"__root__": values} if type(self).__pydantic_root_model__ else values

        def copy(self, *, include=None, exclude=None, update=None, deep=False):
            if include is None and exclude is None:
                return self.model_copy(update=update, deep=deep)
            keep = {
                name for name in self.__dict__ if (include is None or name in include) and name not in (exclude or ())
            }
            values = {name: value for name, value in self.__dict__.items() if name in keep}
            copied = type(self).model_construct(self.model_fields_set & keep, **values, **(update or {}))
            return copied.model_copy(deep=True) if deep else copied

        @classmethod
        def construct(cls, _fields_set=None, **values):
            return cls.model_construct(_fields_set, **values)

        @classmethod
        def parse_obj(cls, value):
            if cls.__pydantic_root_model__:
                if not (isinstance(value, dict) and value.keys() == {"__root__"}):
                    value = {"__root__": value}
            elif not isinstance(value, dict):
                try:
                    value = dict(value)
                except (TypeError, ValueError):
                    message = f"{cls.__name__} expected dict not {type(value).__name__}"
                    raise validation_error(cls.__name__, [("__root__", message)]) from None
            return cls(**value)

        @classmethod
        def parse_raw(cls, text, **kwargs):
            return cls.parse_obj(json.loads(text))

        @classmethod
        def validate(cls, value):
            return cls.model_validate(value)

        @classmethod
        def update_forward_refs(cls, **names):
            cls.model_rebuild(force=True, _types_namespace=names or None)

        @classmethod
        def __get_pydantic_json_schema__(cls, core_schema, handler):
            schema = handler(core_schema)
            cls._describe(handler.resolve_ref_schema(schema))
            return schema

        @classmethod
        def _describe(cls, schema):
            """Add to the JSON Schema of the class what pydantic does not know."""

        @classmethod
        def schema(cls, by_alias=True, ref_template="#/definitions/{model}"):
            schema = cls.model_json_schema(by_alias, ref_template, schema_generator=_V1StyleSchema)
            definitions = schema.pop("$defs", None)
            schema = old_schema(schema)
            if definitions:
                schema["definitions"] = {name: old_schema(inner) for name, inner in definitions.items()}
            return schema

        @classmethod
        def schema_json(cls, *, by_alias=True, ref_template="#/definitions/{model}", **dumps):
            schema = cls.schema(by_alias=by_alias, ref_template=ref_template)
            return json.dumps(schema, default=sorted, **dumps)

    # What `class Config(BaseConfiguration.Config)` inherits from.
    _SettingsBase.Config = type("Config", (), {})
    # Not in the class body, where pydantic looks for that name.
    _SettingsBase.__root__ = property(lambda model: model.root)


SettingsModel = _SettingsBase

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


def old_schema(schema: Any) -> Any:
    """A JSON Schema of pydantic 2 with the conventions of pydantic 1: optional values are not marked as such."""
    if isinstance(schema, list):
        return [old_schema(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    schema = dict(schema)
    branches = schema.get("anyOf")
    if isinstance(branches, list):
        kept = [branch for branch in branches if branch != {"type": "null"}]
        if len(kept) < len(branches) and schema.get("default", ...) is None:
            del schema["default"]
        if len(kept) == 1:
            del schema["anyOf"]
            schema = {**kept[0], **schema}
        else:
            schema["anyOf"] = kept
    elif schema.get("default", ...) is None:
        del schema["default"]
    if "$ref" in schema and len(schema) > 1:
        schema["allOf"] = [{"$ref": schema.pop("$ref")}]
    if "const" in schema and "enum" not in schema:
        schema["enum"] = [schema["const"]]
    if schema.get("format") == "uri":
        schema["maxLength"] = 65536
    return {
        # The keys below `properties` are names, not words of JSON Schema.
        key: {name: old_schema(inner) for name, inner in value.items()}
        if key in ("properties", "patternProperties") and isinstance(value, dict)
        else value
        if key in ("default", "examples", "enum", "const", "env_names", "env")
        else old_schema(value)
        for key, value in schema.items()
    }


def schema_text(model: Any) -> str:
    """The JSON Schema of a model, for the engine."""
    if MAJOR == 1:
        try:
            text: str = model.schema_json()
        except (TypeError, ValueError):
            # One field that JSON Schema cannot say anything of does not hide the others.
            text = json.dumps(
                _schema_by_field(model), default=lambda value: sorted(value) if isinstance(value, set) else None
            )
        return text
    if issubclass(model, SettingsModel):
        text = model.schema_json()
        return text
    return json.dumps(model.model_json_schema(schema_generator=_V1StyleSchema))


def _schema_by_field(model: Any) -> dict[str, Any]:
    """The JSON Schema of a model of pydantic 1, with nothing said of the fields that have none."""
    properties: dict[str, Any] = {}
    definitions: dict[str, Any] = {}
    for name, model_field in _fields(model).items():
        create: Any = pydantic.create_model
        try:
            single = create(model.__name__, __config__=model.__config__, **{name: (model_field.annotation, None)})
            schema = single.schema()
        except (RuntimeError, TypeError, ValueError):
            schema = {"properties": {model_field.alias: {}}}
        definitions.update(schema.get("definitions", {}))
        properties[model_field.alias] = {
            **(schema["properties"].get(model_field.alias) or {}),
            **model_field.field_info.extra,
        }
    return {"type": "object", "properties": properties, "definitions": definitions}


def silent_mismatch(model: Any) -> Exception:
    """The error of a member of a union that has nothing to say beside the others, where there is one."""
    if MAJOR == 1:
        return pydantic.ValidationError([], model)
    return ValueError("another member of the union is meant")


def fields_of(model: type) -> dict[str, Any]:
    """The fields of a model by name."""
    found: dict[str, Any] = dict(_fields(model))
    return found


def field(default: Any = ..., *, env: str | None = None, **options: Any) -> Any:
    """A field, of which the variable and the examples stand in the schema."""
    extra = {name: value for name, value in {"env": env, "examples": options.pop("examples", None)}.items() if value}
    if "default_factory" not in options:
        options["default"] = default
    if MAJOR == 1:
        return pydantic.Field(**extra, **options)
    return pydantic.Field(json_schema_extra=extra or None, **options)


def declared_env(model: type, name: str) -> list[str]:
    """The variables that the author of a model named for a field."""
    model_field = fields_of(model)[name]
    extra = model_field.field_info.extra if MAJOR == 1 else (model_field.json_schema_extra or {})
    declared = extra.get("env") if isinstance(extra, dict) else None
    if declared is None:
        config: Any = model.__config__ if MAJOR == 1 else model.__old_config__  # type: ignore[attr-defined]
        of_config = getattr(config, "fields", {}).get(name, {})
        declared = of_config.get("env") if isinstance(of_config, dict) else None
    if declared is None:
        return []
    return [declared] if isinstance(declared, str) else list(declared)


def config_option(model: type, name: str, default: Any = None) -> Any:
    """An option of the inner `class Config` of a model, inherited ones too."""
    if MAJOR == 1:
        return getattr(model.__config__, name, default)  # type: ignore[attr-defined]
    for cls in model.__mro__:
        if (config := cls.__dict__.get("__old_config__")) is not None and hasattr(config, name):
            return getattr(config, name)
        if name in (cls.__dict__.get("model_config") or {}):
            return cls.__dict__["model_config"][name]
    return default


def set_env_names(model: type, name: str, names: set[str]) -> None:
    """Notes the variables of a field where its schema is made from."""
    if MAJOR == 1:
        fields_of(model)[name].field_info.extra["env_names"] = names


def before(*names: str) -> Callable[[Any], Any]:
    """A decorator for a method `(cls, value)` that prepares the value of fields; it runs for defaults, too."""
    if MAJOR == 1:
        return pydantic.validator(*names, pre=True, always=True, allow_reuse=True)
    return lambda method: pydantic.field_validator(*names, mode="before")(classmethod(method))


def after(*names: str) -> Callable[[Any], Any]:
    """A decorator for a method `(cls, value)` that completes the value of fields."""
    if MAJOR == 1:
        return pydantic.validator(*names, always=True, allow_reuse=True)
    return lambda method: pydantic.field_validator(*names, mode="after")(classmethod(method))


def before_all(method: Any) -> Any:
    """A decorator for a method `(cls, values)` that prepares all values."""
    if MAJOR == 1:
        return pydantic.root_validator(pre=True, allow_reuse=True)(method)
    return pydantic.model_validator(mode="before")(classmethod(method))  # type: ignore[arg-type]


def matching(pattern: str) -> Any:
    """The type of texts that match a regular expression from their start on."""
    if MAJOR == 1:
        return pydantic.constr(**{"regex": pattern})  # type: ignore[arg-type]
    from pydantic_core import PydanticCustomError

    expression = re.compile(pattern)

    def check(text: str) -> str:
        if not expression.match(text):
            context = {"pattern": pattern}
            raise PydanticCustomError("value_error.str.regex", 'string does not match regex "{pattern}"', context)
        return text

    schema = pydantic.WithJsonSchema({"type": "string", "pattern": pattern})
    return Annotated[str, pydantic.AfterValidator(check), schema]


def http_url() -> Any:
    """The type of the URLs of HTTP services, which are texts."""
    if MAJOR == 1:
        return pydantic.AnyHttpUrl
    from pydantic_core import PydanticCustomError

    url = pydantic.TypeAdapter(pydantic.AnyHttpUrl)

    def check(text: str) -> str:
        scheme, separator, rest = text.partition("://")
        if not separator or not scheme:
            raise PydanticCustomError("value_error.url.scheme", "invalid or missing URL scheme")
        if scheme.lower() not in ("http", "https"):
            raise PydanticCustomError("value_error.url.scheme", "URL scheme not permitted")
        try:
            url.validate_python(f"{scheme}://{rest}")
        except pydantic.ValidationError:
            raise PydanticCustomError("value_error.url.host", "URL host invalid") from None
        return text

    schema = pydantic.WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 65536, "format": "uri"})
    return Annotated[str, pydantic.BeforeValidator(_text_of_url), pydantic.AfterValidator(check), schema]


def _text_of_url(value: Any) -> Any:
    return str(value) if type(value).__module__.startswith("pydantic") else value


def between(least: int, most: int) -> Any:
    """The type of whole numbers from one to another."""
    return pydantic.conint(ge=least, le=most)


def set_value(model: Any, name: str, value: Any) -> None:
    """Sets a field to a value that needs no validation; it counts as given."""
    model.__dict__[name] = value
    model.__fields_set__.add(name)


def model_within(annotation: Any) -> Any:
    """The first model that an annotation such as `list[X] | None` speaks of, or `None`."""
    return _model_within(annotation)


# Value models: what `servo.BaseModel` and the classes of `servo.types` are made of. On pydantic 1 they are its models;
# on pydantic 2 they keep the methods, the inner `Config` and the errors of pydantic 1.


def inner_type(model: type, name: str) -> Any:
    """The type of a field of a model without None; a union where there are several."""
    field = _fields(model)[name]
    found = field.type_ if MAJOR == 1 else field.annotation
    members = [part for part in get_args(found) if part is not type(None)]
    if not members or get_origin(found) not in (Union, types.UnionType):
        return found
    return members[0] if len(members) == 1 else Union[tuple(members)]  # noqa: UP007


def at_least_one(item: Any) -> Any:
    """The type of a list that is not empty."""
    if MAJOR == 1:
        return pydantic.conlist(item, min_items=1)  # type: ignore[call-arg]
    return Annotated[list[item], pydantic.Field(min_length=1)]


def number_or_text(numeric: Any) -> Any:
    """The type of a value that stays a number or a text as it was given; other scalars become texts."""
    if MAJOR == 1:
        return Union[numeric, str]  # noqa: UP007

    def text(value: Any) -> Any:
        return str(value) if isinstance(value, bool | Decimal) else value

    return Annotated[Union[numeric, str], pydantic.BeforeValidator(text)]  # noqa: UP007


def whole_number(title: str, least: int) -> Any:
    """A class of integers of at least that; fractions are cut off."""
    if MAJOR == 1:
        base: Any = getattr(pydantic, "ConstrainedInt")  # noqa: B009
        return type(title, (base,), {"ge": least, "multiple_of": 1})

    def cut(value: Any) -> Any:
        # NaN and infinity are left for the check of integers.
        return int(value) if isinstance(value, float | Decimal) and -(2**63) < value < 2**63 else value

    return Annotated[int, pydantic.BeforeValidator(cut), pydantic.Field(ge=least)]


def list_model(title: str, doc: str, item: Any, mixin: type) -> Any:
    """A model of a plain list of items with a discriminator."""
    namespace: dict[str, Any] = {"__doc__": doc, "__module__": mixin.__module__}
    if MAJOR == 1:
        namespace["__annotations__"] = {"__root__": list[item]}
        return ModelMetaclass(title, (mixin, pydantic.BaseModel), namespace)

    def __init__(self: Any, root: Any = None, **data: Any) -> None:
        given = data.get("__root__", root)
        try:
            pydantic.RootModel.__init__(self, given)
        except pydantic.ValidationError as error:
            raise _old_error(error, given, at="__root__") from None

    namespace["__init__"] = __init__
    model = types.new_class(
        title,
        (mixin, pydantic.RootModel[list[item]]),
        {},
        lambda body: body.update(namespace),
    )
    later = {
        "__root__": property(lambda self: self.root),
        "parse_obj": classmethod(lambda cls, obj: cls(obj)),
        "dict": lambda self, **_: {"__root__": self.model_dump(serialize_as_any=True)},
    }
    for name, value in later.items():
        type.__setattr__(model, name, value)
    return model


def _old_error(error: Any, data: Any, at: str | None = None) -> Exception:
    """An error of pydantic 2 in the words of pydantic 1."""
    found = []
    for item in error.errors(include_url=False):
        place = ((at,) if at else ()) + _old_place(item["loc"], data, item["type"])
        found.append((place or ("__root__",), *_old_words(item)))
    return _error(error.title, found)


def _old_place(steps: tuple[int | str, ...], data: Any, kind: str) -> tuple[int | str, ...]:
    """A place without the steps that only name a member of a union."""
    place: list[int | str] = []
    for at, step in enumerate(steps):
        inside, found = _inside(data, step)
        if inside:
            data = found
        elif at == 0 or (at == len(steps) - 1 and kind in ("missing", "extra_forbidden")) or step == "__root__":
            data = None
        else:
            continue
        place.append(step)
    return tuple(place)


def _inside(data: Any, step: int | str) -> tuple[bool, Any]:
    """Whether a step leads into data, and to what."""
    if isinstance(data, pydantic.BaseModel):
        data = vars(data)
    if isinstance(data, dict) and step in data:
        return True, data[step]
    if isinstance(data, list | tuple) and isinstance(step, int) and step < len(data):
        return True, data[step]
    return False, None


_OLD_WORDS = {
    "missing": "field required",
    "extra_forbidden": "extra fields not permitted",
    "string_type": "str type expected",
    "int_type": "value is not a valid integer",
    "int_parsing": "value is not a valid integer",
    "int_from_float": "value is not a valid integer",
    "float_type": "value is not a valid float",
    "float_parsing": "value is not a valid float",
    "bool_type": "value could not be parsed to a boolean",
    "bool_parsing": "value could not be parsed to a boolean",
    "list_type": "value is not a valid list",
    "dict_type": "value is not a valid dict",
    "model_type": "value is not a valid dict",
    "model_attributes_type": "value is not a valid dict",
    "tuple_type": "value is not a valid tuple",
    "set_type": "value is not a valid set",
    "decimal_type": "value is not a valid decimal",
    "decimal_parsing": "value is not a valid decimal",
    "datetime_type": "invalid datetime format",
    "datetime_parsing": "invalid datetime format",
    "datetime_from_date_parsing": "invalid datetime format",
    "url_parsing": "invalid or missing URL scheme",
    "url_scheme": "invalid or missing URL scheme",
}
_BOUNDS = {
    "greater_than": ("gt", "greater than"),
    "greater_than_equal": ("ge", "greater than or equal to"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "less than or equal to"),
}


def _old_words(item: Any) -> tuple[str, str, dict[str, Any]]:
    """The sentence, the type and the context that pydantic 1 has for a problem that pydantic 2 found."""
    kind, context = item["type"], item.get("ctx") or {}
    if kind.startswith(("value_error", "type_error")) and kind != "value_error":
        return item["msg"], kind, {}
    if kind == "missing":
        return "field required", "value_error.missing", {}
    if item["input"] is None and (kind == "enum" or kind.endswith("_type")):
        return "none is not an allowed value", "type_error.none.not_allowed", {}
    if (message := _OLD_WORDS.get(kind)) is not None:
        return message, _kind_of(message), {}
    if kind in _BOUNDS:
        short, words = _BOUNDS[kind]
        limit = context[short]
        limit = int(limit) if isinstance(limit, float) and limit.is_integer() else limit
        message = f"ensure this value is {words} {limit}"
        return message, f"value_error.number.not_{short}", {"limit_value": limit}
    if kind == "too_short":
        limit = context["min_length"]
        return f"ensure this value has at least {limit} items", "value_error.list.min_items", {"limit_value": limit}
    if kind == "too_long":
        limit = context["max_length"]
        return f"ensure this value has at most {limit} items", "value_error.list.max_items", {"limit_value": limit}
    if kind in ("enum", "literal_error"):
        # A member of an enumeration is listed once for each of its names.
        permitted = ", ".join(dict.fromkeys(str(context["expected"]).replace(" or ", ", ").split(", ")))
        if kind == "enum":
            return f"value is not a valid enumeration member; permitted: {permitted}", "type_error.enum", {}
        return f"unexpected value; permitted: {permitted}", "value_error.const", {}
    if kind == "string_pattern_mismatch":
        return f'string does not match regex "{context["pattern"]}"', "value_error.str.regex", {}
    if kind == "union_tag_not_found":
        name = str(context["discriminator"]).strip("'")
        message = f"Discriminator '{name}' is missing in value"
        return message, "value_error.discriminated_union.missing_discriminator", {}
    if kind == "union_tag_invalid":
        name = str(context["discriminator"]).strip("'")
        message = (
            f"No match for discriminator '{name}' and value '{context['tag']}' "
            f"(allowed values: {context['expected_tags']})"
        )
        return message, "value_error.discriminated_union.invalid_discriminator", {}
    if kind == "is_instance_of":
        return item["msg"], "type_error", {}
    message = item["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    return message, "assertion_error" if kind == "assertion_error" else "value_error", {}


# The options of an inner `Config` that have another name in pydantic 2.
_NEW_NAMES = {
    "validate_all": "validate_default",
    "allow_population_by_field_name": "populate_by_name",
    "anystr_strip_whitespace": "str_strip_whitespace",
    "anystr_lower": "str_to_lower",
    "anystr_upper": "str_to_upper",
    "min_anystr_length": "str_min_length",
    "max_anystr_length": "str_max_length",
    "orm_mode": "from_attributes",
    "schema_extra": "json_schema_extra",
    "keep_untouched": "ignored_types",
}
_SAME_NAMES = (
    "title",
    "extra",
    "frozen",
    "use_enum_values",
    "validate_assignment",
    "arbitrary_types_allowed",
    "alias_generator",
    *_NEW_NAMES.values(),
)


def _options(config: type) -> dict[str, Any]:
    """The options of pydantic 2 that an inner `Config` sets."""
    options = {}
    for name in dir(config):
        new = _NEW_NAMES.get(name, name)
        if name == "allow_mutation" and not config.allow_mutation:  # type: ignore[attr-defined]
            options["frozen"] = True
        elif new in _SAME_NAMES:
            value = getattr(config, name)
            options[new] = getattr(value, "value", value) if name == "extra" else value
    return options


def value_model(config: type, dumps: Callable[..., str], parts: tuple[type, ...]) -> Any:
    """The base of value models.

    Args:
        config: The inner `Config`.
        dumps: Writes JSON.
        parts: Classes of the engine that stand in models and have a `dict()` of their own.
    """
    if MAJOR == 1:
        return _old_value_model(config, parts)
    return _new_value_model(config, dumps)


def _old_value_model(config: type, parts: tuple[type, ...]) -> Any:
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
                main: Any = importlib.import_module("pydantic.main")
                if isinstance(value, dict) and (problems := main.validate_model(cls, value)[2]) is not None:
                    raise problems from None
                raise

        Config = type(
            "Config",
            (config,),
            {"validate_all": True, "copy_on_model_validation": "none", "schema_extra": staticmethod(_describe)},
        )

    return BaseModel


def _describe(schema: dict[str, Any], *_: Any) -> None:
    """Leaves the first paragraph of a docstring as the description: the rest is for programmers."""
    if "description" in schema:
        schema["description"] = " ".join(schema["description"].split("\n\n")[0].split())


_DUMP_OPTIONS = {"by_alias", "exclude", "exclude_defaults", "exclude_none", "exclude_unset", "include", "skip_defaults"}


def _new_value_model(config: type, dumps: Callable[..., str]) -> Any:
    root: Any = pydantic.BaseModel
    metaclass: Any = ModelMetaclass

    class Meta(metaclass):  # type: ignore[misc]
        def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **kwargs: Any) -> Any:
            inner = namespace.pop("Config", None)
            if inner is not None:
                namespace["model_config"] = {**_options(inner), **namespace.get("model_config", {})}
            _annotate(bases, namespace)
            model = super().__new__(mcs, name, bases, namespace, **kwargs)
            if inner is not None:
                above = getattr(bases[0], "Config", object) if bases else object
                whole = inner if issubclass(inner, above) else type("Config", (inner, above), {})
                type.__setattr__(model, "Config", whole)
            _none_by_default(model)
            return model

        @property
        def __fields__(cls) -> Any:
            return cls.model_fields

        @property
        def __config__(cls) -> Any:
            return cls.Config

    class BaseModel(root, metaclass=Meta):  # type: ignore[misc]
        model_config = pydantic.ConfigDict(
            coerce_numbers_to_str=True, validate_default=True, protected_namespaces=(), json_schema_extra=_describe
        )
        Config = config

        def __init__(self, /, **data: Any) -> None:
            try:
                super().__init__(**data)
            except pydantic.ValidationError as error:
                raise _old_error(error, data) from None

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
                raise _old_error(error, {name: value}) from None

        @property
        def __fields_set__(self) -> set[str]:
            fields: set[str] = self.__pydantic_fields_set__
            return fields

        @classmethod
        def __get_validators__(cls) -> Any:
            yield cls.parse_obj

        def dict(self, *, skip_defaults: bool | None = None, **kwargs: Any) -> Any:
            if skip_defaults is not None:
                kwargs["exclude_unset"] = skip_defaults
            return _parts_as_dicts(self.model_dump(serialize_as_any=True, warnings=False, **kwargs))

        def json(
            self, *, encoder: Callable[[Any], Any] | None = None, models_as_dict: bool = True, **options: Any
        ) -> str:
            # What `dict` does not know is meant for the writer of JSON.
            choice = {name: options.pop(name) for name in _DUMP_OPTIONS if name in options}
            return dumps(self.dict(**choice), default=encoder or _encoder(type(self)), **options)

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
        def parse_obj(cls, obj: Any) -> Any:
            try:
                return cls.model_validate(obj)
            except pydantic.ValidationError as error:
                raise _old_error(error, obj) from None

        @classmethod
        def parse_raw(cls, b: str | bytes, **_: Any) -> Any:
            import json

            return cls.parse_obj(json.loads(b))

        @classmethod
        def construct(cls, _fields_set: set[str] | None = None, **values: Any) -> Any:
            return cls.model_construct(_fields_set, **values)

        @classmethod
        def schema(cls, by_alias: bool = True, **_: Any) -> Any:
            return cls.model_json_schema(by_alias=by_alias)

        @classmethod
        def schema_json(cls, *, by_alias: bool = True, **dumps_kwargs: Any) -> str:
            import json

            return json.dumps(cls.schema(by_alias=by_alias), **dumps_kwargs)

        @classmethod
        def validate(cls, value: Any) -> Any:
            return cls.parse_obj(value)

        @classmethod
        def update_forward_refs(cls, **localns: Any) -> None:
            cls.model_rebuild(force=True, _types_namespace=localns or None)

    return BaseModel


def _parts_as_dicts(value: Any) -> Any:
    """Dumped data with the value classes of the engine as dicts too."""
    if isinstance(value, dict):
        return {key: _parts_as_dicts(item) for key, item in value.items()}
    if type(value) is list:
        return [_parts_as_dicts(item) for item in value]
    return value.dict() if hasattr(type(value), "__servo_record__") else value


def _annotate(bases: tuple[type, ...], namespace: dict[str, Any]) -> None:
    """Gives a new default of a field above the annotation of that field, which pydantic 2 wants to see again."""
    known: dict[str, Any] = {}
    for base in reversed(bases):
        known.update(getattr(base, "model_fields", {}))
    own = namespace.get("__annotations__", {})
    for name in namespace.keys() & known.keys():
        if name not in own and not isinstance(namespace[name], classmethod | staticmethod | property):
            namespace["__annotations__"] = own = {**own, name: known[name].annotation}


def _none_by_default(model: Any) -> None:
    """Makes None the default of `Optional[X]`, as it is in pydantic 1."""
    found = [field for field in model.model_fields.values() if field.is_required() and _allows_none(field.annotation)]
    for field in found:
        field.default = None
    if found:
        model.model_rebuild(force=True)


def _allows_none(annotation: Any) -> bool:
    return get_origin(annotation) in (Union, types.UnionType) and type(None) in get_args(annotation)


def _encoder(model: Any) -> Callable[[Any], Any]:
    """What turns objects into what JSON has words for: the encoders of the model, then those of pydantic 1."""
    encoders: dict[Any, Any] = {}
    for config in reversed(model.Config.__mro__):
        encoders.update(vars(config).get("json_encoders", {}))
    encoders.update(model.model_config.get("json_encoders") or {})

    def encode(value: Any) -> Any:
        for cls in type(value).__mro__[:-1]:
            if cls in encoders:
                return encoders[cls](value)
        if isinstance(value, pydantic.BaseModel):
            return value.model_dump(serialize_as_any=True, warnings=False)
        if isinstance(value, datetime.timedelta):
            return value.total_seconds()
        if isinstance(value, Decimal):
            exponent = value.as_tuple().exponent
            return int(value) if isinstance(exponent, int) and exponent >= 0 else float(value)
        if isinstance(value, set | frozenset | types.GeneratorType | deque):
            return list(value)
        if isinstance(value, bytes):
            return value.decode()
        if isinstance(value, re.Pattern):
            return value.pattern
        if isinstance(value, pathlib.PurePath | pydantic.SecretStr | ipaddress.IPv4Address | ipaddress.IPv6Address):
            return str(value)
        if hasattr(value, "dict"):
            return value.dict()
        raise TypeError(f"Object of type '{type(value).__name__}' is not JSON serializable")

    return encode


def instance_schema(cls: type) -> Any:
    """How pydantic 2 reads a class of which only objects are taken."""
    from pydantic_core import core_schema

    return core_schema.is_instance_schema(cls)


def checked_schema(validate: Callable[[Any], Any]) -> Any:
    """How pydantic 2 reads what a function checks."""
    from pydantic_core import core_schema

    return core_schema.no_info_plain_validator_function(validate)


def further_fields(cls: type) -> Any:
    """A model of the fields that subclasses of a value class of the engine declare in their bodies, or None."""
    fields: dict[str, Any] = {}
    for above in reversed(cls.__mro__):
        if "__servo_record__" in vars(above) or above is object:
            continue
        hints = get_type_hints(above, include_extras=True)
        for name in vars(above).get("__annotations__", {}):
            if get_origin(hints[name]) is not ClassVar and not name.startswith("_"):
                fields[name] = (hints[name], getattr(above, name, None if _allows_none(hints[name]) else ...))
    if not fields:
        return None
    return pydantic.create_model(cls.__name__, __base__=model_base(validate_default=True), **fields)
