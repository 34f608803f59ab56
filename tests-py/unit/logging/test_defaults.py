"""Where records go, and how they look."""

import asyncio
import io
import logging
import re
import subprocess
import sys

import pytest
from loguru import logger

import servo
import servo.logging
from servo.events import EventContext, Preposition, get_event
from servo.logging import InterceptHandler, defaults, reset_to_defaults, set_colors, set_level
from servo.logging.levels import Filter

LEVELS = ["TRACE", "DEBUG", "INFO", "SUCCESS", "WARNING", "ERROR", "CRITICAL"]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def log_all():
    for level in LEVELS:
        logger.log(level, level)


def written(capsys):
    return [line.split(" | ")[1].strip() for line in capsys.readouterr().err.splitlines()]


def test_names():
    assert servo.logger is servo.logging.logger is logger
    assert isinstance(servo.logging, type(sys))
    assert set(servo.logging.__all__) >= {
        "Mixin",
        "Filter",
        "ProgressHandler",
        "logger",
        "log_execution",
        "log_execution_time",
        "reset_to_defaults",
        "set_level",
    }
    for name in [*servo.logging.__all__, *servo.logging._NAMES]:
        assert getattr(servo.logging, name) is not None
        assert name in dir(servo.logging)
    for name in ("ProgressHandler", "log_execution", "log_execution_time", "reset_to_defaults", "set_level"):
        assert getattr(servo, name) is getattr(servo.logging, name)
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        servo.logging.nothing  # noqa: B018


def test_the_mixin():
    class Any(servo.logging.Mixin):
        pass

    assert Any().logger is logger


def test_importing_touches_nothing(tmp_path):
    source = (
        "import os, sys, servo, servo.logging, servo.checks\n"
        "assert 'loguru' not in sys.modules\n"
        "from servo.logging import *\n"
        "from servo.logging import defaults, logs_path, root_path\n"
        "handlers = servo.logger._core.handlers\n"
        "assert list(handlers) == [0], handlers\n"
        "assert not os.listdir('.')\n"
    )
    done = subprocess.run([sys.executable, "-c", source], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_standard_module_stays_what_it_is():
    assert logging.getLogger("x").name == "x"
    assert servo.logging is not logging


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("case", [str.upper, str.lower, str.title])
def test_levels_in_any_case(capsys, level, case):
    reset_to_defaults()
    set_level(case(level))
    log_all()
    assert written(capsys) == LEVELS[LEVELS.index(level) :]
    assert logging.getLogger("asyncio").level == logger.level(level).no


def test_an_unknown_level_changes_nothing():
    reset_to_defaults()
    with pytest.raises(ValueError, match="Unknown level: 'loud'; expected TRACE, DEBUG"):
        set_level("loud")
    assert defaults.DEFAULT_FILTER.level == "INFO"


def test_a_filter():
    record = {"level": logger.level("INFO")}
    assert Filter()(record)
    assert Filter("trace")(record)
    assert not Filter("SUCCESS")(record)


def test_a_level_replaces_the_first_sink_and_no_other(capsys):
    program = (
        "import servo, sys\n"
        "found = []\n"
        "servo.logger.add(found.append, format='{message}')\n"
        "servo.set_level('warning'); servo.set_level('warning')\n"
        "servo.logger.info('quiet'); servo.logger.error('loud')\n"
        "assert len(found) == 2, found\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    (line,) = done.stderr.splitlines()
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \| ERROR    \| __main__:<module>:5 \| servo - loud", line
    )


def test_resetting_twice_writes_lines_once(capsys):
    reset_to_defaults()
    reset_to_defaults()
    logger.info("one")
    logging.getLogger("asyncio").warning("two")
    assert written(capsys) == ["INFO", "WARNING"]
    for name in ("asyncio", "backoff"):
        assert sum(isinstance(handler, InterceptHandler) for handler in logging.getLogger(name).handlers) == 1


def test_records_of_the_standard_library_keep_their_place(records):
    reset_to_defaults()
    found = []
    logger.add(lambda message: found.append(message.record), level=0)

    def caller():
        try:
            raise RuntimeError("e")
        except RuntimeError:
            logging.getLogger("backoff").exception("hi {x} %s", 3)

    caller()
    logging.getLogger("backoff").log(33, "odd")
    first, second = found
    assert (first["name"], first["function"], first["message"]) == (__name__, "caller", "hi {x} 3")
    assert repr(first["exception"].value) == "RuntimeError('e')"
    assert (second["level"].no, second["message"]) == (33, "odd")


@pytest.mark.parametrize(
    ("stream", "colors", "variables", "coloured"),
    [
        (io.StringIO, None, {}, False),
        (Terminal, None, {}, True),
        (Terminal, None, {"NO_COLOR": "1"}, False),
        (Terminal, None, {"SERVO_NO_COLOR": "1"}, False),
        (Terminal, False, {}, False),
        (io.StringIO, True, {}, True),
    ],
)
def test_colours(monkeypatch, stream, colors, variables, coloured):
    for name in ("NO_COLOR", "SERVO_NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "stderr", stream())
    set_colors(colors)
    logger.info("text")
    assert ("\x1b[" in sys.stderr.getvalue()) is coloured


def test_colours_leave_other_sinks_alone(records, monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    reset_to_defaults()
    logger.add(records.append, format="{message}")
    set_colors(False)
    set_colors(True)
    logger.info("text")
    assert len(records) == 1
    assert sys.stderr.getvalue().count("text") == 1


def test_records_go_to_the_stderr_of_the_moment(monkeypatch):
    reset_to_defaults()
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    logger.info("text")
    assert "text" in sys.stderr.getvalue()


def test_values_of_variables_are_not_shown(capsys):
    reset_to_defaults()

    def fail(token):
        raise RuntimeError("e")

    try:
        fail("secret" + "-token")
    except RuntimeError:
        logger.exception("failed")
    text = capsys.readouterr().err
    assert "RuntimeError: e" in text
    assert "secret-token" not in text


def test_a_file_on_demand(tmp_path):
    program = (
        "import os, servo\n"
        "servo.reset_to_defaults()\n"
        "assert not os.path.exists('deep')\n"
        "servo.logger.info('text')\n"
        "assert ' servo - text' in open('deep/servo.log').read()\n"
        "assert servo.logging.logs_path.name == 'servo.log'\n"
    )
    environment = {"SERVO_LOG_FILE": "deep/servo.log", "PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr


def test_a_file_that_cannot_be_written_fails_nothing(tmp_path):
    (tmp_path / "taken").write_text("a file")
    program = "import servo\nservo.reset_to_defaults()\nservo.logger.info('text')\nservo.logger.info('again')\n"
    environment = {"SERVO_LOG_FILE": "taken/servo.log", "PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert " servo - again" in done.stderr
    warnings = [line for line in done.stderr.splitlines() if "no log file is written" in line]
    assert len(warnings) == 1
    assert warnings[0].endswith("/taken' is no folder")
    assert len(done.stderr.splitlines()) == 3, "told once"


def test_a_file_is_written_in_parts_of_which_the_last_are_kept(tmp_path):
    program = (
        "import servo\nservo.reset_to_defaults()\nfor number in range(300): servo.logger.info('record {}', number)\n"
    )
    environment = {"SERVO_LOG_FILE": "logs/servo.log", "SERVO_LOG_ROTATION": "2 KB", "PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    parts = list((tmp_path / "logs").iterdir())
    assert len(parts) == 6, "one that is written, and five"
    assert max(part.stat().st_size for part in parts) <= 2_000
    assert (tmp_path / "logs" / "servo.log").read_text().splitlines()[-1].endswith("record 299")


def test_a_rotation_that_is_none_is_told(tmp_path):
    program = "import servo\nservo.reset_to_defaults()\nservo.logger.info('text')\n"
    environment = {
        "SERVO_LOG_FILE": "servo.log",
        "SERVO_LOG_ROTATION": "now and then",
        "PYTHONPATH": ":".join(sys.path),
    }
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert "no log file is written, see SERVO_LOG_FILE and SERVO_LOG_ROTATION: " in done.stderr
    assert " servo - text" in done.stderr


class NamedConnector(servo.BaseConnector):
    config: servo.BaseConfiguration


def line(capsys, *, prefix=r".* - "):
    text = capsys.readouterr().err
    return text.split(" | ")[3].split(" - ")[0]


def test_components(capsys):
    reset_to_defaults()
    connector = NamedConnector(name="prometheus", config={})
    logger.info("text")
    assert line(capsys) == "servo"
    connector.logger.info("text {")
    assert line(capsys) == "prometheus"
    with connector.current(), EventContext(get_event("adjust"), Preposition.before).current():
        logger.info("text")
        assert line(capsys) == "prometheus[before:adjust]"
        logger.bind(component="mine").info("text")
        assert line(capsys) == "mine"
        logger.bind(connector="a text").info("text")
        assert line(capsys) == "a text[before:adjust]"
    with connector.current(), EventContext(get_event("measure"), Preposition.on).current():
        logger.info("text")
    assert line(capsys) == "prometheus[measure]"


def test_components_of_several_servos(capsys, monkeypatch):
    from types import ModuleType, SimpleNamespace

    reset_to_defaults()
    assembly, of_servo = ModuleType("servo.assembly"), ModuleType("servo.servo")
    one = SimpleNamespace(optimizer=SimpleNamespace(id="dev.opsani.com/app1"))
    assembly.current_assembly = lambda: SimpleNamespace(servos=[one, one])
    of_servo.current_servo = lambda: one
    monkeypatch.setitem(sys.modules, "servo.assembly", assembly)
    monkeypatch.setitem(sys.modules, "servo.servo", of_servo)
    logger.info("text")
    assert line(capsys) == "dev.opsani.com/app1(servo)"
    assembly.current_assembly = lambda: SimpleNamespace(servos=[one])
    logger.info("text")
    assert line(capsys) == "servo"


def test_a_stack_on_demand(capsys):
    reset_to_defaults()
    logger.info("text", with_traceback=True)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].endswith("servo - text")
    assert any("test_a_stack_on_demand" in line for line in lines[1:])


async def test_records_of_asyncio(capsys):
    reset_to_defaults()
    asyncio.get_running_loop().call_exception_handler({"message": "of the loop"})
    assert "of the loop" in capsys.readouterr().err
