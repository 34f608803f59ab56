"""Events of one's own: declaring, handling, inheriting, and what is refused."""

import enum
import inspect
from contextlib import asynccontextmanager  # noqa: F401  (people import it, and use the generator form instead)
from typing import Any, Dict, List, Optional

from report import attempt, attempted, show
import asyncio

import servo
import servo.events
from servo import BaseConfiguration, BaseConnector, EventHandler, EventResult, Preposition
from servo.events import EventContext, get_event, get_events

show("standard events", [str(event) for event in get_events()])
show("standard names", sorted([name.name, name.value] for name in servo.Events))
for event in get_events():
    show(f"parameters of {event.name}", [[p.name, p.kind.name, p.default is not inspect.Parameter.empty] for p in event.signature.parameters.values()])
show("event", [get_event("measure") == "measure", get_event("measure").module, get_event(servo.Events.adjust).name, get_event("adjust") == get_event("adjust")])
attempt("event as a dict", lambda: get_event("adjust").dict())
attempt("unknown event", get_event, "nope")
attempt("unknown event with a default", get_event, "nope", None)

show("prepositions", [Preposition.before.value, Preposition.on.value, Preposition.after.value, Preposition.all.value])
show("prepositions told", [str(Preposition.before), str(Preposition.on), str(Preposition.after), Preposition.all == Preposition.before | Preposition.on | Preposition.after])
show("prepositions parsed", [Preposition.from_str("on") == Preposition.on, Preposition.from_str(Preposition.on) == Preposition.on, Preposition.on.flag, Preposition.all.flag])
attempt("preposition unknown", Preposition.from_str, "during")
show("each preposition", [str(one) for one in Preposition if one.flag])

for text in ["adjust", "on:adjust", "before:adjust", "after:measure", "nope", "during:adjust", "on:nope", "a:b:c"]:
    attempt(f"context {text}", lambda text=text: (lambda it: it and [str(it), it.is_on(), it.is_before(), it.is_after(), it.operation()])(EventContext.from_str(text)))
show("context equal", [EventContext.from_str("adjust") == "adjust", EventContext.from_str("adjust") == "on:adjust", EventContext.from_str("after:adjust") == "after:adjust"])
show("no current event", servo.current_event())


class Custom(enum.StrEnum):
    reload = "reload"
    scale = "scale"


class Declaring(BaseConnector):
    log: List[str] = []

    @servo.event()
    async def backup(self, path: str, *, level: int = 1) -> Dict[str, int]:
        ...

    @servo.event(Custom.reload)
    async def do_reload(self) -> None:
        pass

    @servo.event(handler=True)
    async def promote_build(self, tag: str) -> str:
        return f"promoted {tag}"

    @servo.event()
    async def transaction(self) -> str:
        self.log.append("begin")
        yield
        self.log.append("end")


show("declared", [get_event("backup").name, get_event("reload").name, get_event("backup").module])
show("responds", [Declaring.responds_to_event("promote_build"), Declaring.responds_to_event("backup")])
attempt("responds to what", Declaring.responds_to_event, "nope")


class Handling(Declaring):
    @servo.on_event()
    async def backup(self, path: str, *, level: int = 1) -> Dict[str, int]:
        return {path: level}

    @servo.before_event("backup")
    async def before_backup(self, path: str, *, level: int = 1) -> None:
        self.log.append(f"before {path} {level}")

    @servo.after_event("backup")
    async def after_backup(self, results: List[EventResult]) -> None:
        self.log.append(f"after {[result.value for result in results]}")

    @servo.on_event("reload")
    def reload(self) -> None:
        self.log.append("reload")

    @servo.on_event("transaction")
    async def work(self) -> str:
        self.log.append("work")
        return "done"

    @servo.event_handler("promote_build", Preposition.after)
    def announce(self, results: List[EventResult]) -> None:
        self.log.append(f"announce {results[0].value}")


show("handlers", [[str(h.preposition), h.event.name, h.handler.__name__, h.connector_type.__name__] for h in Handling.__event_handlers__])
show("handlers of an event", [h.handler.__name__ for h in Handling.get_event_handlers("backup")])
show("handlers of a moment", [h.handler.__name__ for h in Handling.get_event_handlers("backup", Preposition.before)])
show("handlers of the unknown", Handling.get_event_handlers("nope"))
show("marker", type(Handling.backup.__event_handler__).__name__)
attempt("handler told", lambda: str(Handling.get_event_handlers("backup")[0]).split("->")[0])
show("handler fields", [hasattr(Handling.__event_handlers__[0], name) for name in ("event", "preposition", "kwargs", "connector_type", "handler")])
show("handler type", isinstance(Handling.__event_handlers__[0], EventHandler))


async def main():
    connector = Handling(config=BaseConfiguration())
    await attempted("backup", values(connector.dispatch_event("backup", "/tmp/x", level=3)))
    show("log of backup", connector.log)
    connector.log.clear()
    await attempted("reload", values(connector.dispatch_event("reload")))
    await attempted("promote", values(connector.dispatch_event("promote_build", "v1")))
    show("log of the others", connector.log)
    connector.log.clear()
    await attempted("transaction", values(connector.dispatch_event("transaction")))
    show("log of the transaction", connector.log)
    await attempted("wrong arguments", connector.dispatch_event("promote_build"))
    await attempted("too many arguments", connector.dispatch_event("promote_build", "a", "b"))

    def added(self, path: str, *, level: int = 1) -> Dict[str, int]:
        return {"added": level}

    Handling.add_event_handler(get_event("backup"), Preposition.on, added)
    await attempted("added", values(connector.dispatch_event("backup", "x")))
    results = await connector.dispatch_event("promote_build", "v2")
    show("result fields", [hasattr(results[0], name) for name in ("event", "preposition", "handler", "connector", "created_at", "value")])
    show("result", [results[0].event.name, str(results[0].preposition), results[0].connector is connector, results[0].handler.handler.__name__, results[0].value])
    event = get_event("promote_build")
    results = await connector.run_event_handlers(event, Preposition.on, "v3")
    show("run handlers", [result.value for result in results])
    await attempted("run handlers by name", connector.run_event_handlers("promote_build", Preposition.on, "v3"))
    show("run handlers of nothing", await connector.run_event_handlers(get_event("metrics"), Preposition.on))


async def values(dispatch):
    return [result.value for result in await dispatch]


asyncio.run(main())

attempt("twice", servo.create_event, "backup", inspect.signature(lambda: None))


def refused(label, body):
    def declare():
        type(f"{label.title().replace(' ', '')}Connector", (BaseConnector,), {"__module__": __name__, **body()})
        return "accepted"

    attempt(label, declare)


def plain_event():
    def not_async(self) -> None:
        pass

    return {"not_async": servo.event()(not_async)}


def busy_event():
    async def busy(self) -> int:
        return 5

    return {"busy": servo.event()(busy)}


def greedy_event():
    async def greedy(self, *args) -> int:
        ...

    return {"greedy": servo.event()(greedy)}


refused("event that is not async", plain_event)
refused("event with a body", busy_event)
refused("event with any arguments", greedy_event)
attempt("event of no callable", servo.create_event, "odd", 5)


def handler(function, event=None, moment=Preposition.on, **kwargs):
    def declare():
        servo.event_handler(event, moment, **kwargs)(function)
        return "accepted"

    return declare


async def adjust(self, adjustments: List[servo.Adjustment], control: servo.Control = servo.Control()) -> dict: ...
attempt("return type", handler(adjust))
async def startup(self, invalid, /) -> None: ...
attempt("extra positional", handler(startup))
async def startup(self, invalid: str, another: int) -> None: ...
attempt("extra parameters", handler(startup))
async def startup(self): ...
attempt("no return annotation", handler(startup))
async def measure(self, control: servo.Control = servo.Control()) -> servo.Measurement: ...
attempt("missing parameter", handler(measure))
async def measure(self, *, metrics: Optional[List[str]] = None, control: servo.Control = servo.Control()) -> servo.Measurement: ...
attempt("optional list", handler(measure))
async def measure(self, *, metrics: List[str] = None, control: servo.Control = servo.Control()) -> servo.Measurement: ...
attempt("list", handler(measure))
async def measure(self, *args, **kwargs) -> servo.Measurement: ...
attempt("anything", handler(measure))
async def measure(self, *args) -> servo.Measurement: ...
attempt("positional only anything", handler(measure))
async def describe(self, control: Any = None) -> Any: ...
attempt("any", handler(describe))
async def describe(self, control: servo.Control = servo.Control()) -> "servo.Description": ...
attempt("quoted", handler(describe))
async def describe(self, control: str = "") -> servo.Description: ...
attempt("wrong parameter type", handler(describe))
async def describe(self, control=servo.Control()) -> servo.Description: ...
attempt("bare parameter", handler(describe))
async def before(self) -> None: ...
attempt("before without parameters", handler(before, "measure", Preposition.before))
async def before(self, *, metrics: List[str] = None, control: servo.Control = servo.Control()) -> int: ...
attempt("before that returns", handler(before, "measure", Preposition.before))
async def after(self, results: List[EventResult]) -> None: ...
attempt("after", handler(after, "measure", Preposition.after))
async def after(self, values: List[EventResult]) -> None: ...
attempt("after by another name", handler(after, "measure", Preposition.after))
async def after(self, results: List[EventResult], invalid: str, another: int) -> None: ...
attempt("after with more", handler(after, "measure", Preposition.after))
async def nope(self) -> None: ...
attempt("handler of the unknown", handler(nope))
async def check(self, matching: Optional[servo.CheckFilter] = None, halt_on: Optional[servo.ErrorSeverity] = servo.ErrorSeverity.critical) -> List[servo.Check]: ...
attempt("check", handler(check))
async def attach(self, servo_: servo.Servo) -> None: ...
attempt("attach", handler(attach))
async def components(self) -> List[servo.Component]: ...
attempt("components", handler(components))
async def metrics(self) -> list: ...
attempt("bare list", handler(metrics))
