"""Waits while something else measures."""

from __future__ import annotations

from typing import Any, ClassVar

import servo
from servo.connectors._native import NativeConfiguration, NativeConnector, told

__all__ = ["WaitConfiguration", "WaitConnector"]


class WaitConfiguration(NativeConfiguration):
    """What is measured while it waits."""

    __native_type__: ClassVar[str] = "wait"

    @classmethod
    def generate(cls, **kwargs: Any) -> Any:
        """A part that waits for nothing yet.

        Args:
            kwargs: Values that go before those of the sample.
        """
        return cls(**{"measure_enabled": False, **kwargs})


@told
class WaitConnector(NativeConnector):
    """Waits while something else measures."""

    __native_type__: ClassVar[str] = "wait"

    config: WaitConfiguration

    @servo.on_event()
    async def describe(self, control: servo.Control = servo.Control()) -> servo.Description:
        """No components; the metrics that others measure."""
        found: servo.Description = await self._ask("describe", control=control)
        return found

    @servo.on_event()
    async def measure(
        self,
        *,
        metrics: list[str] = None,  # type: ignore[assignment]  # noqa: RUF013
        control: servo.Control = servo.Control(),
    ) -> servo.Measurement:
        """Waits for as long as asked; measures nothing itself."""
        found: servo.Measurement = await self._ask("measure", metrics=metrics, control=control)
        return found
