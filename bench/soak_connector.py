"""A connector that answers at once, and writes down every command that it carries out."""

from __future__ import annotations

import datetime
import os

import servo

EXECUTED = os.open(os.environ["SOAK_EXECUTED"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
THROUGHPUT = servo.Metric("throughput", servo.Unit.requests_per_minute)


def note() -> None:
    """One line for each command: whoever reads them sees what was carried out twice."""
    os.write(EXECUTED, f"{servo.current_command_uid()}\n".encode())


class SoakConnector(servo.BaseConnector):
    config: servo.BaseConfiguration
    cpu: float = 1.0

    def description(self) -> servo.Description:
        cpu = servo.CPU(min=0.25, max=4.0, step=0.25, value=self.cpu)
        return servo.Description([servo.Component("web", [cpu])], [THROUGHPUT])

    @servo.on_event()
    async def describe(self, control: servo.Control = servo.Control()) -> servo.Description:
        note()
        return self.description()

    @servo.on_event()
    async def measure(
        self, *, metrics: list[str] | None = None, control: servo.Control = servo.Control()
    ) -> servo.Measurement:
        note()
        self.logger.info("measuring", progress=50)
        return servo.Measurement([servo.DataPoint(THROUGHPUT, datetime.datetime.now(datetime.UTC), 1000.0 * self.cpu)])

    @servo.on_event()
    async def adjust(
        self, adjustments: list[servo.Adjustment], control: servo.Control = servo.Control()
    ) -> servo.Description:
        note()
        self.cpu = float(adjustments[0].value)
        return self.description()
