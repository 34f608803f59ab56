"""`servo run` with a real application, ended in every way there is."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

PYTHON = Path(os.environ.get("SERVO_SYSTEM_PYTHON") or sys.executable)

pytestmark = [
    pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="processes are looked up in /proc"),
    pytest.mark.timeout(240),
]

APP = """
import http.server, os
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.send_header("Content-Length", "2"); self.end_headers(); self.wfile.write(b"ok")
    def log_message(self, *arguments): pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""


class Place:
    """A folder with an application and a servo.yaml, and the processes that were started in it."""

    def __init__(self, folder, trials=8):
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            self.port = listener.getsockname()[1]
        self.folder = folder
        self.mark = f"SERVO_TEST_MARK={folder}"
        (folder / "app.py").write_text(APP)
        self.configure(trials)
        self.running = []

    def configure(self, trials, duration="400ms"):
        web = f"http://127.0.0.1:{self.port}/"
        local = {
            "sampler": "grid",
            "goal": {"objective": "minimize", "formula": "process.level + 0 * latency_50th"},
            "trial": {"warmup": "50ms", "duration": duration},
            "budget": {"trials": trials},
            "storage": "sqlite:///servo.db",
        }
        process = {
            "command": [str(PYTHON), "app.py"],
            "environment": {"PORT": str(self.port)},
            "settings": {"level": {"type": "range", "min": 1, "max": 12, "step": 1, "value": 6}},
            "health": {"http": web, "interval": "50ms", "timeout": "60s"},
            "stop": {"timeout": "2s"},
        }
        load = {"rate": 20, "target": f"GET {web}"}
        document = {"optimizer": {"local": local}, "connectors": ["process", "load"], "process": process, "load": load}
        (self.folder / "servo.yaml").write_text(json.dumps(document))

    def start(self, *arguments):
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("SERVO_", "PYTHON"))}
        name, _, value = self.mark.partition("=")
        servo = subprocess.Popen(
            [PYTHON.parent / "servo", "run", *arguments],
            cwd=self.folder,
            env=environment | {name: value},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        os.set_blocking(servo.stdout.fileno(), False)
        self.running.append(servo)
        return servo

    def run(self, *arguments):
        servo = self.start(*arguments)
        os.set_blocking(servo.stdout.fileno(), True)
        out, err = servo.communicate(timeout=180)
        return servo.returncode, out.decode(), err.decode()

    def read_until(self, servo, pattern):
        """What it prints, up to where the pattern is found."""
        text, deadline = "", time.monotonic() + 120
        while not re.search(pattern, text):
            assert time.monotonic() < deadline, text
            assert servo.poll() is None, text + servo.stderr.read().decode()
            text += (servo.stdout.read() or b"").decode()
            time.sleep(0.02)
        return text

    def finish(self, servo):
        """The exit code, and what it printed since."""
        os.set_blocking(servo.stdout.fileno(), True)
        out, err = servo.communicate(timeout=60)
        return servo.returncode, out.decode(), err.decode()

    def processes(self):
        """The command lines of all processes that came from here."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    if self.mark.encode() in (entry / "environ").read_bytes().split(b"\0"):
                        found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
                except OSError:
                    continue
        return found

    def nothing_is_left(self):
        """No process lives and the port is free, at once or a moment later."""
        deadline = time.monotonic() + 20
        while left := self.processes():
            assert time.monotonic() < deadline, left
            time.sleep(0.05)
        while True:
            with socket.socket() as listener:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    listener.bind(("127.0.0.1", self.port))
                except OSError:
                    # A process that was killed closes its sockets a moment after it has lost its name.
                    assert time.monotonic() < deadline, "the port is still bound"
                    time.sleep(0.05)
                else:
                    return True


@pytest.fixture
def place(tmp_path):
    place = Place(tmp_path)
    yield place
    for servo in place.running:
        if servo.poll() is None:
            os.killpg(servo.pid, signal.SIGKILL)
        servo.communicate()


def trials(report):
    return [(trial["number"], trial["state"]) for trial in report["trials"]]


def test_json_alone_is_on_stdout_and_a_second_run_continues(place):
    place.configure(trials=3)
    code, out, err = place.run("--output", "json")
    assert code == 0, err
    (first,) = json.loads(out)["servos"]
    assert first["ended"] == "finished"
    assert place.nothing_is_left()

    place.configure(trials=6)
    code, out, err = place.run("--output", "json")
    assert code == 0, err
    (second,) = json.loads(out)["servos"]
    before, after = trials(first["report"]), trials(second["report"])
    assert after[: len(before)] == before
    assert len(after) > len(before)
    assert [number for number, _ in after] == list(range(after[0][0], after[0][0] + len(after)))


def test_a_pipe_gets_no_escape_codes(place):
    place.configure(trials=2)
    code, out, err = place.run()
    assert code == 0, err
    assert "\x1b" not in out + err
    assert "trial" in out


def test_a_killed_servo_leaves_nothing_and_its_study_continues(place):
    place.configure(trials=5, duration="2s")
    servo = place.start()
    place.read_until(servo, r"(?i)trial 1\b")
    assert any("app.py" in command for command in place.processes())
    servo.send_signal(signal.SIGKILL)
    assert servo.wait(30) == -signal.SIGKILL
    assert place.nothing_is_left()

    place.configure(trials=5)
    code, out, err = place.run("--output", "json")
    assert code == 0, err
    (result,) = json.loads(out)["servos"]
    assert result["ended"] == "finished"
    found = trials(result["report"])
    assert [state for _, state in found].count("stale") == 1
    numbers = [number for number, _ in found]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert place.nothing_is_left()


@pytest.mark.parametrize(("number", "expected"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
def test_a_signal_to_the_group_ends_the_run_in_order(place, number, expected):
    place.configure(trials=12, duration="30s")
    servo = place.start()
    place.read_until(servo, r"(?i)baseline|trial")
    deadline = time.monotonic() + 60
    while not any("app.py" in command for command in place.processes()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    started = time.monotonic()
    os.killpg(servo.pid, number)
    code, out, err = place.finish(servo)
    # The process itself sees to it that the end takes five seconds at most; the rest is the machine's.
    assert time.monotonic() - started < 8
    assert code == expected, out + err
    assert "Traceback" not in err
    assert place.nothing_is_left()
    place.configure(trials=2)
    assert place.run()[0] == 0
