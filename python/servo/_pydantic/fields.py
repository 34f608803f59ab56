"""Fields, their types and their validators, for either pydantic."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, Union

import pydantic

from servo._pydantic.major import MAJOR, fields_of
from servo._pydantic.options import config_option


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
        of_config = config_option(model, "fields", {}).get(name, {})
        declared = of_config.get("env") if isinstance(of_config, dict) else None
    if declared is None:
        return []
    return [declared] if isinstance(declared, str) else list(declared)


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


def one_of(union: Any) -> Any:
    """A union, of whose members the places of its errors do not tell."""
    if MAJOR == 1:
        return union
    from servo._pydantic.words import old_error

    def check(value: Any, validate: Callable[[Any], Any]) -> Any:
        try:
            return validate(value)
        except pydantic.ValidationError as error:
            raise old_error(error, value, is_field=False) from None

    return Annotated[union, pydantic.WrapValidator(check)]


def between(least: int, most: int) -> Any:
    """The type of whole numbers from one to another."""
    return pydantic.conint(ge=least, le=most)


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
