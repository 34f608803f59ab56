"""A connector with all that authors use, for `mypy --strict` and `pyright`: see `make lint-python`."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Iterable
from typing import Any

import pydantic

import servo
import servo.errors
from servo.types import Adjustment, Component, Description, Duration, Measurement, Metric, RangeSetting, Unit


class CacheConfiguration(servo.BaseConfiguration):
    """Where the cache is, and what may be tuned."""

    url: str = pydantic.Field(default="http://localhost:9000", description="The address of the cache")
    interval: Duration = Duration("10s")
    sizes: list[int] = pydantic.Field(default_factory=list)
    metric: Metric = Metric("hits", Unit.requests_per_second)

    @classmethod
    def generate(cls, **kwargs: object) -> CacheConfiguration:
        """A sample for `servo generate`."""
        return cls(url="http://cache:9000", sizes=[1, 2, 4])


class CacheChecks(servo.BaseChecks):
    """What must be right before a run."""

    config: CacheConfiguration

    @servo.require("Address is given", id="address")
    async def check_address(self) -> tuple[bool, str]:
        """Looks at the address."""
        return bool(self.config.url), self.config.url

    @servo.multicheck("Size {item} is positive")
    async def check_sizes(self) -> tuple[Iterable[int], Any]:
        """Looks at each size."""

        def is_positive(size: int) -> bool:
            return size > 0

        return self.config.sizes, is_positive


@servo.metadata(name=("Cache", "cache"), version="1.0.0", license=servo.License.apache2, maturity=servo.Maturity.stable)
class CacheConnector(servo.BaseConnector):
    """Tunes a cache."""

    config: CacheConfiguration
    size: int = 1

    @servo.event()
    async def flush(self, *, hard: bool = False) -> list[str]:  # type: ignore[empty-body]
        ...

    @servo.on_event()
    async def startup(self) -> None:
        """Starts what repeats."""
        self.start_repeating_task("look", self.config.interval, self.look)

    @servo.on_event()
    def shutdown(self) -> None:
        """Ends what repeats."""
        self.cancel_repeating_tasks()

    async def look(self) -> None:
        """Says how it goes."""
        self.logger.info("size {}", self.size)

    @servo.on_event()
    async def check(
        self,
        matching: servo.CheckFilter | None,
        halt_on: servo.ErrorSeverity | None = servo.ErrorSeverity.critical,
    ) -> list[servo.Check]:
        """Runs the checks."""
        return await CacheChecks.run(self.config, matching=matching, halt_on=halt_on)

    @servo.on_event()
    async def describe(self, control: servo.Control = servo.Control()) -> Description:
        """Says what can be tuned, and measured."""
        size = RangeSetting(name="size", min=1, max=8, step=1, value=self.size)
        return Description(components=[Component("cache", [size])], metrics=[self.config.metric])

    @servo.before_event("measure")
    async def prepare(self, *, metrics: list[str] | None = None, control: servo.Control = servo.Control()) -> None:
        """Refuses what takes too long."""
        if control.duration > Duration("1h"):
            raise servo.EventCancelledError("too long", reason="duration", connector=self)

    @servo.on_event()
    async def measure(
        self, *, metrics: list[str] | None = None, control: servo.Control = servo.Control()
    ) -> Measurement:
        """Measures for as long as it is told."""
        progress = servo.DurationProgress(control.duration)
        points: list[servo.DataPoint] = []
        async for _ in progress.every(self.config.interval):
            points.append(servo.DataPoint(self.config.metric, datetime.datetime.now(datetime.UTC), float(self.size)))
        series = servo.TimeSeries(self.config.metric, points, id="hits")
        best = series.max
        return Measurement(readings=[series], annotations={"best": str(best.value) if best else "none"})

    @servo.on_event()
    async def adjust(self, adjustments: list[Adjustment], control: servo.Control = servo.Control()) -> Description:
        """Changes the size."""
        for adjustment in adjustments:
            if adjustment.selector != "cache.size":
                raise servo.errors.AdjustmentRejectedError(f"unknown: {adjustment}", reason="unknown")
            self.size = int(adjustment.value)
        return await self.describe()

    @servo.after_event("adjust")
    async def clear(self, results: list[servo.EventResult]) -> None:
        """Empties the cache after a change."""
        for result in await self.dispatch_event("flush", hard=True, include=[self]):
            self.logger.debug("{}", result.value)

    @servo.on_event("flush")
    async def flushed(self, *, hard: bool = False) -> list[str]:
        """Says what is gone."""
        return ["all"] if hard else []


async def main() -> None:
    """Uses it without a file."""
    connector = CacheConnector(config=CacheConfiguration(interval=Duration("5ms")))
    results = await connector.dispatch_event("measure", control=servo.Control(duration=Duration("20ms")))
    assert isinstance(results, list)
    async with connector.dispatch_event("flush") as dispatch:
        assert not dispatch.done
    assembly = await servo.Assembly.assemble(
        configs=[{"optimizer": {"id": "example.com/app", "token": "x"}, "connectors": ["cache"], "cache": {}}]
    )
    unit = assembly.servos[0]
    await unit.dispatch_event(servo.Events.describe, control=servo.Control())


if __name__ == "__main__":
    asyncio.run(main())
