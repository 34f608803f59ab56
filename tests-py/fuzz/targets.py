"""What is fuzzed. A target makes an input of its dice, tries it, and gives None, or what is wrong with the answer."""

from __future__ import annotations

import datetime
import random
import re
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import generate
import pydantic
from loguru import logger

import servo
from servo import _core

# Warnings about ranges are right, and there are a hundred thousand.
logger.remove()
FILE = Path(tempfile.mkdtemp(prefix="servo-fuzz-")) / "servo.yaml"
PLACE = re.compile(r"servo\.yaml(:\d+)?(:\d+)?: ")


class Endpoint(servo.BaseModel):
    """A part of a configuration."""

    url: str
    weight: float = 1.0


class FuzzConfiguration(servo.BaseConfiguration):
    """A configuration with what people put into theirs."""

    rate: str
    duration: servo.Duration = servo.Duration("5m")
    workers: int = 10
    endpoints: list[Endpoint] = pydantic.Field(default_factory=list)
    named: dict[str, servo.Duration] = pydantic.Field(default_factory=dict)
    mode: servo.Unit = servo.Unit.float
    inner: Endpoint | None = None
    metrics: list[servo.Metric] = pydantic.Field(default_factory=list)


def yaml_documents(text: str) -> str | None:
    """A servo.yaml is valid, or everything that is wrong with it has a place."""
    FILE.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        _core.validate_file(str(FILE), [], {})
    except _core.ConfigError as error:
        unplaced = [line for line in str(error).splitlines() if line.strip() and not line.startswith(" ")]
        return None if unplaced and PLACE.search(unplaced[0]) else f"an error without a place: {error}"
    return None


def python_documents(document: dict[str, Any]) -> str | None:
    """A configuration is made, and can be written; or a ValidationError names the fields."""
    try:
        made = FuzzConfiguration.parse_obj(document)
    except pydantic.ValidationError as error:
        return None if all(item["loc"] for item in error.errors()) else f"an error without a field: {error}"
    again = made.yaml(exclude_unset=True)
    return None if again.strip() else "nothing is written"


def durations(text: Any) -> str | None:
    """A duration is read, and what it prints is read as the same; or a ValueError."""
    try:
        duration = servo.Duration(text)
    except ValueError as error:
        return None if str(error) else "an error without a text"
    if servo.Duration(str(duration)) != duration:
        return f"{duration.total_seconds()} s printed as {duration} is read as {servo.Duration(str(duration))}"
    return None


def quantities(values: list[Any]) -> str | None:
    """Values are made of numbers and texts, and go to the wire; or a ValueError."""
    first, second, third, fourth = values
    tries: list[Callable[[], Any]] = [
        lambda: servo.RangeSetting(name="a", min=first, max=second, step=third, value=fourth).__opsani_repr__(),
        lambda: servo.CPU(min=first, max=second, step=third, value=fourth).summary(),
        lambda: servo.Memory(min=first, max=second, step=third).json(),
        lambda: servo.Replicas(min=first, max=second, step=third).__opsani_repr__(),
        lambda: servo.EnumSetting(name="a", values=[first, second], value=third).__opsani_repr__(),
        lambda: servo.Adjustment(component_name="a", setting_name="b", value=first).json(),
        lambda: servo.Control(duration=first, delay=second, warmup=third, settlement=fourth).json(),
        lambda: servo.SloCondition(metric="m", threshold=first, trigger_count=second, trigger_window=third).json(),
        lambda: servo.Metric("m", first),
        lambda: servo.Measurement(
            readings=[servo.DataPoint(servo.Metric("m"), datetime.datetime(2020, 1, 1), first)]
        ).__opsani_repr__(),
        lambda: servo.DataPoint(servo.Metric("m"), first, 1.0),
        lambda: servo.Unit(first),
    ]
    for attempt in tries:
        try:
            attempt()
        except ValueError as error:
            if not str(error):
                return "an error without a text"
    return None


TARGETS: dict[str, tuple[Callable[[random.Random], Any], Callable[[Any], str | None]]] = {
    "yaml": (generate.yaml_text, yaml_documents),
    "python": (generate.fields, python_documents),
    "durations": (lambda dice: generate.duration(dice) if dice.random() < 0.9 else generate.quantity(dice), durations),
    "quantities": (lambda dice: [generate.quantity(dice) for _ in range(4)], quantities),
}


def made(target: str, seed: int, number: int) -> Any:
    """The input of a number: the same for the same seed."""
    return TARGETS[target][0](random.Random(f"{target}:{seed}:{number}"))


def tried(target: str, what: Any) -> str | None:
    """What is wrong with the answer to an input, if anything is."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return TARGETS[target][1](what)
        except (KeyboardInterrupt, SystemExit):
            raise
        # A panic of the engine is a BaseException.
        except BaseException as error:
            return f"{type(error).__module__}.{type(error).__name__}: {error}"
