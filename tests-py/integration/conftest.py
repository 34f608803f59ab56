"""Servos whose connectors are written in the tests."""

import asyncio
import datetime
import json
import sys
import weakref
from typing import Any

import pydantic
import pytest

import servo
from servo import _core, connector


@pytest.fixture(autouse=True)
def forget_classes(monkeypatch):
    """The classes of a test are unknown to all others."""
    monkeypatch.setattr(connector, "_connector_subclasses", list(connector._connector_subclasses))


@pytest.fixture
def open_servos(tmp_path, monkeypatch):
    """The servos of a text, with connector classes of the test."""
    monkeypatch.chdir(tmp_path)

    def call(text, *types):
        path = tmp_path / "servo.yaml"
        path.write_text(text)
        return _core.open_servos(str(path), list(types))

    return call


@pytest.fixture
def study(tmp_path):
    """The optimizer's part of a servo.yaml."""

    def call(sampler="grid", trials=4, **more):
        local = {
            "sampler": sampler,
            "seed": 7,
            "goal": {"objective": "minimize", "metric": "cost"},
            "trial": {"duration": "1ms"},
            "budget": {"trials": trials},
            "storage": f"sqlite:///{tmp_path}/study.db",
            **more,
        }
        return f"optimizer: {json.dumps({'local': local})}\n"

    return call


class Tuned(servo.BaseConnector):
    """One setting `a.x` from 0 to 9, and a metric `cost` that is least at 7."""

    config: servo.BaseConfiguration
    x: int = 0
    events: list[str] = pydantic.Field(default_factory=list)
    pause: float = 0.0

    @servo.on_event()
    async def attach(self, servo_: Any) -> None:
        self.events.append("attach")

    @servo.on_event()
    def startup(self) -> None:
        self.events.append("startup")

    @servo.on_event()
    def shutdown(self) -> None:
        self.events.append("shutdown")

    @servo.on_event()
    def detach(self, servo_: Any) -> None:
        self.events.append("detach")

    @servo.on_event()
    def describe(self, control: servo.Control = servo.Control()) -> servo.Description:
        setting = servo.RangeSetting(name="x", min=0, max=9, step=1, value=self.x)
        return servo.Description([servo.Component("a", [setting])], [servo.Metric("cost")])

    @servo.on_event()
    async def measure(
        self, *, metrics: list[str] | None = None, control: servo.Control = servo.Control()
    ) -> servo.Measurement:
        self.events.append("measure")
        await asyncio.sleep(self.pause)
        now = datetime.datetime.now(datetime.UTC)
        return servo.Measurement([servo.DataPoint(servo.Metric("cost"), now, (self.x - 7) ** 2 + 1)])

    @servo.on_event()
    async def adjust(
        self, adjustments: list[servo.Adjustment], control: servo.Control = servo.Control()
    ) -> servo.Description:
        for adjustment in adjustments:
            if adjustment.selector == "a.x":
                self.events.append(f"x={adjustment.value}")
                self.x = int(adjustment.value)
        return self.describe()


@pytest.fixture
def tuned():
    """The class, and every connector of it that was made."""
    made = weakref.WeakSet()

    class TunedConnector(Tuned):
        def __init__(self, **data):
            super().__init__(**data)
            made.add(self)

    TunedConnector.all_made = staticmethod(lambda: list(made))
    return TunedConnector


@pytest.fixture
def free_port():
    """A port that nobody listens on."""
    import socket

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.fixture
def python():
    """The interpreter of the tests."""
    return sys.executable
