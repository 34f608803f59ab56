"""Measurements that take a while: progress of time and of events, objectives, failures of several connectors."""

import asyncio
import datetime
import itertools
import json
import subprocess
import sys
import threading

import pytest

import servo
from servo.api import Status
from servo.configuration import FastFailConfiguration
from servo.fast_fail import FastFailObserver
from servo.runner import AssemblyRunner, ServoRunner

SLO = {"slo": {"conditions": [{"metric": "latency", "threshold": 100, "trigger_count": 2, "trigger_window": 3}]}}


@pytest.fixture
async def running(service, document, work):
    """An assembly at work in a thread of its own."""
    found = AssemblyRunner(await servo.Assembly.assemble(configs=[document()]))
    thread = threading.Thread(target=found.run)
    thread.start()
    yield found
    await found.shutdown(found._loop)
    await asyncio.to_thread(thread.join, 60)
    assert not thread.is_alive()


async def test_a_measurement_that_breaks_its_objectives_is_aborted(running, service, work, command):
    latencies = iter([150.5, 50, 150.5])

    async def readings(start, end):
        point = servo.DataPoint(servo.Metric("latency"), end, next(latencies))
        return {"latency": [point]}

    async def measure(self, metrics, control):
        observer = FastFailObserver(
            config=FastFailConfiguration(period="50ms"), input=control.userdata.slo, metrics_getter=readings
        )
        progress = servo.DurationProgress("60s")
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(
                progress.watch(lambda p: self.logger.info(p.annotate("measuring", False), progress=p.progress))
            )

            async def observe():
                while not progress.finished:
                    await asyncio.sleep(observer.config.period.total_seconds())
                    await observer.observe(progress)

            group.create_task(observe())
            await progress.wait()
            watching.cancel()

    work.does["measure"] = measure
    service.commands["app"] = [
        command("MEASURE", "c-2", metrics=["latency"], control={"duration": 60, "userdata": SLO}),
        command("DESCRIBE", "c-3"),
    ]
    await service.until(lambda: len(service.results()) == 2)
    aborted, described = service.results()
    assert list(aborted) == ["status", "message", "reason", "cmd_uid"]
    assert (aborted["status"], aborted["reason"], aborted["cmd_uid"]) == ("aborted", "slo-violation", "c-2")
    assert aborted["message"].startswith("SLO violation(s) observed: (latency below 100)[")
    assert "SLO failed metric value 150.5 was not below threshold value 100" in aborted["message"]
    assert described["cmd_uid"] == "c-3"


WATCHFUL = """
import asyncio
import datetime

import servo
from servo.configuration import FastFailConfiguration
from servo.fast_fail import FastFailObserver


class WatchfulConfiguration(servo.BaseConfiguration):
    fast_fail: FastFailConfiguration = FastFailConfiguration(period="50ms")


class WatchfulConnector(servo.BaseConnector):
    config: WatchfulConfiguration

    async def readings(self, start, end):
        return {"latency": [servo.DataPoint(servo.Metric("latency"), end, 150.5)]}

    @servo.on_event()
    async def measure(
        self, *, metrics: list[str] | None = None, control: servo.Control = servo.Control()
    ) -> servo.Measurement:
        config = self.config.fast_fail
        observer = FastFailObserver(config=config, input=control.userdata.slo, metrics_getter=self.readings)
        progress = servo.DurationProgress(control.duration)
        await progress.watch(observer.observe, every=config.period)
        return servo.Measurement()
"""


def test_a_measurement_is_aborted_by_the_command_line_too(service, command, tmp_path):
    (tmp_path / "watchful.py").write_text(WATCHFUL, encoding="utf-8")
    optimizer = {"id": "example.com/app", "token": "s3cret", "base_url": service.url}
    document = {"optimizer": optimizer, "connectors": {"watchful": "watchful.WatchfulConnector"}, "watchful": {}}
    (tmp_path / "servo.yaml").write_text(json.dumps(document), encoding="utf-8")
    service.commands["app"] = [command("MEASURE", metrics=["latency"], control={"duration": 60, "userdata": SLO})]
    with subprocess.Popen(
        [sys.executable, "-m", "servo", "-c", "servo.yaml", "run"],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            service.got(service.results, within=100)
        finally:
            process.kill()
    (aborted,) = service.results()
    assert (aborted["status"], aborted["reason"]) == ("aborted", "slo-violation")
    assert aborted["message"].startswith("SLO violation(s) observed: (latency below 100)[")


async def test_progress_of_time_and_of_events(running, service, work, command):
    told = []

    def tell(self):
        def notify(progress):
            told.append(percent := progress.progress)
            self.logger.info(progress.annotate("waiting", False), progress=percent)

        return notify

    async def measure(self, metrics, control):
        time = servo.DurationProgress("300ms")
        await time.watch(tell(self), every="100ms")
        event = servo.EventProgress(timeout="60s")
        watching = asyncio.create_task(event.watch(tell(self), every="100ms"))
        await asyncio.to_thread(service.got, lambda: len(service.progress()) >= 2)
        event.trigger()
        await watching

    work.does["measure"] = measure
    service.commands["app"] = [command("MEASURE", metrics=[], control={"duration": 1})]
    await service.until(lambda: service.results())
    assert service.results()[0]["status"] == "ok"
    # The last one of each says that it is over, and is not sent.
    assert told[-1] == 100
    assert told.count(100) == 2
    sent = [report["progress"] for report in service.progress()]
    assert sent
    assert set(sent) <= set(told) - {100}
    assert all("waiting (" in report["message"] for report in service.progress())
    runtimes = [report["runtime"] for report in service.progress()]
    assert runtimes == sorted(runtimes)


class OwnAbortion(servo.EventAbortedError):
    pass


FAILURES = [
    lambda: ValueError("value"),
    lambda: servo.ConnectorError("connector"),
    lambda: servo.EventCancelledError("cancelled"),
    lambda: servo.MeasurementFailedError("measurement"),
    lambda: servo.AdjustmentFailedError("adjustment"),
    lambda: servo.AdjustmentRejectedError("rejected", reason="r"),
    lambda: servo.EventAbortedError("aborted"),
    lambda: OwnAbortion("own"),
]


async def test_of_several_failures_the_same_one_is_told_as_by_status(one, service, work, command):
    runner = ServoRunner(one)
    await one.startup()
    # The bare foreign ones are told with their class.
    pairs = [(first, second) for first, second in itertools.permutations(FAILURES, 2)]
    for number, (first, second) in enumerate(pairs):
        group = ExceptionGroup("both", [first(), ExceptionGroup("inner", [second()])])

        def fail(*_, group=group):
            raise group

        work.does["measure"] = fail
        service.commands["app"] = [command("MEASURE", f"c-{number}", metrics=[], control={})]
        await runner.exec_command()
        expected = Status.from_error(group).dict()
        told = service.results()[-1]
        for name in ("status", "message", "reason"):
            assert told[name] == expected[name], (first(), second())
        assert len(told["other_messages"]) == len(expected["other_messages"]) == 1
    await one.shutdown()


async def test_handlers_of_another_time_report_nothing(one, service, work, command):
    """What a handler leaves behind does not report for the command that follows."""
    left = asyncio.Event()

    async def late(self):
        await left.wait()
        await one.report_progress(
            connector="work", operation="MEASUREMENT", progress=78, started_at=datetime.datetime.now(), message="late"
        )

    async def measure(self, metrics, control):
        if not work.notes.count("measure") > 1:
            tasks.append(asyncio.create_task(late(self)))
            return
        left.set()
        await tasks[0]
        await one.report_progress(
            connector="work", operation="MEASUREMENT", progress=6, started_at=datetime.datetime.now(), message="now"
        )
        await service.until(service.progress)

    tasks = []
    work.does["measure"] = measure
    service.commands["app"] = [
        command("MEASURE", "c-1", metrics=[], control={}),
        command("MEASURE", "c-2", metrics=[], control={}),
    ]
    await one.startup()
    runner = ServoRunner(one)
    await runner.exec_command()
    await runner.exec_command()
    assert [(report["progress"], report["cmd_uid"]) for report in service.progress()] == [(6, "c-2")]
    await one.shutdown()
