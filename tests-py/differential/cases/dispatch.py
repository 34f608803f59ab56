"""Dispatching: order, first, include, exclude, moments, cancellation, errors, contexts."""

import asyncio
from typing import List

from report import attempted, show

import servo
from servo import BaseConfiguration, BaseConnector, EventCancelledError, EventResult, Preposition


class Shop(BaseConnector):
    log: list = []
    fail_in: str = ""

    @servo.event()
    async def sell(self, item: str) -> str:
        ...

    @servo.event()
    async def nobody(self) -> str:
        ...


class Counter(Shop):
    log: list = []

    @servo.before_event("sell")
    async def check_stock(self, item: str) -> None:
        self.log.append(f"{self.name} before {servo.current_event()} {servo.current_connector().name}")
        if self.fail_in == "before":
            raise ValueError("no stock")
        if self.fail_in == "cancel":
            raise EventCancelledError("closed", connector=self)

    @servo.on_event("sell")
    async def do_sell(self, item: str) -> str:
        await asyncio.sleep(0.03 if self.name == "slow" else 0)
        self.log.append(f"{self.name} on {servo.current_event()}")
        if self.fail_in == "on":
            raise servo.MeasurementFailedError("broken till", reason="till")
        if self.fail_in == "on-cancel":
            raise EventCancelledError("too late", connector=self)
        return f"{item} by {self.name}"

    @servo.after_event("sell")
    async def clean_up(self, results: List[EventResult]) -> None:
        self.log.append(f"{self.name} after {[result.value for result in results if isinstance(result.value, str)]}")
        if self.fail_in == "after":
            raise RuntimeError("spilled")
        if self.fail_in == "after-cancel":
            raise EventCancelledError("much too late", connector=self)


class Twice(Counter):
    @servo.on_event("sell")
    def sell_more(self, item: str) -> str:
        return f"more {item} by {self.name}"


class Idle(Shop):
    pass


def shop(**fails):
    bus = []
    log = []
    for cls, name in [(Idle, "idle"), (Counter, "slow"), (Twice, "fast"), (Counter, "third")]:
        connector = cls(name=name, config=BaseConfiguration(), __connectors__=bus, fail_in=fails.get(name, ""))
        connector.log = log
        bus.append(connector)
    return bus, log


async def told(dispatch):
    results = await dispatch
    if isinstance(results, list):
        return [[result.connector.name, result.value if isinstance(result.value, str) else repr(result.value)] for result in results]
    return results and [results.connector.name, results.value]


async def case(label, *args, log=True, via=0, **kwargs):
    fails = kwargs.pop("fails", {})
    bus, entries = shop(**fails)
    await attempted(label, told(bus[via].dispatch_event("sell", *args, **kwargs)))
    if log:
        show(f"{label}: log", sorted(entries))


async def hearing():
    """People follow an operation through the channel of its dispatch."""
    bus, _ = shop()
    seen = []
    async with bus[0].dispatch_event("sell", "tea") as dispatch:

        @dispatch.subscribe
        async def hear(message, channel) -> None:
            seen.append(message.text)

        exchange = bus[0].pubsub_exchange
        exchange.start()
        await dispatch.channel.publish(servo.Message(text="begun"))
        await asyncio.sleep(0.02)
        name = dispatch.channel.name
    await exchange.shutdown()
    return name.startswith("servo.events.sell"), seen, dispatch.success


async def main():
    await case("all", "tea")
    await case("by keyword", item="tea")
    await case("first", "tea", first=True)
    await case("include", "tea", include=["third", "fast"])
    await case("include nothing", "tea", include=[])
    await case("include the unknown", "tea", include=["nope"])
    await case("exclude", "tea", exclude=["slow"])
    await case("include and exclude", "tea", include=["slow", "fast"], exclude=["slow"])
    await case("first of one", "tea", first=True, include=["third"])
    bus, _ = shop()
    await attempted("include connectors", told(bus[0].dispatch_event("sell", "tea", include=[bus[1]])))
    await attempted("exclude connectors", told(bus[0].dispatch_event("sell", "tea", exclude=[bus[1], bus[2]])))
    await case("only on", "tea", _prepositions=Preposition.on)
    await case("only before", "tea", _prepositions=Preposition.before)
    await case("only after", "tea", _prepositions=Preposition.after)
    await case("before fails", "tea", fails={"fast": "before"}, log=False)
    await case("two fail before", "tea", fails={"fast": "before", "third": "before"}, log=False)
    await case("cancelled", "tea", fails={"fast": "cancel"}, log=False)
    await case("on fails", "tea", fails={"fast": "on"}, log=False)
    await case("on fails, returned", "tea", fails={"fast": "on"}, return_exceptions=True)
    await case("on fails, first", "tea", fails={"slow": "on"}, first=True, log=False)
    await case("on cancels", "tea", fails={"fast": "on-cancel"}, log=False)
    await case("on cancels, returned", "tea", fails={"fast": "on-cancel"}, return_exceptions=True, log=False)
    await case("after fails", "tea", fails={"third": "after"}, log=False)
    await case("after fails, returned", "tea", fails={"third": "after"}, return_exceptions=True, log=False)
    await case("after cancels", "tea", fails={"third": "after-cancel"}, log=False)
    await case("wrong arguments", log=False)
    await case("unknown arguments", "tea", price=5, log=False)
    bus, _ = shop()
    try:
        bus[0].dispatch_event("nope")
    except KeyError as error:
        show("unknown event", repr(error))
    await attempted("nobody", bus[0].dispatch_event("nobody"))
    await attempted("event object", told(bus[0].dispatch_event(servo.events.get_event("sell"), "tea")))

    bus, _ = shop()
    dispatch = bus[0].dispatch_event("sell", "tea")
    show("before it runs", [dispatch.done, dispatch.event.name])
    show("run", len(await dispatch.run()))
    show("after it ran", [dispatch.done])

    async def again():
        return await dispatch.run()

    await attempted("run twice", again())
    dispatch = bus[0].dispatch_event("sell", "tea")
    show("called", len(await dispatch()))
    show("results", [len(dispatch.results), dispatch.success])

    bus, _ = shop()
    async with bus[0].dispatch_event("sell", "tea") as dispatch:
        show("within", [dispatch.done, dispatch.event.name])
    show("after the block", [dispatch.done, dispatch.success, len(dispatch.results)])
    await attempted("heard within", hearing())

    try:
        bus, _ = shop(fast="on")
        await bus[0].dispatch_event("sell", "tea")
    except* servo.errors.EventError as group:
        error = group.exceptions[0]
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        result = error.__event_result__
        show("error and its result", [error.reason, result.connector.name, result.value is error, result.event.name, str(result.preposition)])
    show("afterwards", [servo.current_event(), servo.current_connector()])

    bus, _ = shop()
    task = asyncio.create_task(bus[0].dispatch_event("sell", "tea").run())
    await asyncio.sleep(0.01)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        show("cancelled from outside", task.cancelled())
    names = []

    class Task(Shop):
        @servo.on_event("sell")
        async def tell(self, item: str) -> str:
            names.append(asyncio.current_task().get_name())
            with self.current():
                pass
            return item

    alone = Task(config=BaseConfiguration())
    show("alone", [[r.value for r in await alone.dispatch_event("sell", "x")], alone.__connectors__ == [alone], names])


asyncio.run(main())
