"""Assemblies: from documents to servos, routes and aliases, lookups, events to all, what is refused."""

import asyncio
import json
import pathlib
from typing import Dict, List

from report import attempted, plain, show

import servo
from servo import Assembly, BaseConfiguration, BaseConnector, Servo


class WebConfiguration(BaseConfiguration):
    port: int = 80
    hosts: List[str] = []
    interval: servo.Duration = "30s"


class WebConnector(BaseConnector):
    """Answers for a web server."""

    config: WebConfiguration
    attached: list = []

    @servo.on_event()
    async def attach(self, servo_: servo.Servo) -> None:
        self.attached.append([self.name, servo_.name, servo.current_servo() is servo_])

    @servo.on_event()
    async def describe(self, control: servo.Control = servo.Control()) -> servo.Description:
        return servo.Description(
            components=[servo.Component(self.name, [servo.CPU(min=1, max=4, value=2)])],
            metrics=[servo.Metric("throughput", "rps")],
        )

    @servo.on_event()
    async def adjust(self, adjustments: List[servo.Adjustment], control: servo.Control = servo.Control()) -> servo.Description:
        description = await self.describe()
        for adjustment in adjustments:
            setting = description.get_setting(adjustment.selector)
            if setting:
                setting.value = adjustment.value
        return description

    @servo.on_event()
    def components(self) -> List[servo.Component]:
        return [servo.Component(self.name, [])]


class GaugeConnector(BaseConnector):
    config: BaseConfiguration

    @servo.on_event()
    def metrics(self) -> List[servo.Metric]:
        return [servo.Metric("latency", servo.Unit.milliseconds)]

    @servo.on_event()
    async def measure(self, *, metrics: List[str] = None, control: servo.Control = servo.Control()) -> servo.Measurement:
        from datetime import datetime

        return servo.Measurement(
            readings=[servo.DataPoint(metric, datetime(2020, 1, 1), 7) for metric in self.metrics() if not metrics or metric.name in metrics],
            annotations={"by": self.name, "for": str(control.duration)},
        )

    @servo.before_event("adjust")
    async def refuse(self, adjustments: List[servo.Adjustment], control: servo.Control = servo.Control()) -> None:
        if any(adjustment.value == 13 for adjustment in adjustments):
            raise servo.EventCancelledError("unlucky", reason="superstition", connector=self)


OPTIMIZER = {"id": "example.com/app", "token": "123"}


def one(assembly):
    return assembly.servos[0]


async def assemble(*documents):
    return await Assembly.assemble(configs=list(documents))


async def values(dispatch):
    return [[result.connector.name, plain(result.value)] for result in await dispatch]


async def main():
    document = {"optimizer": OPTIMIZER, "connectors": ["web", "gauge"], "web": {"port": 8080}, "gauge": {}}
    assembly = await assemble(document)
    unit = one(assembly)
    show("servo", [unit.name, [c.name for c in unit.connectors], [c.name for c in unit.all_connectors], type(unit).__name__])
    show("config", [type(unit.config).__name__, unit.config.web.port, repr(unit.config.web.interval), unit.config.connectors, unit.config.name])
    show("names of models", [type(unit.config.web).__name__, type(unit.config.gauge).__name__, isinstance(unit.config.web, WebConfiguration)])
    show("bus", [c.name for c in unit.__connectors__])
    show("attached", unit.get_connector("web").attached)
    show("found", [unit.get_connector("web").name, unit.get_connector("nope"), [c.name for c in unit.get_connector(["web", "gauge"])], unit.get_connector(unit.name) is unit])
    show("named", [c.name for c in unit.connectors_named(["gauge"])])
    show("shared", [unit.get_connector("web").pubsub_exchange is unit.pubsub_exchange, unit.get_connector("web").__connectors__ is unit.__connectors__])
    show("telemetry", unit.telemetry is unit.get_connector("web").telemetry or unit.telemetry.values == unit.get_connector("web").telemetry.values)
    show("global", [unit.get_connector("web").optimizer.id, unit.optimizer.name, unit.is_running])
    await attempted("described", values(unit.dispatch_event("describe", control=servo.Control())))
    await attempted("components", values(unit.dispatch_event(servo.Events.components)))
    await attempted("metrics", values(unit.dispatch_event("metrics")))
    await attempted("measured", values(unit.dispatch_event("measure", metrics=["latency"], control=servo.Control(duration="1m"))))
    await attempted("measured nothing", values(unit.dispatch_event("measure", metrics=["nope"])))
    up = servo.Adjustment(component_name="web", setting_name="cpu", value=3.0)
    await attempted("adjusted", values(unit.dispatch_event("adjust", [up])))
    await attempted("adjusted by keyword", values(unit.dispatch_event("adjust", adjustments=[up], control=servo.Control())))
    unlucky = servo.Adjustment(component_name="web", setting_name="cpu", value=13)
    await attempted("cancelled", values(unit.dispatch_event("adjust", [unlucky])))
    await attempted("first", first(unit))
    show("current", [servo.current_servo(), servo.current_assembly()])
    with unit.current():
        show("current within", servo.current_servo() is unit)

    show("schema", sorted(type(unit.config).schema()["properties"]))
    show("schema title", [type(unit.config).schema()["title"], type(unit.config).schema()["additionalProperties"], sorted(type(unit.config).schema().get("required", []))])
    schema = json.loads(type(unit.config).schema_json())
    show("schema of a connector", [schema["definitions"]["WebConfiguration"]["title"], schema["definitions"]["WebConfiguration"]["properties"]["port"]["env_names"]])
    show("schema of the key", schema["properties"]["web"]["env_names"])
    show("yaml", unit.config.yaml(exclude={"optimizer"}, exclude_unset=True))
    show("types", {WebConnector, GaugeConnector} <= Assembly.all_connector_types())

    assembly = await assemble({"optimizer": OPTIMIZER, "connectors": {"front": "web", "back": "WebConnector"}, "front": {}, "back": {"port": 1}})
    unit = one(assembly)
    show("aliases", [[c.name, type(c).__name__, c.config.port] for c in unit.connectors])
    show("aliases attached", [c.attached for c in unit.connectors])
    schema = json.loads(type(unit.config).schema_json())
    show("aliases in the schema", [sorted(name for name in schema["definitions"] if name.startswith("Web")), schema["properties"]["back"]["env_names"]])

    assembly = await assemble({"name": "one", **document}, {"name": "two", "optimizer": {"id": "example.com/two", "token": "2"}, "connectors": ["gauge"], "gauge": {}})
    show("two servos", [[unit.name, [c.name for c in unit.connectors], unit.optimizer.id] for unit in assembly.servos])
    show("two buses", assembly.servos[0].__connectors__ is not assembly.servos[1].__connectors__)

    for label, text in {
        "file": "optimizer: {id: example.com/file, token: t}\nconnectors: [gauge]\ngauge:\n  description: from a file\n",
        "file of two": "name: a\noptimizer: {id: example.com/a, token: t}\nconnectors: [gauge]\ngauge: {}\n---\nname: b\noptimizer: {id: example.com/b, token: t}\nconnectors: [web]\nweb: {port: 9}\n",
        "file with anchors": "x: &x {id: example.com/a, token: t}\n".replace("x: &x", "optimizer: &x") + "connectors: [gauge]\ngauge: {}\n",
    }.items():
        path = pathlib.Path(f"{label.replace(' ', '_')}.yaml")
        path.write_text(text)
        await attempted(label, from_file(path))

    refused: Dict[str, dict] = {
        "missing block": {"optimizer": OPTIMIZER, "connectors": ["web"]},
        "null block": {"optimizer": OPTIMIZER, "connectors": ["web"], "web": None},
        "block of another": {"optimizer": OPTIMIZER, "connectors": ["gauge"], "gauge": {}, "web": {}},
        "unknown key": {"optimizer": OPTIMIZER, "connectors": ["gauge"], "gauge": {}, "colour": "red"},
        "wrong type": {"optimizer": OPTIMIZER, "connectors": ["web"], "web": {"port": "eighty", "interval": "soon"}},
        "unknown field": {"optimizer": OPTIMIZER, "connectors": ["web"], "web": {"prot": 1}},
        "unknown connector": {"optimizer": OPTIMIZER, "connectors": ["nope"]},
        "reserved alias": {"optimizer": OPTIMIZER, "connectors": {"measure": "web"}, "measure": {}},
        "alias of another": {"optimizer": OPTIMIZER, "connectors": {"gauge": "web"}, "gauge": {}},
        "short alias": {"optimizer": OPTIMIZER, "connectors": {"ab": "web"}, "ab": {}},
        "wrong optimizer id": {"optimizer": {"id": "nope", "token": "t"}, "connectors": ["gauge"], "gauge": {}},
    }
    for label, wrong in refused.items():
        await attempted(label, assemble(wrong))
    await attempted("missing file", Assembly.assemble(config_file=pathlib.Path("nowhere.yaml")))
    await attempted("nothing", Assembly.assemble())
    await attempted("second without an optimizer", assemble(document, {"connectors": ["gauge"], "gauge": {}}))

    made = Servo(config={"optimizer": OPTIMIZER}, connectors=[], __connectors__=[])
    show("made", [made.name, made.connectors, made.is_running])
    show("made named", Servo(config={"optimizer": OPTIMIZER, "name": "shop"}, connectors=[]).name)
    await attempted("without routes", loading(made))
    show("summary", [Servo.name, Servo.full_name, Servo.description])


async def loading(made):
    made.load_connectors()


async def first(unit):
    result = await unit.dispatch_event("components", first=True)
    return [result.connector.name, type(result).__name__]


async def from_file(path):
    assembly = await Assembly.assemble(config_file=path)
    return [[unit.name, [c.name for c in unit.connectors], unit.config.name] for unit in assembly.servos], str(assembly.config_file)


asyncio.run(main())
