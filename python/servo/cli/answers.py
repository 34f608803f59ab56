"""Answers of connectors as data for JSON and YAML."""

from __future__ import annotations

import math
from typing import Any


def plain(value: Any) -> Any:
    """A value as JSON has it: texts, numbers, lists and mappings; None for numbers that JSON has not."""
    import enum

    if isinstance(value, enum.Enum):
        return plain(value.value)
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set):
        return [plain(one) for one in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return int(value)
    return str(value)


def component_data(component: Any) -> dict[str, Any]:
    """Name and settings of a component."""
    return {"name": component.name, "settings": [_setting(setting) for setting in component.settings]}


def _setting(setting: Any) -> dict[str, Any]:
    """A setting in its wire form, with its name."""
    wire: dict[str, Any] = setting.__opsani_repr__()
    return {"name": setting.name, **plain(wire.get(setting.name) or {})}


def description_data(description: Any) -> dict[str, Any]:
    """The components and metrics of a description."""
    return {
        "components": [component_data(component) for component in description.components or ()],
        "metrics": [{"name": metric.name, "unit": plain(metric.unit)} for metric in description.metrics or ()],
    }


def setting_lines(description: Any) -> list[str]:
    """``component.setting=value`` for every setting of a description, with the value for people."""
    return [
        f"{component.name}.{setting.name}={setting.human_readable_value}"
        for component in description.components or ()
        for setting in component.settings
    ]
