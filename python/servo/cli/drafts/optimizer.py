"""What a new configuration says of its optimizer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from servo.cli.drafts.comments import comment, entry, mapping
from servo.cli.drafts.outline import Outline

if TYPE_CHECKING:
    from servo.connector import BaseConnector

__all__ = ["absent", "local", "named_by", "service", "variable_of"]

_CLIENT = ("APPD_BASE_URL", "APPD_CLIENT_ID", "APPD_CLIENT_SECRET", "APPD_TENANT_ID")
_GOAL = {"objective": "minimize", "metric": "latency_95th"}
_NOTHING = Outline({})


def variable_of(environment: Mapping[str, str]) -> str | None:
    """The variable that supplies an optimizer, by the rules by which a configuration is read; None without any."""
    given = {name for name, text in environment.items() if text}
    own = sorted(name for name in given if name == "SERVO_OPTIMIZER" or name.startswith("SERVO_OPTIMIZER_"))
    if own:
        return own[0]
    complete = "APPD_CONNECTION_FILE" in given or given.issuperset(_CLIENT)
    for name, enough in (("APPD_OPTIMIZER_ID", complete), ("OPSANI_OPTIMIZER", True), ("APPD_OPTIMIZER_ID", True)):
        if name in given and enough:
            return name
    return None


def named_by(environment: Mapping[str, str]) -> dict[str, str]:
    """The key and the name of the service that the environment supplies; empty where there is no name."""
    key, name = "id", environment.get("SERVO_OPTIMIZER_ID")
    if text := environment.get("SERVO_OPTIMIZER"):
        try:
            read = json.loads(text)
        except ValueError:
            read = None
        for known in ("id", "optimizer_id"):
            if isinstance(read, dict) and isinstance(read.get(known), str):
                return {known: read[known]}
    if not name:
        variable = variable_of(environment)
        if variable not in ("OPSANI_OPTIMIZER", "APPD_OPTIMIZER_ID"):
            return {}
        key, name = ("id" if variable == "OPSANI_OPTIMIZER" else "optimizer_id"), environment[variable]
    return {key: name}


def absent(variable: str) -> list[str]:
    """The lines of a document whose optimizer is supplied by that variable."""
    return comment(f"The optimizer comes from the environment ({variable}). What is written under `optimizer` wins.")


def service(named: Mapping[str, str]) -> list[str]:
    """The lines of an optimizer at a service; the environment adds the token."""
    told = (
        "Who says what to measure and adjust. The environment has the token; each document has an optimizer of its own."
    )
    return [*comment(told), *entry("optimizer", dict(named), _NOTHING, 0, short=False)]


def local(routes: Mapping[str, type[BaseConnector]], *, defaults: bool) -> list[str]:
    """The lines of the local optimizer: what is measured decides what its goal can be.

    Args:
        routes: The connectors.
        defaults: Whether values that are defaults are written.
    """
    from servo import _core

    schema = json.loads(_core.local_optimizer_schema())
    values: dict[str, Any] = {"trial": {"warmup": "5s", "duration": "30s"}, "budget": {"trials": 20}}
    others: dict[str, Any] = {}
    if any(cls.__default_name__ == "load" for cls in routes.values()):
        limits = [{"name": "errors", "formula": "error_rate <= 1"}]
        values = {"goal": _GOAL, "constraints": {"absolute": limits}, **values}
    else:
        schema["properties"]["goal"]["description"] += " `servo describe` lists the metrics there are."
        others["goal"] = _GOAL
    if find_spec("optuna") is None:
        # The default needs it.
        values = {"sampler": "random", **values}
    outline = Outline(schema)
    found = {name: outline.key(name).default() for name in outline.names()}
    others |= {name: value for name, value in found.items() if name not in values and name not in others}
    if defaults:
        values |= {name: value for name, value in found.items() if value is not None and name not in values}
        others = {name: value for name, value in others.items() if name not in values}
    return [
        *comment(
            "Who says what to measure and adjust: `local` is an optimizer within the servo. For one at a service, "
            "write its `id` in place of `local`, and set the variable OPSANI_TOKEN."
        ),
        "optimizer:",
        "  local:",
        *mapping(values, outline, 4, short=True, offer=others),
    ]
