"""The signatures of the events that every servo has; read when a handler of one is declared."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Optional

import servo
from servo.types import Control, ErrorSeverity

if TYPE_CHECKING:
    from servo.servo import Servo

__all__ = ["names_of", "signature_of"]

# The annotations are texts that errors show; what they name is imported when a handler has to be compared with them.
# ruff: noqa: UP045 (Optional[…] is what these texts say)
# mypy: disable-error-code="empty-body"


class _Declared:
    """One stub for each event, in the order in which they are registered."""

    async def attach(self, servo_: Servo) -> None: ...

    async def detach(self, servo_: Servo) -> None: ...

    async def startup(self) -> None: ...

    async def shutdown(self) -> None: ...

    async def metrics(self) -> list[servo.types.Metric]: ...

    async def components(self) -> list[servo.types.Component]: ...

    async def measure(
        self,
        *,
        metrics: list[str] = None,  # type: ignore[assignment]  # noqa: RUF013
        control: servo.types.Control = Control(),  # noqa: B008
    ) -> servo.types.Measurement: ...

    async def check(
        self,
        matching: Optional[servo.checks.CheckFilter],
        halt_on: Optional[servo.types.ErrorSeverity] = ErrorSeverity.critical,
    ) -> list[servo.checks.Check]: ...

    async def describe(self, control: servo.types.Control = Control()) -> servo.types.Description: ...  # noqa: B008

    async def adjust(
        self,
        adjustments: list[servo.types.Adjustment],
        control: servo.types.Control = Control(),  # noqa: B008
    ) -> servo.types.Description: ...

    async def promote(self) -> None: ...


def signature_of(name: str) -> inspect.Signature:
    """What handlers of a standard event are given and return."""
    return inspect.signature(getattr(_Declared, name))


def names_of(name: str) -> Mapping[str, Any]:
    """What the annotations of a standard event name."""
    names: dict[str, Any] = {"servo": servo, "Optional": Optional}
    if name in ("attach", "detach"):
        names["Servo"] = importlib.import_module("servo.servo").Servo
    return names
