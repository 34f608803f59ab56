"""The live view, on a terminal and where there is none."""

import contextlib
import io
import os
import re
import signal
import subprocess
import sys
import threading

import pytest
from rich.console import Console

from servo.cli.views.live import LiveView
from servo.cli.views.state import Note, State


def on_terminal(process, *arguments, columns=80, interrupt_at=(), **env):
    """What a command writes to a terminal of that width, and its exit code.

    It gets a Ctrl-C when each of the texts comes, one after the other.
    """
    waiting = list(interrupt_at)
    fcntl, struct, termios = (pytest.importorskip(name) for name in ("fcntl", "struct", "termios"))
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    env = {"TERM": "xterm-256color", "COLUMNS": str(columns)} | env
    child = process(*arguments, env=env, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    seen = io.BytesIO()

    def read():
        with contextlib.suppress(OSError):
            while part := os.read(ours, 65536):
                seen.write(part)
                if waiting and waiting[0] in plain(seen.getvalue().decode(errors="replace")):
                    waiting.pop(0)
                    child.send_signal(signal.SIGINT)

    reader = threading.Thread(target=read)
    reader.start()
    code = child.wait(timeout=60)
    reader.join(timeout=60)
    os.close(ours)
    return seen.getvalue().decode(), code


def plain(text):
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text).replace("\r", "")


def test_a_terminal_gets_the_live_view_and_then_the_result(process, config):
    config("improve")
    text, code = on_terminal(process, "run")
    shown = plain(text)
    assert code == 0
    assert "\x1b[?25l" in text
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")
    assert "\x1b[1;32m" in text
    for part in ("measuring the baseline", "0/2", "1/2", "workers=2 cache=64", "trial 2  cost 2.10  -41 %", "█"):
        assert part in shown
    assert shown.rstrip().splitlines()[-1] == "best: trial 2, cost 2.12 (-41 %), p95 38 ms (limit 60 ms)"


def test_log_records_stand_above_the_live_view(process, config):
    config("log")
    text, _ = on_terminal(process, "run")
    line = r"^.* \| INFO     \| __main__:run:\d+ \| servo - a record of a connector *$"
    assert re.search(line, plain(text), flags=re.MULTILINE)


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"SERVO_NO_COLOR": "1"}])
def test_without_colour_the_live_view_stays(process, config, env):
    config("improve")
    text, _ = on_terminal(process, "run", **env)
    assert "\x1b[?25l" in text
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", text)


@pytest.mark.parametrize("env", [{"TERM": "dumb"}, {"CI": "true"}])
def test_dumb_terminals_and_ci_get_lines(process, config, env):
    config("improve")
    text, code = on_terminal(process, "run", **env)
    assert code == 0
    assert "\x1b" not in text
    assert "trial 1: web" in text


def test_a_pipe_gets_no_escape_codes(process, config):
    config("improve")
    child = process("run", env={"TERM": "xterm-256color"}, stderr=subprocess.STDOUT)
    out, _ = child.communicate(timeout=60)
    assert "\x1b" not in out
    assert "trial 1: web" in out


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent as POSIX does")
def test_ctrl_c_on_a_terminal_leaves_the_cursor(process, config):
    config("deaf")
    arguments = ["run", "--shutdown-timeout", "600s"]
    text, code = on_terminal(process, *arguments, interrupt_at=["once more", "stopping (SIGINT)"])
    assert code == 130
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_no_line_is_wider_than_the_terminal(fake, width):
    import asyncio

    servo = fake.Servo("servo.yaml", {"name": "a-rather-long-name-of-a-servo"})

    async def search():
        await asyncio.wait_for(asyncio.gather(servo.search(), look()), 60)

    async def look():
        while servo.state["board"] is None or servo.state["board"]["phase"] != "verify":
            servo.snapshot()
            await asyncio.sleep(0.01)
        servo.snapshot()

    asyncio.run(search())
    servo.begin(3, "verify-best", {f"web.setting-{number}": number for number in range(20)})
    servo.state["board"]["history"] = [float(number % 7) for number in range(300)]
    view = LiveView()
    view.console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    view._notes.append(Note("a note " * 30))
    view.console.print(view.draw(servo.name, State.of(servo.snapshot())))
    lines = view.console.file.getvalue().splitlines()
    assert 5 < len(lines) < 20
    # Behind the last line a terminal writes `^C`, which must not fold.
    assert max(len(line) for line in lines) <= width - 3


@pytest.mark.parametrize(
    ("arguments", "env", "shown"), [([], {}, True), (["-o", "json"], {}, False), ([], {"CI": "1"}, False)]
)
def test_a_run_at_a_terminal_begins_with_the_banner(tmp_path, arguments, env, shown):
    (tmp_path / "servo.yaml").write_text(
        "optimizer: {id: dev.example.com/app, token: t, base_url: 'http://127.0.0.1:9'}\n"
        "connectors: [wait]\nwait: {measure_enabled: true}\n"
    )

    def start(*arguments, env, **options):
        command = [sys.executable, "-m", "servo", *arguments]
        return subprocess.Popen(command, cwd=tmp_path, env=os.environ | {"SERVO_BANNER": ""} | env, **options)

    text, _ = on_terminal(start, "run", *arguments, interrupt_at=["Connection refused"], **env)
    assert ("base url:    http://127.0.0.1:9" in plain(text)) is shown
    if shown:
        # Whole, before anything else.
        assert plain(text).index("base url") < plain(text).index("Connection refused")
