"""What documents and the parts of connectors may say, as JSON Schema."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from servo import _pydantic
from servo.configuration.base import BaseConfiguration
from servo.configuration.checks import ChecksConfiguration
from servo.configuration.common import BackoffSettings, CommonConfiguration, Timeouts
from servo.configuration.derived import config_model_for_route, document_model
from servo.configuration.document import BaseServoConfiguration
from servo.configuration.json_schema import Schema, exact, of_engine, ordered, reachable, title_of
from servo.configuration.optimizers import AppdynamicsOptimizer, LocalOptimizer, OpsaniOptimizer
from servo.configuration.variables import variables_of

if TYPE_CHECKING:
    from servo.connector import BaseConnector

__all__ = ["connector_schema", "definitions_schema", "document_schema"]

_OWN = (
    AppdynamicsOptimizer,
    OpsaniOptimizer,
    LocalOptimizer,
    BackoffSettings,
    Timeouts,
    CommonConfiguration,
    ChecksConfiguration,
)

_INHERITED = (inspect.getdoc(BaseConfiguration) or "").split("\n\n")[0]


def document_schema(
    routes: Mapping[str, type[BaseConnector]], *, required: bool = False, for_editors: bool = False
) -> Schema:
    """What a document may say.

    Args:
        routes: The connector class of each key.
        required: Whether the keys must be there.
        for_editors: Whether the schema accepts all that a servo accepts, null for what is not set among it, and has
            standard words only; else it has the names of variables and the form that scripts know.
    """
    schema = _complete(document_model(routes, required=required), "ServoConfiguration")
    if not for_editors:
        return schema
    checks = schema["definitions"][ChecksConfiguration.__name__]["properties"]
    for name in ("wait", "delay"):
        checks[name] |= {"type": ["string", "number"]}
    never_null = {"optimizer", "settings", "checks", "no_diagnostics", *(routes if required else ())}
    return exact(schema, frozenset(never_null))


def connector_schema(cls: type[BaseConnector], *, for_editors: bool = False) -> Schema:
    """What the part of a connector under its default name may say.

    Args:
        cls: The class of the connector.
        for_editors: As of `document_schema`.
    """
    base: Any = cls.config_model()
    model = config_model_for_route(cls, cls.__default_name__ or cls.__name__) if _is_part(base) else base
    schema = _complete(model, model.__name__)
    schema["title"] = base.schema().get("title", schema.get("title"))
    return exact(schema) if for_editors else schema


def definitions_schema(routes: Mapping[str, type[BaseConnector]], *, every: bool = False) -> Schema:
    """The definitions of the parts of connectors.

    Args:
        routes: The connector class of each key.
        every: Whether the keys of a document that are no connectors are among them.
    """
    schema = _complete(document_model(routes, required=False), "ServoConfiguration")
    parts = [part for key, part in schema["properties"].items() if key in routes]
    definitions = reachable({"anyOf": parts}, schema["definitions"])
    if every:
        base = _complete(BaseServoConfiguration, BaseServoConfiguration.__name__)
        definitions |= base.pop("definitions")
        definitions[BaseServoConfiguration.__name__] = base
    return {"title": "Servo Schema", "definitions": definitions}


def _is_part(model: Any) -> bool:
    return hasattr(model, "__env_names__") and not issubclass(model, BaseServoConfiguration)


def _complete(model: Any, name: str) -> Schema:
    """The schema of a model, with what the engine knows of its own parts."""
    schema: Schema = json.loads(_pydantic.schema_text(model))
    definitions: dict[str, Schema] = schema.pop("definitions", {})
    parts: dict[str, Any] = {} if getattr(model, "__native_type__", "") else getattr(model, "__routes__", {})
    whole = {**definitions, name: schema}
    for key, part in parts.items():
        target = _target(schema["properties"].get(key, {}))
        if target in definitions:
            _of_connector(whole, target, key, part)
    if kind := getattr(model, "__native_type__", ""):
        schema |= _native(whole, kind, name, kind)
    _of_optimizer(whole)
    _of_settings(whole)
    for known in (*_OWN, *parts.values(), model):
        if (shown := whole.get(known.__name__)) is not None:
            _describe(shown, known)
    for inner in whole.values():
        if inner.get("description") in (_INHERITED, "An enumeration."):
            # It speaks of a base class.
            del inner["description"]
        _title(inner, whole)
    schema = whole.pop(name)
    needed = reachable(schema, whole)
    return ordered({**schema, "definitions": needed} if needed else schema)


def _target(shown: Schema) -> str:
    """The name of the definition that a property refers to."""
    for branch in (shown, *shown.get("allOf", ()), *shown.get("anyOf", ())):
        if isinstance(reference := branch.get("$ref"), str):
            return reference.rpartition("/")[2]
    return ""


def _of_connector(whole: dict[str, Schema], target: str, key: str, part: Any) -> None:
    if kind := getattr(part, "__native_type__", ""):
        title = whole[target].get("title")
        whole[target] = _native(whole, kind, target, key) | {"title": title}


def _native(whole: dict[str, Schema], kind: str, target: str, key: str) -> Schema:
    """What the engine says of its connector under a key."""
    from servo import _core

    schema, more = of_engine(json.loads(_core.native_schema(kind)), whole, f"{target}_")
    whole |= more
    for name, shown in schema["properties"].items():
        shown["env_names"] = sorted({f"{variable}_{name}".upper() for variable in variables_of(key)})
    return schema


def _of_optimizer(whole: dict[str, Schema]) -> None:
    from servo import _core

    if (local := whole.get(LocalOptimizer.__name__)) is not None:
        schema, more = of_engine(json.loads(_core.local_optimizer_schema()), whole, "Local")
        whole |= more
        whole["LocalConfiguration"] = schema | {"title": "Local Optimizer Configuration Schema"}
        local["properties"]["local"] = {"title": "Local", "allOf": [{"$ref": "#/definitions/LocalConfiguration"}]}
        # `optimizer: {}` is the local one.
        local.pop("required", None)
    if (service := whole.get(OpsaniOptimizer.__name__)) is not None:
        # The token comes from the environment more often than not.
        service["required"] = ["id"]


_PROXY = "^(https?|all)://"


def _of_settings(whole: dict[str, Schema]) -> None:
    if (settings := whole.get(CommonConfiguration.__name__)) is None:
        return
    properties, timeouts = settings["properties"], whole[Timeouts.__name__]
    url = {"anyOf": [{"type": "string", "format": "uri", "minLength": 1, "maxLength": 65536}, {"type": "null"}]}
    properties["proxies"]["anyOf"] = [
        {"type": "string", "pattern": _PROXY},
        {"type": "object", "patternProperties": {_PROXY: url}, "additionalProperties": False},
    ]
    each = {key: value for key, value in timeouts["properties"]["read"].items() if key not in ("title", "env_names")}
    properties["timeouts"].pop("allOf", None)
    properties["timeouts"]["anyOf"] = [{"$ref": f"#/definitions/{Timeouts.__name__}"}, each, {"type": "number"}]


def _title(schema: Schema, whole: Mapping[str, Schema]) -> None:
    """Gives the properties the titles that they have with either pydantic: all but enumerations."""
    for name, shown in schema.get("properties", {}).items():
        if ("allOf" in shown or "anyOf" in shown) and "enum" not in whole.get(_target(shown), {}):
            shown.setdefault("title", title_of(name))


def _describe(schema: Schema, model: Any) -> None:
    """Says of properties what the documentation of the class says of them."""
    properties = schema.get("properties", {})
    for name, text in _attributes(cls.__doc__ or "" for cls in model.__mro__):
        if name in properties and "$ref" not in properties[name]:
            properties[name].setdefault("description", text)


def _attributes(docs: Iterable[str]) -> list[tuple[str, str]]:
    """The names and texts below `Attributes:` of docstrings."""
    found: list[tuple[str, str]] = []
    for doc in docs:
        _, _, below = inspect.cleandoc(doc).partition("Attributes:\n")
        for line in below.splitlines():
            if line and not line.startswith(" "):
                break
            name, colon, text = line.strip().partition(":")
            if colon and name.isidentifier() and line.startswith("    ") and not line.startswith("     "):
                found.append((name, text.strip()))
            elif line.strip() and found:
                found[-1] = (found[-1][0], f"{found[-1][1]} {line.strip()}")
    return found
