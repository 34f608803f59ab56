"""``servo init`` as a person has it: on a terminal."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "python"
WAIT = 60


class Terminal:
    """A process on a terminal of its own."""

    def __init__(self, folder: Path, *arguments: str, columns: int = 80) -> None:
        import fcntl
        import struct
        import termios

        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        clean = {name: text for name, text in os.environ.items() if not name.startswith(("SERVO_", "OPSANI_", "APPD_"))}
        search = os.pathsep.join(part for part in (str(PACKAGE), os.environ.get("PYTHONPATH")) if part)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "servo", *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=folder,
            env={**clean, "PYTHONPATH": search, "TERM": "xterm", "NO_COLOR": "1"},
            # The terminal is the one of the process: a password is asked for there, and Ctrl-C comes from there.
            preexec_fn=_own_terminal,
        )
        os.close(slave)
        self.shown = ""
        self._told = 0

    def read(self, until: str | None = None) -> str:
        """What is shown until a text comes, or until the end."""
        begin, deadline = self._told, time.monotonic() + WAIT
        while until is None or until not in self.shown[begin:]:
            ready, _, _ = select.select([self._master], [], [], max(0, deadline - time.monotonic()))
            assert ready, f"expected {until!r}, found {self.shown!r}"
            try:
                data = os.read(self._master, 4096)
            except OSError:  # The other end is closed.
                data = b""
            if not data:
                assert until is None, f"expected {until!r}, found {self.shown!r}"
                break
            self.shown += data.decode()
        # What came behind the text is for the next one.
        self._told = len(self.shown) if until is None else self.shown.index(until, begin) + len(until)
        return self.shown[begin : self._told]

    def answer(self, question: str, text: str) -> str:
        """Wait for a question and type an answer; gives what was shown."""
        shown = self.read(question)
        os.write(self._master, text.encode())
        return shown

    def end(self) -> int:
        """The exit code."""
        self.read()
        return self.process.wait(WAIT)

    def close(self) -> None:
        """Ends the process, if it still runs."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(WAIT)
        os.close(self._master)


def _own_terminal() -> None:
    import fcntl
    import termios

    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@pytest.fixture
def terminal(tmp_path):
    opened = []

    def start(*arguments, **options):
        opened.append(Terminal(tmp_path, *arguments, **options))
        return opened[-1]

    yield start
    for one in opened:
        one.close()


@pytest.mark.parametrize("columns", [80, 200])
def test_a_service(terminal, tmp_path, columns):
    screen = terminal("init", columns=columns)
    screen.answer("Opsani optimizer? (format: dev.opsani.com/app-name) [local]: ", "dev.opsani.com/servox\n")
    screen.answer("API token?: ", "s3cret\n")
    screen.answer("select the connectors? [y/N]: ", "y\n")
    screen.answer("(numbers or names) [all]: ", "1 wait\n")
    assert screen.end() == 0
    # A terminal does not show what is typed here, and no page of YAML.
    assert "s3cret" not in screen.shown
    assert "measure_enabled" not in screen.shown
    # What was typed aside, nothing is wider than a usual terminal.
    assert max(len(line.rpartition(": ")[0]) for line in screen.shown.splitlines()) <= 80
    assert "√ Valid configuration in servo.yaml\r\nNext:\r\n  servo check " in screen.shown
    assert "OPSANI_TOKEN=s3cret\n" in (tmp_path / ".env").read_text()


def test_the_local_optimizer(terminal, tmp_path):
    screen = terminal("init")
    screen.answer("[local]: ", "\n")
    screen.answer("Select other connectors? [y/N]: ", "\n")
    screen.answer("Application command? [python3 app.py]: ", "./app {n}\n")
    screen.answer("What may change? (NAME=MIN..MAX, more with commas) [n=1..8]: ", "m=1..2\n")
    screen.answer("Error: expected values for {n} of the command, too: n=MIN..MAX\r\n", "")
    screen.answer("[n=1..8]: ", "\n")
    screen.answer("URL to measure? [http://127.0.0.1:8080/]: ", "\n")
    assert screen.end() == 0
    assert re.search(r"servo measure --duration 10s .*\r\n  servo run ", screen.shown)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["servo.schema.json", "servo.yaml"]


QUESTIONS = ["[local]: ", "API token?: ", "select the connectors? [y/N]: ", "Overwrite it? [y/N]: "]


@pytest.mark.parametrize("count", range(len(QUESTIONS)))
def test_ctrl_c_at_any_question(terminal, tmp_path, count):
    (tmp_path / "servo.yaml").write_text("# mine\n")
    screen = terminal("init")
    for question, answer in zip(QUESTIONS[:count], ["dev.opsani.com/servox\n", "s3cret\n", "n\n"], strict=False):
        screen.answer(question, answer)
    screen.answer(QUESTIONS[count], "\x03")
    assert screen.end() == 130
    assert screen.shown.endswith("\n")
    assert "Traceback" not in screen.shown
    assert (tmp_path / "servo.yaml").read_text() == "# mine\n"
    # `.env` was written whole, or not at all.
    expected = {"servo.yaml", ".env"} if count > 1 else {"servo.yaml"}
    assert {path.name for path in tmp_path.iterdir()} == expected
