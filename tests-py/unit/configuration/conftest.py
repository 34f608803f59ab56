"""What the tests of configurations share."""

import os

import pytest

OURS = ("SERVO_", "COMMON_", "CHECKS_", "OPSANI_", "APPD_", "VEGETA_", "BACKOFF_", "TIMEOUTS_")


@pytest.fixture(autouse=True)
def no_variables(monkeypatch):
    """The environment of who runs the tests is not that of the tests."""
    for name in list(os.environ):
        if name.startswith(OURS):
            monkeypatch.delenv(name)


@pytest.fixture
def problems():
    """What is wrong, as places and messages without what one pydantic puts before them."""
    import pydantic

    def call(make):
        with pytest.raises(pydantic.ValidationError) as caught:
            make()
        return [
            (
                ".".join(str(step) for step in error["loc"] if step != "__root__"),
                error["msg"].removeprefix("Value error, "),
            )
            for error in caught.value.errors()
        ]

    return call
