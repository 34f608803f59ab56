"""The JSON Schema beside a generated file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from servo.connector import BaseConnector


def schema_for(routes: Mapping[str, type[BaseConnector]], documents: list[Any]) -> dict[str, Any]:
    return {"title": "Servo Configuration Schema", "type": "object"}
