"""Several servos of one file, side by side."""

import asyncio
import json

import pytest

from servo import _core

CONFIG = "tuned: {}\n"

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def documents(open_servos, study, tmp_path, tuned):
    """Opens a servo for each name."""

    def call(*names, trials=4, **more):
        text = "---\n".join(
            f"name: {name}\n" + study(trials=trials, storage=f"sqlite:///{tmp_path}/{name}.db", **more) + CONFIG
            for name in names
        )
        return open_servos(text, tuned)

    return call


async def until(condition):
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.01)


def measuring(tuned):
    return sum("measure" in member.events for member in tuned.all_made())


async def test_each_comes_to_its_result_in_the_order_of_the_file(documents, tmp_path):
    servos = documents("one", "two", "three")
    (tmp_path / "two.db").write_text("this is no database")
    results = json.loads(await _core.Assembly(servos).run())
    assert [result["name"] for result in results] == ["one", "two", "three"]
    assert [result["ended"] for result in results] == ["finished", "failed", "finished"]
    assert "two.db" in results[1]["reason"]
    assert results[1]["report"] is None
    assert {results[place]["report"]["outcome"] for place in (0, 2)} <= {"improved", "baseline-kept"}
    assert {result["optimizer"] for result in results} == {"local"}


async def test_only_what_has_changed_is_told(documents, tuned):
    assembly = _core.Assembly(documents("one", "two", trials=5))
    assert json.loads(assembly.drain()) == []
    for member in tuned.all_made():
        member.pause = 0.05
    run = asyncio.ensure_future(assembly.run())
    first = json.loads(assembly.drain())
    assert [(change["servo"], change["name"], change["state"]["phase"]) for change in first] == [
        (0, "one", "starting"),
        (1, "two", "starting"),
    ]
    notes, phases = {"one": [], "two": []}, {"one": set(), "two": set()}
    while not run.done():
        for change in json.loads(assembly.drain()):
            notes[change["name"]] += [note["text"] for note in change["notes"]]
            phases[change["name"]].add(change["state"]["phase"])
        await asyncio.sleep(0.01)
    for change in json.loads(assembly.drain()):
        notes[change["name"]] += [note["text"] for note in change["notes"]]
        phases[change["name"]].add(change["state"]["phase"])
    for name in ("one", "two"):
        assert "done" in phases[name]
        assert len(phases[name]) > 2
        assert any("trial 5" in text for text in notes[name]), notes[name]
    assert json.loads(assembly.drain()) == []


async def test_a_servo_at_rest_is_not_told(documents, tuned):
    one, two = documents("one", "two", trials=9)
    for member in tuned.all_made():
        member.pause = 60
    assembly = _core.Assembly([one, two])
    run = asyncio.ensure_future(assembly.run())
    await until(lambda: measuring(tuned) == 2)
    await asyncio.sleep(0.1)
    assembly.drain()
    assert json.loads(assembly.drain()) == []
    one.interrupt("test")
    changed = []
    await until(lambda: changed.extend(json.loads(assembly.drain())) or any(c["name"] == "one" for c in changed))
    assert {change["name"] for change in changed} == {"one"}
    assembly.interrupt("SIGTERM")
    results = json.loads(await asyncio.wait_for(run, 30))
    assert [result["reason"] for result in results] == ["test", "SIGTERM"]


async def test_servos_are_added_and_removed_while_others_run(documents, tuned):
    one, two, three = documents("one", "two", "three", trials=9)
    for member in tuned.all_made():
        member.pause = 60
    assembly = _core.Assembly([one])
    assembly.add(two)
    run = asyncio.ensure_future(assembly.run())
    await until(lambda: measuring(tuned) == 2)
    assembly.add(three)
    await until(lambda: measuring(tuned) == 3)
    assert await assembly.remove("two", "removed") == 1
    assert await assembly.remove("nobody", "removed") == 0
    with pytest.raises(RuntimeError, match="runs already"):
        assembly.add(one)
    # A servo that was removed may come back.
    assembly.add(two)
    assembly.interrupt("SIGTERM")
    results = json.loads(await asyncio.wait_for(run, 30))
    ended = [(result["name"], result["reason"]) for result in results]
    assert ended == [("one", "SIGTERM"), ("two", "removed"), ("three", "SIGTERM"), ("two", "SIGTERM")]
    with pytest.raises(RuntimeError, match="run already"):
        assembly.run()


async def test_cancelling_the_task_ends_all_in_order(documents, tuned):
    servos = documents("one", "two", trials=9)
    for member in tuned.all_made():
        member.pause = 60
    run = asyncio.ensure_future(_core.Assembly(servos).run())
    await until(lambda: measuring(tuned) == 2)
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(run, 30)
    assert [member.events[-2:] for member in tuned.all_made()] == [["shutdown", "detach"]] * 2


async def test_none_starts_where_one_runs_already(documents, tuned):
    one, two = documents("one", "two", trials=9)
    for member in tuned.all_made():
        member.pause = 60
    alone = asyncio.ensure_future(two.run())
    await until(lambda: measuring(tuned) == 1)
    with pytest.raises(RuntimeError, match="runs already"):
        _core.Assembly([one, two]).run()
    two.interrupt("test")
    await asyncio.wait_for(alone, 30)
    assert measuring(tuned) == 1
    one.interrupt("test")
    assert json.loads(await asyncio.wait_for(_core.Assembly([one]).run(), 30))[0]["ended"] == "interrupted"


class Blind(asyncio.SelectorEventLoop):
    """A loop that watches no sockets of others, as that of Windows."""

    def add_reader(self, fd, callback, *args):
        raise NotImplementedError


def test_a_loop_that_cannot_watch_is_woken_up_all_the_same(documents):
    (servo,) = documents("one")

    async def run():
        return json.loads(await _core.Assembly([servo]).run())

    with asyncio.Runner(loop_factory=Blind) as runner:
        (result,) = runner.run(asyncio.wait_for(run(), 60))
    assert result["ended"] == "finished"
