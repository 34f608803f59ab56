"""The protocol between a servo and its optimizer: words, messages, client."""

from __future__ import annotations

from typing import Any

from servo.api.http import (
    USER_AGENT,
    get_api_client_for_optimizer,
    is_fatal_status_code,
    redacted_to_curl,
    user_agent,
)
from servo.api.messages import CommandResponse, MeasureParams, Request, SleepResponse, Status
from servo.api.vocabulary import Commands, Events, OptimizerStatuses, Reasons, ServoStatuses, Statuses
from servo.types import Adjustment

__all__ = [
    "USER_AGENT",
    "CommandResponse",
    "Commands",
    "Events",
    "MeasureParams",
    "OptimizerStatuses",
    "Reasons",
    "Request",
    "ServoStatuses",
    "SleepResponse",
    "Status",
    "Statuses",
    "adjustments_to_descriptor",
    "descriptor_to_adjustments",
    "get_api_client_for_optimizer",
    "is_fatal_status_code",
    "redacted_to_curl",
    "user_agent",
]


def descriptor_to_adjustments(descriptor: dict[str, Any]) -> list[Adjustment]:
    """The changes of an ADJUST command, in the order of the document.

    Args:
        descriptor: `param.state` of the command, with `application.components.<component>.settings.<setting>.value`.

    Raises:
        KeyError: A level is missing.
        pydantic.ValidationError: A value is neither a number nor a text.
    """
    return [
        Adjustment(component_name=component_name, setting_name=setting_name, value=setting["value"])
        for component_name, component in descriptor["application"]["components"].items()
        for setting_name, setting in component["settings"].items()
    ]


def adjustments_to_descriptor(adjustments: list[Adjustment]) -> dict[str, Any]:
    """The `param` of an ADJUST command with those changes.

    Args:
        adjustments: The changes.
    """
    components: dict[str, Any] = {}
    for adjustment in adjustments:
        component = components.setdefault(adjustment.component_name, {"settings": {}})
        component["settings"][adjustment.setting_name] = {"value": adjustment.value}
    return {"state": {"application": {"components": components}}}
