"""Every difference between pydantic 1 and pydantic 2."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import json
import re
import sys
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin

import pydantic

from servo.types.core import Duration

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


def validation_error(title: str, errors: list[tuple[str, str]]) -> Exception:
    """The error of the installed pydantic for wrong fields of a class of that name: each field with a sentence."""
    if MAJOR == 1:
        from pydantic.error_wrappers import ErrorWrapper

        wrappers = [ErrorWrapper(ValueError(message), loc=name) for name, message in errors]
        return pydantic.ValidationError(wrappers, type(title, (pydantic.BaseModel,), {}))
    from pydantic_core import InitErrorDetails, PydanticCustomError, ValidationError

    # The sentence is no template: it may hold braces.
    details = [
        InitErrorDetails(type=PydanticCustomError("value_error", "{text}", {"text": message}), loc=(name,), input=None)
        for name, message in errors
    ]
    return ValidationError.from_exception_data(title, details, hide_input=True)


def duration_schema(validate: Callable[[Any], Any]) -> Any:
    """How pydantic 2 reads and writes a duration."""
    from pydantic_core import core_schema

    return core_schema.no_info_plain_validator_function(
        validate, serialization=core_schema.plain_serializer_function_ser_schema(str, when_used="json")
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

    def check(text: str) -> str:
        scheme, separator, rest = text.partition("://")
        if not separator or not scheme:
            raise PydanticCustomError("value_error.url.scheme", "invalid or missing URL scheme")
        if scheme.lower() not in ("http", "https"):
            raise PydanticCustomError("value_error.url.scheme", "URL scheme not permitted")
        try:
            pydantic.TypeAdapter(pydantic.AnyHttpUrl).validate_python(f"{scheme}://{rest}")
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
