"""`BaseConnector`: what a class has, what an object has, and what is refused."""

import abc
import asyncio
import gc
import weakref
from typing import Optional

import pydantic
import pytest

import servo
from servo import logging, pubsub, repeating
from servo.configuration import CommonConfiguration
from servo.pubsub import Exchange
from servo.telemetry import Telemetry
from servo.types import License, Maturity
from servo.utilities import associations

RULE = "names may only contain alphanumeric characters, hyphens, slashes, periods, and underscores"


class SomeConfiguration(servo.BaseConfiguration):
    rate: int = 1


class FancyConnector(servo.BaseConnector):
    config: SomeConfiguration


class Body(servo.BaseConnector):
    name = "ignored"
    full_name = "ignored"
    version = "9.9.9"
    __default_name__ = "ignored"
    description = "kept"
    maturity = Maturity.stable


class TestClass:
    def test_what_every_class_has(self):
        assert (FancyConnector.name, FancyConnector.full_name) == ("Fancy", "Fancy Connector")
        assert FancyConnector.version == "0.0.0"
        assert isinstance(FancyConnector.version, servo.Version)
        assert FancyConnector.__default_name__ == "fancy"
        for attribute in ("cryptonym", "description", "homepage", "license", "maturity"):
            assert getattr(FancyConnector, attribute) is None

    def test_the_body_of_a_class_says_what_it_is_for_and_not_what_it_is_called(self):
        assert (Body.name, Body.full_name, Body.version, Body.__default_name__) == ("Body", "Body", "0.0.0", "body")
        assert (Body.description, Body.maturity) == ("kept", Maturity.stable)
        assert Body(config={}).name == "body"

    def test_names_are_not_inherited_and_descriptions_are(self):
        @servo.metadata("Given", "About it", "1.2.3", homepage="https://example.com", license="MIT", cryptonym="nym")
        class GivenConnector(servo.BaseConnector):
            pass

        class ChildConnector(GivenConnector):
            pass

        assert (ChildConnector.name, ChildConnector.version) == ("Child", "0.0.0")
        assert (ChildConnector.description, ChildConnector.license) == ("About it", License.mit)
        assert (ChildConnector.homepage, ChildConnector.cryptonym) == ("https://example.com", "nym")

    def test_bases(self):
        for base in (
            associations.Mixin,
            servo.events.Mixin,
            logging.Mixin,
            pubsub.Mixin,
            repeating.Mixin,
            pydantic.BaseModel,
            abc.ABC,
        ):
            assert issubclass(FancyConnector, base)
        assert isinstance(FancyConnector, servo.events.Metaclass)

    def test_an_abstract_class_cannot_be_instantiated(self):
        class AbstractConnector(servo.BaseConnector):
            @abc.abstractmethod
            def work(self):
                pass

        with pytest.raises(TypeError, match="abstract"):
            AbstractConnector(config={})

    def test_summaries(self):
        assert FancyConnector.version_summary() == "Fancy Connector v0.0.0"
        assert FancyConnector.summary() == (
            "Fancy Connector v0.0.0 (None)\nNone\nNone\nLicensed under the terms of None"
        )

        @servo.metadata("X", "Does it.", "1.2.3", homepage="https://x.io", license="Apache 2.0", maturity="Robust")
        class FullConnector(servo.BaseConnector):
            pass

        FullConnector.cryptonym = "nym"
        assert FullConnector.version_summary() == 'Full Connector v1.2.3 "nym"'
        assert FullConnector.summary() == (
            'Full Connector v1.2.3 "nym" (Robust)\nDoes it.\nhttps://x.io\nLicensed under the terms of Apache 2.0'
        )

    def test_the_class_of_the_configuration(self):
        class Child(FancyConnector):
            pass

        class OptionalConnector(servo.BaseConnector):
            config: Optional[SomeConfiguration]  # noqa: UP045

        assert servo.BaseConnector.config_model() is servo.BaseConfiguration
        assert Child.config_model() is SomeConfiguration
        assert OptionalConnector.config_model() is SomeConfiguration

    def test_a_version_can_be_patched(self, monkeypatch):
        monkeypatch.setattr(FancyConnector, "version", "100.0.0")
        assert FancyConnector.version_summary() == "Fancy Connector v100.0.0"
        FancyConnector(config={})
        assert isinstance(FancyConnector.version, servo.Version)


class TestChecksOfTheClass:
    @pytest.mark.parametrize(
        ("attribute", "value", "message", "kind"),
        [
            ("name", None, "name must be provided", "assertion_error"),
            ("version", None, "version must be provided", "assertion_error"),
            ("version", "bad", "bad is not valid SemVer string", "value_error"),
            ("version", 5, "version is not a semantic versioning descriptor", "assertion_error"),
        ],
    )
    def test_what_is_missing(self, monkeypatch, problems, attribute, value, message, kind):
        monkeypatch.setattr(FancyConnector, attribute, value)
        assert problems(lambda: FancyConnector(config={})) == [(("__root__",), message, kind)]

    def test_no_default_name(self, problems):
        class Connector(servo.BaseConnector):
            pass

        assert Connector.__default_name__ is None
        message = f"A default connector name could not be constructed for class '{Connector}'"
        assert problems(lambda: Connector(config={}, name="given")) == [(("__root__",), message, "value_error")]


class TestFields:
    @pytest.mark.parametrize("name", ["abc", "a" * 128, "my-alias", "a/b.c_D9"])
    def test_names(self, name):
        assert FancyConnector(name=name, config={}).name == name

    @pytest.mark.parametrize("name", ["", "ab", "a" * 129, "a b c", "abc\n", "ümlaut", "a:b", 5])
    def test_wrong_names(self, problems, name):
        ((place, message, kind),) = problems(lambda: FancyConnector(name=name, config={}))
        assert (place, kind) == (("name",), "assertion_error")
        assert message == f"{RULE}, and have 3 to 128 of them"

    def test_a_short_default_name_needs_a_name(self, problems):
        class OpConnector(servo.BaseConnector):
            pass

        assert problems(lambda: OpConnector(config={}))[0][0] == ("name",)
        assert OpConnector(config={}, name="operator").name == "operator"

    @pytest.mark.parametrize(
        ("data", "message", "kind"),
        [
            ({}, "field required", "value_error.missing"),
            ({"config": None}, "none is not an allowed value", "type_error.none.not_allowed"),
            ({"config": 5}, "value is not a valid dict", "type_error.dict"),
        ],
    )
    def test_wrong_configurations(self, problems, data, message, kind):
        assert problems(lambda: FancyConnector(**data)) == [(("config",), message, kind)]

    def test_places_are_those_within_the_configuration(self, problems):
        found = problems(lambda: FancyConnector(config={"rate": "x", "more": 1}))
        assert found == [
            (("config", "rate"), "value is not a valid integer", "type_error.integer"),
            (("config", "more"), "extra fields not permitted", "value_error.extra"),
        ]

    def test_unknown_arguments_are_left_out(self):
        assert not hasattr(FancyConnector(config={}, bogus=1), "bogus")

    def test_unknown_attributes_are_refused(self):
        with pytest.raises(ValueError, match=r'^"FancyConnector" object has no field "bogus"$'):
            FancyConnector(config={}).bogus = 1

    def test_assignments_are_not_validated(self):
        fancy = FancyConnector(config={})
        fancy.name = "x"
        fancy.config = None
        assert (fancy.name, fancy.config) == ("x", None)

    def test_idioms_of_pydantic_1(self):
        class IdiomConnector(servo.BaseConnector):
            config: servo.BaseConfiguration
            last: Optional[int]  # noqa: UP045
            names: list[str] = pydantic.Field(default_factory=list)
            count = 3
            _hidden: int = pydantic.PrivateAttr(default=4)

            class Config:
                extra = "allow"
                arbitrary_types_allowed = True

        one = IdiomConnector(config={}, more=5)
        one.anything = 6
        assert (one.last, one.names, one.count, one._hidden, one.more, one.anything) == (None, [], 3, 4, 5, 6)
        one.last = 7
        one._hidden = 8
        assert (one.last, one._hidden) == (7, 8)

    def test_without_a_constructor(self):
        built = FancyConnector.construct()
        assert built.optimizer is None
        assert built._global_config is None
        assert built.telemetry is built.telemetry

    def test_an_override_of_the_constructor(self):
        class Own(servo.BaseConnector):
            config: SomeConfiguration
            twice: int = 0

            def __init__(self, *args, **kwargs):
                super().__init__(*args, **kwargs)
                self.twice = self.config.rate * 2

        assert Own(config={"rate": 4}).twice == 8


class TestIdentity:
    def test_equal_to_itself_alone(self):
        config = SomeConfiguration()
        one, other = (FancyConnector(config=config) for _ in range(2))
        assert one == one
        assert one != other
        assert one not in [other]

    def test_the_hash_stays(self):
        one = FancyConnector(config={})
        table = {one: 1}
        one._set_association("key", 2)
        one.name = "renamed"
        assert table[one] == 1
        assert one._get_association("key") == 2
        assert isinstance(one, associations.Associative)

    def test_it_goes_when_nobody_has_it(self):
        one = FancyConnector(config={})
        one._set_association("key", 1)
        gone = weakref.ref(one)
        del one
        gc.collect()
        assert gone() is None

    def test_the_bus(self):
        one, bus = FancyConnector(config={}), []
        assert one.__connectors__ == [one]
        assert FancyConnector(config={}, __connectors__=bus).__connectors__ is bus


class TestWhatTheServoShares:
    def test_telemetry(self):
        telemetry = Telemetry()
        one = FancyConnector(config={}, telemetry=telemetry)
        assert one.telemetry is telemetry
        assert FancyConnector(config={}).telemetry is not telemetry
        one.telemetry = other = Telemetry()
        assert one.telemetry is other

    def test_the_exchange(self):
        given, exchange = Exchange(), Exchange()
        one = FancyConnector(config={}, pubsub_exchange=given)
        assert one.pubsub_exchange is given
        one.pubsub_exchange = exchange
        assert one.pubsub_exchange is exchange
        assert isinstance(FancyConnector(config={}).pubsub_exchange, Exchange)

    def test_settings_and_optimizer(self):
        one = FancyConnector(config={}, _optimizer="no effect", _global_config="no effect")
        assert (one._global_config, one._optimizer, one.optimizer) == (None, None, None)
        one._global_config, one._optimizer = CommonConfiguration(), "optimizer"
        assert isinstance(one._global_config, CommonConfiguration)
        assert one.optimizer == "optimizer"

    def test_they_are_looked_up_in_the_servo(self):
        class Owner:
            class config:
                settings, optimizer = "settings", "optimizer"

            telemetry, pubsub_exchange = "telemetry", "exchange"

        one = FancyConnector(config={})
        one._belong_to(Owner())
        assert (one._global_config, one.optimizer) == ("settings", "optimizer")
        assert (one.telemetry, one.pubsub_exchange) == ("telemetry", "exchange")
        one._belong_to(None)
        assert one.optimizer is None
        assert one.telemetry.values["servox.version"]

    def test_the_logger_names_the_connector(self):
        from loguru import logger

        one, records = FancyConnector(config={}), []
        sink = logger.add(lambda message: records.append(message.record), level="INFO")
        try:
            one.logger.info("hello")
        finally:
            logger.remove(sink)
        assert records[-1]["extra"]["connector"] is one


class TestCurrent:
    def test_the_current_connector(self):
        one = FancyConnector(config={})
        assert servo.current_connector() is None
        with one.current() as current:
            assert current is one is servo.current_connector()
        assert servo.current_connector() is None


class Ticking(servo.BaseConnector):
    ticks: list = pydantic.Field(default_factory=list)

    @repeating.repeating("1h")
    async def tick(self):
        self.ticks.append(self)


class TestRepeating:
    async def test_methods_start_with_the_connector(self):
        one = Ticking(config={})
        (task,) = one.repeating_tasks.values()
        assert task.get_name() == "ticking:tick (repeating every 1h)"
        await asyncio.sleep(0)
        assert one.ticks == [one]
        one.cancel_repeating_tasks()
        await asyncio.wait([task])
        assert task.cancelled()

    def test_without_a_loop_they_start_later(self):
        one = Ticking(config={})
        assert one.repeating_tasks == {}

        async def attach():
            started = one.start_repeating_tasks()
            await asyncio.sleep(0)
            one.cancel_repeating_tasks()
            return started

        assert list(asyncio.run(attach())) == ["tick"]
        assert one.ticks == [one]

    async def test_without_a_constructor(self):
        one = Ticking.construct(ticks=[])
        task = one.start_repeating_task("name", 60, lambda: None)
        assert task.get_name().endswith(":name (repeating every 1m)")
        one.cancel_repeating_tasks()


class TestTelemetry:
    def test_what_is_there_from_the_start(self, monkeypatch):
        import platform

        assert Telemetry().values == {"servox.version": servo.__version__, "servox.platform": platform.platform()}
        monkeypatch.setenv("POD_NAMESPACE", "")
        assert "servox.namespace" not in Telemetry().values
        monkeypatch.setenv("POD_NAMESPACE", "demo")
        assert Telemetry()["servox.namespace"] == "demo"

    def test_values(self):
        telemetry = Telemetry()
        telemetry["fancy.key"] = "value"
        assert telemetry["fancy.key"] == telemetry.values["fancy.key"] == "value"
        telemetry.remove("fancy.key")
        telemetry.remove("fancy.key")
        with pytest.raises(KeyError):
            telemetry["fancy.key"]
        assert "fancy.key" not in Telemetry().values
