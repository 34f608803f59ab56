"""Progress by time and by events."""

import asyncio

import pytest

import servo


def test_it_is_started_once():
    progress = servo.DurationProgress("5m")
    assert (progress.started, progress.elapsed, progress.progress, progress.finished) == (False, None, 0.0, False)
    progress.start()
    assert progress.started
    with pytest.raises(RuntimeError, match="cannot start a progress object that has already been started"):
        progress.start()
    with pytest.raises(RuntimeError):
        progress.every("1s")
    assert 0 <= float(progress) < 100
    assert int(progress) == 0


def test_nothing_to_wait_for():
    progress = servo.DurationProgress()
    assert not progress.finished
    progress.start()
    assert progress.finished
    assert progress.progress == 100


def test_a_remark():
    progress = servo.DurationProgress("5m")
    assert progress.annotate("text") == "0.00% complete, 0 elapsed - text"
    assert progress.annotate("text", prefix=False) == "text (0.00% complete, 0 elapsed)"


async def test_a_duration_is_waited_for():
    progress = servo.DurationProgress("50ms")
    await progress.wait()
    assert progress.finished
    seen = []
    progress.reset()
    await progress.watch(seen.append, every="10ms")
    assert set(map(id, seen)) == {id(progress)}
    again = [item async for item in servo.DurationProgress("30ms").every(0.01)]
    assert again


async def test_an_event_completes_at_once_or_settles():
    progress = servo.EventProgress()
    progress.start()
    assert not progress.finished
    progress.trigger()
    assert progress.completed
    assert progress.finished
    await progress.wait()
    settling = servo.EventProgress(timeout="1m", settlement="50ms")
    settling.start()
    settling.trigger()
    assert settling.settling
    assert not settling.completed
    assert settling.settlement_remaining <= servo.Duration("50ms")
    settling.reset()
    assert not settling.settling
    await asyncio.sleep(0.1)
    assert not settling.completed
    settling.trigger()
    await settling.wait()
    assert settling.completed
    assert settling.progress == 100


async def test_a_time_out():
    progress = servo.EventProgress(timeout="20ms")
    with pytest.raises(TimeoutError):
        await progress.wait()
    assert not progress.timed_out
    progress.start()
    await asyncio.sleep(0.05)
    assert progress.timed_out
    assert progress.finished
    nothing = servo.EventProgress(timeout=0)
    nothing.start()
    assert nothing.timed_out


async def test_a_watcher_wakes_with_the_event():
    progress = servo.EventProgress(timeout="5m")
    asyncio.get_running_loop().call_later(0.02, progress.trigger)
    seen = []

    async def notify(told):
        seen.append(told.progress)

    async with asyncio.timeout(60):
        await progress.watch(notify)
    assert seen == [100.0]
