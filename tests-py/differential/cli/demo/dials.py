"""A small package of connectors, installed for ServoX and for us: one measures, one adjusts, one is odd."""

import datetime
import os
from typing import Optional

import servo
import servo.cli

THROUGHPUT = servo.Metric("throughput", servo.Unit.requests_per_minute)
ERRORS = servo.Metric("error_rate", servo.Unit.percentage)
NOON = datetime.datetime(2025, 3, 3, 12, 0, 0)


class MeterConfiguration(servo.BaseConfiguration):
    """Where to read."""

    url: str = "http://localhost"
    passes: bool = True

    @classmethod
    def generate(cls, **kwargs):
        return cls(description="Read this", url="http://example.com")


@servo.metadata(
    description="Meter readings",
    version="1.2.3",
    homepage="https://example.com/meter",
    license=servo.License.mit,
    maturity=servo.Maturity.stable,
)
class MeterConnector(servo.BaseConnector):
    config: MeterConfiguration

    @servo.on_event()
    def metrics(self) -> list[servo.Metric]:
        return [THROUGHPUT, ERRORS]

    @servo.on_event()
    def describe(self, control: servo.Control = servo.Control()) -> servo.Description:
        return servo.Description(metrics=self.metrics())

    @servo.before_event("measure")
    def prepare(self, *, metrics: list[str] = None, control: servo.Control = servo.Control()) -> None:  # noqa: RUF013
        pass

    @servo.on_event()
    def measure(
        self,
        *,
        metrics: list[str] = None,  # noqa: RUF013
        control: servo.Control = servo.Control(),
    ) -> servo.Measurement:
        if "DIALS_FAIL" in os.environ:
            raise RuntimeError("the meter is broken")
        if "DIALS_NOTHING" in os.environ:
            return servo.Measurement(readings=[])
        noon = datetime.datetime.now() if "DIALS_NOW" in os.environ else NOON
        minutes = datetime.timedelta(minutes=4)
        points = [servo.DataPoint(ERRORS, noon, 0.5), servo.DataPoint(ERRORS, noon - minutes, 1.25)]
        return servo.Measurement(
            readings=[
                servo.TimeSeries(THROUGHPUT, [servo.DataPoint(THROUGHPUT, noon, 31337)], id="-t"),
                servo.TimeSeries(ERRORS, points, id="-e"),
            ]
        )

    @servo.on_event()
    def check(
        self,
        matching: Optional[servo.CheckFilter],  # noqa: UP045
        halt_on: Optional[servo.ErrorSeverity] = servo.ErrorSeverity.critical,  # noqa: UP045
    ) -> list[servo.Check]:
        return [servo.Check(name="Readable", success=self.config.passes, message="it reads", tags=["fast"])]


class GaugeConnector(servo.BaseConnector):
    config: servo.BaseConfiguration

    @servo.on_event()
    def components(self) -> list[servo.Component]:
        return [
            servo.Component(
                "main",
                settings=[
                    servo.RangeSetting(name="cpu", min=0, max=10, step=1, value=3, unit="cores"),
                    servo.EnumSetting(name="gc", values=["a", "b"], value="a"),
                    servo.RangeSetting(name="aim", min=0, max=4, step=2),
                ],
            ),
            servo.Component("web", settings=[servo.Replicas(min=1, max=4, value=2)]),
            servo.Component("bare", settings=[]),
        ]

    @servo.on_event()
    def describe(self, control: servo.Control = servo.Control()) -> servo.Description:
        return servo.Description(components=self.components())

    @servo.on_event()
    def adjust(
        self, adjustments: list[servo.Adjustment], control: servo.Control = servo.Control()
    ) -> servo.Description:
        print(", ".join(f"{one.component_name}.{one.setting_name}={one.value!r}" for one in adjustments))
        if "DIALS_FAIL" in os.environ:
            raise servo.AdjustmentFailedError("the gauge is stuck")
        return servo.Description(components=self.components())


class DialConnector(servo.BaseConnector):
    """Its readings are single points."""

    config: servo.BaseConfiguration

    @servo.on_event()
    def metrics(self) -> list[servo.Metric]:
        return [servo.Metric(f"a_{unit.name}", unit) for unit in servo.Unit] + [servo.Metric("plain")]

    @servo.on_event()
    def measure(
        self,
        *,
        metrics: list[str] = None,  # noqa: RUF013
        control: servo.Control = servo.Control(),
    ) -> servo.Measurement:
        plain = servo.Metric("plain")
        late = NOON.replace(microsecond=900_000)
        return servo.Measurement(
            readings=[
                servo.DataPoint(plain, NOON, 1.234),
                servo.DataPoint(ERRORS, late, 1e9),
                servo.DataPoint(plain, NOON - datetime.timedelta(seconds=1), -0.5),
            ]
        )


cli = servo.cli.ConnectorCLI(MeterConnector, help="Look at the meter")


@cli.command()
def look(context: servo.cli.Context, loud: bool = False) -> None:
    """Look once."""
    text = f"{context.connector.name} of {context.servo.name} at {context.connector.config.url}"
    print(text.upper() if loud else text)


@cli.command()
def shown(context: servo.cli.Context) -> None:
    """Show a table."""
    servo.cli.print_table([[1, "one\ntwo"], [22, None]], ["N", "TEXT"])


@cli.command()
def ask(context: servo.cli.Context) -> None:
    """Wait for something."""

    async def later() -> str:
        return context.connector.name

    print(servo.cli.run_async(later()))
