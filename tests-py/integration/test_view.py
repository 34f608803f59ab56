"""The servo that Python connectors see while the engine runs them."""

import asyncio
import json
import re
import threading

import pytest

import servo
from servo import _core, connector
from servo.connectors.wait import WaitConnector

DOCUMENT = """\
name: shop
servo_uid: u1
optimizer: {local: {goal: {objective: minimize, metric: cost}}}
settings: {ssl_verify: true}
watching: {limit: 3}
wait: {measure_enabled: true}
"""


@pytest.fixture(autouse=True)
def forget_classes(monkeypatch):
    """The classes of a test are unknown to all others."""
    monkeypatch.setattr(connector, "_connector_subclasses", list(connector._connector_subclasses))


@pytest.fixture
def watching(tmp_path, monkeypatch):
    """The engine's servo, and what its connector has seen."""
    monkeypatch.chdir(tmp_path)
    seen = []

    class WatchingConfiguration(servo.BaseConfiguration):
        limit: int = 1

    class WatchingConnector(servo.BaseConnector):
        config: WatchingConfiguration

        @servo.on_event()
        async def describe(self, control: servo.Control = servo.Control()) -> servo.Description:
            seen.append(self)
            seen.append(servo.current_servo())
            seen.append([result.value for result in await self.dispatch_event("describe", exclude=[self])])
            seen.append(servo.current_servo())
            return servo.Description()

        @servo.on_event()
        async def measure(
            self, *, metrics: list[str] | None = None, control: servo.Control = servo.Control()
        ) -> servo.Measurement:
            self.logger.info("half way", progress=50)
            await asyncio.sleep(0)
            self.logger.info("no number", progress="all but done")
            await asyncio.to_thread(self.logger.info, "nearly done", progress=75.5)
            await servo.current_servo().report_progress(
                operation="MEASUREMENT",
                progress=80,
                started_at=servo.datetime.datetime.now(),
                message="very nearly",
                connector=self.name,
                event_context=servo.current_event(),
            )
            return servo.Measurement()

    path = tmp_path / "servo.yaml"
    path.write_text(DOCUMENT)
    (one,) = _core.open_servos(str(path), [WatchingConnector])
    return one, seen


async def test_it_has_the_connectors_and_the_configuration(watching):
    one, seen = watching
    await one.describe(["watching"])
    member, view, answers, later = seen
    assert view is later
    assert isinstance(view, servo.Servo)
    assert [type(connector) for connector in view.connectors] == [type(member), WaitConnector]
    assert view.connectors[0] is member
    assert (view.name, view.config.servo_uid, view.config.watching.limit) == ("shop", "u1", 3)
    assert member.optimizer == view.config.optimizer
    assert member._global_config.ssl_verify is True
    # The servo of the engine answers, through the same connector as that of the run.
    assert answers == [servo.Description()]
    assert servo.current_servo() is None


async def test_progress_reaches_the_engine(watching, monkeypatch):
    one, _ = watching
    reports = []
    view = one.view
    monkeypatch.setattr(type(view), "_engine", property(lambda self: Recorder(reports)), raising=True)
    from loguru import logger

    from servo._engine import report_records

    number = report_records()
    try:
        await one.measure([], ["watching"], 0.0, 0.0)
    finally:
        logger.remove(number)
    assert [report[:4] for report in reports] == [
        ("watching", "measure", 50.0, "half way"),
        ("watching", "measure", 75.5, "nearly done"),
        ("watching", "measure", 80.0, "very nearly"),
    ]
    # `2025-03-03 12:05:02.000 | INFO     | demo:measure:17 - half way`
    assert re.fullmatch(r"[\d-]{10} [\d:.]{12} \| [A-Z]+ +\| \S+:\w+:\d+ - half way\n", reports[0][4])


class Recorder:
    def __init__(self, reports):
        self.reports = reports

    def report_progress(self, *report):
        self.reports.append(report)


async def test_the_engine_takes_reports(watching):
    one, _ = watching
    one.report_progress("watching", "measure", 250.0, "beyond")
    done = threading.Event()
    threading.Thread(target=lambda: (one.report_progress("watching", "measure", 1.0, "other"), done.set())).start()
    assert done.wait(30)
    # Nothing runs, so there is nothing to show.
    assert json.loads(one.snapshot())["command"] is None


async def test_what_repeats_and_what_is_published_lives_with_the_servo(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ticked, heard, made = asyncio.Event(), asyncio.Event(), []

    class TickingConnector(servo.BaseConnector):
        config: servo.BaseConfiguration

        @servo.repeating.repeating("10ms")
        async def tick(self) -> None:
            ticked.set()

        @servo.on_event()
        async def startup(self) -> None:
            made.append(self)

            @self.subscribe("news")
            async def hear(message: servo.Message, channel: servo.Channel) -> None:
                heard.set()

            await self.pubsub_exchange.create_channel("news").publish(servo.Message(text="hello"))

        @servo.on_event()
        async def describe(self, control: servo.Control = servo.Control()) -> servo.Description:
            await asyncio.wait_for(ticked.wait(), 30)
            await asyncio.wait_for(heard.wait(), 30)
            return servo.Description()

    (tmp_path / "servo.yaml").write_text(
        "optimizer: {local: {goal: {objective: minimize, metric: cost}, sampler: random, "
        "storage: 'sqlite:///study.db'}}\nticking: {}\n"
    )
    (one,) = _core.open_servos("servo.yaml", [TickingConnector])
    # It describes nothing that could be tuned, which ends the run.
    await one.run()
    assert ticked.is_set()
    assert heard.is_set()
    (member,) = made
    assert not member.pubsub_exchange.running
    await asyncio.sleep(0)
    assert all(task.done() for task in member.repeating_tasks.values())


async def test_a_connection_file_that_is_not_there_yet_is_the_business_of_the_engine(tmp_path, monkeypatch):
    from servo.configuration import optimizers

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(optimizers.time, "sleep", lambda seconds: pytest.fail("it waits"))

    class LateConnector(servo.BaseConnector):
        config: servo.BaseConfiguration

        @servo.on_event()
        def describe(self, control: servo.Control = servo.Control()) -> servo.Description:
            return servo.Description()

    text = "optimizer: {optimizer_id: abc, connection_file: connection.yaml}\nlate: {}\n"
    (tmp_path / "servo.yaml").write_text(text)
    (one,) = _core.open_servos("servo.yaml", [LateConnector])
    assert one.view.config.optimizer.connection_file.endswith("connection.yaml")
    assert one.view.config.optimizer.token is None
    assert json.loads(await one.describe())[0]["connector"] == "late"
    (tmp_path / "connection.yaml").write_text("Authorization: Bearer a\nEndpoint: https://example.com/\nTenantId: t\n")
    (one,) = _core.open_servos("servo.yaml", [LateConnector])
    assert one.view.config.optimizer.tenant_id == "t"
