"""What an optimizer is told of a servo beside its results: telemetry with the greeting, and diagnostics on request."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from servo.telemetry.values import Telemetry

if TYPE_CHECKING:
    from servo.telemetry.diagnostics import DIAGNOSTICS_CHECK_ENDPOINT as DIAGNOSTICS_CHECK_ENDPOINT
    from servo.telemetry.diagnostics import DIAGNOSTICS_MAX_RETRIES as DIAGNOSTICS_MAX_RETRIES
    from servo.telemetry.diagnostics import DIAGNOSTICS_OUTPUT_ENDPOINT as DIAGNOSTICS_OUTPUT_ENDPOINT
    from servo.telemetry.diagnostics import Diagnostics as Diagnostics
    from servo.telemetry.diagnostics import DiagnosticsHandler as DiagnosticsHandler
    from servo.telemetry.diagnostics import DiagnosticStates as DiagnosticStates

__all__ = ["ONE_MiB", "Telemetry"]

ONE_MiB = 2**20
"""A mebibyte, in bytes."""

_OF_DIAGNOSTICS = {
    "DIAGNOSTICS_CHECK_ENDPOINT",
    "DIAGNOSTICS_MAX_RETRIES",
    "DIAGNOSTICS_OUTPUT_ENDPOINT",
    "DiagnosticStates",
    "Diagnostics",
    "DiagnosticsHandler",
}


def __getattr__(name: str) -> Any:
    if name not in _OF_DIAGNOSTICS:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    value = getattr(importlib.import_module("servo.telemetry.diagnostics"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_OF_DIAGNOSTICS})
