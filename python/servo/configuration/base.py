"""The base classes of configurations."""

from __future__ import annotations

import copy
import json
import re
import typing
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from servo import _pydantic
from servo.configuration.encoding import dumps, jsonable, revealed
from servo.configuration.environment import filled
from servo.logging import Mixin

if TYPE_CHECKING:
    import loguru

__all__ = ["DEFAULT_TITLE", "AbstractBaseConfiguration", "BaseConfiguration", "Settings"]

DEFAULT_TITLE = "Base Connector Configuration Schema"
"""The title of a schema whose class has none of its own."""


class Settings(_pydantic.SettingsModel):
    """A model that fills its gaps from the environment when it is made by itself, and that writes itself as JSON."""

    __env_prefix__: ClassVar[str] = ""
    __schema_title__: ClassVar[str | None] = None
    __env_names__: ClassVar[dict[str, set[str]]] = {}
    __reads_environment__: ClassVar[bool] = True

    def __init__(self, /, **values: Any) -> None:
        if type(self).__reads_environment__ and not _pydantic.is_nested() and "__root__" not in values:
            values = filled(type(self), values)
        with _pydantic.nested():
            super().__init__(**values)

    if _pydantic.MAJOR > 1:
        # Models inside of others are validated without a call of this.
        __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]

    def dict(self, *, show_secrets: bool = False, **options: Any) -> dict[str, Any]:
        """The fields as a dict, models inside of it too.

        Args:
            show_secrets: Whether secrets become plain text; otherwise they stay objects that show asterisks.
            options: `include`, `exclude`, `by_alias`, `exclude_unset`, `exclude_defaults`, `exclude_none`.
        """
        values: dict[str, Any] = super().dict(**options)
        return revealed(values) if show_secrets else values

    def json(
        self,
        *,
        encoder: Any = None,
        show_secrets: bool = False,
        indent: int | None = None,
        sort_keys: bool = False,
        **options: Any,
    ) -> str:
        """The configuration as JSON.

        Args:
            encoder: Called with each value that has no JSON form of its own.
            show_secrets: Whether secrets are written; otherwise asterisks stand in their place.
            indent: 2 for lines; any other value for one line.
            sort_keys: Whether keys are sorted, rather than in the order of the fields.
            options: `include`, `exclude`, `by_alias`, `exclude_unset`, `exclude_defaults`, `exclude_none`.

        Raises:
            TypeError: A value has no JSON form.
        """
        values = _Rooted.of(self.dict(**options))
        encoders = _pydantic.config_option(type(self), "json_encoders", {})
        return dumps(
            jsonable(values, encoders, encoder, show_secrets=show_secrets), indent=indent == 2, sort_keys=sort_keys
        )

    @classmethod
    def _class_completed(cls) -> None:
        cls.__env_prefix__ = _pydantic.config_option(cls, "env_prefix", "") or ""
        cls._name_variables()

    if _pydantic.MAJOR == 1 and not TYPE_CHECKING:

        def __init_subclass__(cls, **kwargs: Any) -> None:
            super().__init_subclass__(**kwargs)
            cls._class_completed()

    @classmethod
    def _name_variables(cls) -> None:
        names = {}
        for name in _pydantic.fields_of(cls):
            declared = _pydantic.declared_env(cls, name)
            found = set(declared) or ({f"{cls.__env_prefix__}{name}".upper()} if cls.__env_prefix__ else set())
            names[name] = found
            if found:
                _pydantic.set_env_names(cls, name, found)
        cls.__env_names__ = names

    @classmethod
    def _describe(cls, schema: typing.Dict[str, Any]) -> None:  # noqa: UP006 (`dict` is a method here)
        """Add to the JSON Schema what only this class knows: the title, the variables, nothing about itself."""
        if cls.__schema_title__:
            schema["title"] = cls.__schema_title__
        properties = schema.get("properties", {})
        for name, field in _pydantic.fields_of(cls).items():
            shown = properties.get(getattr(field, "alias", None) or name)
            if shown is not None and (variables := cls.__env_names__.get(name)):
                shown["env_names"] = sorted(variables)
                if declared := _pydantic.declared_env(cls, name):
                    shown.setdefault("env", declared[0] if len(declared) == 1 else declared)

    if _pydantic.MAJOR > 1 and not TYPE_CHECKING:

        @classmethod
        def schema(cls, by_alias: bool = True, ref_template: str = "#/definitions/{model}") -> dict[str, Any]:
            """The JSON Schema, with the conventions of pydantic 1; `env_names` are sets."""
            return _with_sets(super().schema(by_alias, ref_template))

    elif not TYPE_CHECKING:

        @classmethod
        def schema(cls, by_alias: bool = True, ref_template: str = "#/definitions/{model}") -> dict[str, Any]:
            """The JSON Schema; `env_names` are sets."""
            # A copy: variables are read by the one that pydantic 1 keeps.
            return copy.deepcopy(super().schema(by_alias, ref_template))


def _with_sets(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: set(inner) if key == "env_names" and isinstance(inner, list) else _with_sets(inner)
            for key, inner in value.items()
        }
    return [_with_sets(item) for item in value] if isinstance(value, list) else value


class _Rooted:
    """Values of a model, which are those of its root where it has one."""

    @staticmethod
    def of(values: Any) -> Any:
        return values["__root__"] if isinstance(values, dict) and values.keys() == {"__root__"} else values


class AbstractBaseConfiguration(Settings, Mixin):
    """The root of all configuration classes: unknown keys are refused, and assignments are validated.

    Subclass it directly for a configuration that is no mapping, with `__root__`; `BaseConfiguration` for any other.
    """

    class Config:
        extra = "forbid"
        validate_assignment = True
        validate_all = True
        arbitrary_types_allowed = True
        case_sensitive = True
        title = DEFAULT_TITLE

    @classmethod
    def _class_completed(cls) -> None:
        base_name = cls.__name__.replace("Configuration", "")
        title = _pydantic.config_option(cls, "title", DEFAULT_TITLE)
        if title == DEFAULT_TITLE:
            inherited = next(
                (
                    t
                    for base in cls.__mro__[1:]
                    if (t := base.__dict__.get("__schema_title__")) not in (None, DEFAULT_TITLE)
                ),
                None,
            )
            own = f"{base_name} Connector Configuration Schema" if base_name != "AbstractBase" else DEFAULT_TITLE
            title = inherited if inherited and not _is_base(cls) else own
        cls.__schema_title__ = title
        if _pydantic.MAJOR == 1:
            cls.__config__.title = title  # type: ignore[attr-defined]
        words = re.findall(r"^[^A-Z]+|[A-Z][^A-Z]*", base_name)
        prefix = _pydantic.config_option(cls, "env_prefix", "") or "_".join(words).upper() + "_"
        cls.__env_prefix__ = prefix
        cls._name_variables()

    @property
    def logger(self) -> loguru.Logger:
        """A logger that names this configuration."""
        from loguru import logger

        return logger.bind(component=type(self).__name__)

    @classmethod
    def generate(cls, **kwargs: Any) -> Any:
        """A sample for a new configuration file; override it to fill in what a user should see.

        Args:
            kwargs: Values of fields.

        Returns:
            A configuration, `None` to be left out, or in an override an iterator of keys and configurations.
        """
        return cls(**kwargs)

    @classmethod
    def parse_file(  # type: ignore[override]
        cls, file: Path, *, key: str | None = None
    ) -> list[Self]:
        """The configurations of a YAML file, one for each of its documents; none for an empty one.

        Args:
            file: The file.
            key: Where in each document the configuration is; at its top unless given.

        Raises:
            KeyError: A document lacks the key.
            ConfigError: The file cannot be read, or it is no YAML, with its place.
            pydantic.ValidationError: A document is no such configuration.
        """
        from servo._core import read_documents

        found = []
        for text in read_documents(str(file)):
            document = json.loads(text)
            if key is not None:
                if not isinstance(document, dict) or key not in document:
                    raise KeyError(f"invalid key '{key}'")
                document = document[key]
            found.append(cls.parse_obj(document))
        return found

    def yaml(self, *, sort_keys: bool = False, show_secrets: bool = False, **options: Any) -> str:
        """The configuration as YAML, keys in the order of the fields.

        Args:
            sort_keys: Whether keys are sorted.
            show_secrets: Whether secrets are written; otherwise asterisks stand in their place.
            options: As of `json`.
        """
        import yaml

        values = json.loads(self.json(sort_keys=sort_keys, show_secrets=show_secrets, **options))
        text: str = yaml.safe_dump(values, sort_keys=False)
        return text

    @staticmethod
    def json_encoders(encoders: dict[type, Any] | None = None) -> dict[type, Any]:
        """How values are written as JSON, for `class Config: json_encoders = …`.

        Args:
            encoders: A function for each type of your own.
        """
        from servo.configuration.encoding import DEFAULT_JSON_ENCODERS

        return {**DEFAULT_JSON_ENCODERS, **(encoders or {})}


def _is_base(cls: type) -> bool:
    return cls.__module__ == __name__


class BaseConfiguration(AbstractBaseConfiguration):
    """The configuration of a connector; subclass it and declare fields.

    Attributes:
        description: What this connector is for, for people.
    """

    class Config:
        title = DEFAULT_TITLE

    description: str | None = _pydantic.field(None, description="An optional description of the configuration.")
