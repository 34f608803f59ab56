"""Sends HTTP load at a constant rate and measures how it is answered."""

from __future__ import annotations

from typing import Any, ClassVar

import servo
from servo.connectors._native import NativeConfiguration, NativeConnector, told

__all__ = ["LoadConfiguration", "LoadConnector"]


class LoadConfiguration(NativeConfiguration):
    """Which targets, how often, for how long."""

    __native_type__: ClassVar[str] = "load"

    @classmethod
    def generate(cls, **kwargs: Any) -> Any:
        """A load to start from; it fits the sample of `process`.

        Args:
            kwargs: Values that go before those of the sample.
        """
        sample = {
            "description": "Update the rate and target/targets to match your load profile",
            "rate": "50/1s",
            "target": "GET http://127.0.0.1:8080/",
        }
        return cls(**{**sample, **kwargs})


@told
class LoadConnector(NativeConnector):
    """Sends HTTP load at a constant rate and measures how it is answered."""

    __native_type__: ClassVar[str] = "load"

    config: LoadConfiguration

    @servo.on_event()
    async def describe(self, control: servo.Control = servo.Control()) -> servo.Description:
        """No components; the metrics of the load."""
        found: servo.Description = await self._ask("describe", control=control)
        return found

    @servo.on_event()
    async def metrics(self) -> list[servo.Metric]:
        """The metrics of the load."""
        found: list[servo.Metric] = await self._ask("metrics")
        return found

    @servo.on_event()
    async def measure(
        self,
        *,
        metrics: list[str] = None,  # type: ignore[assignment]  # noqa: RUF013
        control: servo.Control = servo.Control(),
    ) -> servo.Measurement:
        """Sends the load for as long as asked, after its warm-up."""
        found: servo.Measurement = await self._ask("measure", metrics=metrics, control=control)
        return found
