"""A scripted optimizer on this machine, and servos with connectors that do what a test says."""

import asyncio
import http.server
import json
import threading
import time
from collections import deque

import pytest

import servo
from servo import connector


@pytest.fixture(autouse=True)
def forget_classes(monkeypatch):
    """The classes of a test are unknown to all others; nothing is sent through a proxy."""
    monkeypatch.setattr(connector, "_connector_subclasses", list(connector._connector_subclasses))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


IDLE = {"cmd": "SLEEP", "param": {"duration": "60s", "data": {"reason": "idle"}}}


class Service:
    """Optimizers by path: each gives its commands in order, then sleeps; notes what it gets.

    Attributes:
        requests: Of all optimizers: name of the application, event, param.
        commands: The commands of each application.
        answers: What is answered instead, by event, `progress` among them: a body, or a status and a body.
    """

    def __init__(self):
        self.requests = []
        self.commands = {}
        self.answers = {}
        self._changed = threading.Condition()
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args):
                pass

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                name = self.path.split("/")[-2]
                status, answer = service.answer(name, body["event"], body["param"])
                content = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def answer(self, name, event, param):
        kind = "progress" if param and "progress" in param else event
        with self._changed:
            self.requests.append((name, event, param))
            self._changed.notify_all()
            if instead := self.answers.get(kind):
                found = instead.popleft() if isinstance(instead, deque) else instead
                return found if isinstance(found, tuple) else (200, found)
            if event == "WHATS_NEXT":
                commands = self.commands.get(name)
                return 200, commands.pop(0) if commands else IDLE
        return 200, {"status": "ok"}

    def events(self, name="app"):
        """The messages of an application but for progress."""
        return [event for app, event, param in self.requests if app == name and "progress" not in (param or ())]

    def params(self, event, name="app"):
        return [param for app, found, param in self.requests if (app, found) == (name, event)]

    def progress(self, name="app"):
        return [param for app, _, param in self.requests if app == name and "progress" in (param or ())]

    def results(self, name="app"):
        """What came of the commands."""
        return [param for app, _, param in self.requests if app == name and "status" in (param or ())]

    def got(self, found, within=60):
        """Waits in a thread of its own until that holds."""
        end = time.monotonic() + within
        with self._changed:
            while not found():
                if time.monotonic() > end or not self._changed.wait(end - time.monotonic()):
                    raise TimeoutError(f"only {self.requests}")

    async def until(self, found):
        """Waits until that holds."""
        await asyncio.to_thread(self.got, found)


@pytest.fixture
def service():
    found = Service()
    yield found
    found.close()


class WorkConfiguration(servo.BaseConfiguration):
    pass


@pytest.fixture
def work():
    """A connector class whose handlers do what is put into `does`, by event; notes events in `notes`."""

    class WorkConnector(servo.BaseConnector):
        config: WorkConfiguration

        async def note(self, event, *given):
            type(self).notes.append(event)
            if (found := type(self).does.get(event)) is not None:
                made = found(self, *given)
                return await made if asyncio.iscoroutine(made) else made
            return None

        @servo.on_event()
        async def attach(self, servo_: servo.Servo) -> None:
            await self.note("attach")

        @servo.on_event()
        async def detach(self, servo_: servo.Servo) -> None:
            await self.note("detach")

        @servo.on_event()
        async def startup(self) -> None:
            await self.note("startup")

        @servo.on_event()
        async def shutdown(self) -> None:
            await self.note("shutdown")

        @servo.on_event()
        async def describe(self, control: servo.Control = servo.Control()) -> servo.Description:
            return await self.note("describe", control) or description()

        @servo.on_event()
        async def measure(
            self, *, metrics: list[str] | None = None, control: servo.Control = servo.Control()
        ) -> servo.Measurement:
            return await self.note("measure", metrics, control) or servo.Measurement(readings=[])

        @servo.on_event()
        async def adjust(
            self, adjustments: list[servo.Adjustment], control: servo.Control = servo.Control()
        ) -> servo.Description:
            return await self.note("adjust", adjustments, control) or description()

    WorkConnector.notes = []
    WorkConnector.does = {}
    return WorkConnector


def description():
    cpu = servo.CPU(min=0.25, max=4.0, step=0.125, value=1.0)
    components = [servo.Component(name="web", settings=[cpu])]
    return servo.Description(
        components=components, metrics=[servo.Metric("throughput", servo.Unit.requests_per_minute)]
    )


@pytest.fixture
def document(service, work):
    """The document of an application."""

    def build(name="app", **keys):
        optimizer = {"id": f"example.com/{name}", "token": "s3cret", "base_url": service.url}
        return {"optimizer": optimizer, "connectors": {"work": work}, "work": {}, **keys}

    return build


@pytest.fixture
async def one(document):
    """An assembled servo."""
    assembly = await servo.Assembly.assemble(configs=[document()])
    return assembly.servos[0]


def command(cmd, uid="c-1", **param):
    return {"cmd": cmd, "cmd_uid": uid, "param": param}


@pytest.fixture(name="command")
def command_():
    return command
