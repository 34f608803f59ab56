"""What the tests of connectors share."""

import os

import pytest

from servo import connector
from servo.configuration import derived

OURS = ("SERVO_", "COMMON_", "CHECKS_", "OPSANI_", "APPD_", "POD_")


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """Classes of a test are unknown to all others, and the environment is not that of who runs the tests."""
    monkeypatch.setattr(connector, "_connector_subclasses", connector._connector_subclasses.copy())
    monkeypatch.setattr(derived, "_names", set())
    monkeypatch.setattr(derived, "_parts", {})
    monkeypatch.setattr(derived, "_documents", {})
    for name in list(os.environ):
        if name.startswith(OURS):
            monkeypatch.delenv(name)


@pytest.fixture
def problems():
    """What is wrong, as places, messages and types."""
    import pydantic

    def call(make):
        with pytest.raises(pydantic.ValidationError) as caught:
            make()
        return [(error["loc"], error["msg"], error["type"]) for error in caught.value.errors()]

    return call
