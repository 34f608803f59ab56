"""Repeating tasks of a connector."""

import asyncio

from report import attempted, show

import servo
from servo import BaseConfiguration, BaseConnector


class Poller(BaseConnector):
    polled: list = []

    async def poll(self) -> None:
        self.polled.append("poll")

    def poll_now(self) -> None:
        self.polled.append("now")

    async def fail(self) -> None:
        raise ValueError("no answer")


async def main():
    poller = Poller(config=BaseConfiguration())
    task = poller.start_repeating_task("poll", 0.02, poller.poll)
    show("named", task.get_name())
    show("known", list(poller.repeating_tasks))
    await asyncio.sleep(0.1)
    show("polled", len(poller.polled) >= 2)

    async def again():
        return poller.start_repeating_task("poll", "1s", poller.poll)

    await attempted("twice", again())
    cancelled = poller.cancel_repeating_task("poll")
    show("cancelled", cancelled is task)
    await asyncio.sleep(0.01)
    show("is cancelled", task.cancelled())
    show("cancel the unknown", poller.cancel_repeating_task("nope"))
    other = poller.start_repeating_task("poll", "50ms", poller.poll_now, time_correction=True)
    show("replaced", [other is not task, other.get_name()])
    broken = poller.start_repeating_task("broken", servo.Duration("1h"), poller.fail)
    await asyncio.sleep(0.02)
    show("failed", [broken.done(), repr(broken.exception())])

    async def unparsed():
        poller.start_repeating_task("bad", "bad", poller.poll)

    await attempted("wrong duration", unparsed())
    show("all cancelled", sorted(poller.cancel_repeating_tasks()))
    await asyncio.sleep(0.01)
    show("tasks stay known", sorted(poller.repeating_tasks))
    wrong = poller.start_repeating_task("wrong", 1, 5)
    await asyncio.sleep(0.02)
    show("not callable", [type(wrong.exception()).__name__, str(wrong.exception())])
    built = Poller.construct()
    built.start_repeating_task("x", 5, poller.poll_now)
    show("constructed", sorted(built.repeating_tasks))
    built.cancel_repeating_tasks()
    every = [servo.repeating.Every, servo.repeating.Mixin, servo.repeating.repeating]
    show("module", [it is not None for it in every])


asyncio.run(main())
