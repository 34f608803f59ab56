"""The command line on servos of a stand-in for the native module."""

import importlib.util
import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import servo.logging.engine as engine
import servo.logging.format  # with the real modules, before they are replaced

FAKE = Path(__file__).with_name("fake_core.py")
PACKAGE = Path(__file__).parents[3] / "python"


@pytest.fixture
def fake():
    """The stand-in itself, with its data."""
    spec = importlib.util.spec_from_file_location("fake_core", FAKE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch, tmp_path):
    """No setting of whoever runs the tests changes them."""
    for name in [name for name in os.environ if name.startswith(("SERVO_", "_SERVO"))] + ["NO_COLOR", "CI", "TERM"]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("SERVO_BANNER", "off")
    monkeypatch.chdir(tmp_path)


@pytest.fixture(autouse=True)
def logs_as_they_were():
    """What the command line sends to loguru is of no interest to other tests."""
    names = ("", "servo", "asyncio", "backoff")
    kept = {name: (logging.getLogger(name).level, list(logging.getLogger(name).handlers)) for name in names}
    yield
    engine._prepare = None
    for name, (level, handlers) in kept.items():
        logging.getLogger(name).setLevel(level)
        logging.getLogger(name).handlers[:] = handlers


@pytest.fixture
def config(tmp_path):
    """Writes servo.yaml: one servo for each word, which says what it does, or for each mapping of more."""

    def write(*does):
        names = ["web", "db", "queue"]
        given = [word if isinstance(word, dict) else {"does": word} for word in does]
        documents = [{"name": name, **more} for name, more in zip(names, given, strict=False)]
        path = tmp_path / "servo.yaml"
        path.write_text(json.dumps(documents))
        return path

    return write


@pytest.fixture
def servo(monkeypatch, fake):
    """The command line in this process."""
    from servo.cli import ServoCLI

    for name, module in fake.modules().items():
        monkeypatch.setitem(sys.modules, name, module)

    def invoke(*arguments, **options):
        # As the installed command does it: what a program that runs the app sees is in test_application.py.
        options = {"prog_name": "servo", "reports": True} | options
        return CliRunner().invoke(ServoCLI(), [str(argument) for argument in arguments], **options)

    return invoke


@pytest.fixture
def process():
    """The command line as a process of its own."""
    started = []

    def start(*arguments, env=None, **options):
        search = os.pathsep.join(part for part in (str(PACKAGE), os.environ.get("PYTHONPATH")) if part)
        environment = os.environ | {"PYTHONPATH": search} | (env or {})
        command = [sys.executable, str(FAKE), *map(str, arguments)]
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | options
        started.append(subprocess.Popen(command, env=environment, **options))
        return started[-1]

    yield start
    for child in started:
        if child.poll() is None:
            child.kill()
        child.wait()
        for stream in (child.stdout, child.stderr):
            if stream is not None:
                stream.close()
