"""Watches the front of the shop, and turns its knobs."""

from __future__ import annotations

from typing import List, Optional

import httpx
import pytz
from pydantic import Field, validator

import servo
from servo import Duration

PAUSE = Duration("10s between two calls")
METRICS = [servo.Metric("latency", servo.Unit.milliseconds)]


class FrontConfiguration(servo.BaseConfiguration):
    path: str = Field("/", env="FRONT_PATH")
    settlement: Duration = Duration("1m")

    @validator("path")
    def begins_with_a_slash(cls, value: str) -> str:
        assert value.startswith("/"), "a path begins with a slash"
        return value


class FrontChecks(servo.BaseChecks):
    config: FrontConfiguration

    @servo.warn("Front answers")
    async def check_front(self) -> str:
        return "it is not asked"


@servo.metadata(
    description="The front of the shop",
    version="1.4.0",
    homepage="https://shop.example.com/",
    license=servo.License.apache2,
    maturity=servo.Maturity.stable,
)
class FrontConnector(servo.BaseConnector):
    config: FrontConfiguration

    @servo.on_event()
    async def check(
        self,
        matching: Optional[servo.CheckFilter] = None,
        halt_on: Optional[servo.ErrorSeverity] = servo.ErrorSeverity.critical,
    ) -> List[servo.Check]:
        return await FrontChecks.run(self.config, matching=matching, halt_on=halt_on)

    @servo.on_event()
    async def metrics(self) -> List[servo.Metric]:
        return METRICS

    @servo.on_event()
    async def measure(
        self, *, metrics: List[str] = None, control: servo.Control = servo.Control()
    ) -> servo.Measurement:
        async with httpx.AsyncClient() as client:
            try:
                response = await client.get(f"http://127.0.0.1:8080{self.config.path}")
            except httpx.HTTPError as error:
                raise servo.EventCancelledError(f"the front does not answer: {error}") from error
        self.logger.debug(f"measured with {self.config.json()} at {pytz.utc}")
        return servo.Measurement(
            readings=[
                servo.DataPoint(METRICS[0], servo.types.datetime.datetime.now(), response.elapsed.total_seconds())
            ]
        )

    @servo.after_event("adjust")
    async def settle(self, results: List[servo.EventResult]) -> None:
        await servo.utilities.run_subprocess_shell("sleep 1", timeout=5)
