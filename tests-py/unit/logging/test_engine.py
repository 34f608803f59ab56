"""Records of the engine in loguru."""

import json
import subprocess
import sys

import pytest
from loguru import logger

import servo
from servo import _core
from servo.logging import context, defaults, engine, reset_to_defaults, set_format, set_level


@pytest.fixture(autouse=True)
def levels(monkeypatch):
    """What the engine is asked to log, without its being asked."""
    found = []
    monkeypatch.setattr(engine, "_forwarded", True)
    monkeypatch.setattr(engine, "_prepare", None)
    monkeypatch.setattr(engine, "_levels", {"servox": 20})
    monkeypatch.setattr(engine, "_set", {})
    monkeypatch.setattr(defaults, "_followed", None)
    monkeypatch.setattr(_core, "set_log_levels", lambda wanted: found.append(dict(wanted)))
    monkeypatch.setattr(_core, "set_log_form", lambda json: None)
    yield found
    context.name_servos({})
    defaults.DEFAULT_FORMATTER.form = "text"


def receive(message="text", level=20, module="servox::runner::poll", **about):
    names = ("servo", "connector", "event", "command_uid")
    engine._receive(level, module, 94, "src/runner/poll.rs", message, 1_741_000_000.25, *map(about.get, names))


def test_a_record_is_of_the_place_that_it_comes_from(records):
    with logger.contextualize(other="of this thread"):
        receive("braces {} {x} <red>", servo="shop", connector="load", event="before:adjust", command_uid="c-1")
    (record,) = records
    assert (record["name"], record["function"], record["line"], record["module"]) == (
        "servox.runner.poll",
        "-",
        94,
        "poll",
    )
    assert (record["file"].name, record["file"].path) == ("poll.rs", "src/runner/poll.rs")
    assert record["message"] == "braces {} {x} <red>"
    assert record["time"].timestamp() == 1_741_000_000.25
    assert record["extra"] == {
        "component": "load[before:adjust]",
        "servo": "shop",
        "connector": "load",
        "event": "before:adjust",
        "command_uid": "c-1",
    }


@pytest.mark.parametrize(
    ("number", "name"), [(5, "TRACE"), (10, "DEBUG"), (20, "INFO"), (25, "SUCCESS"), (30, "WARNING"), (40, "ERROR")]
)
def test_levels_have_their_names(records, number, name):
    receive(level=number)
    assert records[0]["level"].name == name


def test_what_is_at_work_in_the_thread_that_shows_a_record_is_not_what_it_is_about(capsys):
    class OtherConnector(servo.BaseConnector):
        config: servo.BaseConfiguration

    reset_to_defaults()
    with OtherConnector(name="other", config={}).current():
        receive()
    assert "| servo - text" in capsys.readouterr().err


def test_several_servos(capsys):
    reset_to_defaults()
    context.name_servos({"shop": "dev.example.com/shop", "web": "web"})
    receive(servo="shop", connector="load", event="measure")
    receive(servo="web")
    receive()
    lines = [line.split(" | ")[3] for line in capsys.readouterr().err.splitlines()]
    assert lines == ["dev.example.com/shop(load[measure]) - text", "web(servo) - text", "servo - text"]
    context.name_servos({"shop": "dev.example.com/shop"})
    receive(servo="shop")
    assert "| servo - text" in capsys.readouterr().err


def test_the_engine_logs_from_the_level_on_that_anybody_wants(levels):
    reset_to_defaults()
    assert levels[-1] == {"servox": 20}
    set_level("trace")
    assert levels[-1] == {"servox": 5}
    set_level("SUCCESS")
    assert levels[-1] == {"servox": 25}
    added = logger.add(lambda _: None, level="DEBUG")
    logger.info("it is noticed with the next record")
    assert levels[-1] == {"servox": 10}
    logger.remove(added)
    receive()
    assert levels[-1] == {"servox": 25}
    own = defaults.add_own(lambda _: None, level=0)
    logger.info("one that wants none of the engine")
    assert levels[-1] == {"servox": 25}
    logger.remove(own)


def test_modules_have_levels_of_their_own(capsys, levels):
    reset_to_defaults()
    defaults.set_engine_levels({"servox": 30, "servox.optimizer.local": 40})
    assert levels[-1] == {"servox": 30, "servox.optimizer.local": 40}
    added = logger.add(lambda _: None, level="INFO")
    receive("quiet")
    assert levels[-1] == {"servox": 20, "servox.optimizer.local": 20}
    receive("loud", level=30)
    receive("a note", level=30, module="servox::optimizer::local::session")
    receive("an error", level=40, module="servox::optimizer::local::session")
    logger.info("of Python")
    logger.remove(added)
    told = [line.rpartition(" - ")[2] for line in capsys.readouterr().err.splitlines()]
    assert told == ["loud", "an error", "of Python"]


def test_a_sink_that_fails_fails_nothing_else(capsys):
    reset_to_defaults()

    def fail(_):
        raise OSError("the disk is full")

    added = logger.add(fail)
    receive("one")
    receive("two")
    logger.remove(added)
    text = capsys.readouterr().err
    assert "servo - one" in text
    assert "servo - two" in text


PROGRAM = """
import sys
from servo import _core
from servo.logging import engine
{setup}
"""


def run(setup, **options):
    command = [sys.executable, "-c", PROGRAM.replace("{setup}", setup)]
    environment = {"PYTHONPATH": ":".join(sys.path), "PATH": ""}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, **options)


def test_what_waits_is_shown_at_the_end_of_the_process(tmp_path):
    done = run(
        # Its import may take longer on a loaded machine than the end of a process waits.
        "import loguru\nengine.forward()\nengine.set_levels({'servox': 5})\n"
        "import asyncio\n"
        "async def main():\n    endpoint = await _core.serve_metrics('127.0.0.1:0', 1)\n    await endpoint.close()\n"
        # Other threads of the engine may still be on their way out of the GIL.
        "asyncio.run(main())\nimport atexit, os\natexit._run_exitfuncs()\nos._exit(0)\n",
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert "servox.telemetry.server:-:" in done.stderr
    assert " - metrics are at http://127.0.0.1:" in done.stderr


def test_a_receiver_that_raises_loses_nothing_and_stops_nothing(tmp_path):
    done = run(
        "def broken(*_):\n    raise RuntimeError('of Python')\n"
        "_core.forward_logs(broken)\n_core.set_log_levels([('servox', 5)])\n"
        "import asyncio\n"
        "async def main():\n    endpoint = await _core.serve_metrics('127.0.0.1:0', 1)\n    await endpoint.close()\n"
        "asyncio.run(main())\n_core.finish_logs(5)\nimport os, sys\nsys.stderr.flush()\nos._exit(0)\n",
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert " | DEBUG    | servox.telemetry.server:-:" in done.stderr
    assert "Traceback" not in done.stderr


def test_nothing_is_imported_for_nothing():
    done = run("engine.forward()\nassert 'loguru' not in sys.modules\nassert _core.dropped_logs() == 0\n")
    assert done.returncode == 0, done.stderr


class TestJson:
    @pytest.fixture
    def lines(self, capsys):
        reset_to_defaults()
        set_format("json")
        return lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]

    def test_a_record_of_the_engine(self, lines):
        receive(servo="shop", event="measure")
        assert lines() == [
            {
                "timestamp": "2025-03-03T11:06:40.250000Z",
                "level": "INFO",
                "message": "text",
                "module": "servox.runner.poll",
                "function": None,
                "line": 94,
                "component": "servo[measure]",
                "servo": "shop",
                "connector": None,
                "event": "measure",
                "command_uid": None,
                "exception": None,
                "extra": {},
            }
        ]

    def test_values_of_any_kind(self, lines):
        class Odd:
            def __str__(self):
                raise RuntimeError("no text")

        values = {"a": 1, "b": [1.5, {"c": None}], "nan": float("nan"), "odd": Odd(), "API_KEY": "k", "x": {"token": 1}}
        logger.bind(**values).info('{"a": "<b>"}\n{')
        logger.bind(component="mine", connector="c").warning("ü \ud800")
        first, second = lines()
        assert first["extra"] == {
            "a": 1,
            "b": [1.5, {"c": None}],
            "nan": "nan",
            "odd": "(Odd without a text: RuntimeError)",
            "API_KEY": "[REDACTED]",
            "x": {"token": "[REDACTED]"},
        }
        assert first["message"] == '{"a": "<b>"}\n{'
        assert (second["component"], second["connector"], second["message"]) == ("mine", "c", "ü \ud800")

    def test_an_exception_and_a_stack(self, lines):
        token = "s3cret" + "-value"
        try:
            raise ValueError("why")
        except ValueError:
            logger.exception("it failed")
        logger.info("here", with_traceback=True)
        first, second = lines()
        assert (first["exception"]["type"], first["exception"]["message"]) == ("ValueError", "why")
        assert first["exception"]["traceback"].endswith("ValueError: why\n")
        assert "test_an_exception_and_a_stack" in second["stack"]
        assert token not in json.dumps([first, second])

    def test_forms(self, lines, capsys):
        with pytest.raises(ValueError, match="Unknown form of log lines: 'xml'; expected one of text, json"):
            set_format("xml")
        set_format("text")
        logger.info("a line")
        assert capsys.readouterr().err.endswith(" | servo - a line\n")
