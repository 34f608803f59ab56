"""Several servos: one loop, progress to the right optimizer, servos that come and go."""

import asyncio
import threading

import pytest
from loguru import logger

import servo
from servo.runner import AssemblyRunner

MEASURE = {"metrics": ["throughput"], "control": {"duration": 1}}


@pytest.fixture
def running(service, document):
    """Runs an assembly in a thread of its own, and ends it behind the test."""
    started = []

    async def run(*documents, **kwargs):
        found = AssemblyRunner(await servo.Assembly.assemble(configs=documents), **kwargs)
        thread = threading.Thread(target=guarded, args=(found,))
        started.append((found, thread))
        thread.start()
        return found

    failures = []

    def guarded(found):
        try:
            found.run()
        except BaseException as error:
            failures.append(error)

    run.failures = failures
    run.threads = started
    yield run
    for found, thread in started:
        if found.running:
            asyncio.run(found.shutdown(found._loop))
        thread.join(60)
        assert not thread.is_alive()


async def ended(run):
    for _, thread in run.threads:
        await asyncio.to_thread(thread.join, 60)
        assert not thread.is_alive()


@pytest.fixture(autouse=True)
def as_it_was():
    before = set(logger._core.handlers)
    yield
    assert set(logger._core.handlers) == before


async def test_several_servos(running, service, document, command):
    for name in ("one", "two"):
        service.commands[name] = [command("DESCRIBE", f"{name}-1")]
    found = await running(document("one"), document("two"))
    await service.until(lambda: all(service.events(name).count("WHATS_NEXT") == 2 for name in ("one", "two")))
    assert (found.running, found.shutting_down) == (True, False)
    assert [runner.running for runner in found.runners] == [True, True]
    assert found.assembly.is_running
    with pytest.raises(RuntimeError, match="Cannot run an assembly that is already running"):
        found.run()
    await found.shutdown(found._loop)
    await ended(running)
    assert running.failures == []
    for name in ("one", "two"):
        assert service.events(name) == ["HELLO", "WHATS_NEXT", "DESCRIPTION", "WHATS_NEXT", "GOODBYE"]
        assert service.params("GOODBYE", name) == [{"reason": "shutdown"}]
    assert (found.running, found.shutting_down, found.runners, found.progress_handler) == (False, False, [], None)
    assert not found.assembly.is_running
    with pytest.raises(RuntimeError, match="Cannot shutdown an assembly that is not running"):
        await found.shutdown(asyncio.get_running_loop())


async def test_the_end_cancels_commands_and_survives_connectors(running, service, document, work, command):
    begun = threading.Event()

    async def hang(*_):
        begun.set()
        await asyncio.sleep(600)

    def fail(*_):
        raise RuntimeError("cannot stop")

    work.does.update(measure=hang, shutdown=fail)
    service.commands["app"] = [command("MEASURE", **MEASURE)]
    found = await running(document())
    await service.until(lambda: "WHATS_NEXT" in service.events())
    assert await asyncio.to_thread(begun.wait, 60)
    await found.shutdown(found._loop)
    await ended(running)
    assert running.failures == []
    assert service.events() == ["HELLO", "WHATS_NEXT", "MEASUREMENT", "GOODBYE"]
    assert service.results()[0]["status"] == "cancelled"


async def test_an_end_that_hangs_is_bounded(running, service, document, work):
    async def hang(*_):
        await asyncio.sleep(600)

    work.does["shutdown"] = hang
    found = await running(document(), shutdown_timeout=2.0)
    await service.until(lambda: "WHATS_NEXT" in service.events())
    await found.shutdown(found._loop)
    await ended(running)
    assert service.events()[-1] == "GOODBYE"


async def test_a_servo_that_cannot_start_does_not_stop_the_others(running, service, document, work):
    def fail(self):
        if self.optimizer.name == "bad":
            raise RuntimeError("no")

    work.does["startup"] = fail
    await running(document("bad"), document("good"))
    await service.until(lambda: "WHATS_NEXT" in service.events("good") and "GOODBYE" in service.events("bad"))
    assert running.failures == []


async def test_a_run_ends_with_its_last_servo(running, service, document, work):
    def fail(self):
        raise RuntimeError(self.optimizer.name)

    work.does["startup"] = fail
    await running(document("one"), document("two"))
    await ended(running)
    (group,) = running.failures
    assert isinstance(group, ExceptionGroup)
    assert service.events("one") == service.events("two") == ["HELLO", "GOODBYE"]


async def test_without_polling_it_stays_up(running, service, document):
    found = await running(document(), poll=False)
    await service.until(lambda: "HELLO" in service.events())
    await asyncio.sleep(0.2)
    assert found.running
    await found.shutdown(found._loop)
    await ended(running)
    assert service.events() == ["HELLO", "GOODBYE"]


async def test_notices_are_harmless_and_exceptions_are_not(running, service, document):
    found = await running(document())
    await service.until(lambda: "WHATS_NEXT" in service.events())

    def tell(**context):
        found._loop.call_soon_threadsafe(found._loop.call_exception_handler, {"message": "told", **context})

    tell()
    tell(exception=asyncio.CancelledError())
    with pytest.raises(TimeoutError):
        await asyncio.to_thread(service.got, lambda: "GOODBYE" in service.events(), 0.5)
    assert (found.running, found.shutting_down) == (True, False)
    tell(exception=LookupError("lost"))
    await ended(running)
    assert [repr(error) for error in running.failures] == ["LookupError('lost')"]
    assert service.params("GOODBYE") == [{"reason": "shutdown"}]


class Test_progress:
    @pytest.fixture
    def reporting(self, work):
        """Measurements that report until they are told to end."""
        done = threading.Event()

        async def report(self, metrics, control):
            for percent in (0, 20, 40.0, 100):
                self.logger.info(f"{self.optimizer.name} measures", progress=percent)
                await asyncio.sleep(0)
            while not done.is_set():
                self.logger.info(f"{self.optimizer.name} measures", progress=60)
                await asyncio.sleep(0.05)

        work.does["measure"] = report
        yield done
        done.set()

    async def test_it_goes_to_the_optimizer_of_its_servo(self, running, service, document, command, reporting):
        for name in ("one", "two"):
            service.commands[name] = [command("MEASURE", f"{name}-1", **MEASURE)]
        await running(document("one"), document("two"))
        await service.until(lambda: all(len(service.progress(name)) >= 2 for name in ("one", "two")))
        reporting.set()
        await service.until(lambda: all(service.results(name) for name in ("one", "two")))
        for name in ("one", "two"):
            first, *_, last = service.progress(name)
            assert {report["cmd_uid"] for report in service.progress(name)} == {f"{name}-1"}
            assert list(last) == ["progress", "runtime", "cmd_uid", "message"]
            assert last["message"].endswith(f" - {name} measures\n")
            assert " | INFO     | " in last["message"]
            assert last["progress"] < 100
            assert last["runtime"] >= first["runtime"] > 0
            # Nothing comes after the result.
            messages = [param for app, event, param in service.requests if (app, event) == (name, "MEASUREMENT")]
            assert ["status" in param for param in messages] == [False] * (len(messages) - 1) + [True]

    async def test_a_command_is_cancelled_in_reply(self, running, service, document, command, reporting):
        service.commands["app"] = [command("MEASURE", "c-1", **MEASURE), command("DESCRIBE", "c-2")]
        service.answers["progress"] = {"status": "cancel", "reason": "user cancelled"}
        await running(document())
        await service.until(lambda: len(service.results()) == 2)
        cancelled, described = service.results()
        assert (cancelled["status"], cancelled["message"], cancelled["cmd_uid"]) == (
            "cancelled",
            "user cancelled",
            "c-1",
        )
        assert described["cmd_uid"] == "c-2"

    @pytest.mark.parametrize(
        "reply",
        [
            {"status": "unexpected-event", "reason": "out of order"},
            {"status": "invalid", "reason": "unexpected cmd_uid"},
            (410, {"detail": "gone"}),
        ],
    )
    async def test_a_servo_out_of_step_starts_again(self, running, service, document, work, command, reporting, reply):
        service.commands["app"] = [command("MEASURE", "c-1", **MEASURE)]
        service.answers["progress"] = reply
        found = await running(document())
        await service.until(lambda: service.events().count("HELLO") == 2 and service.events()[-1] == "WHATS_NEXT")
        assert service.events() == ["HELLO", "WHATS_NEXT", "GOODBYE", "HELLO", "WHATS_NEXT"]
        assert service.params("GOODBYE") == [{"reason": "restarting"}]
        expected = ["attach", "startup", "measure", "shutdown", "detach", "attach", "startup"]
        assert work.notes == expected
        assert found.runners[0].connected
        await found.shutdown(found._loop)
        await ended(running)
        assert service.params("GOODBYE")[1:] == [{"reason": "shutdown"}]

    async def test_threads_may_report(self, running, service, document, command, work):
        async def report(self, metrics, control):
            await asyncio.to_thread(self.logger.info, "from a thread", progress=30)
            await asyncio.to_thread(service.got, service.progress)

        work.does["measure"] = report
        service.commands["app"] = [command("MEASURE", "c-1", **MEASURE)]
        await running(document())
        await service.until(lambda: service.results())
        assert [report["progress"] for report in service.progress()] == [30]


class Test_servos_that_come_and_go:
    async def assembled(self, document):
        return (await servo.Assembly.assemble(configs=[document])).servos[0]

    async def test_they_are_run(self, running, service, document, work, command):
        found = await running(document("one"))
        await service.until(lambda: "WHATS_NEXT" in service.events("one"))
        config = document("two")
        added = servo.Servo(config={"optimizer": config["optimizer"]}, connectors=[work(name="own", config={})])
        service.commands["two"] = [command("DESCRIBE")]
        await found.assembly.add_servo(added)
        assert [each.servo for each in found.runners] == found.assembly.servos
        await service.until(lambda: service.events("two").count("WHATS_NEXT") == 2)
        await found.assembly.remove_servo(added, "not needed")
        assert service.events("two") == ["HELLO", "WHATS_NEXT", "DESCRIPTION", "WHATS_NEXT", "GOODBYE"]
        assert service.params("GOODBYE", "two") == [{"reason": "not needed"}]
        assert "GOODBYE" not in service.events("one")
        (kept,) = found.assembly.servos
        # The last one that goes leaves the others' place open.
        await found.assembly.remove_servo(kept)
        assert found.running
        await found.assembly.add_servo(added)
        await service.until(lambda: service.events("two").count("HELLO") == 2)

    async def test_what_cannot_start_is_not_added(self, running, service, document, work):
        found = await running(document("one"))
        await service.until(lambda: "WHATS_NEXT" in service.events("one"))
        added = servo.Servo(
            config={"optimizer": document("two")["optimizer"]}, connectors=[work(name="own", config={})]
        )

        def fail(self):
            raise RuntimeError("no")

        work.does["startup"] = fail
        with pytest.raises(ExceptionGroup):
            await found.assembly.add_servo(added)
        assert len(found.runners) == len(found.assembly.servos) == 1
        assert service.events("two") == ["HELLO", "GOODBYE"]
        assert work.notes.count("detach") == 1
        assert found.running
