"""Commands on the real engine, in an empty folder, with the connectors of the engine and no others."""

import sys

import pytest
from typer.testing import CliRunner

import servo.connector
import servo.connectors
from servo.cli import ServoCLI
from servo.connector.registry import ConnectorClasses

NATIVE = ("load", "process", "wait")

THIRD = '''
from typing import Optional

import pydantic
import servo


class Inner(servo.BaseConfiguration):
    size: int = pydantic.Field(3, description="How large it is.")


class MeterConfiguration(servo.BaseConfiguration):
    """A meter.

    Attributes:
        port: Where it
            listens.
    """

    url: str = pydantic.Field("http://example.com", description="Where the meter is: " + "far away, " * 20 + "or near.")
    port: int = 8080
    token: Optional[pydantic.SecretStr] = None
    inner: Inner = Inner()

    @classmethod
    def generate(cls, **kwargs):
        return cls(description="Describe me", url="http://meter.example", **kwargs)


@servo.metadata(description="Measures", version="1.2.3")
class MeterConnector(servo.BaseConnector):
    config: MeterConfiguration


class NeedyConfiguration(servo.BaseConfiguration):
    address: str
    count: int


class NeedyConnector(servo.BaseConnector):
    config: NeedyConfiguration


class SilentConfiguration(servo.BaseConfiguration):
    x: int = 1

    @classmethod
    def generate(cls, **kwargs):
        return None


class SilentConnector(servo.BaseConnector):
    config: SilentConfiguration


class PairsConfiguration(servo.BaseConfiguration):
    x: int = 1

    @classmethod
    def generate(cls, **kwargs):
        yield "pairs", cls(x=2)


class PairsConnector(servo.BaseConnector):
    config: PairsConfiguration

'''

BROKEN = """
import servo


class BrokenConfiguration(servo.BaseConfiguration):
    @classmethod
    def generate(cls, **kwargs):
        raise KeyError("nothing")


class BrokenConnector(servo.BaseConnector):
    config: BrokenConfiguration
"""


@pytest.fixture(autouse=True)
def only_native(monkeypatch):
    """Classes of other tests are not known here, nor variables that name an optimizer."""
    import os

    classes = ConnectorClasses(servo.connectors.native_class(name) for name in NATIVE)
    monkeypatch.setattr(servo.connector, "_connector_subclasses", classes)
    for name in [name for name in os.environ if name.startswith(("OPSANI_", "APPD_"))]:
        monkeypatch.delenv(name)


@pytest.fixture
def third(monkeypatch, tmp_path):
    """Connectors of somebody else, in the module `third` beside the file."""
    (tmp_path / "third.py").write_text(THIRD)
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    yield
    sys.modules.pop("third", None)


@pytest.fixture
def broken(monkeypatch, tmp_path):
    """A connector that fails to say what it needs, in the module `broken` beside the file."""
    (tmp_path / "broken.py").write_text(BROKEN)
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    yield
    sys.modules.pop("broken", None)


@pytest.fixture
def run(monkeypatch):
    """Runs a command line in this process."""
    monkeypatch.setattr(sys, "path", list(sys.path))

    def invoke(*arguments, answers=""):
        return CliRunner().invoke(ServoCLI(), list(map(str, arguments)), input=answers, prog_name="servo", reports=True)

    return invoke
