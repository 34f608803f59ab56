"""Connectors for tests of commands: one that measures, one that adjusts, one that is told what to do."""

import asyncio
import datetime
import sys
from typing import Optional

import servo

THROUGHPUT = servo.Metric("throughput", servo.Unit.requests_per_minute)
ERRORS = servo.Metric("error_rate", servo.Unit.percentage)
NOON = datetime.datetime(2025, 3, 3, 12, 0, 0)


@servo.metadata(
    description="Meter readings",
    version="1.2.3",
    homepage="https://example.com/meter",
    license=servo.License.mit,
    maturity=servo.Maturity.stable,
)
class MeterConnector(servo.BaseConnector):
    config: servo.BaseConfiguration

    @servo.on_event()
    def metrics(self) -> list[servo.Metric]:
        return [THROUGHPUT, ERRORS]

    @servo.on_event()
    def describe(self, control: servo.Control = servo.Control()) -> servo.Description:
        return servo.Description(metrics=self.metrics())

    @servo.before_event("measure")
    def prepare(self, *, metrics: list[str] = None, control: servo.Control = servo.Control()) -> None:  # noqa: RUF013
        self.logger.info(f"asked for {metrics}, {control.warmup} + {control.duration}")

    @servo.on_event()
    def measure(
        self,
        *,
        metrics: list[str] = None,  # noqa: RUF013
        control: servo.Control = servo.Control(),
    ) -> servo.Measurement:
        now, before = datetime.datetime.now(), datetime.timedelta(minutes=4)
        series = [servo.DataPoint(ERRORS, now, 0.5), servo.DataPoint(ERRORS, now - before, 1.25)]
        return servo.Measurement(
            readings=[
                servo.TimeSeries(THROUGHPUT, [servo.DataPoint(THROUGHPUT, now, 31337)], id="-a"),
                servo.TimeSeries(ERRORS, series),
            ]
        )

    @servo.on_event()
    def check(
        self,
        matching: Optional[servo.CheckFilter],  # noqa: UP045
        halt_on: Optional[servo.ErrorSeverity] = servo.ErrorSeverity.critical,  # noqa: UP045
    ) -> list[servo.Check]:
        return [servo.Check(name="Readable", success=True)]


class GaugeConfiguration(servo.BaseConfiguration):
    fails: str = ""


class GaugeConnector(servo.BaseConnector):
    config: GaugeConfiguration

    @servo.on_event()
    def attach(self, servo_: servo.Servo) -> None:
        print(f"{self.name} attached", file=sys.stderr)
        if self.config.fails == "attach":
            raise RuntimeError("no such gauge")

    @servo.on_event()
    def detach(self, servo_: servo.Servo) -> None:
        print(f"{self.name} detached", file=sys.stderr)

    @servo.on_event()
    def components(self) -> list[servo.Component]:
        cpu = servo.RangeSetting(name="cpu", min=0, max=10, step=1, value=3, unit="cores")
        gc = servo.EnumSetting(name="gc", values=["a", "b"])
        return [
            servo.Component("main", settings=[gc, cpu]),
            servo.Component("web", settings=[servo.Replicas(min=1, max=4, value=2)]),
        ]

    @servo.on_event()
    def describe(self, control: servo.Control = servo.Control()) -> servo.Description:
        return servo.Description(components=self.components())

    @servo.on_event()
    def adjust(
        self, adjustments: list[servo.Adjustment], control: servo.Control = servo.Control()
    ) -> servo.Description:
        print([str(one) for one in adjustments], file=sys.stderr)
        if self.config.fails == "adjust":
            raise servo.AdjustmentFailedError("the valve is stuck\nturn it by hand")
        if self.config.fails == "defect":
            raise KeyError("valve")
        return self.describe()


class SlowConnector(servo.BaseConnector):
    """It takes its time, and says how it ends."""

    config: servo.BaseConfiguration

    @servo.on_event()
    def detach(self, servo_: servo.Servo) -> None:
        print(f"{self.name} detached", flush=True)

    @servo.on_event()
    async def measure(
        self,
        *,
        metrics: list[str] = None,  # noqa: RUF013
        control: servo.Control = servo.Control(),
    ) -> servo.Measurement:
        print(f"{self.name} measures", flush=True)
        try:
            await asyncio.sleep(600)
        finally:
            print(f"{self.name} ends", flush=True)
        return servo.Measurement()

    @servo.on_event()
    def adjust(
        self, adjustments: list[servo.Adjustment], control: servo.Control = servo.Control()
    ) -> servo.Description:
        return servo.Description()


class PointsConnector(servo.BaseConnector):
    """Its readings are single points, some with a time zone."""

    config: servo.BaseConfiguration

    @servo.on_event()
    def describe(self, control: servo.Control = servo.Control()) -> servo.Description:
        return servo.Description(metrics=[ERRORS])

    @servo.on_event()
    def measure(
        self,
        *,
        metrics: list[str] = None,  # noqa: RUF013
        control: servo.Control = servo.Control(),
    ) -> servo.Measurement:
        zone = datetime.timezone(datetime.timedelta(hours=5))
        return servo.Measurement(
            readings=[
                servo.DataPoint(ERRORS, NOON.replace(microsecond=900_000), float("nan")),
                servo.DataPoint(ERRORS, NOON.replace(hour=16, tzinfo=zone), 2.5),
                servo.DataPoint(servo.Metric("plain"), NOON, 7),
            ]
        )
