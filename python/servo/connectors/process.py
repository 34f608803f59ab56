"""Runs the application as a child process and adjusts it by restarts."""

from __future__ import annotations

from typing import Any, ClassVar

import servo
from servo.connectors._native import NativeConfiguration, NativeConnector, told
from servo.events import Preposition

__all__ = ["ProcessConfiguration", "ProcessConnector"]


class ProcessConfiguration(NativeConfiguration):
    """The command, its settings and how its health is seen."""

    __native_type__: ClassVar[str] = "process"

    @classmethod
    def generate(cls, **kwargs: Any) -> Any:
        """An application to start from; it fits the sample of `load`.

        Args:
            kwargs: Values that go before those of the sample.
        """
        sample = {
            "description": "Update the command, settings and health to match your application",
            "command": ["./app", "--port", "8080", "--threads", "{threads}"],
            "settings": {"threads": {"type": "range", "min": 1, "max": 8, "step": 1, "value": 4}},
            "health": {"http": "http://127.0.0.1:8080/"},
        }
        return cls(**{**sample, **kwargs})


@told
class ProcessConnector(NativeConnector):
    """Runs the application as a child process and adjusts it by restarts."""

    __native_type__: ClassVar[str] = "process"

    config: ProcessConfiguration

    @servo.on_event()
    async def startup(self) -> None:
        """Starts the application."""
        await self._ask("startup")

    @servo.on_event()
    async def shutdown(self) -> None:
        """Ends the application."""
        await self._ask("shutdown")

    @servo.on_event()
    async def detach(self, servo_: servo.Servo) -> None:
        """Ends the application, if it still runs."""
        await self._ask("detach")

    @servo.on_event()
    async def components(self) -> list[servo.Component]:
        """The application and its settings."""
        found: list[servo.Component] = await self._ask("components")
        return found

    @servo.on_event()
    async def describe(self, control: servo.Control = servo.Control()) -> servo.Description:
        """The application and its settings, with the values it runs with."""
        found: servo.Description = await self._ask("describe", control=control)
        return found

    @servo.on_event()
    async def adjust(
        self, adjustments: list[servo.Adjustment], control: servo.Control = servo.Control()
    ) -> servo.Description:
        """Restarts the application with other settings."""
        found: servo.Description = await self._ask("adjust", adjustments=adjustments, control=control)
        return found

    @servo.before_event("measure")
    async def expect_health(
        self,
        *,
        metrics: list[str] = None,  # type: ignore[assignment]  # noqa: RUF013
        control: servo.Control = servo.Control(),
    ) -> None:
        """Starts the application where it does not run."""
        await self._ask("measure", Preposition.before, metrics=metrics, control=control)

    @servo.after_event("measure")
    async def confirm_health(self, results: list[servo.EventResult]) -> None:
        """Fails the measurement of an application that ended meanwhile."""
        await self._ask("measure", Preposition.after, results)
