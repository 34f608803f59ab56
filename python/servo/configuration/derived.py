"""The configuration classes of an assembly: one for each key of a connector, and one for the document."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pydantic

from servo import _pydantic
from servo._pydantic import documents
from servo.configuration.base import BaseConfiguration, Settings
from servo.configuration.document import BaseServoConfiguration
from servo.configuration.environment import filled, snapshot
from servo.configuration.variables import variables_of
from servo.utilities.strings import join_to_series

if TYPE_CHECKING:
    from servo.connector import BaseConnector

__all__ = [
    "_create_config_model",
    "_create_config_model_from_routes",
    "_derive_config_model_for_route",
    "config_model_for_route",
    "document_model",
    "parse_document",
]

Routes = Mapping[str, "type[BaseConnector]"]

_parts: dict[tuple[type[BaseConnector], str, type], type[BaseConfiguration]] = {}
_documents: dict[Any, type[BaseServoConfiguration]] = {}
# The names of derived classes, each of which is given once: schemas tell classes apart by them.
_names: set[str] = set()


def config_model_for_route(connector_class: type[BaseConnector], route: str) -> type[BaseConfiguration]:
    """The configuration class of a connector under a key of a document; the same one at every call.

    It reads the variables `SERVO_<KEY>_<FIELD>`, and behind them those that the author named for a field.

    Args:
        connector_class: The class of the connector.
        route: The key.
    """
    base: Any = connector_class.config_model()
    key = connector_class, route, base
    if (known := _parts.get(key)) is not None:
        return known
    if not issubclass(base, Settings):
        return _parts.setdefault(key, base)  # Another model, which knows nothing of variables.
    name = _name(connector_class, route, base)
    about = {"__module__": base.__module__, "__qualname__": name.replace(".", "_"), "__doc__": base.__doc__}
    model: Any = documents.renamed(base, name, **about)
    documents.set_title(model, f"{connector_class.full_name} Settings (named {route})")
    prefixes = [f"{variable}_" for variable in variables_of(route)]
    model.__env_prefix__ = prefixes[0]
    for field in _pydantic.fields_of(model):
        own = {f"{prefix}{field}".upper() for prefix in prefixes}
        model.__env_names__[field] = own | set(_pydantic.declared_env(model, field))
        _pydantic.set_env_names(model, field, model.__env_names__[field])
    _names.add(name)
    return _parts.setdefault(key, model)


def _name(connector_class: type[BaseConnector], route: str, base: type) -> str:
    plain = f"{connector_class.__name__}Settings" if base is BaseConfiguration else base.__qualname__
    if route == connector_class.__default_name__ and plain not in _names:
        return plain
    name = re.sub(r"[^A-Za-z0-9.\-_]", "_", f"{plain}__{route}")
    number = 2
    while name in _names:
        # Two connectors with one configuration class, each with that key in a document of its own.
        name = re.sub(r"(?:__\d+)?$", f"__{number}", name, count=1)
        number += 1
    return name


def document_model(routes: Routes, *, required: bool) -> type[BaseServoConfiguration]:
    """The class of documents that have a key for each route; the same one for the same routes.

    Args:
        routes: The connector class of each key.
        required: Whether the keys must be there; otherwise a connector without one is inactive.

    Raises:
        ValueError: A key cannot be one of a document.
    """
    # A class may be told by `@metadata` what it is, after it was asked for here.
    facts = tuple((key, cls, str(cls.version), cls.full_name) for key, cls in routes.items())
    if (known := _documents.get((facts, required))) is not None:
        return known
    for key in routes:
        if key in _pydantic.fields_of(BaseServoConfiguration) or key.startswith("_"):
            raise ValueError(f'Name "{key}" is reserved')
    usable = {key: cls for key, cls in routes.items() if not hasattr(BaseServoConfiguration, key)}
    if required and (wrong := next((key for key in routes if key not in usable), None)) is not None:
        raise ValueError(f'Name "{wrong}" is reserved: a configuration has an attribute of that name')
    parts = {key: config_model_for_route(cls, key) for key, cls in usable.items()}
    about = {"__module__": "servo.assembly", "__doc__": _description(usable)}
    model: Any = documents.with_parts(BaseServoConfiguration, "ServoConfiguration", parts, required=required, **about)
    model.__routes__, model.__routes_required__ = parts, required
    documents.set_title(model, "Servo Configuration Schema")
    return _documents.setdefault((facts, required), model)


def _description(routes: Routes) -> str:
    import servo

    text = f"Schema for configuration of Servo v{servo.__version__}"
    connectors = [f"{cls.full_name} v{cls.version}" for cls in dict.fromkeys(routes.values())]
    return f"{text} with {join_to_series(connectors)}" if connectors else text


def parse_document(model: type[BaseServoConfiguration], document: Any) -> BaseServoConfiguration:
    """The configuration of a document, its gaps filled from the environment.

    Args:
        model: A class of `document_model`.
        document: The document.

    Raises:
        pydantic.ValidationError: What is wrong, with its places.
    """
    if isinstance(document, dict) and _reads_environment(model):
        document = filled(model, document)
    with _pydantic.nested():
        parsed: BaseServoConfiguration = documents.parsed(model, document)
        return parsed


_checked: dict[type, tuple[Any, bool]] = {}


def _reads_environment(model: Any) -> bool:
    """Whether there is any variable that a document of that class could have something from."""
    now = snapshot()
    seen, reads = _checked.get(model, (None, False))
    if seen is not now:
        parts = model.__routes__.values()
        declared = {name for part in parts for names in getattr(part, "__env_names__", {}).values() for name in names}
        reads = not now.names.isdisjoint(declared) or any(name.startswith(_PREFIXES) for name in now.names)
        reads = reads and _finds_something(model)
        _checked[model] = (now, reads)
    return reads


_PREFIXES = ("SERVO_", "COMMON_", "CHECKS_", "OPSANI_", "APPD_")


def _finds_something(model: Any) -> bool:
    if any(name.startswith(("OPSANI_", "APPD_")) for name in snapshot().names):
        return True
    asked: dict[str, Any] = {key: {} for key in model.__routes__}
    try:
        return bool(model._environment(asked))
    except pydantic.ValidationError:
        return True


def _derive_config_model_for_route(name: str, model: type[BaseConnector]) -> type[BaseConfiguration]:
    return config_model_for_route(model, name)


def _create_config_model_from_routes(routes: Routes, *, require_fields: bool = True) -> type[BaseServoConfiguration]:
    return document_model(routes, required=require_fields)


def _create_config_model(
    *, config: Any, routes: Routes | None = None, env: Mapping[str, str] | None = None
) -> tuple[type[BaseServoConfiguration], dict[str, type[BaseConnector]]]:
    """The class of a document, and its routes.

    Args:
        config: The document.
        routes: The routes, instead of those that the document asks for.
        env: The environment, where `SERVO_CONNECTORS` is looked for when the document has no `connectors`.

    Raises:
        TypeError, ValueError: The connectors of the document are wrong.
    """
    import os

    from servo.connector.routes import _default_routes, _routes_for_connectors_descriptor

    explicit = routes is not None
    found = dict(routes) if routes is not None else None
    if found is None:
        asked = config.get("connectors") if isinstance(config, dict) else None
        if not asked:
            asked = (os.environ if env is None else env).get("SERVO_CONNECTORS") or None
        found = _routes_for_connectors_descriptor(asked) if asked else None
        explicit = bool(found)
    if not found:
        found, explicit = _default_routes(), False
    return document_model(found, required=explicit), found
