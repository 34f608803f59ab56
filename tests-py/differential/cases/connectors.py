"""Connector classes: names, metadata, summaries, configuration models, construction."""

import os
from typing import Optional

import pydantic
from report import attempt, show

import servo
import servo.connector
import servo.errors
from servo import BaseConfiguration, BaseConnector, License, Maturity, Version


def make(name, **body):
    return type(name, (BaseConnector,), {"__module__": __name__, "__qualname__": name, **body})


for name in ["FancyConnector", "CamelCaseConnector", "AWSConnector", "HTTPServerConnector", "Foo2BarConnector", "DataDog",
             "ConnectorThing", "Body", "KubeMetrics2Connector", "ACRONYMConnector", "A1Connector", "snake_case_Connector"]:
    attempt(f"named {name}", lambda name=name: (lambda cls: [cls.name, cls.full_name, str(cls.version), cls.__default_name__])(make(name)))


class MetricsConfiguration(BaseConfiguration):
    host: str = "localhost"
    port: int = 9090
    interval: servo.Duration = "1m"
    api_key: Optional[str]


@servo.metadata(
    name=("Metrics Thing", "metrics_thing"),
    description="Collects figures",
    version="1.2.3",
    homepage="https://example.com/metrics",
    license=License.mit,
    maturity=Maturity.stable,
    cryptonym="orion",
)
class MetricsConnector(BaseConnector):
    config: MetricsConfiguration

    @servo.on_event()
    async def metrics(self) -> list[servo.Metric]:
        return []


show("metadata", [MetricsConnector.name, MetricsConnector.full_name, str(MetricsConnector.version), MetricsConnector.__default_name__])
show("more metadata", [MetricsConnector.description, MetricsConnector.homepage, str(MetricsConnector.license), str(MetricsConnector.maturity), MetricsConnector.cryptonym])
show("version summary", MetricsConnector.version_summary())
show("summary", MetricsConnector.summary())
show("config model", MetricsConnector.config_model().__name__)
show("version type", [isinstance(MetricsConnector.version, Version), MetricsConnector.version == "1.2.3", MetricsConnector.version > "1.0.0"])

connector = MetricsConnector(config=MetricsConfiguration(port=1))
show("instance", [connector.name, connector.config.port, repr(connector.config.interval), connector.optimizer])
show("config is copied", [connector.config == MetricsConfiguration(port=1)])
attempt("config of a dict", lambda: [MetricsConnector(config={"port": "7"}).config.port])
attempt("named instance", lambda: MetricsConnector(name="other", config={}).name)
attempt("config missing", lambda: MetricsConnector())
attempt("config null", lambda: MetricsConnector(config=None))
attempt("config wrong", lambda: MetricsConnector(config={"port": "x", "bogus": 1}))
for name in ["ab", "has space", "a" * 129, "with/slash.and-dash_9", "ünicode", ""]:
    attempt(f"instance named {name[:20]!r}", lambda name=name: MetricsConnector(name=name, config={}).name)
attempt("undeclared attribute", lambda: setattr(connector, "bogus", 1))
attempt("extra argument", lambda: hasattr(MetricsConnector(config={}, bogus=1), "bogus"))
show("telemetry", sorted(connector.telemetry.values) if hasattr(connector.telemetry, "values") and not callable(connector.telemetry.values) else None)
show("exchange", type(connector.pubsub_exchange).__name__)
show("logger", type(connector.logger).__name__)
attempt("hashable", lambda: len({connector, MetricsConnector(config={})}))
attempt("current", lambda: servo.current_connector())


def within():
    with connector.current() as it:
        return it is connector, servo.current_connector() is connector


attempt("current within", within)


class SubConnector(MetricsConnector):
    extra: int = 5
    maybe: Optional[str] = None

    class Config:
        extra = pydantic.Extra.allow


show("subclass", [SubConnector.name, SubConnector.full_name, str(SubConnector.version), SubConnector.__default_name__])
show("subclass inherits", [SubConnector.description, SubConnector.homepage, str(SubConnector.license), SubConnector.cryptonym])
show("subclass config", SubConnector.config_model().__name__)
attempt("subclass fields", lambda: [SubConnector(config={}, extra=7).extra, SubConnector(config={}).maybe])
attempt("subclass with an attribute", lambda: (lambda it: [setattr(it, "colour", "red"), it.colour])(SubConnector(config={})))


class PlainConnector(BaseConnector):
    """No configuration of its own."""


show("plain config", PlainConnector.config_model().__name__)
show("plain summary", PlainConnector.summary())
attempt("plain", lambda: PlainConnector(config=BaseConfiguration.construct()).name)
attempt("constructed", lambda: type(PlainConnector.construct()).__name__)
attempt("described", lambda: PlainConnector(config={"description": "hi"}).config.description)

attempt("metadata on no connector", lambda: servo.metadata(name="x")(type("Other", (), {})))
attempt("metadata of three names", lambda: servo.metadata(name=("a", "b", "c"))(make("ThreeConnector")))
attempt("metadata of a wrong version", lambda: servo.metadata(version="x")(make("WrongConnector")))
attempt("metadata of a wrong licence", lambda: servo.metadata(license="GPL")(make("LicensedConnector")))
attempt("metadata of a wrong maturity", lambda: servo.metadata(maturity="Ripe")(make("RipeConnector")))
attempt("metadata by texts", lambda: (lambda cls: [cls.name, cls.full_name, cls.__default_name__, str(cls.license), str(cls.maturity), cls.cryptonym])(
    servo.metadata("Plain name", "Text", "2.0.0", license="Apache 2.0", maturity="Robust")(make("ByTextsConnector"))))
attempt("metadata returns the class", lambda: (lambda cls: servo.metadata(name="x")(cls) is cls)(make("SameConnector")))

show("registered", MetricsConnector in servo.connector._connector_subclasses)
show("types", MetricsConnector in servo.Assembly.all_connector_types())
for text in ["metrics_thing", "MetricsConnector", "nope", "no.such.module.Thing", 5]:
    attempt(f"found by {text!r}", lambda text=text: (lambda cls: cls and cls.__name__)(servo.connector._connector_class_from_string(text)))
attempt("default name", lambda: servo.connector._name_for_connector_class(MetricsConnector))
for given in [None, ["metrics_thing"], {"prod": "metrics_thing"}, '["plain"]', {"prod": MetricsConnector}, [MetricsConnector, "plain"],
              ["nope"], "nope", '"metrics_thing"', {"measure": "plain"}, {"plain": "metrics_thing"}, {"x": "plain"}, {"a b c": "plain"}, 5, {5: "plain"}, {"abc": 5}]:
    attempt(f"routes {given!r}", lambda given=given: (lambda routes: routes and {key: value.__name__ for key, value in routes.items()})(
        servo.connector._routes_for_connectors_descriptor(given)))
attempt("group", lambda: servo.connector.ENTRY_POINT_GROUP)
attempt("loader", lambda: type(list(servo.connector.ConnectorLoader(group="no.such.group").load())).__name__)


def namespaced():
    os.environ["POD_NAMESPACE"] = "space"
    try:
        return "servox.namespace" in PlainConnector(config={}).telemetry.values
    finally:
        del os.environ["POD_NAMESPACE"]


attempt("namespace", namespaced)
