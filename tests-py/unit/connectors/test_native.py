"""The connectors of the engine in a Python assembly."""

import asyncio

import pydantic
import pytest

import servo
from servo.connectors import native_class
from servo.connectors.load import LoadConnector
from servo.connectors.process import ProcessConnector
from servo.connectors.wait import WaitConfiguration, WaitConnector

EVENTS = [
    (preposition, event)
    for preposition in ("before", "on", "after")
    for event in (
        *("attach", "detach", "startup", "shutdown", "metrics", "components"),
        *("measure", "describe", "adjust", "promote"),
    )
]
CONFIGURED = [
    (WaitConnector, {"measure_enabled": True}),
    (LoadConnector, {"rate": 5, "target": "GET http://127.0.0.1:1/"}),
    (ProcessConnector, {"command": ["sleep", "60"]}),
]


def test_each_is_found_by_its_names():
    assert native_class("wait") is native_class("WaitConnector") is WaitConnector
    assert native_class("load") is LoadConnector
    assert native_class("process") is ProcessConnector
    assert native_class("other") is None


@pytest.mark.parametrize(("cls", "config"), CONFIGURED, ids=lambda value: getattr(value, "__name__", ""))
def test_its_handlers_are_those_of_the_engine(cls, config):
    connector = cls(config=config)
    found = {
        (preposition, event)
        for preposition, event in EVENTS
        if connector.get_event_handlers(event, servo.Preposition.from_str(preposition))
    }
    assert found == {
        (preposition, event) for preposition, event in EVENTS if connector.engine.handles(preposition, event)
    }


@pytest.mark.parametrize(("cls", "_config"), CONFIGURED, ids=lambda value: getattr(value, "__name__", ""))
def test_it_is_described(cls, _config):
    assert cls.__default_name__ == cls.__native_type__
    assert str(cls.version) == "0.1.0"
    assert isinstance(cls.maturity, servo.Maturity)
    assert cls.description
    assert cls.config_model().schema()["properties"]


def test_the_engine_checks_the_configuration():
    with pytest.raises(pydantic.ValidationError, match="required key 'measure_enabled' is missing"):
        WaitConfiguration()
    with pytest.raises(pydantic.ValidationError, match="unknown key"):
        WaitConfiguration(measure_enabled=True, other=1)
    config = WaitConfiguration(measure_enabled="on")
    assert config.measure_enabled == "on"
    assert "measure_enabled" in config.yaml()
    with pytest.raises(AttributeError):
        _ = config.other


async def test_events_of_an_assembly_reach_it():
    document = {
        "optimizer": {"id": "example.com/app", "token": "t"},
        "connectors": {"pause": "wait", "traffic": "LoadConnector"},
        "pause": {"measure_enabled": True},
        "traffic": {"rate": 5, "target": "GET http://127.0.0.1:1/"},
    }
    assembly = await servo.Assembly.assemble(configs=[document])
    (one,) = assembly.servos
    assert [connector.name for connector in one.connectors] == ["pause", "traffic"]
    results = await one.dispatch_event("describe", include=["pause", "traffic"])
    assert [type(result.value) for result in results] == [servo.Description, servo.Description]
    assert "latency_95th" in {metric.name for metric in results[1].value.metrics}
    results = await one.dispatch_event("measure", control=servo.Control(duration="10ms"), include=["pause"])
    assert [result.value for result in results] == [servo.Measurement()]


async def test_without_connectors_those_with_a_part_are_active():
    document = {"optimizer": {"id": "example.com/app", "token": "t"}, "wait": {"measure_enabled": False}}
    (one,) = (await servo.Assembly.assemble(configs=[document])).servos
    assert [type(connector) for connector in one.connectors] == [WaitConnector]


async def test_a_failure_is_an_error_of_the_servo():
    connector = LoadConnector(config={"rate": 50, "target": "GET http://127.0.0.1:1/"})
    with pytest.raises(ExceptionGroup) as error:
        await connector.dispatch_event("measure", control=servo.Control(duration="300ms"))
    (failure,) = error.value.exceptions
    assert isinstance(failure, servo.MeasurementFailedError)


async def test_a_cancelled_handler_ends_in_order():
    connector = WaitConnector(config={"measure_enabled": True})
    task = asyncio.ensure_future(connector.dispatch_event("measure", control=servo.Control(duration="10m")))
    await asyncio.sleep(0.2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(asyncio.shield(task), 30)


async def test_progress_is_logged():
    from loguru import logger

    found = []
    number = logger.add(lambda message: found.append(message.record["extra"].get("progress")), level=0)
    try:
        connector = WaitConnector(config={"measure_enabled": True})
        await connector.dispatch_event("measure", control=servo.Control(duration="1500ms"))
    finally:
        logger.remove(number)
    assert any(isinstance(progress, float) and 0 < progress <= 100 for progress in found)


async def test_an_application_is_run(tmp_path):
    settings = {"threads": {"type": "range", "min": 1, "max": 4, "step": 1, "value": 2}}
    config = {"component": "app", "command": ["sleep", "{threads}00"], "settings": settings}
    document = {"optimizer": {"local": {}}, "process": config, "wait": {"measure_enabled": True}}
    (one,) = (await servo.Assembly.assemble(configs=[document])).servos
    await one.startup()
    try:
        adjusted = await one.dispatch_event(
            "adjust", [servo.Adjustment(component_name="app", setting_name="threads", value=3)]
        )
        assert adjusted[0].value.get_setting("app.threads").value == 3
        # Before and after the measurement the application is looked at.
        measured = await one.dispatch_event("measure", control=servo.Control(duration="10ms"))
        assert [result.value for result in measured] == [servo.Measurement()]
    finally:
        await one.shutdown()


def test_arguments_that_are_nested_in_themselves_are_refused():
    itself = {}
    itself["a"] = itself
    connector = WaitConnector(config={"measure_enabled": True})
    with pytest.raises(Exception, match="nested more than 127 levels deep"):
        connector.engine.call("on", "of_their_own", {"given": itself}, [], "servo")
