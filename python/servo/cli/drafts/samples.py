"""What a new configuration says of each connector: what its class generates, and what else it knows."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from servo.cli.drafts.outline import Outline
from servo.cli.errors import CommandError

if TYPE_CHECKING:
    from servo.connector import BaseConnector

__all__ = ["Part", "part_of_class", "parts"]


@dataclass(frozen=True, slots=True)
class Part:
    """The part of a document under one key."""

    values: Any
    """What is written: a mapping, or whatever the class is instead."""
    outline: Outline
    """What is known of its keys."""
    others: dict[str, Any] = field(default_factory=dict)
    """The keys that are not written, with their defaults."""
    title: str = ""
    """What it is for."""
    native: bool = False
    """Whether it belongs to a connector of the engine."""


def parts(routes: Mapping[str, type[BaseConnector]], *, required: bool, defaults: bool) -> dict[str, Part]:
    """The part of each connector, in the order of the keys.

    Args:
        routes: The class of each key.
        required: Whether a part is written where the class generates none.
        defaults: Whether values that are defaults are written.

    Raises:
        CommandError: A class cannot generate its part.
    """
    found: dict[str, Part] = {}
    for key, cls in routes.items():
        for name, part in _generated(key, cls, required=required, defaults=defaults):
            if name not in routes:
                raise CommandError(
                    f"error: {cls.config_model().__name__}.generate() gives a part '{name}', "
                    f"expected the keys of connectors: {', '.join(routes)}"
                )
            found[name] = part
    return {key: found[key] for key in routes if key in found}


def part_of_class(model: Any, *, title: str = "") -> Part:
    """The part of a class with all of its defaults."""
    from servo import _pydantic

    with _pydantic.nested():
        return _part(model, model(), defaults=True, title=title)


def _generated(key: str, cls: type[BaseConnector], *, required: bool, defaults: bool) -> Iterator[tuple[str, Part]]:
    import pydantic

    from servo import _pydantic
    from servo.configuration.derived import config_model_for_route

    model: Any = config_model_for_route(cls, key)
    title = cls.description or ""
    pairs = inspect.isgeneratorfunction(model.generate)
    # What variables say belongs to this machine, and may be a secret.
    with _pydantic.nested():
        try:
            made = list(model.generate()) if pairs else [(key, model.generate())]
        except pydantic.ValidationError:
            # Nobody wrote a sample, and there are keys without a default.
            yield key, _placeholders(model, title)
            return
        except Exception as error:
            why = f"{type(error).__name__}: {error}".splitlines()[0]
            raise CommandError(f"error: {key}: {cls.config_model().__name__}.generate() failed: {why}") from error
        for name, config in made:
            name = key if name == cls.__default_name__ else name
            if config:
                yield name, _part(model, config, defaults=defaults, title=title)
            elif required:
                yield name, _placeholders(model, title)


def _part(model: Any, config: Any, *, defaults: bool, title: str) -> Part:
    from servo.connectors._native import NativeConfiguration

    native = isinstance(config, NativeConfiguration)
    outline = Outline(_schema(model))
    values = _values(config, exclude_none=True, exclude_unset=not defaults, exclude_defaults=not defaults)
    everything = _values(config)
    if not isinstance(values, dict) or not isinstance(everything, dict):
        return Part(values, outline, title=title, native=native)
    if native:
        # The engine knows the defaults, and not the class.
        known = {name: outline.key(name).default() for name in outline.names()}
        everything = {**known, **everything}
        if defaults:
            values |= {name: value for name, value in known.items() if value is not None and name not in values}
    others = {name: everything.get(name) for name in outline.names() if name not in values}
    return Part(values, outline, others, title, native)


def _placeholders(model: Any, title: str) -> Part:
    outline = Outline(_schema(model))
    values = {name: outline.key(name).placeholder() for name in outline.required}
    others = {name: outline.key(name).default() for name in outline.names() if name not in values}
    return Part(values, outline, others, title)


def _schema(model: Any) -> Mapping[str, Any]:
    schema: Mapping[str, Any] = model.schema()
    # Of a docstring the schema has the first paragraph; keys may be told of in a later one.
    return {**schema, "description": inspect.getdoc(model) or ""}


def _values(config: Any, **options: bool) -> Any:
    """What a configuration says, as JSON has it, secrets included: it is a sample."""
    from servo.configuration.base import Settings

    if isinstance(config, Settings):
        return json.loads(config.json(by_alias=True, show_secrets=True, **options))
    if hasattr(config, "json"):
        return json.loads(config.json(by_alias=True, **options))
    return json.loads(json.dumps(config, default=str))
