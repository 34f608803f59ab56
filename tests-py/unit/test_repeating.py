import asyncio
import functools
import gc
import weakref
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from loguru import logger

from servo import _pydantic
from servo.repeating import Mixin, repeating
from servo.types import Duration


@pytest.fixture
def failures() -> Iterator[list[str]]:
    found: list[str] = []
    sink = logger.add(lambda message: found.append(message.record["message"]), level="ERROR")
    yield found
    logger.remove(sink)


class Named(Mixin):
    name = "named"


class Counting(Mixin):
    def __init__(self) -> None:
        self.ticks: list[str] = []
        self.enough = asyncio.Event()
        super().__init__()

    def tick(self, what: str) -> None:
        self.ticks.append(what)
        if len(self.ticks) >= 3:
            self.enough.set()

    @repeating("10ms")
    async def poll(self) -> None:
        self.tick("poll")

    @repeating(3_600, name="housekeeping")
    def clean(self) -> None:
        self.tick("clean")


async def end(thing: Mixin) -> None:
    tasks = thing.cancel_repeating_tasks().values()
    await asyncio.gather(*tasks, return_exceptions=True)


# -- Tasks ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("every", "text"),
    [(0.1, "100ms"), (5, "5s"), ("1m30s", "1m30s"), (Duration("2h"), "2h"), (timedelta(seconds=1), "1s"), (0, "0")],
)
async def test_calls_again_and_again(every: Any, text: str) -> None:
    thing, named = Mixin(), Named()
    task = thing.start_repeating_task("a", every, lambda: None)
    assert task.get_name() == f"Mixin:a (repeating every {text})"
    assert named.start_repeating_task("a", every, lambda: None).get_name() == f"named:a (repeating every {text})"
    assert thing.repeating_tasks == {"a": task}
    await end(thing)
    await end(named)
    assert task.cancelled()


@pytest.mark.parametrize("every", [0, 0.001, -1])
@pytest.mark.parametrize("time_correction", [False, True])
async def test_any_callable_will_do(every: float, time_correction: bool) -> None:
    counts = dict.fromkeys(["plain", "asynchronous", "partial", "returns a coroutine"], 0)
    done = asyncio.Event()

    def count(name: str) -> None:
        counts[name] += 1
        if min(counts.values()) >= 3:
            done.set()

    async def count_later(name: str) -> None:
        await asyncio.sleep(0)
        count(name)

    async def asynchronous() -> None:
        await count_later("asynchronous")

    thing = Mixin()
    for name, function in (
        ("plain", lambda: count("plain")),
        ("asynchronous", asynchronous),
        ("partial", functools.partial(count_later, "partial")),
        ("returns a coroutine", lambda: count_later("returns a coroutine")),
    ):
        thing.start_repeating_task(name, every, function, time_correction)
    await asyncio.wait_for(done.wait(), 60)
    await end(thing)


async def test_the_pause_follows_the_call() -> None:
    loop = asyncio.get_running_loop()
    starts: dict[bool, list[float]] = {False: [], True: []}
    both = asyncio.Event()

    async def work(corrected: bool) -> None:
        starts[corrected].append(loop.time())
        if min(map(len, starts.values())) >= 2:
            both.set()
        await asyncio.sleep(0.3)

    thing = Mixin()
    for corrected in starts:
        thing.start_repeating_task(str(corrected), 0.3, functools.partial(work, corrected), corrected)
    await asyncio.wait_for(both.wait(), 60)
    await end(thing)
    # Never earlier than that, however loaded the machine; a clock may be a tick off.
    assert starts[False][1] - starts[False][0] >= 0.59
    assert starts[True][1] - starts[True][0] >= 0.29


async def test_names_are_taken_while_a_task_runs() -> None:
    thing = Mixin()
    first = thing.start_repeating_task("a", 10, lambda: None)
    for _ in range(2):
        with pytest.raises(KeyError) as error:
            thing.start_repeating_task("a", 10, lambda: None)
        assert error.value.args == ("repeating task already exists named 'a'",)
        # Asked to end, it has not ended yet.
        assert thing.cancel_repeating_task("a") is first
    await asyncio.gather(first, return_exceptions=True)
    assert thing.cancel_repeating_task("a") is first
    second = thing.start_repeating_task("a", 10, lambda: None)
    assert thing.repeating_tasks == {"a": second}
    assert thing.cancel_repeating_task("unknown") is None
    tasks = thing.cancel_repeating_tasks()
    assert tasks == {"a": second}
    assert tasks is not thing.repeating_tasks
    await end(thing)


async def test_what_is_no_duration() -> None:
    thing = Mixin()
    with pytest.raises(ValueError, match="Invalid duration 'bad'"):
        thing.start_repeating_task("a", "bad", lambda: None)
    with pytest.raises(ValueError, match="Invalid duration 'bad'"):
        repeating("bad")
    assert thing.repeating_tasks == {}


def test_a_task_needs_a_loop() -> None:
    with pytest.raises(RuntimeError, match="no running event loop"):
        Mixin().start_repeating_task("a", 1, lambda: None)


# -- Failures ---------------------------------------------------------------------------------------------------------


async def test_a_failure_ends_the_task_and_is_logged(failures: list[str]) -> None:
    def fail() -> None:
        raise ValueError("no {luck}")

    task = Mixin().start_repeating_task("a", 0, fail)
    await asyncio.wait([task])
    assert isinstance(task.exception(), ValueError)
    await asyncio.sleep(0)
    assert failures == ["Mixin:a (repeating every 0) ended: ValueError: no {luck}"]


async def test_the_log_names_the_connector() -> None:
    found: list[Any] = []
    sink = logger.add(lambda message: found.append(message.record["extra"]), level="ERROR")

    class Logging(Mixin):
        @property
        def logger(self) -> Any:
            return logger.bind(connector=self)

    thing = Logging()
    task = thing.start_repeating_task("a", 0, lambda: 1 / 0)
    await asyncio.wait([task])
    await asyncio.sleep(0)
    logger.remove(sink)
    # The formats of other sinks may add to it.
    assert [extra["connector"] for extra in found] == [thing]


async def test_what_cannot_be_called(failures: list[str]) -> None:
    async def work() -> None: ...

    coroutine = work()
    thing = Mixin()
    tasks = [
        thing.start_repeating_task("a", 1, 5),  # type: ignore[arg-type]
        thing.start_repeating_task("b", 1, coroutine),  # type: ignore[arg-type]
    ]
    await asyncio.wait(tasks)
    text = "function={} must be Awaitable or Callable, but has type(function)={}."
    hint = " A developer may have invoked the async function while/prior to passing it in here."
    errors = [task.exception() for task in tasks]
    assert [type(error) for error in errors] == [TypeError, TypeError]
    assert [str(error) for error in errors] == [
        text.format(5, int),
        text.format(coroutine, type(coroutine)) + hint,
    ]


@pytest.mark.parametrize("fails", [False, True])
async def test_an_object_whose_tasks_have_ended_can_go(fails: bool) -> None:
    class Thing(Mixin):
        def work(self) -> None:
            if fails:
                try:
                    raise ValueError
                except ValueError as error:
                    raise KeyError from error

    thing = Thing()
    task = thing.start_repeating_task("a", 1, thing.work)
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    await asyncio.sleep(0)
    gone = weakref.ref(thing)
    del thing, task
    gc.collect()
    assert gone() is None


# -- The decorator ----------------------------------------------------------------------------------------------------


def test_the_mark() -> None:
    def work() -> None: ...

    assert repeating("5s")(work) is work
    assert work.__repeating__ == {"duration": Duration("5s"), "name": "work"}  # type: ignore[attr-defined]
    repeating(7, name="other")(work)
    assert work.__repeating__ == {"duration": Duration(7), "name": "other"}  # type: ignore[attr-defined]


async def test_methods_start_with_their_object() -> None:
    thing = Counting()
    assert set(thing.repeating_tasks) == {"poll", "housekeeping"}
    assert thing.repeating_tasks["poll"].get_name() == "Counting:poll (repeating every 10ms)"
    await asyncio.wait_for(thing.enough.wait(), 60)
    assert thing.ticks.count("clean") == 1
    assert thing.ticks.count("poll") >= 2
    await end(thing)


async def test_methods_are_inherited_and_overridden() -> None:
    class Child(Counting):
        async def poll(self) -> None:
            self.tick("child")

        clean = None  # type: ignore[assignment]

        @repeating("20ms")
        def more(self) -> None:
            self.tick("more")

    class Grandchild(Child):
        @repeating("1h", name="seldom")
        async def poll(self) -> None:
            self.tick("grandchild")

    child = Child()
    assert {name: task.get_name() for name, task in child.repeating_tasks.items()} == {
        "poll": "Child:poll (repeating every 10ms)",
        "more": "Child:more (repeating every 20ms)",
    }
    await asyncio.wait_for(child.enough.wait(), 60)
    assert set(child.ticks) == {"child", "more"}
    await end(child)

    grandchild = Grandchild()
    assert set(grandchild.repeating_tasks) == {"seldom", "more"}
    await asyncio.wait_for(grandchild.enough.wait(), 60)
    assert set(grandchild.ticks) == {"grandchild", "more"}
    await end(grandchild)


async def test_objects_have_tasks_of_their_own() -> None:
    one, other = Counting(), Counting()
    await asyncio.wait_for(asyncio.gather(one.enough.wait(), other.enough.wait()), 60)
    await end(one)
    assert not other.repeating_tasks["poll"].done()
    await end(other)


def test_methods_of_an_earlier_object_start_when_a_loop_runs() -> None:
    thing = Counting()
    assert thing.repeating_tasks == {}
    with pytest.raises(RuntimeError, match="no running event loop"):
        thing.start_repeating_tasks()

    async def work() -> None:
        assert set(thing.start_repeating_tasks()) == {"poll", "housekeeping"}
        assert thing.start_repeating_tasks() == {}
        await asyncio.wait_for(thing.enough.wait(), 60)
        await end(thing)
        # A servo that starts again starts them again.
        assert set(thing.start_repeating_tasks()) == {"poll", "housekeeping"}
        await end(thing)

    asyncio.run(work())


async def test_works_on_models() -> None:
    class Model(Mixin, _pydantic.model_base()):  # type: ignore[misc]
        name: str = "model"

        @repeating("1h")
        async def poll(self) -> None: ...

    model = Model()
    assert [task.get_name() for task in model.repeating_tasks.values()] == ["model:poll (repeating every 1h)"]
    assert (model.dict() if _pydantic.MAJOR == 1 else model.model_dump()) == {"name": "model"}
    assert model == (Model.construct if _pydantic.MAJOR == 1 else Model.model_construct)(name="model")
    await end(model)

    # Made without its constructor.
    bare = Model.construct() if _pydantic.MAJOR == 1 else Model.model_construct()
    assert bare.repeating_tasks == {}
    bare.start_repeating_task("a", 1, lambda: None)
    await end(bare)
