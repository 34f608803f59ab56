"""Progress of long operations."""

import asyncio
import datetime

from report import attempt, attempted, show

import servo
from servo import DurationProgress, EventProgress


def begun(progress, seconds):
    progress.started_at = datetime.datetime.now() - datetime.timedelta(seconds=seconds)
    return progress


show("before it starts", [DurationProgress("5m").progress, DurationProgress("5m").started, DurationProgress("5m").elapsed])
show("of a duration", [repr(DurationProgress("5m").duration), bool(DurationProgress("5m").finished)])
show("halfway", [round(begun(DurationProgress("10s"), 5).progress), int(begun(DurationProgress("10s"), 20)), float(begun(DurationProgress("1s"), 5))])
show("over", [begun(DurationProgress("1s"), 5).finished])
show("annotated", begun(DurationProgress(1), 5).annotate("working").split(",")[0])
show("annotated behind", begun(DurationProgress(1), 5).annotate("working", prefix=False).split(",")[0])
show("of nothing", [DurationProgress(0).progress >= 0])


def twice():
    progress = DurationProgress("1s")
    progress.start()
    progress.start()


attempt("started twice", twice)


async def main():
    seen = []
    progress = DurationProgress("80ms")

    async def notify(it):
        seen.append(type(it).__name__)

    await progress.watch(notify, every=servo.Duration("20ms"))
    show("watched", [set(seen), len(seen) >= 2, progress.finished])

    progress = DurationProgress("60ms")
    show("every", [it is progress async for it in progress.every("20ms")][-1])
    async with DurationProgress("1s") as it:
        show("as a context", [it.started])

    event = EventProgress()
    show("event", [event.progress, event.completed, bool(event.finished)])
    event.start()
    event.trigger()
    show("event triggered", [event.progress, event.completed, event.finished])
    event.reset()
    show("event reset", [event.progress, event.completed])

    settling = EventProgress(timeout="5s", settlement="50ms")
    settling.start()
    settling.trigger()
    show("settling", [settling.settling, settling.completed, settling.settlement_remaining is not None])
    await settling.wait()
    show("settled", [settling.completed, settling.progress])

    late = EventProgress(timeout="30ms")
    late.start()
    await attempted("timed out", late.wait())
    await asyncio.sleep(0.05)
    show("late", [late.timed_out, late.finished, late.completed])

    notified = []
    watched = EventProgress(timeout="10s")
    asyncio.get_running_loop().call_later(0.03, watched.complete)
    await watched.watch(lambda it: notified.append(it.progress))
    show("event watched", notified[-1])


asyncio.run(main())
show("fields", sorted(servo.BaseProgress.__fields__))
