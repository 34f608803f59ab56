"""Servos with connectors in Python, through the bridge and asyncio."""

import asyncio
import datetime
import gc
import json
import time
import weakref
from typing import Any

import pytest

import servo
from servo.logging import engine

CONFIG = "tuned: {}\n"
OPTIMIZER = "optimizer: {local: {goal: {objective: minimize, metric: cost}}}\n"

pytestmark = pytest.mark.timeout(120)


def connector(**methods):
    """A class `odd` with those methods."""
    namespace = {"__module__": __name__, "__annotations__": {"config": servo.BaseConfiguration}}
    return type("OddConnector", (servo.BaseConnector,), {**namespace, **methods})


def events_of(cls):
    (member,) = cls.all_made()
    return member.events


class TestSingleCommands:
    async def test_describe_measure_adjust(self, open_servos, tuned):
        (one,) = open_servos(OPTIMIZER + CONFIG, tuned)
        assert one.connectors == [("tuned", "tuned")]
        (described,) = json.loads(await one.describe())
        assert described["connector"] == "tuned"
        assert described["components"][0]["settings"][0]["value"] == 0
        (state,) = json.loads(await one.adjust([("a", "x", "5")]))
        assert state["components"][0]["settings"][0]["value"] == 5
        (measured,) = json.loads(await one.measure(["cost"], None, 0.0, 0.0))
        assert measured["readings"][0]["metric"] == "cost"
        assert [value for _, value in measured["readings"][0]["points"]] == [5]
        assert events_of(tuned) == [
            *("attach", "shutdown", "detach"),
            *("attach", "x=5", "shutdown", "detach"),
            *("attach", "measure", "shutdown", "detach"),
        ]

    async def test_python_and_native_connectors_side_by_side(self, open_servos, tuned, free_port, python):
        serve = [python, "-m", "http.server", "--bind", "127.0.0.1", str(free_port)]
        process = {
            "command": serve,
            "settings": {"level": {"type": "range", "min": 1, "max": 3, "step": 1, "value": 1}},
            "health": {"http": f"http://127.0.0.1:{free_port}/", "timeout": "30s"},
        }
        load = {"rate": 20, "target": f"GET http://127.0.0.1:{free_port}/"}
        text = f"tuned: {{}}\nwait: {{measure_enabled: true}}\nprocess: {json.dumps(process)}\n"
        text += f"load: {json.dumps(load)}\n"
        (one,) = open_servos(OPTIMIZER + text, tuned)
        assert [name for name, _ in one.connectors] == ["tuned", "wait", "process", "load"]
        described = {entry["connector"]: entry for entry in json.loads(await one.describe())}
        assert {"tuned", "process", "load"} <= described.keys()
        assert described["process"]["components"][0]["settings"][0]["name"] == "level"
        (only,) = json.loads(await one.describe(["tuned"]))
        assert only["connector"] == "tuned"
        measured = {entry["connector"]: entry for entry in json.loads(await one.measure([], None, 0.5, 0.0))}
        assert measured["tuned"]["readings"]
        assert {reading["metric"] for reading in measured["load"]["readings"]} >= {"latency_95th", "throughput"}
        states = {entry["connector"]: entry for entry in json.loads(await one.adjust([("a", "x", "3")]))}
        assert states["tuned"]["components"][0]["settings"][0]["value"] == 3

    async def test_settings_of_a_connector_are_its_own(self, open_servos, tuned):
        (one,) = open_servos(f"{OPTIMIZER}connectors: {{left: tuned, right: tuned}}\nleft: {{}}\nright: {{}}\n", tuned)
        assert one.connectors == [("left", "tuned"), ("right", "tuned")]
        assert [entry["connector"] for entry in json.loads(await one.describe())] == ["left", "right"]
        assert len({id(member) for member in tuned.all_made()}) == 2

    async def test_two_servos_in_one_file(self, open_servos, tuned):
        one, two = open_servos(f"name: one\n{OPTIMIZER}{CONFIG}---\nname: two\n{OPTIMIZER}{CONFIG}", tuned)
        await asyncio.gather(one.adjust([("a", "x", "1")]), two.adjust([("a", "x", "2")]))
        assert sorted(member.x for member in tuned.all_made()) == [1, 2]
        values = [
            json.loads(text)[0]["components"][0]["settings"][0]["value"]
            for text in await asyncio.gather(one.describe(), two.describe())
        ]
        assert values == [1, 2]

    def test_one_event_loop_after_another(self, open_servos, tuned):
        (one,) = open_servos(OPTIMIZER + CONFIG, tuned)

        async def set_to(value, target):
            return json.loads(await target.adjust([("a", "x", str(value))]))[0]["components"][0]["settings"][0]["value"]

        for value in (1, 2, 3):
            assert asyncio.run(set_to(value, one)) == value
        for value in (4, 5):
            (fresh,) = open_servos(OPTIMIZER + CONFIG, tuned)
            assert asyncio.run(set_to(value, fresh)) == value

    def test_without_an_event_loop_there_is_an_error(self, open_servos, tuned):
        (one,) = open_servos(OPTIMIZER + CONFIG, tuned)
        with pytest.raises(RuntimeError, match="no running event loop"):
            one.describe()


class TestContext:
    async def test_handlers_know_where_they_are(self, open_servos):
        seen = []

        @servo.on_event()
        async def attach(self, servo_: Any) -> None:
            await asyncio.sleep(0)
            seen.append((servo_, servo.current_connector() is self, str(servo.current_event())))

        @servo.before_event("describe")
        def before(self, control: servo.Control) -> None:
            seen.append(str(servo.current_event()))

        @servo.on_event()
        def describe(self, control: servo.Control) -> servo.Description:
            seen.append((str(servo.current_event()), type(control)))
            return servo.Description(metrics=[servo.Metric("m")])

        @servo.after_event("describe")
        def after(self, results: list[servo.EventResult]) -> None:
            (result,) = results
            seen.append((str(servo.current_event()), result.connector.name, result.value, result.event.name))

        (one,) = open_servos(
            OPTIMIZER + "odd: {}\n", connector(attach=attach, before=before, describe=describe, after=after)
        )
        await one.describe()
        view = seen[0][0]
        assert isinstance(view, servo.Servo)
        assert (view.name, [member.name for member in view.all_connectors]) == (one.name, [one.name, "odd"])
        assert seen == [
            (view, True, "attach"),
            "before:describe",
            ("describe", servo.Control),
            ("after:describe", "odd", servo.Description(metrics=[servo.Metric("m")]), "describe"),
        ]
        assert servo.current_event() is None

    async def test_after_handlers_see_native_results_too(self, open_servos):
        seen = []

        @servo.after_event("measure")
        def after(self, results: list[servo.EventResult]) -> None:
            seen.extend((result.connector.name, type(result.value)) for result in results)

        (one,) = open_servos(OPTIMIZER + "odd: {}\nwait: {measure_enabled: false}\n", connector(after=after))
        await one.measure([], None, 0.0, 0.0)
        assert seen == [("wait", servo.Measurement)]

    async def test_a_before_handler_cancels(self, open_servos):
        ran = []

        @servo.before_event("describe")
        def before(self, control: servo.Control) -> None:
            raise servo.EventCancelledError("not today", "closed")

        @servo.on_event()
        def describe(self, control: servo.Control) -> servo.Description:
            ran.append(1)
            return servo.Description()

        (one,) = open_servos(OPTIMIZER + "odd: {}\n", connector(before=before, describe=describe))
        with pytest.raises(servo.EventCancelledError, match="odd: not today") as error:
            await one.describe()
        assert error.value.reason == "closed"
        assert ran == []


FAILURES = [
    (servo.EventError("a"), servo.EventError, "odd: a"),
    (servo.EventCancelledError("b"), servo.EventCancelledError, "odd: b"),
    (servo.MeasurementFailedError("c"), servo.MeasurementFailedError, "odd: c"),
    (servo.AdjustmentFailedError("d"), servo.AdjustmentFailedError, "odd: d"),
    (servo.AdjustmentRejectedError("e", "unschedulable"), servo.AdjustmentRejectedError, "odd: e"),
    (servo.EventAbortedError("f"), servo.EventAbortedError, "odd: f"),
    (servo.ConnectorError("g"), servo.EventError, "odd: g"),
    (servo.BaseError("h"), servo.EventError, "odd: h"),
    (ZeroDivisionError("i"), servo.EventError, "odd: ZeroDivisionError: i"),
    (KeyError("j"), servo.EventError, "odd: KeyError: 'j'"),
    (TimeoutError(), servo.EventError, "odd: TimeoutError"),
    (asyncio.CancelledError(), servo.EventCancelledError, "odd: 'describe' was cancelled"),
    (KeyboardInterrupt(), servo.EventError, r"odd: a handler of 'describe' raised KeyboardInterrupt\(\)"),
    (SystemExit(3), servo.EventError, r"odd: a handler of 'describe' raised SystemExit\(3\)"),
    (GeneratorExit("k"), servo.EventError, "odd: GeneratorExit: k"),
    (
        ExceptionGroup("l", [ValueError("m"), ExceptionGroup("n", [servo.AdjustmentRejectedError("o")])]),
        servo.AdjustmentRejectedError,
        "odd: o",
    ),
]


class TestFailures:
    @pytest.mark.parametrize("asynchronous", [False, True])
    @pytest.mark.parametrize(("raised", "expected", "message"), FAILURES, ids=lambda value: type(value).__name__)
    async def test_what_a_handler_raises_is_told(self, open_servos, raised, expected, message, asynchronous):
        @servo.on_event("describe")
        def at_once(self, control: servo.Control) -> servo.Description:
            raise raised

        @servo.on_event("describe")
        async def later(self, control: servo.Control) -> servo.Description:
            await asyncio.sleep(0)
            raise raised

        (one,) = open_servos(OPTIMIZER + "odd: {}\n", connector(describe=later if asynchronous else at_once))
        with pytest.raises(expected, match=message) as error:
            await asyncio.wait_for(one.describe(), 30)
        assert type(error.value) is expected
        assert error.value.reason == getattr(raised, "reason", None)
        if isinstance(raised, ExceptionGroup):
            assert error.value.__notes__ == ["also: ValueError: m"]

    @pytest.mark.parametrize("wrong", [None, 5, {"components": []}, servo.Measurement()])
    async def test_a_wrong_answer_is_told(self, open_servos, wrong):
        @servo.on_event()
        def describe(self, control: servo.Control) -> servo.Description:
            return wrong

        (one,) = open_servos(OPTIMIZER + "odd: {}\n", connector(describe=describe))
        message = f"odd: TypeError: the handler of 'describe' returned {type(wrong).__name__}, expected Description"
        with pytest.raises(servo.EventError, match=message):
            await one.describe()

    async def test_a_wrong_signature_is_refused_where_it_is_declared(self):
        message = 'invalid event handler "describe": missing required parameter "control" in callable signature'
        with pytest.raises(TypeError, match=message):

            @servo.on_event()
            def describe(self) -> servo.Description:
                return servo.Description()

    async def test_a_wrong_signature_of_an_override_is_told(self, open_servos, tuned):
        class Odd(tuned):
            def describe(self):
                return servo.Description()

        (one,) = open_servos(OPTIMIZER + "odd: {}\n", Odd)
        with pytest.raises(servo.EventError, match=r"TypeError: .*unexpected keyword argument 'control'"):
            await one.describe()

    async def test_one_failure_ends_the_handlers_beside_it(self, open_servos, tuned):
        ended = asyncio.Event()

        @servo.on_event()
        async def measure(self, *, metrics: list[str], control: servo.Control) -> servo.Measurement:
            try:
                await asyncio.sleep(60)
            finally:
                ended.set()

        class Failing(servo.BaseConnector):
            config: servo.BaseConfiguration

            @servo.on_event()
            async def measure(self, *, metrics: list[str], control: servo.Control) -> servo.Measurement:
                await asyncio.sleep(0.05)
                raise servo.MeasurementFailedError("no data")

        (one,) = open_servos(OPTIMIZER + "odd: {}\nfailing: {}\n", connector(measure=measure), Failing)
        with pytest.raises(servo.MeasurementFailedError, match="failing: no data"):
            await asyncio.wait_for(one.measure([], None, 0.0, 0.0), 30)
        await asyncio.wait_for(ended.wait(), 30)

    async def test_a_handler_that_blocks_the_loop_delays_its_neighbours_only(self, open_servos, tuned):
        @servo.on_event()
        def describe(self, control: servo.Control) -> servo.Description:
            time.sleep(0.5)
            return servo.Description(metrics=[servo.Metric("slow")])

        (one,) = open_servos(OPTIMIZER + "odd: {}\ntuned: {}\n", connector(describe=describe), tuned)
        described = json.loads(await asyncio.wait_for(one.describe(), 30))
        assert [entry["connector"] for entry in described] == ["odd", "tuned"]

    async def test_a_task_that_stops_waiting_cancels_the_handler(self, open_servos):
        started, ended = asyncio.Event(), asyncio.Event()

        @servo.on_event()
        async def describe(self, control: servo.Control) -> servo.Description:
            started.set()
            try:
                await asyncio.sleep(60)
            finally:
                ended.set()

        (one,) = open_servos(OPTIMIZER + "odd: {}\n", connector(describe=describe))

        async def ask():
            return await one.describe()

        task = asyncio.create_task(ask())
        await asyncio.wait_for(started.wait(), 30)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(ended.wait(), 30)


class TestMemory:
    def test_a_servo_lets_go_of_its_connectors(self, open_servos, tuned):
        (one,) = open_servos(OPTIMIZER + CONFIG, tuned)
        asyncio.run(as_coroutine(one.describe))
        gone = weakref.ref(tuned.all_made()[0])
        del one
        collect_until(lambda: gone() is None)

    def test_a_connector_may_keep_its_servo(self, open_servos):
        made = []

        @servo.on_event()
        def attach(self, servo_: Any) -> None:
            object.__setattr__(self, "its_servo", servo_)
            made.append(weakref.ref(self))

        @servo.on_event()
        def describe(self, control: servo.Control) -> servo.Description:
            return servo.Description()

        (one,) = open_servos(OPTIMIZER + "odd: {}\n", connector(attach=attach, describe=describe))
        asyncio.run(as_coroutine(one.describe))
        assert isinstance(made[0]().its_servo, servo.Servo)
        gone = weakref.ref(one)
        del one
        collect_until(lambda: gone() is None and made[0]() is None)

    async def test_many_commands_leave_nothing_behind(self, open_servos, tuned):
        (one,) = open_servos(OPTIMIZER + CONFIG, tuned)

        async def some(count):
            for _ in range(count):
                await one.describe()
            events_of(tuned).clear()
            gc.collect()
            return len(gc.get_objects()), len(asyncio.all_tasks())

        objects, tasks = await some(50)
        after, tasks_after = await some(500)
        assert tasks_after == tasks
        assert after - objects < 250


async def as_coroutine(question):
    return await question()


def collect_until(done):
    """Collects garbage until that is so; what the engine holds it lets go of a moment later."""
    deadline = time.monotonic() + 30
    while not done():
        assert time.monotonic() < deadline, "it is still alive"
        gc.collect()
        time.sleep(0.02)


class TestRuns:
    @pytest.mark.parametrize("sampler", ["grid", "random", "tpe"])
    async def test_a_whole_optimization(self, open_servos, study, tuned, sampler):
        if sampler == "tpe":
            pytest.importorskip("optuna")
        (one,) = open_servos(study(sampler, trials=10) + CONFIG, tuned)
        assert one.optimizer == "local"
        result = json.loads(await asyncio.wait_for(one.run(), 100))
        assert result["ended"] == "finished", result
        report = result["report"]
        assert report["outcome"] in ("improved", "baseline-kept"), report
        (member,) = tuned.all_made()
        assert member.events[:2] == ["attach", "startup"]
        assert member.events[-2:] == ["shutdown", "detach"]
        if sampler == "grid":
            assert member.x == 7
        assert json.loads(one.snapshot())["phase"] == "done"

    async def test_a_second_run_goes_on_where_the_first_ended(self, open_servos, study, tuned):
        (first,) = open_servos(study(trials=4) + CONFIG, tuned)
        await asyncio.wait_for(first.run(), 60)
        before = len([e for e in events_of(tuned) if e == "measure"])
        (again,) = open_servos(study(trials=4) + CONFIG, tuned)
        result = json.loads(await asyncio.wait_for(again.run(), 60))
        assert result["ended"] == "finished"
        measured = [len([e for e in member.events if e == "measure"]) for member in tuned.all_made()]
        assert min(measured) < before
        (more,) = open_servos(study(trials=8) + CONFIG, tuned)
        report = json.loads(await asyncio.wait_for(more.run(), 60))["report"]
        numbers = [trial["number"] for trial in report["trials"]]
        assert numbers == sorted(set(numbers))
        assert len([trial for trial in report["trials"] if trial["kind"] == "search"]) >= 6

    async def test_what_a_run_does_can_be_seen(self, open_servos, study, tuned):
        (one,) = open_servos(study(trials=5) + CONFIG, tuned)
        assert json.loads(one.snapshot())["phase"] == "starting"
        assert json.loads(one.drain()) == []
        run = asyncio.ensure_future(one.run())
        phases, notes = set(), []
        while not run.done():
            snapshot = json.loads(one.snapshot())
            phases.add(snapshot["phase"])
            notes += json.loads(one.drain())
            for member in tuned.all_made():
                member.pause = 0.05
            await asyncio.sleep(0.01)
        notes += json.loads(one.drain())
        assert json.loads(await run)["ended"] == "finished"
        assert len(phases) > 1
        assert any("trial" in note["text"] for note in notes)
        assert json.loads(one.drain()) == []

    async def test_an_interrupt_ends_the_run_in_order(self, open_servos, study, tuned):
        (one,) = open_servos(study(trials=9) + CONFIG, tuned)
        tuned.all_made()[0].pause = 60
        run = asyncio.ensure_future(one.run())
        await until(lambda: "measure" in events_of(tuned))
        started = time.monotonic()
        one.interrupt("SIGINT")
        result = json.loads(await asyncio.wait_for(run, 30))
        assert time.monotonic() - started < 5
        assert (result["ended"], result["reason"]) == ("interrupted", "SIGINT")
        assert events_of(tuned)[-2:] == ["shutdown", "detach"]
        # The next run is not ended by what ended this one.
        tuned.all_made()[0].pause = 0
        assert json.loads(await asyncio.wait_for(one.run(), 60))["ended"] == "finished"

    async def test_a_handler_that_never_returns_is_cancelled(self, open_servos, study, tuned):
        cancelled = []

        class Stuck(tuned):
            async def measure(self, *, metrics=None, control=None):
                self.events.append("measure")
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    cancelled.append(1)
                    raise

        Stuck.__default_name__ = "tuned"
        (one,) = open_servos(study() + CONFIG, Stuck)
        run = asyncio.ensure_future(one.run())
        await until(lambda: "measure" in events_of(tuned))
        one.interrupt("test")
        result = json.loads(await asyncio.wait_for(run, 5))
        assert result["ended"] == "interrupted"
        assert cancelled == [1]

    async def test_a_handler_that_will_not_be_cancelled_does_not_hold_the_run(self, open_servos, study, tuned):
        release = asyncio.Event()

        class Deaf(tuned):
            async def measure(self, *, metrics=None, control=None):
                self.events.append("measure")
                while not release.is_set():
                    try:
                        await release.wait()
                    except asyncio.CancelledError:
                        continue
                raise servo.MeasurementFailedError("late")

        Deaf.__default_name__ = "tuned"
        (one,) = open_servos(study() + CONFIG, Deaf)
        run = asyncio.ensure_future(one.run())
        await until(lambda: "measure" in events_of(tuned))
        one.interrupt("test")
        result = json.loads(await asyncio.wait_for(run, 5))
        assert result["ended"] == "interrupted"
        release.set()

    async def test_cancelling_the_task_ends_the_run_in_order(self, open_servos, study, tuned):
        (one,) = open_servos(study(trials=9) + CONFIG, tuned)
        tuned.all_made()[0].pause = 60
        run = asyncio.ensure_future(one.run())
        await until(lambda: "measure" in events_of(tuned))
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(run, 30)
        assert events_of(tuned)[-2:] == ["shutdown", "detach"]

    async def test_a_servo_runs_once_at_a_time(self, open_servos, study, tuned):
        (one,) = open_servos(study() + CONFIG, tuned)
        run = asyncio.ensure_future(one.run())
        with pytest.raises(RuntimeError, match="runs already"):
            await one.run()
        assert json.loads(await asyncio.wait_for(run, 60))["ended"] == "finished"

    async def test_failing_trials_do_not_end_the_run(self, open_servos, study, tuned):
        class Flaky(tuned):
            async def measure(self, *, metrics=None, control=None):
                if self.x == 3:
                    raise servo.MeasurementFailedError("no data")
                return await super().measure(metrics=metrics, control=control)

        Flaky.__default_name__ = "tuned"
        (one,) = open_servos(study(trials=10) + CONFIG, Flaky)
        result = json.loads(await asyncio.wait_for(one.run(), 60))
        assert result["ended"] == "finished", result
        assert "failed" in {trial["state"] for trial in result["report"]["trials"]}

    async def test_a_connector_that_cannot_start_fails_the_run(self, open_servos, study, tuned):
        class Broken(tuned):
            def startup(self):
                raise RuntimeError("no licence")

        Broken.__default_name__ = "tuned"
        (one,) = open_servos(study() + CONFIG, Broken)
        result = json.loads(await asyncio.wait_for(one.run(), 60))
        assert result["ended"] == "failed"
        assert "RuntimeError: no licence" in result["reason"]


async def until(condition):
    """Waits until that is so."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


class TestLogs:
    async def test_records_of_the_engine_reach_loguru(self, open_servos, study, tuned):
        found: list[Any] = []
        sink = servo.logger.add(lambda message: found.append(message.record), level="INFO", format="{message}")
        try:
            engine.forward()
            engine.forward()
            (one,) = open_servos(study(trials=2) + CONFIG, tuned)
            await asyncio.wait_for(one.run(), 60)
            await until(lambda: any("Servo started" in record["message"] for record in found))
        finally:
            servo.logger.remove(sink)
        (started,) = [record for record in found if "Servo started" in record["message"]]
        assert (started["name"], started["function"], started["file"].name) == ("servox.runner.start", "-", "start.rs")
        assert started["extra"]["servo"] == one.name
        assert started["level"].name == "INFO"


def test_the_engine_holds_up_under_a_naive_clock(open_servos):
    """Readings with times without a zone are local time."""

    class Clock(servo.BaseConnector):
        config: servo.BaseConfiguration

        @servo.on_event()
        def measure(self, *, metrics: list[str], control: servo.Control) -> servo.Measurement:
            point = servo.DataPoint(servo.Metric("m"), datetime.datetime.fromtimestamp(1_700_000_000), 1)
            return servo.Measurement([point])

    (one,) = open_servos(OPTIMIZER + "clock: {}\n", Clock)
    (entry,) = json.loads(asyncio.run(as_coroutine(lambda: one.measure([], None, 0.0, 0.0))))
    assert entry["readings"][0]["points"] == [[1_700_000_000, 1]]


class TestHandlersOfAnInstance:
    async def test_a_handler_that_is_added_at_an_event_answers_the_next_one(self, open_servos):
        @servo.on_event()
        def attach(self, servo_: Any) -> None:
            event = servo.events.get_event("describe")
            self.add_event_handler(event, servo.events.Preposition.on, describe)

        def describe(self, control: servo.Control = servo.Control()) -> servo.Description:
            return servo.Description(metrics=[servo.Metric("added")])

        (one,) = open_servos(OPTIMIZER + "odd: {}\n", connector(attach=attach))
        assert "added" in await one.describe()
