"""What a configuration file comes to: with the variables of the environment, without what is unset or a default."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from servo import _core, _pydantic
from servo._pydantic import documents
from servo._pydantic.given import given
from servo.configuration.derived import _create_config_model
from servo.configuration.encoding import MASK, jsonable
from servo.configuration.optimizers import connection_files_read_elsewhere
from servo.telemetry.redaction import is_secret

if TYPE_CHECKING:
    from servo.connector import BaseConnector

__all__ = ["EffectiveDocument", "effective_documents", "leaves", "masked"]

COMPUTED = "computed"
"""Where values are from that neither the file nor a variable has."""

_PASSWORD = re.compile(r"(://[^/\s:@]{0,256}:)[^/\s@]{1,256}@")


@dataclass(frozen=True, slots=True)
class EffectiveDocument:
    """What a document comes to."""

    name: str
    """The name of its servo."""
    values: dict[str, Any]
    """The values, in the order of the fields, secrets among them."""
    shown: dict[str, Any]
    """The same values with masks for secrets."""
    keys: tuple[str, ...]
    """The keys that the document may have."""
    routes: dict[str, type[BaseConnector]]
    """The connectors that are active, by their keys."""
    origins: dict[str, str]
    """Where values are from, by their paths: `servo.yaml:3:7`, or the name of a variable."""

    def origin(self, path: str) -> str:
        """Where the value of a path is from: a place, the name of a variable, or `computed`."""
        around = path
        while around:
            if around in self.origins:
                return self.origins[around]
            around = re.sub(r"(?:^|\.)[^.]*$" if not around.endswith("]") else r"\[\d+\]$", "", around)
        # Of an entry whose values are all defaults, the first of them.
        inside = (from_ for known, from_ in self.origins.items() if known.startswith((f"{path}.", f"{path}[")))
        return next(inside, COMPUTED)


def effective_documents(config_file: str, types: list[Any], environment: Mapping[str, str]) -> list[EffectiveDocument]:
    """What the documents of a file come to.

    Args:
        config_file: The file, as errors and origins are to call it.
        types: The connector classes that are known.
        environment: The variables that fill gaps.

    Raises:
        ConfigError: Everything that is wrong with the file.
        ValueError: A configuration class refuses what the engine accepts.
        TypeError: A value has no form in JSON.
    """
    return [
        _effective(name, json.loads(text), dict(origins))
        for name, text, origins in _core.effective_documents(config_file, types, environment)
    ]


def _effective(name: str, document: dict[str, Any], origins: dict[str, str]) -> EffectiveDocument:
    if not document.get("optimizer"):
        document["optimizer"] = {"local": {}}
    model, routes = _create_config_model(config=document)
    # The engine has added what the environment has.
    with connection_files_read_elsewhere(), _pydantic.nested():
        config = documents.parsed(model, document)
    found = given(config, config.dict(by_alias=True))
    encoders = _pydantic.config_option(type(config), "json_encoders", {})
    plain, hidden = (jsonable(found, encoders, None, show_secrets=show) for show in (True, False))
    for values in (plain, hidden):
        _of_engine(values, document, model.__routes__)
        _as_written(values, document)
    return EffectiveDocument(
        name=name,
        values=plain,
        shown=masked(hidden),
        keys=tuple(_pydantic.fields_of(model)),
        routes={key: cls for key, cls in routes.items() if getattr(config, key, None) is not None},
        origins=origins,
    )


def _of_engine(values: dict[str, Any], document: dict[str, Any], parts: Mapping[str, Any]) -> None:
    """Puts the parts that the engine reads in their place, without defaults."""
    if "local" in document["optimizer"]:
        local = document["optimizer"]["local"] or {}
        values["optimizer"] = {"local": without_defaults(local, json.loads(_core.local_optimizer_schema()))}
    for key, part in parts.items():
        if (kind := getattr(part, "__native_type__", "")) and isinstance(document.get(key), dict):
            values[key] = without_defaults(document[key], json.loads(_core.native_schema(kind)))


def _as_written(values: dict[str, Any], document: dict[str, Any]) -> None:
    """Leaves the contexts of `settings.backoff` out that are not given: the defaults are merged below them."""
    backoff = values.get("settings", {}).get("backoff")
    if isinstance(backoff, dict):
        given = (document.get("settings") or {}).get("backoff") or {}
        for context in [context for context in backoff if context not in given]:
            del backoff[context]


def without_defaults(value: Any, schema: dict[str, Any], root: dict[str, Any] | None = None) -> Any:
    """A value without what is the default of a schema anyway.

    Args:
        value: The value.
        schema: The schema of the value.
        root: The schema with the definitions.
    """
    root = schema if root is None else root
    schema = _resolved(schema, root)
    if isinstance(value, list):
        items = schema.get("items")
        return [without_defaults(item, items, root) for item in value] if isinstance(items, dict) else value
    if not isinstance(value, dict):
        return value
    properties, others = schema.get("properties", {}), schema.get("additionalProperties")
    result = {}
    for key, item in value.items():
        shown = properties.get(key)
        if (
            shown is not None
            and "default" in shown
            and shown["default"] == item
            and key not in schema.get("required", ())
        ):
            continue
        inner = shown if shown is not None else others
        result[key] = without_defaults(item, inner, root) if isinstance(inner, dict) else item
    return result


def _resolved(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    """The schema behind a reference, or the only one beside null."""
    for _ in range(8):
        branches = [branch for branch in schema.get("anyOf", ()) if branch != {"type": "null"}]
        if isinstance(reference := schema.get("$ref"), str):
            schema = root.get("$defs", {}).get(reference.rpartition("/")[2], {})
        elif len(branches) == 1:
            schema = branches[0]
        else:
            break
    return schema


def masked(value: Any, *, secret: bool = False) -> Any:
    """The same value with masks for what is secret by its name, and for the passwords in URLs."""
    if isinstance(value, Mapping):
        return {key: masked(inner, secret=secret or is_secret(key, value)) for key, inner in value.items()}
    if isinstance(value, list):
        return [masked(inner, secret=secret) for inner in value]
    if isinstance(value, str):
        return MASK if secret and value else _PASSWORD.sub(rf"\1{MASK}@", value)
    return value


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """The values that have no parts, and empty lists and mappings, with their paths: `load.targets[2].url`."""
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from leaves(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, Sequence) and not isinstance(value, str) and value:
        for index, inner in enumerate(value):
            yield from leaves(inner, f"{path}[{index}]")
    else:
        yield path, value
