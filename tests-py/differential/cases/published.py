"""A connector as people publish them: it tunes the pools of a (simulated) web application, whole."""

from __future__ import annotations

import asyncio
import datetime
import enum
import json
import pathlib
import random
from typing import Any, Dict, Iterable, List, Optional, Tuple, Union

import pydantic
from report import attempt, attempted, plain, show

import servo
import servo.checks
import servo.configuration
import servo.connector
import servo.errors
import servo.events
import servo.types
from servo.types import Component, Control, Description, Duration, Measurement, Metric, RangeSetting, Replicas, Unit

DEFAULT_METRICS = [
    Metric("throughput", Unit.requests_per_minute),
    Metric("error_rate", Unit.percentage),
    Metric("latency_p95", Unit.milliseconds),
]
API_PREFIX = "/api/v1"


class Strategy(enum.StrEnum):
    rolling = "rolling"
    recreate = "recreate"


class Range(servo.types.BaseModel):
    """The bounds of a setting in a configuration."""

    min: servo.types.Numeric
    max: servo.types.Numeric
    step: servo.types.Numeric = 1
    pinned: bool = False

    @pydantic.root_validator(skip_on_failure=True)
    def max_is_above_min(cls, values: Dict[str, Any]) -> Dict[str, Any]:
        if values["max"] < values["min"]:
            raise ValueError(f"max must not be below min ({values['max']} < {values['min']})")
        return values


class Pool(servo.types.BaseModel):
    name: str
    threads: Range
    replicas: Optional[Range] = None
    strategy: Strategy = Strategy.rolling
    labels: Dict[str, str] = {}

    @pydantic.validator("name")
    def name_is_lower_case(cls, value: str) -> str:
        if value != value.lower():
            raise ValueError("pool names are lower case")
        return value


class WebAppConfiguration(servo.BaseConfiguration):
    """Connection and pools of the web application."""

    base_url: str = pydantic.Field("http://localhost:8080", description="The base URL of the application")
    pools: List[Pool] = []
    metrics: List[Metric] = DEFAULT_METRICS
    step: Duration = pydantic.Field("20ms", description="How often figures are read")
    timeout: Optional[Duration] = "1s"
    headers: Dict[str, str] = {}
    fast_fail: servo.configuration.FastFailConfiguration = pydantic.Field(
        default_factory=servo.configuration.FastFailConfiguration
    )

    @classmethod
    def generate(cls, **kwargs: Any) -> WebAppConfiguration:
        return cls(
            description="Update the base_url and pools to match your application.",
            pools=[Pool(name="main", threads=Range(min=4, max=64, step=4))],
            **kwargs,
        )

    @pydantic.validator("base_url")
    def rstrip_base_url(cls, base_url: str) -> str:
        return base_url.rstrip("/")

    @property
    def api_url(self) -> str:
        return f"{self.base_url}{API_PREFIX}"


class WebAppChecks(servo.BaseChecks):
    config: WebAppConfiguration

    @servo.require("Application reachable")
    async def check_base_url(self) -> Tuple[bool, str]:
        return self.config.base_url != "http://down", f"asked {self.config.base_url}"

    @servo.multicheck('Pool "{item.name}" is configured')
    async def check_pools(self) -> Tuple[Iterable, servo.CheckHandler]:
        def check_pool(pool: Pool) -> str:
            if pool.threads.min < 1:
                raise servo.checks.CheckError(f"{pool.name} has no threads", hint="set threads.min")
            return f"{pool.threads.min} to {pool.threads.max} threads"

        return self.config.pools, check_pool

    @servo.warn("Metrics are known")
    def check_metrics(self) -> bool:
        return all(metric.name in {known.name for known in DEFAULT_METRICS} for metric in self.config.metrics)


@servo.metadata(
    name=("Web App", "web_app"),
    description="Tunes thread pools of a web application.",
    version="2.1.0",
    homepage="https://example.com/servo-webapp",
    license=servo.types.License.apache2,
    maturity=servo.types.Maturity.stable,
)
class WebAppConnector(servo.BaseConnector):
    config: WebAppConfiguration
    state: Dict[str, Dict[str, Union[int, float]]] = {}
    _ticks: int = pydantic.PrivateAttr(0)

    @servo.event()
    async def drain(self, pool: str, *, limit: Optional[Duration] = None) -> List[str]:
        ...

    @servo.on_event()
    async def attach(self, servo_: servo.Servo) -> None:
        self.state = {
            pool.name: {"threads": pool.threads.min, **({"replicas": pool.replicas.min} if pool.replicas else {})}
            for pool in self.config.pools
        }

    @servo.on_event()
    async def startup(self) -> None:
        self.start_repeating_task("heartbeat", self.config.step, self._beat)

    @servo.on_event()
    async def shutdown(self) -> None:
        self.cancel_repeating_tasks()

    async def _beat(self) -> None:
        self._ticks += 1

    @servo.on_event()
    async def check(
        self,
        matching: Optional[servo.CheckFilter],
        halt_on: Optional[servo.ErrorSeverity] = servo.ErrorSeverity.critical,
    ) -> List[servo.Check]:
        return await WebAppChecks.run(self.config, matching=matching, halt_on=halt_on)

    @servo.on_event()
    async def metrics(self) -> List[Metric]:
        return self.config.metrics

    @servo.on_event()
    async def components(self) -> List[Component]:
        return [Component(pool.name, self._settings(pool)) for pool in self.config.pools]

    def _settings(self, pool: Pool) -> List[servo.types.Setting]:
        current = self.state[pool.name]
        settings: List[servo.types.Setting] = [
            RangeSetting(name="threads", value=current["threads"], **pool.threads.dict())
        ]
        if pool.replicas:
            settings.append(Replicas(value=current["replicas"], **pool.replicas.dict(include={"min", "max", "pinned"})))
        return settings

    @servo.on_event()
    async def describe(self, control: Control = Control()) -> Description:
        return Description(components=await self.components(), metrics=await self.metrics())

    @servo.before_event("measure")
    async def prepare(self, *, metrics: List[str] = None, control: Control = Control()) -> None:
        if control.warmup > Duration("1h"):
            raise servo.errors.EventCancelledError("warm-up is too long", reason="warmup", connector=self)

    @servo.on_event()
    async def measure(self, *, metrics: List[str] = None, control: Control = Control()) -> Measurement:
        wanted = [metric for metric in self.config.metrics if not metrics or metric.name in metrics]
        if not wanted:
            raise servo.errors.MeasurementFailedError(f"no metrics to measure: {metrics}", reason="no-metrics")
        progress = servo.DurationProgress(control.duration)
        random.seed(7)
        samples: Dict[str, List[servo.DataPoint]] = {metric.name: [] for metric in wanted}
        start, number = datetime.datetime(2023, 5, 1, 12), 0
        channel = self.pubsub_exchange.get_channel("figures")
        async for progress_ in progress.every(self.config.step):
            for metric in wanted:
                at = start + datetime.timedelta(seconds=number)
                samples[metric.name].append(servo.DataPoint(metric, at, 100.0 + number if number < 3 else 100.0))
            number += 1
            if channel and number <= 2:
                await channel.publish(servo.Message(json={"number": number}))
        series = [
            servo.TimeSeries(metric, samples[metric.name][:3], id=f"{self.name}-{metric.name}", annotation="simulated")
            for metric in wanted
        ]
        self.logger.info(f"measured {len(series)} series ({progress.annotate('done')})")
        return Measurement(readings=series, annotations={"pools": ", ".join(self.state)})

    @servo.on_event()
    async def adjust(self, adjustments: List[servo.Adjustment], control: Control = Control()) -> Description:
        description = await self.describe()
        settlement = servo.EventProgress(timeout="5s", settlement=control.settlement)
        for adjustment in adjustments:
            setting = description.get_setting(adjustment.selector)
            if setting is None:
                raise servo.errors.AdjustmentRejectedError(f"unknown setting {adjustment.selector}", reason="unknown")
            if isinstance(setting, RangeSetting) and not setting.min <= adjustment.value <= setting.max:
                raise servo.errors.AdjustmentFailedError(f"{adjustment} is out of range", reason="range")
            setting.value = adjustment.value
            self.state[adjustment.component_name][adjustment.setting_name] = adjustment.value
        settlement.trigger()
        await settlement.wait()
        return description

    @servo.after_event("adjust")
    async def announce(self, results: List[servo.EventResult]) -> None:
        await self.dispatch_event("drain", self.config.pools[0].name, limit=Duration("10s"), include=[self])

    @servo.on_event("drain")
    async def drained(self, pool: str, *, limit: Optional[Duration] = None) -> List[str]:
        return [f"{pool} within {limit}"]


POOLS = [
    {"name": "front", "threads": {"min": 4, "max": 64, "step": 4}, "replicas": {"min": 1, "max": 6}},
    {"name": "back", "threads": {"min": 1, "max": 16, "step": 1, "pinned": True}, "strategy": "recreate"},
]
OPTIMIZER = {"id": "example.com/web", "token": "x"}
DOCUMENT = {
    "optimizer": OPTIMIZER,
    "connectors": ["web_app"],
    "web_app": {"base_url": "http://localhost:1/", "pools": POOLS, "step": "15ms"},
}


def wire(value: Any) -> Any:
    told = value.__opsani_repr__()
    for metric in told.get("metrics", {}).values():
        for series in metric.get("values", []):
            series.pop("id")
    return plain(told)


async def values(dispatch: Any) -> List[Any]:
    return [wire(result.value) if hasattr(result.value, "__opsani_repr__") else result.value for result in await dispatch]


async def main() -> None:
    assembly = await servo.Assembly.assemble(configs=[DOCUMENT])
    unit = assembly.servos[0]
    connector = unit.get_connector("web_app")
    show("summary", WebAppConnector.summary())
    show("config", json.loads(connector.config.json(exclude={"fast_fail"})))
    show("url", connector.config.api_url)
    show("yaml", connector.config.yaml(exclude_unset=True))
    show("state", connector.state)
    control = Control(duration="60ms")
    await attempted("describe", values(unit.dispatch_event("describe", control=control)))
    await attempted("components", values(unit.dispatch_event("components")))
    await attempted("metrics", values(unit.dispatch_event("metrics")))
    heard: List[Any] = []
    channel = unit.pubsub_exchange.create_channel("figures")
    unit.pubsub_exchange.start()

    @connector.subscribe("figures")
    async def listen(message: servo.Message, channel: servo.Channel) -> None:
        heard.append(message.json())

    await attempted("measure", values(unit.dispatch_event("measure", metrics=["throughput"], control=control)))
    await asyncio.sleep(0.05)
    show("heard", sorted(heard, key=str))
    await attempted("measure what is not known", values(unit.dispatch_event("measure", metrics=["nope"], control=control)))
    await attempted("measure with a long warm-up", values(unit.dispatch_event("measure", control=Control(warmup="2h"))))

    def to(component: str, setting: str, value: Any) -> servo.Adjustment:
        return servo.Adjustment(component_name=component, setting_name=setting, value=value)

    await attempted("adjust", values(unit.dispatch_event("adjust", [to("front", "threads", 32), to("front", "replicas", 3)], control)))
    show("state after", connector.state)
    await attempted("adjust what is not known", values(unit.dispatch_event("adjust", [to("front", "colour", 1)])))
    await attempted("adjust out of range", values(unit.dispatch_event("adjust", [to("front", "threads", 500)])))
    await attempted("adjust what is pinned", values(unit.dispatch_event("adjust", [to("back", "threads", 5)])))
    await attempted("adjust and settle", values(unit.dispatch_event("adjust", [], Control(settlement="20ms"))))
    await attempted("drain", values(connector.dispatch_event("drain", "back")))
    for filter_ in [None, servo.CheckFilter(id="check_base_url"), servo.CheckFilter(tags={"x"})]:
        results = await connector.dispatch_event("check", matching=filter_, include=[connector])
        show(f"checks of {filter_!r}", [[check.name, check.id, check.success, check.message] for result in results for check in result.value])
    await connector.dispatch_event("startup", include=[connector])
    await asyncio.sleep(0.08)
    show("heartbeat", [connector._ticks >= 2, list(connector.repeating_tasks)])
    await connector.dispatch_event("shutdown", include=[connector])
    await asyncio.sleep(0.01)
    show("heartbeat ended", [task.cancelled() for task in connector.repeating_tasks.values()])
    await unit.pubsub_exchange.shutdown()

    down = WebAppConnector(config=WebAppConfiguration(base_url="http://down/", pools=[{"name": "p", "threads": {"min": 0, "max": 1}}]))
    results = await down.dispatch_event("check", matching=None, halt_on=None)
    show("failing checks", [[check.name, check.success, check.message, check.hint, check.failed] for result in results for check in result.value])
    results = await down.dispatch_event("check", matching=None)
    show("halted checks", [[check.name, check.success] for result in results for check in result.value])

    two = await servo.Assembly.assemble(configs=[
        {**DOCUMENT, "name": "one"},
        {"name": "two", "optimizer": {"id": "example.com/two", "token": "y"}, "connectors": {"shop": "WebAppConnector"}, "shop": {"pools": POOLS[:1]}},
    ])
    show("two", [[unit.name, [[c.name, c.config.base_url, sorted(c.state)] for c in unit.connectors]] for unit in two.servos])
    show("two described", [await values(unit.dispatch_event("components")) and len(unit.connectors) for unit in two.servos])

    path = pathlib.Path("servo.yaml")
    path.write_text("optimizer: {id: example.com/web, token: x}\nconnectors: [web_app]\n" + "web_app:\n" + "".join(
        f"  {line}\n" for line in WebAppConfiguration.generate().yaml(exclude_unset=True).splitlines()))
    show("generated", path.read_text())
    read = await servo.Assembly.assemble(config_file=path)
    show("read again", read.servos[0].get_connector("web_app").config == WebAppConfiguration.generate() or plain(read.servos[0].get_connector("web_app").config.dict(exclude={"fast_fail"})))
    for label, wrong in {
        "upper case": {"pools": [{"name": "Front", "threads": {"min": 1, "max": 2}}]},
        "bounds": {"pools": [{"name": "front", "threads": {"min": 5, "max": 2}}]},
        "unit": {"metrics": [{"name": "a", "unit": "parsecs"}]},
        "several": {"pools": [{"threads": {"min": "a"}}], "step": "often", "bogus": 1},
    }.items():
        await attempted(f"refused {label}", servo.Assembly.assemble(configs=[{**DOCUMENT, "web_app": wrong}]))


attempt("schema", lambda: sorted(WebAppConfiguration.schema()["definitions"]))
attempt("schema required", lambda: WebAppConfiguration.schema()["definitions"]["Pool"]["required"])
attempt("generated alone", lambda: WebAppConfiguration.generate().yaml(exclude_unset=True, sort_keys=True))
asyncio.run(main())
