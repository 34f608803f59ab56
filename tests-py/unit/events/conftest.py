"""Connectors that share a bus, and events that are forgotten after each test."""

import pytest

import servo
from servo import connector, events


@pytest.fixture(autouse=True)
def forget(monkeypatch):
    """The classes and events of a test are unknown to all others."""
    monkeypatch.setattr(connector, "_connector_subclasses", list(connector._connector_subclasses))
    known = dict(events._events)
    yield
    events._events.clear()
    events._events.update(known)


@pytest.fixture
def bus():
    """Puts connectors of those classes on one bus; they are called `con-0`, `con-1`, and so on."""

    def build(*classes):
        members = []
        for at, cls in enumerate(classes):
            members.append(cls(name=f"con-{at}", config={}, __connectors__=members))
        return members

    return build


@pytest.fixture
def ping():
    """An event with one argument."""

    async def ping(self, n: int) -> int: ...

    return servo.create_event("ping", ping)
