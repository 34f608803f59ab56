"""Servos with connectors that note what they are told."""

import pytest

import servo
from servo import connector


@pytest.fixture(autouse=True)
def forget_classes(monkeypatch):
    """The classes of a test are unknown to all others."""
    monkeypatch.setattr(connector, "_connector_subclasses", list(connector._connector_subclasses))


@pytest.fixture
def noted():
    """A connector class whose objects note the events they get in the list `notes` of the class.

    An event that is a key of `fails` raises its value.
    """

    class NotedConfiguration(servo.BaseConfiguration):
        rate: int = 1

    class NotedConnector(servo.BaseConnector):
        config: NotedConfiguration

        def note(self, event):
            type(self).notes.append(f"{self.name}:{event}")
            if error := type(self).fails.get(f"{self.name}:{event}"):
                raise error

        @servo.on_event()
        async def attach(self, servo_: servo.Servo) -> None:
            self.note("attach")

        @servo.on_event()
        async def detach(self, servo_: servo.Servo) -> None:
            self.note("detach")

        @servo.on_event()
        async def startup(self) -> None:
            self.note("startup")

        @servo.on_event()
        async def shutdown(self) -> None:
            self.note("shutdown")

        @servo.on_event()
        async def metrics(self) -> list[servo.Metric]:
            return [servo.Metric(self.name)]

    NotedConnector.notes = []
    NotedConnector.fails = {}
    return NotedConnector


@pytest.fixture
def make(noted):
    """A servo with the local optimizer and connectors of those names."""

    def build(*names, **kwargs):
        members = [noted(name=name, config={}) for name in names]
        return servo.Servo(config={"optimizer": {"local": {}}}, connectors=members, **kwargs)

    return build


@pytest.fixture
async def assembled(noted):
    """An assembled servo with the connectors `one` and `two`."""
    document = {
        "optimizer": {"local": {}},
        "connectors": {"one": "noted", "two": "noted"},
        "one": {"rate": 7},
        "two": {},
    }
    assembly = await servo.Assembly.assemble(configs=[document])
    noted.notes.clear()
    (found,) = assembly.servos
    return found


class Client:
    """Stands in for the client of an optimizer: notes messages, and answers with what it was given."""

    def __init__(self):
        self.messages = []
        self.answers = []
        self.closed = False

    async def post(self, event, param, servo_uid=None, *, retry=True, context="__default__"):
        self.messages.append((event, param, servo_uid, retry, context))
        answer = self.answers.pop(0) if self.answers else {"status": "ok"}
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def close(self):
        self.closed = True


@pytest.fixture
def clients(monkeypatch):
    """The clients that were made."""
    from servo import _optimizer_client

    made = []

    def client_for(optimizer, settings=None):
        made.append(Client())
        return made[-1]

    monkeypatch.setattr(_optimizer_client, "client_for", client_for)
    return made


@pytest.fixture
def remote(noted, clients):
    """A servo of a remote optimizer, and its client."""
    config = {"optimizer": {"id": "example.com/app", "token": "secret"}, "servo_uid": "u-1"}
    made = servo.Servo(config=config, connectors=[noted(name="one", config={})])
    return made, made._api_client
