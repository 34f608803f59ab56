"""One servo: its commands, its results, its beginning and its end."""

import asyncio
import datetime

import pytest

import servo
from servo import runner as module
from servo.api import MeasureParams
from servo.runner import ServoRunner

ADJUST = {"state": {"application": {"components": {"web": {"settings": {"cpu": {"value": 1.5}}}}}}}
MEASURE = {"metrics": ["throughput"], "control": {"duration": 1}}


@pytest.fixture
async def running(one, service):
    """A runner at work, that is ended behind the test."""
    found = ServoRunner(one)
    task = asyncio.create_task(found.run())
    yield found
    await found.shutdown()
    await asyncio.wait_for(task, 60)
    if one.is_running:
        await one.shutdown()


def series(*values, metric="throughput"):
    start = datetime.datetime(2025, 1, 1)
    points = [
        servo.DataPoint(servo.Metric(metric), start + datetime.timedelta(minutes=n), v) for n, v in enumerate(values)
    ]
    return servo.TimeSeries(servo.Metric(metric), points)


async def test_a_whole_life(one, service, work, command):
    service.commands["app"] = [
        command("DESCRIBE", "c-1"),
        command("MEASURE", "c-2", **MEASURE),
        command("ADJUST", "c-3", **ADJUST, control={"settlement": "1m"}),
        command("SLEEP", "c-4", duration=0, data={"reason": "idle"}),
    ]
    given = {}
    work.does["measure"] = lambda self, metrics, control: (
        given.update(metrics=metrics, control=control)
        or servo.Measurement(readings=[series(1, 2)], annotations={"source": "test"})
    )
    work.does["adjust"] = lambda self, adjustments, control: given.update(
        adjustments=list(map(str, adjustments)), settlement=control.settlement
    )
    found = ServoRunner(one)
    assert (found.running, found.connected, found.servo, found.optimizer) == (False, False, one, one.config.optimizer)
    assert found.config is one.config
    task = asyncio.create_task(found.run())
    await service.until(lambda: service.events().count("WHATS_NEXT") == 5)
    assert (found.running, found.connected, one.is_running) == (True, True, True)
    await found.shutdown()
    await task
    assert (found.running, found.connected, one.is_running) == (False, True, True)
    await one.shutdown("done")
    assert service.events() == [
        *("HELLO", "WHATS_NEXT", "DESCRIPTION", "WHATS_NEXT", "MEASUREMENT", "WHATS_NEXT", "ADJUSTMENT"),
        *("WHATS_NEXT", "WHATS_NEXT", "GOODBYE"),
    ]
    described, measured, adjusted = service.results()
    setting = {"type": "range", "pinned": False, "unit": "cores", "value": 1.0, "min": 0.25, "max": 4.0, "step": 0.125}
    components = {"components": {"web": {"settings": {"cpu": setting}}}}
    told = {"status": "ok", "message": None, "reason": "success"}
    whole = {"application": components, "measurement": {"metrics": {"throughput": {"unit": "rpm"}}}}
    assert described == {**told, "descriptor": whole, "cmd_uid": "c-1"}
    assert measured["cmd_uid"] == "c-2"
    assert measured["annotations"] == {"source": "test"}
    assert [value for _, value in measured["metrics"]["throughput"]["values"][0]["data"]] == [1.0, 2.0]
    assert adjusted == {**told, "state": whole, "cmd_uid": "c-3"}
    assert given["metrics"] == ["throughput"]
    assert given["control"].duration == servo.Duration("1s")
    assert (given["adjustments"], given["settlement"]) == (["web.cpu=1.5"], servo.Duration("1m"))
    assert work.notes == ["attach", "startup", "describe", "measure", "adjust", "shutdown", "detach"]
    assert service.params("GOODBYE") == [{"reason": "done"}]


async def test_one_command_at_a_time(one, service, command):
    service.commands["app"] = [
        command("DESCRIBE"),
        command("SLEEP", duration=0),
        {"status": "ok", "message": "nothing"},
    ]
    service.answers["DESCRIPTION"] = {"status": "ok", "message": "thanks"}
    await one.startup()
    found = ServoRunner(one)
    assert (await found.exec_command()).message == "thanks"
    assert (await found.exec_command()).status == "ok"
    assert (await found.exec_command()).message == "nothing"
    assert service.events() == ["HELLO", "WHATS_NEXT", "DESCRIPTION", "WHATS_NEXT", "WHATS_NEXT"]
    await one.shutdown()


async def test_a_question_that_fails_is_raised(one, service):
    service.answers["WHATS_NEXT"] = (403, {"detail": "no"})
    found = ServoRunner(one)
    with pytest.raises(servo.ServoError, match="403") as caught:
        await found.exec_command()
    assert caught.value.status_code == 403


class Test_what_connectors_answer:
    @pytest.fixture
    async def several(self, service, work):
        """A runner of a servo with several connectors."""

        class OtherConnector(work):
            pass

        OtherConnector.does = {}
        other, first = OtherConnector, work
        config = {"optimizer": {"id": "example.com/app", "token": "s3cret", "base_url": service.url}}
        made = servo.Servo(config=config, connectors=[first(name="one", config={}), other(name="two", config={})])
        return ServoRunner(made), first, other

    async def test_all_parts_make_one_answer(self, several):
        found, first, other = several
        point = servo.DataPoint(servo.Metric("errors"), datetime.datetime(2025, 1, 1), 1.0)
        first.does["measure"] = lambda *_: servo.Measurement(readings=[series(1)], annotations={"a": "1", "b": "1"})
        other.does["measure"] = lambda *_: servo.Measurement(readings=[point], annotations={"b": "2"})
        measured = await found.measure(MeasureParams(metrics=["throughput", "errors"], control={}))
        assert [type(reading).__name__ for reading in measured.readings] == ["TimeSeries", "DataPoint"]
        assert measured.annotations == {"a": "1", "b": "2"}
        for described in (await found.describe(servo.Control()), await found.adjust([], servo.Control())):
            assert [component.name for component in described.components] == ["web", "web"]
            assert len(described.metrics) == 2

    async def test_failures_come_in_a_group(self, several):
        found, first, _ = several

        def fail(*_):
            raise servo.AdjustmentRejectedError("no room", reason="unschedulable")

        first.does["adjust"] = fail
        with pytest.raises(ExceptionGroup) as caught:
            await found.adjust([], servo.Control())
        assert [str(error) for error in caught.value.exceptions] == ["no room"]

    async def test_another_type_is_refused(self, several):
        found, first, _ = several
        first.does["describe"] = lambda *_: 7
        with pytest.raises(TypeError, match="the handler of 'describe' returned int, expected Description"):
            await found.describe(servo.Control())


def raising(error):
    def fail(*_):
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (servo.MeasurementFailedError("no data"), ("failed", "no data", None)),
        (servo.EventAbortedError("too slow", reason="slo-violation"), ("aborted", "too slow", "slo-violation")),
        (servo.EventCancelledError("not now"), ("cancelled", "not now", None)),
        (servo.ConnectorError("out of order"), ("failed", "out of order", None)),
        (ValueError("wrong"), ("failed", "ValueError: wrong", None)),
        (RuntimeError(), ("failed", "RuntimeError", None)),
    ],
)
async def test_failures_are_reported_and_the_loop_goes_on(running, service, work, command, error, told):
    work.does["measure"] = raising(error)
    service.commands["app"] = [command("MEASURE", "c-1", **MEASURE), command("DESCRIBE", "c-2")]
    await service.until(lambda: len(service.results()) == 2)
    failed, described = service.results()
    assert (failed["status"], failed["message"], failed["reason"]) == told
    assert failed["cmd_uid"] == "c-1"
    assert (described["status"], described["cmd_uid"]) == ("ok", "c-2")


async def test_a_before_handler_that_cancels(running, one, service, work, command):
    async def refuse(self, *args, **kwargs) -> None:
        raise servo.EventCancelledError("frozen", reason="freeze")

    event = servo.events.get_event("measure")
    one.get_connector("work").add_event_handler(event, servo.Preposition.before, refuse)
    with pytest.raises(ExceptionGroup) as caught:
        await running.measure(MeasureParams(**MEASURE))
    assert [str(error) for error in caught.value.exceptions] == ["frozen"]
    service.commands["app"] = [command("MEASURE", **MEASURE)]
    await service.until(lambda: service.results())
    (told,) = service.results()
    assert (told["status"], told["message"], told["reason"]) == ("cancelled", "frozen", "freeze")
    assert "measure" not in work.notes


async def test_handlers_know_their_command(running, one, service, work, command):
    seen = []
    work.does["measure"] = lambda self, *_: seen.append((servo.current_command_uid(), servo.current_servo()))
    service.commands["app"] = [command("MEASURE", "c-7", **MEASURE)]
    await service.until(lambda: service.results())
    assert seen == [("c-7", one)]


async def test_the_end_cancels_the_command_and_reports_it(one, service, work, command):
    begun = asyncio.Event()

    async def hang(*_):
        begun.set()
        await asyncio.sleep(600)

    work.does["measure"] = hang
    service.commands["app"] = [command("MEASURE", **MEASURE)]
    found = ServoRunner(one)
    task = asyncio.create_task(found.run())
    await asyncio.wait_for(begun.wait(), 60)
    await found.shutdown()
    await task
    await one.shutdown("SIGTERM")
    assert service.events() == ["HELLO", "WHATS_NEXT", "MEASUREMENT", "GOODBYE"]
    assert service.results()[0]["status"] == "cancelled"


async def test_a_cancelled_run_ends_in_order(one, service, work, command):
    begun = asyncio.Event()

    async def hang(*_):
        begun.set()
        await asyncio.sleep(600)

    work.does["measure"] = hang
    service.commands["app"] = [command("MEASURE", **MEASURE)]
    found = ServoRunner(one)
    task = asyncio.create_task(found.run())
    await asyncio.wait_for(begun.wait(), 60)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 60)
    assert not found.running
    assert service.results()[0]["status"] == "cancelled"
    # It can run again.
    again = asyncio.create_task(found.run(startup=False))
    asked = service.events().count("WHATS_NEXT")
    await service.until(lambda: service.events().count("WHATS_NEXT") > asked)
    await found.shutdown()
    await again
    await one.shutdown()
    assert service.events().count("HELLO") == 1


async def test_without_polling(one, service):
    found = ServoRunner(one)
    await found.run(poll=False)
    assert (found.running, one.is_running) == (True, True)
    assert service.events() == ["HELLO"]
    await found.shutdown()
    assert (found.running, one.is_running) == (False, True)
    await one.shutdown()
    assert service.events() == ["HELLO", "GOODBYE"]


async def test_a_servo_that_cannot_start(one, service, work):
    work.does["startup"] = raising(RuntimeError("no"))
    found = ServoRunner(one)
    with pytest.raises(ExceptionGroup):
        await found.run()
    assert (found.running, one.is_running) == (False, False)
    assert service.events() == ["HELLO", "GOODBYE"]


async def test_a_greeting_is_tried_until_the_end(document, service):
    service.answers["HELLO"] = (503, {})
    settings = {"backoff": {"connect": {"max_tries": 1}}}
    assembly = await servo.Assembly.assemble(configs=[document(settings=settings)])
    found = ServoRunner(assembly.servos[0])
    task = asyncio.create_task(found.run())
    await service.until(lambda: len(service.events()) == 2)
    await found.shutdown()
    await task
    assert set(service.events()) == {"HELLO"}
    assert not assembly.servos[0].is_running


async def test_what_a_script_puts_in_place_of_post_event_counts(one, service, work, command, monkeypatch):
    posted, enough = [], asyncio.Event()
    commands = [command("DESCRIBE"), command("SLEEP", duration=60)]

    async def post_event(event, param):
        posted.append((event, param))
        if len(posted) == 3:
            enough.set()
        answer = commands.pop(0) if event == "WHATS_NEXT" else {"status": "ok"}
        kind = servo.api.CommandResponse if "cmd" in answer else servo.api.Status
        return kind.parse_obj(answer)

    one.__dict__["post_event"] = post_event
    found = ServoRunner(one)
    task = asyncio.create_task(found.run(startup=False))
    await asyncio.wait_for(enough.wait(), 60)
    await found.shutdown()
    await task
    assert [event for event, _ in posted] == ["WHATS_NEXT", "DESCRIPTION", "WHATS_NEXT"]
    assert posted[1][1]["status"] == "ok"
    assert service.events() == []


async def test_a_subclass_may_answer_by_itself(one, service, command):
    class Own(ServoRunner):
        async def measure(self, param):
            raise servo.MeasurementFailedError(f"own {param.metrics}")

    service.commands["app"] = [command("MEASURE", **MEASURE)]
    await one.startup()
    await Own(one).exec_command()
    assert service.results()[0]["message"] == "own ['throughput']"
    await one.shutdown()


async def test_malformed_commands_do_no_harm(running, service, command):
    service.commands["app"] = [
        {"cmd": "JUMP", "cmd_uid": "c-1", "param": {}},
        {"cmd": "ADJUST", "cmd_uid": "c-2", "param": None},
        command("DESCRIBE", "c-3"),
    ]
    await service.until(lambda: any(result["cmd_uid"] == "c-3" for result in service.results()))
    told = {result["cmd_uid"]: result["status"] for result in service.results()}
    assert told["c-2"] == "failed"
    assert told["c-3"] == "ok"


async def test_one_run_at_a_time(running, service):
    await service.until(lambda: "WHATS_NEXT" in service.events())
    with pytest.raises(RuntimeError, match="already running"):
        await running.run()
    with pytest.raises(RuntimeError, match="runs already"):
        await running.exec_command()


async def test_settings_of_null_are_the_defaults(one):
    one.config.__dict__["settings"] = None
    assert isinstance(ServoRunner(one).config.settings, servo.CommonConfiguration)


async def test_the_local_optimizer(work, tmp_path):
    local = {
        "sampler": "random",
        "goal": {"name": "throughput", "objective": "maximize", "formula": "throughput"},
        "trial": {"duration": "1s"},
        "budget": {"trials": 3},
        "storage": f"sqlite:///{tmp_path}/study.db",
    }
    document = {"optimizer": {"local": local}, "connectors": {"work": work}, "work": {}, "name": "shop"}
    cpu = servo.CPU(min=0.25, max=4.0, step=0.125, value=1.0)

    def adjust(self, adjustments, control):
        cpu.value = float(adjustments[0].value)
        return describe()

    def describe(*_):
        components = [servo.Component(name="web", settings=[cpu])]
        return servo.Description(components=components, metrics=[servo.Metric("throughput")])

    work.does.update(describe=describe, adjust=adjust)
    work.does["measure"] = lambda *_: servo.Measurement(readings=[series(float(cpu.value) * 100)])
    assembly = await servo.Assembly.assemble(configs=[document])
    found = ServoRunner(assembly.servos[0])
    await asyncio.wait_for(found.run(), 120)
    await assembly.servos[0].shutdown()
    assert not found.running
    assert work.notes.count("measure") >= 4


async def test_what_runs_beside_the_loop(document, service, monkeypatch):
    noted = []

    async def check(self):
        noted.append("begun")
        try:
            await asyncio.Event().wait()
        finally:
            noted.append("ended")

    monkeypatch.setattr(servo.telemetry.DiagnosticsHandler, "diagnostics_check", check)
    assembly = await servo.Assembly.assemble(configs=[document(no_diagnostics=False)])
    (one,) = assembly.servos
    found = ServoRunner(one)
    task = asyncio.create_task(found.run())
    await service.until(lambda: "WHATS_NEXT" in service.events())
    assert noted == ["begun"]
    await found.shutdown()
    await task
    await one.shutdown()
    assert noted == ["begun", "ended"]


def test_the_module_is_not_loaded_by_the_package():
    import subprocess
    import sys

    code = "import servo, sys; sys.exit('servo.runner' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert set(module.__all__) == {"AssemblyRunner", "ServoRunner"}
