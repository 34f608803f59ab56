"""What a new configuration says of its optimizer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING

from servo.cli.drafts.comments import comment, entry
from servo.cli.drafts.outline import Outline

if TYPE_CHECKING:
    from servo.connector import BaseConnector

__all__ = ["absent", "local", "named_by", "service", "variable_of"]

_CLIENT = ("APPD_BASE_URL", "APPD_CLIENT_ID", "APPD_CLIENT_SECRET", "APPD_TENANT_ID")
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


def local(routes: Mapping[str, type[BaseConnector]]) -> list[str]:
    """The lines of the local optimizer: what is measured decides what its goal can be."""
    measured = any(cls.__default_name__ == "load" for cls in routes.values())
    lines = [
        *comment(
            "Who says what to measure and adjust: `local` is an optimizer within the servo. For one at a service, "
            "write its `id` in place of `local`, and set the variable OPSANI_TOKEN."
        ),
        "optimizer:",
        "  local:",
    ]
    if find_spec("optuna") is None:
        lines += [
            *comment(
                "The strategy. `tpe`, the default, learns from trials; it needs: pip install 'servox-rs[local]'", 4
            ),
            "    sampler: random",
        ]
    if measured:
        lines += [
            *comment("What is minimized or maximized: a `metric`, or a `formula` of metrics and settings.", 4),
            "    goal: {objective: minimize, metric: latency_95th}",
            *comment("What every accepted configuration must meet, in percent here.", 4),
            "    constraints:",
            "      absolute:",
            "      - {name: errors, formula: error_rate <= 1}",
        ]
    else:
        lines += [
            *comment(
                "What is minimized or maximized: a `metric`, or a `formula` of metrics and settings. "
                "`servo describe` lists the metrics there are.",
                4,
            ),
            "    #goal: {objective: minimize, metric: latency}",
        ]
    return [
        *lines,
        *comment("How one configuration is measured.", 4),
        "    trial: {warmup: 5s, duration: 30s}",
        *comment("How many configurations are tried.", 4),
        "    budget: {trials: 20}",
        *comment("Where trials are kept; the next run continues there.", 4),
        "    #storage: sqlite:///servo.db",
    ]
