"""Connectors and configurations for the commands that read them, on the engine itself."""

import importlib
import sys
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

CONNECTORS = """
import enum
import typing

import pydantic
import servo


class Mode(str, enum.Enum):
    fast = "fast"
    slow = "slow"


class Inner(servo.BaseConfiguration):
    a: int = 1
    b: typing.Optional[str] = None


class MeterConfiguration(servo.BaseConfiguration):
    url: str = "http://example.com"
    token: typing.Optional[pydantic.SecretStr] = None
    every: servo.Duration = "5m"
    mode: Mode = Mode.fast
    inner: Inner = Inner()
    inners: typing.List[Inner] = []
    tags: typing.Dict[str, str] = {}


@servo.metadata(description="Meter readings", version="1.2.3", homepage="https://meter.example/")
class MeterConnector(servo.BaseConnector):
    config: MeterConfiguration


class GaugeConnector(servo.BaseConnector):
    config: servo.BaseConfiguration
"""

SERVICE = "optimizer: {id: dev.example.com/app, token: t-123456}\n"

METER = (
    SERVICE
    + """connectors: [demo.MeterConnector, demo.GaugeConnector]
gauge: {}
meter:
  url: http://x.y
  token: sekret
  every: 90s
  mode: slow
  inner: {a: 1, b: two}
  inners: [{a: 1}, {a: 5}]
checks: {delay: 20s, halt_on: critical}
settings: {backoff: {__default__: {max_time: 5m}}}
"""
)

TWO = """name: one
optimizer: {id: dev.example.com/one, token: t-one}
wait: {measure_enabled: true}
---
name: two
optimizer: {id: dev.example.com/two, token: t-two}
connectors: {pause: wait}
pause: {measure_enabled: false}
"""

LOCAL = """optimizer:
  local:
    goal: {objective: maximize, metric: throughput}
    trial: {warmup: 30s, duration: 1m}
    storage: postgresql://servo:pass-word@db/studies
    stop: {}
load: {rate: 50/1s, target: GET http://127.0.0.1/, workers: 10, http2: false}
"""


@pytest.fixture
def texts():
    """The texts of configuration files."""
    return SimpleNamespace(service=SERVICE, meter=METER, two=TWO, local=LOCAL)


@pytest.fixture
def run(tmp_path, monkeypatch):
    """The command line in this process, on a file with that text."""
    from servo.cli import ServoCLI
    from servo.configuration import derived
    from servo.connector import _connector_subclasses

    # As in a process of its own.
    others = [cls for cls in _connector_subclasses if not cls.__module__.startswith("servo.")]
    for cls in others:
        _connector_subclasses.discard(cls)
    for name, empty in (("_names", set()), ("_parts", {}), ("_documents", {})):
        monkeypatch.setattr(derived, name, empty)

    (tmp_path / "demo.py").write_text(CONNECTORS)
    monkeypatch.syspath_prepend(str(tmp_path))

    def invoke(text, *arguments, env=None, **options):
        if text is not None:
            (tmp_path / "servo.yaml").write_text(text)
        importlib.invalidate_caches()
        arguments = [str(argument) for argument in arguments]
        return CliRunner().invoke(ServoCLI(), arguments, env=env, prog_name="servo", reports=True, **options)

    yield invoke
    for cls in [cls for cls in _connector_subclasses if cls.__module__ == "demo"]:
        _connector_subclasses.discard(cls)
    for cls in others:
        _connector_subclasses.add(cls)
    sys.modules.pop("demo", None)
