"""A stand-in for the native module: servos that do what their configuration file, a JSON document, says.

Run as a script it is the command ``servo`` on these servos.
"""

import asyncio
import contextlib
import datetime
import hashlib
import json
import re
import sys
import time
import types

BASELINE = {"trial": 0, "goal": 3.56, "feasible": True, "metrics": {"p95": 55.2, "cost": 3.56}}
BASELINE["assignment"] = {"web.workers": 4, "web.cache": 16}
BEST = {"trial": 2, "goal": 2.1, "feasible": True, "metrics": {"p95": 38.0, "cost": 2.1}}
BEST["assignment"] = {"web.workers": 2, "web.cache": 64}
TRIALS = [
    {"number": 0, "kind": "baseline", "state": "complete", "reason": None, "goal": 3.56},
    {"number": 1, "kind": "search", "state": "infeasible", "reason": "p95 70 ms is over 60 ms", "goal": 1.8},
    {"number": 2, "kind": "search", "state": "complete", "reason": None, "goal": 2.1},
    {"number": 3, "kind": "verify-baseline", "state": "complete", "reason": None, "goal": 3.6},
    {"number": 4, "kind": "verify-best", "state": "complete", "reason": None, "goal": 2.12},
]
for trial, (workers, cache) in zip(TRIALS, [(4, 16), (1, 16), (2, 64), (4, 16), (2, 64)], strict=True):
    trial["assignment"] = {"web.workers": workers, "web.cache": cache}
    trial["metrics"] = {"cost": trial["goal"]}
REPORT = {
    "outcome": "improved",
    "sentence": "best: trial 2, cost 2.12 (-41 %), p95 38 ms (limit 60 ms)",
    "stopped": "the budget of 2 trials is used",
    "study": "web",
    "goal_name": "cost",
    "trials": TRIALS,
    "best": BEST,
    "baseline": BASELINE,
    "verification": {
        "baseline": BASELINE | {"goal": 3.6, "metrics": {"cost": 3.6, "p95": 56.0}},
        "best": BEST | {"goal": 2.12, "metrics": {"cost": 2.12, "p95": 38.0}},
    },
    "change_percent": -41.1,
    "left_at": {"web.workers": 2, "web.cache": 64},
    "storage": "servo.db",
}
SETTING = {"name": "workers", "type": "range", "pinned": False, "unit": None, "value": 4, "min": 1, "max": 8, "step": 1}
CHOICE = {"name": "codec", "type": "enum", "pinned": False, "unit": "kind", "value": "gzip", "values": ["gzip", "none"]}


class ConfigError(Exception):
    """A configuration with problems."""

    def __init__(self, file, message):
        super().__init__(f"{file}:3:7: load.rate: {message}\n  did you mean 'rate'?")
        self.problems = json.dumps(
            [{"file": file, "line": 3, "column": 7, "path": "load.rate", "message": message, "nearest": "rate"}]
        )


class Servo:
    """A servo of the document."""

    def __init__(self, file, document):
        self.name = document["name"]
        self.optimizer = document.get("optimizer", "local")
        self.config_file = file
        self.connectors = [("web", "process"), ("load", "load")]
        self.no_diagnostics = True
        self.document = document
        self.stop = None
        self.looks = 0
        self.notes = []
        self.state = {"phase": "starting", "command": None, "board": None}

    def interrupt(self, reason, within=None):
        self.stop = self.stop or reason

    def snapshot(self):
        self.looks += 1
        board = self.state["board"] or {}
        return json.dumps(self.state | {"phase": board.get("phase", self.state["phase"])})

    def drain(self):
        notes, self.notes = self.notes, []
        return json.dumps(notes)

    def make_view(self):
        return View(self)

    async def attach(self):
        self.told("attached")

    async def detach(self):
        self.told("detached")

    def told(self, what):
        print(f"{self.name} {what}", file=sys.stderr, flush=True)

    async def run(self):
        does = self.document.get("does", "improve")
        if does == "fail":
            raise RuntimeError("cannot start: the port 8080 is in use\n  another process listens there")
        if does == "defect":
            raise KeyError("surprise")
        if does == "log":
            import logging

            logging.getLogger("connector").info("a record of a package")
            logging.getLogger("servo.checks").info("a record of a connector")
            Logs.log(20, "servox::runner", "a record of the engine")
            Logs.log(30, "servox::runner", "a warning of the engine")
            Logs.log(30, "servox::optimizer::local::session", "a note once more")
        if does == "remote":
            self.state |= {"phase": "running", "command": {"kind": "MEASURE", "percent": 50.0, "message": None}}
            await self.rest()
            return json.dumps({"ended": "finished", "reason": None, "report": None})
        if does == "notice":
            loop = asyncio.get_running_loop()
            loop.call_exception_handler({"message": "Unclosed client session"})
            loop.call_exception_handler({"message": "a callback failed", "exception": ValueError("gone")})
            does = "keep"
        if does == "serve":
            self.state |= {"phase": "running", "command": {"kind": "MEASURE", "percent": 50.0, "message": None}}
            while not self.stop:  # noqa: ASYNC110 - set by a signal
                await asyncio.sleep(0.02)
            return json.dumps({"ended": "interrupted", "reason": self.stop, "report": None})
        await self.search()
        if does == "block":
            time.sleep(60)  # noqa: ASYNC251 - as a careless connector would
        while does in ("wait", "deaf") and not (self.stop and does == "wait"):  # noqa: ASYNC110 - set by a signal
            await asyncio.sleep(0.02)
        report = dict(REPORT)
        if self.stop:
            report |= {"outcome": "interrupted", "sentence": "interrupted: best so far trial 2, cost 2.10"}
            return json.dumps({"ended": "interrupted", "reason": self.stop, "report": report})
        if does == "keep":
            report |= {"outcome": "baseline-kept", "sentence": "the baseline stays", "best": None, "verification": None}
        if does == "nothing":
            report = {"outcome": "nothing-measured", "sentence": "nothing could be measured"}
        return json.dumps({"ended": "finished", "reason": None, "report": report})

    async def search(self):
        board = {"study": "web", "sampler": "random", "goal_name": "cost", "goal": "minimize cost"}
        board |= {"constraints": ["p95 <= 60"], "phase": "baseline", "trials_done": 0, "budget": 2, "best": None}
        board |= {"baseline": None, "current": None, "history": []}
        self.state = {"phase": "running", "command": {"kind": "MEASURE", "percent": 40.0, "message": "load"}}
        self.state["board"] = board
        self.begin(0, "baseline", {"web.workers": 4, "web.cache": 16})
        await self.rest()
        board |= {"baseline": BASELINE, "best": BASELINE, "phase": "search"}
        board["history"] = [{"trial": 0, "goal": 3.56, "feasible": True}]
        self.begin(1, "search", {"web.workers": 1, "web.cache": 16})
        await self.rest()
        self.note("trial 1: infeasible, p95 70 ms is over 60 ms", True, 1)
        board["trials_done"] = 1
        board["history"].append({"trial": 1, "goal": 1.8, "feasible": False})
        self.begin(2, "search", {"web.workers": 2, "web.cache": 64})
        await self.rest()
        self.note("trial 2: complete, cost 2.10", False, 2)
        board |= {"best": BEST, "trials_done": 2, "current": None, "phase": "verify"}
        board["history"].append({"trial": 2, "goal": 2.1, "feasible": True})
        await self.rest()

    def begin(self, number, kind, assignment):
        current = {"number": number, "kind": kind, "assignment": assignment, "step": "measuring"}
        self.state["board"]["current"] = current
        told = "the baseline, " if kind == "baseline" else ""
        settings = " ".join(f"{name}={value}" for name, value in assignment.items())
        self.note(f"trial {number}: {told}{settings}", False, number)

    def note(self, text, warning, trial):
        now = datetime.datetime.now(datetime.UTC).isoformat()
        self.notes.append({"time": now, "warning": warning, "trial": trial, "text": text})

    async def rest(self):
        """Wait until somebody has looked."""
        looks = self.looks
        while self.looks == looks:  # noqa: ASYNC110 - any event loop, no event to set
            await asyncio.sleep(0.01)

    async def describe(self, connectors):
        answer = {"connector": "web", "components": [{"name": "web", "settings": [SETTING, CHOICE]}], "metrics": []}
        load = {"connector": "load", "components": [], "metrics": [{"name": "p95", "unit": "ms"}]}
        load["metrics"].append({"name": "ok", "unit": ""})
        return json.dumps([one for one in (answer, load) if connectors is None or one["connector"] in connectors])

    async def measure(self, metrics, connectors, duration, warmup):
        if self.document.get("does") == "fail":
            raise RuntimeError("load: connection refused by 127.0.0.1:8080")
        now = time.time()
        readings = [{"metric": "p95", "unit": "ms", "points": [[now - 130, 41.5], [now, 38.25]]}]
        readings.append({"metric": "asked", "unit": "", "points": [[now, duration + warmup]]})
        readings = [reading for reading in readings if not metrics or reading["metric"] in metrics]
        return json.dumps([{"connector": "load", "readings": readings, "annotations": {}}])

    async def adjust(self, adjustments):
        if self.document.get("does") == "fail":
            raise RuntimeError("web: the health check did not pass within 10s\n  last output: boom")
        if self.document.get("does") == "nobody":
            return "[]"
        settings = [{"name": setting, "value": value} for _, setting, value in adjustments]
        return json.dumps([{"connector": "web", "components": [{"name": "web", "settings": settings}], "metrics": []}])


class View:
    """What is checked of a servo."""

    def __init__(self, servo):
        self.servo = servo
        self.checks = servo.document.get("checks", "pass")

    def current(self):
        return contextlib.nullcontext()

    async def check_servo(self, print_callback):
        from servo.errors import ConnectorNotFoundError

        self.servo.told("checks")
        match self.checks:
            case "unknown":
                raise ConnectorNotFoundError("no connector found with name(s) '['wbe']'")
            case "raise":
                raise KeyError("surprise")
            case "hang":
                await asyncio.sleep(600)
            case "block":
                time.sleep(600)  # noqa: ASYNC251 - as a careless connector would
            case "table":
                print_callback("NAME    STATUS")
        return self.checks in ("pass", "table")


class Assembly:
    """The servos of a document side by side; each look shows all of them."""

    def __init__(self, servos, *, poll, permits):
        self.servos, self.poll, self.permits = list(servos), poll, permits
        self.over = {}

    async def run(self):
        return json.dumps(await asyncio.gather(*map(self.run_one, self.servos)))

    async def run_one(self, servo):
        try:
            result = json.loads(await self.one(servo))
        except RuntimeError as error:
            result = {"ended": "failed", "reason": str(error), "report": None}
        self.over[servo.name] = {"ended": result["ended"], "reason": result["reason"]}
        return {"name": servo.name, "optimizer": servo.optimizer} | result

    async def one(self, servo):
        for step in ("connect", "poll"):
            if self.permits is not None and not await self.permits(servo.name, step):
                return json.dumps({"ended": "interrupted", "reason": "declined", "report": None})
        while not self.poll:
            await asyncio.sleep(0.02)
            if servo.stop:
                return json.dumps({"ended": "interrupted", "reason": servo.stop, "report": None})
        return await servo.run()

    def interrupt(self, reason, within=None):
        for servo in self.servos:
            servo.interrupt(reason)

    def drain(self):
        changes = []
        for place, servo in enumerate(self.servos):
            notes = json.loads(servo.drain())
            change = {"servo": place, "name": servo.name, "state": json.loads(servo.snapshot()), "notes": notes}
            changes.append(change | {"ended": None, "reason": None} | self.over.pop(servo.name, {}))
        return json.dumps(changes)


def open_servos(file, types, environment=None):
    """The servos of a file."""
    try:
        with open(file) as text:
            documents = json.load(text)
        if documents and documents[0].get("does") in ("configure", "swallow", "compute"):
            print("configuring", flush=True)
            if documents[0]["does"] == "compute":
                # Minutes that no signal interrupts.
                hashlib.pbkdf2_hmac("sha256", b"", b"", 2_000_000_000)
            try:
                time.sleep(600)
            except BaseException:
                # As an import within the engine does.
                if documents[0]["does"] == "swallow":
                    raise ValueError from None
                raise
    except ValueError:
        raise ConfigError(file, "expected a number, found 'fast'") from None
    return [Servo(file, document) for document in documents]


def native_connectors():
    return [("load", []), ("process", [])]


def validate_file(file, types, environment=None):
    """How many documents a valid file has."""
    return len(open_servos(file, types))


class Duration(datetime.timedelta):
    """Seconds, or a number of minutes."""

    def __new__(cls, text):
        if not re.fullmatch(r"-?\d+[sm]?", text):
            raise ValueError(f"Invalid duration '{text}'")
        return super().__new__(cls, seconds=int(text.rstrip("sm")) * (60 if text.endswith("m") else 1))


def modules():
    """What to put into `sys.modules`."""
    core = types.ModuleType("servo._core")
    core.version = lambda: "0.1.0"
    core.forward_logs, core.set_log_levels = Logs.forward, Logs.set_levels
    core.show_logs = core.write_logs = lambda: None
    core.flush_logs = core.finish_logs = core.set_log_form = lambda _: None
    core.native_connectors, core.Assembly = native_connectors, Assembly
    core.export_traces = lambda: False
    core.open_servos, core.validate_file, core.ConfigError = open_servos, validate_file, ConfigError
    connector = types.ModuleType("servo.connector")
    connector.connector_types = list
    values = types.ModuleType("servo.types")
    values.Duration = Duration
    engine = types.ModuleType("servo._engine")
    engine.report_records = lambda: None
    return {module.__name__: module for module in (core, connector, values, engine)}


class Logs:
    """How the engine logs."""

    receiver, levels = None, {}

    @classmethod
    def forward(cls, receiver):
        cls.receiver = receiver

    @classmethod
    def set_levels(cls, levels):
        cls.levels = dict(levels)

    @classmethod
    def log(cls, level, module, message):
        name = module.replace("::", ".")
        if level >= cls.levels[max((prefix for prefix in cls.levels if name.startswith(prefix)), key=len)]:
            cls.receiver(level, module, 7, None, message, time.time(), "web", None, None, None)


if __name__ == "__main__":
    import servo.logging.format  # with the real modules, before they are replaced
    from servo.entry_points import run_cli

    sys.modules.update(modules())
    servo._core = sys.modules["servo._core"]
    run_cli()
