"""The life of `servo run`: checks, the start, signals at every moment, the end.

Real processes, and a service on loopback.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are sent as POSIX does")

CONNECTOR = """
import asyncio, os, time
import servo
import servo.checks

if os.environ.get("AT") == "import":
    print("import", flush=True)
    time.sleep(600)


class LifeConfiguration(servo.BaseConfiguration):
    fails: str = ""
    broken: bool = False


class LifeChecks(servo.checks.BaseChecks):
    @servo.checks.require("It lives")
    async def check_it_lives(self) -> None:
        await moment("check")
        if self.config.broken:
            raise RuntimeError("it is broken")


async def moment(name):
    print(name, flush=True)
    if os.environ.get("AT") == name:
        await asyncio.sleep(600)


class LifeConnector(servo.BaseConnector):
    config: LifeConfiguration

    @servo.on_event()
    async def attach(self, servo_: servo.Servo) -> None:
        await moment("attach")

    @servo.on_event()
    async def detach(self, servo_: servo.Servo) -> None:
        await moment("detach")

    @servo.on_event()
    async def check(
        self, matching: servo.CheckFilter | None, halt_on: servo.ErrorSeverity | None = servo.ErrorSeverity.critical
    ) -> list[servo.Check]:
        return await LifeChecks.run(self.config, matching=matching, halt_on=halt_on)

    @servo.on_event()
    async def startup(self) -> None:
        await moment("startup")
        if self.config.fails == "startup":
            raise RuntimeError("no such cluster")

    @servo.on_event()
    async def shutdown(self) -> None:
        await moment("shutdown")

    @servo.on_event()
    async def measure(
        self, *, metrics: list[str] | None = None, control: servo.Control = servo.Control()
    ) -> servo.Measurement:
        await moment("measure")
        return servo.Measurement()
"""

MEASURE = {"cmd": "MEASURE", "cmd_uid": "c-1", "param": {"metrics": ["throughput"], "control": {}}}
SLEEP = {"cmd": "SLEEP", "param": {"duration": 600, "data": {"reason": "nothing to do"}}}
SIGNALS = [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1]


class Service:
    """An optimizer that asks for one measurement, and for sleep from then on."""

    def __init__(self):
        self.received = []
        self.status = 200
        self.commands = [MEASURE]
        self.changed = threading.Condition()
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                message = json.loads(self.rfile.read(int(self.headers["content-length"])))
                text = json.dumps(service.answer(self.path, message)).encode()
                self.send_response(service.status)
                self.send_header("content-length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, path, message):
        with self.changed:
            self.received.append((path.split("/")[4], message["event"], message["param"]))
            self.changed.notify_all()
            if message["event"] == "WHATS_NEXT":
                return self.commands.pop(0) if self.commands else SLEEP
        return {"status": "ok"}

    def events(self, name="app-1"):
        return [event for app, event, _ in self.received if app == name]

    def params(self, event):
        return [param for _, found, param in self.received if found == event]

    def wait_for(self, event, times=1, app="app-1"):
        with self.changed:
            assert self.changed.wait_for(lambda: self.events(app).count(event) >= times, 60), self.received


@pytest.fixture
def service():
    made = Service()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def start(service, tmp_path):
    """Starts `servo run` with servos of the service; each is a mapping of what its connector is told."""
    started = []

    def call(*arguments, servos=({},), at="", checks=None, root=(), **options):
        (tmp_path / "life.py").write_text(CONNECTOR)
        url = f"http://127.0.0.1:{service.server.server_port}"
        documents = [
            {
                "name": f"app-{number}",
                "optimizer": {"id": f"dev.example.com/app-{number}", "token": "t0ken", "base_url": url},
                "connectors": {"life": "life.LifeConnector"},
                "life": life,
                "checks": {"wait": "0", **(checks or {})},
            }
            for number, life in enumerate(servos, 1)
        ]
        (tmp_path / "servo.yaml").write_text("\n---\n".join(map(json.dumps, documents)))
        environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
        command = [sys.executable, "-m", "servo", *root, "run", *arguments]
        child = subprocess.Popen(command, cwd=tmp_path, env=environment | {"AT": at}, text=True, **streams)
        started.append(child)
        return child

    yield call
    for child in started:
        if child.poll() is None:
            child.kill()
        child.wait()
        for stream in (child.stdin, child.stdout, child.stderr):
            if stream is not None:
                stream.close()


def wait_for(child, word):
    """Read stdout until a line is the word."""
    lines = []
    for line in child.stdout:
        lines.append(line.strip())
        if word in lines[-1]:
            return lines
    raise AssertionError(f"{word!r} did not come in {lines}: {child.stderr.read()}")


def end(child):
    """The words that connectors have said, the other lines, the log and the exit code."""
    out, err = child.communicate(timeout=60)
    assert "Traceback" not in err
    lines = out.splitlines()
    return [line for line in lines if line.isalpha()], lines, err, child.returncode


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_signal_during_the_import_of_a_connector(start, service, number, code):
    child = start(at="import")
    wait_for(child, "import")
    child.send_signal(number)
    assert end(child) == ([], [], "", code)
    assert service.received == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_during_the_checks(start, service, number):
    child = start("--check", at="check")
    wait_for(child, "check")
    child.send_signal(number)
    said, lines, _, code = end(child)
    assert (said, code) == (["detach"], 0)
    assert lines[-1] == f"app-1: interrupted ({number.name})"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_while_the_service_is_away(start, service, number):
    service.status = 503
    child = start()
    service.wait_for("HELLO", 2)
    child.send_signal(number)
    said, _, _, code = end(child)
    assert (said, code) == (["attach", "shutdown", "detach"], 0)
    assert set(service.events()) == {"HELLO"}


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_during_the_startup_of_a_connector(start, service, number):
    child = start(at="startup")
    wait_for(child, "startup")
    child.send_signal(number)
    said, _, _, code = end(child)
    assert (said, code) == (["shutdown", "detach"], 0)
    assert service.events() == ["HELLO", "GOODBYE"]
    assert service.params("GOODBYE") == [{"reason": number.name}]


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_during_a_measurement(start, service, number):
    child = start(at="measure")
    wait_for(child, "measure")
    child.send_signal(number)
    said, _, _, code = end(child)
    assert (said, code) == (["shutdown", "detach"], 0)
    assert service.events() == ["HELLO", "WHATS_NEXT", "MEASUREMENT", "GOODBYE"]
    (result,) = service.params("MEASUREMENT")
    assert (result["status"], result["cmd_uid"]) == ("cancelled", "c-1")
    assert service.params("GOODBYE") == [{"reason": number.name}]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_during_a_sleep(start, service, number):
    child = start()
    service.wait_for("WHATS_NEXT", 2)
    child.send_signal(number)
    said, lines, _, code = end(child)
    assert (said, code) == (["attach", "startup", "measure", "shutdown", "detach"], 0)
    assert lines[-1] == f"app-1: interrupted ({number.name})"
    assert service.events() == ["HELLO", "WHATS_NEXT", "MEASUREMENT", "WHATS_NEXT", "GOODBYE"]


def test_a_shutdown_that_hangs_is_cut_off(start, service):
    child = start("--shutdown-timeout", "2s", at="shutdown")
    service.wait_for("WHATS_NEXT", 2)
    child.send_signal(signal.SIGTERM)
    said, _, err, code = end(child)
    assert (said[-2:], code) == (["shutdown", "detach"], 0)
    assert "did not end 'shutdown' in time" in err
    assert service.events()[-1] == "GOODBYE"


@pytest.mark.parametrize("number", SIGNALS)
def test_a_second_signal_during_the_shutdown_ends_the_process_at_once(start, service, number):
    child = start("--shutdown-timeout", "10m", at="shutdown")
    service.wait_for("WHATS_NEXT", 2)
    child.send_signal(signal.SIGUSR1 if number is signal.SIGTERM else signal.SIGTERM)
    wait_for(child, "shutdown")
    child.send_signal(number)
    assert end(child)[3] == 128 + number
    assert "GOODBYE" not in service.events()


def test_the_checks_come_first_and_connectors_are_attached_once(start, service):
    child = start("-c")
    service.wait_for("WHATS_NEXT", 2)
    child.send_signal(signal.SIGTERM)
    said, _, err, code = end(child)
    assert (said, code) == (["attach", "check", "startup", "measure", "shutdown", "detach"], 0)
    assert "Check 'It lives' passed" in err
    assert "🔥 All checks passed." in err
    assert service.events()[:3] == ["HELLO", "HELLO", "WHATS_NEXT"]
    checked, greeted = service.params("HELLO")
    assert checked is None
    assert greeted["agent"].startswith("github.com/opsani/servox v")


def test_a_dry_run_checks_and_nothing_else(start, service):
    said, _, err, code = end(start("--dry-run"))
    assert (said, code) == (["attach", "check", "detach"], 0)
    assert "🔥 All checks passed." in err
    assert (service.events(), service.params("HELLO")) == (["HELLO"], [None])


@pytest.mark.parametrize("option", ["--check", "--dry-run"])
def test_checks_that_fail_end_the_process(start, service, option):
    child = start(option, servos=[{}, {"broken": True}])
    _, lines, err, code = end(child)
    assert code == 1
    assert "error: app-2: checks failed" in err
    assert "app-1: interrupted (the checks of another servo failed)" in lines
    assert service.params("HELLO") == [None, None]
    assert "WHATS_NEXT" not in service.events()


def test_the_check_of_the_connection_tries_once(start, service):
    service.status = 401
    child = start("-d")
    _, _, err, code = end(child)
    assert code == 1
    assert "Check 'Opsani API connectivity' failed" in err
    assert "Response status code: 401" in err
    assert service.events() == ["HELLO"]


def test_checks_are_tried_again_until_their_time_is_up(start, service):
    child = start("-d", servos=[{"broken": True}], checks={"wait": "1s", "delay": "300ms"})
    said, _, err, code = end(child)
    assert code == 1
    assert said.count("check") > 1
    assert "Running checks progressively for up to 1s with a delay of 300ms between iterations" in err
    assert "timed out waiting for checks to pass 1s" in err


def test_unknown_connectors_in_the_checks_are_told(start, service):
    child = start("-d", checks={"connectors": ["wbe"]})
    said, out, err, code = end(child)
    assert (said, code) == (["attach", "detach"], 1)
    assert "A connector named within the checks config was not found in the current Assembly" in out
    assert "error: no connector found with name(s) '['wbe']'" in err


def test_checks_of_servos_without_connectors_in_python(service, tmp_path):
    url = f"http://127.0.0.1:{service.server.server_port}"
    optimizer = {"id": "dev.example.com/app-1", "token": "t0ken", "base_url": url}
    (tmp_path / "servo.yaml").write_text(json.dumps({"optimizer": optimizer, "wait": {"measure_enabled": True}}))
    done = subprocess.run(
        [sys.executable, "-m", "servo", "run", "-d"], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert "Check 'Opsani API connectivity' passed" in done.stderr
    assert service.params("HELLO") == [None]


@pytest.mark.parametrize("number", SIGNALS)
def test_without_polling_a_servo_stays_up_until_a_signal(start, service, number):
    child = start("--no-poll")
    wait_for(child, "started; asks for no commands")
    child.send_signal(number)
    said, lines, err, code = end(child)
    assert (said, code) == (["shutdown", "detach"], 0)
    assert lines[-1] == f"app-1: interrupted ({number.name})"
    assert "polling disabled -- command loop is not running" in err
    assert service.events() == ["HELLO", "GOODBYE"]


def test_a_servo_that_cannot_start_is_told_and_stops_no_other(start, service):
    child = start(servos=[{}, {"fails": "startup"}])
    wait_for(child, "app-2: error: cannot start: life: RuntimeError: no such cluster")
    service.wait_for("WHATS_NEXT", 2)
    assert child.poll() is None
    child.send_signal(signal.SIGTERM)
    _, _, err, code = end(child)
    assert code == 1
    assert "error: app-2: cannot start: life: RuntimeError: no such cluster" in err
    assert service.events("app-2") == ["HELLO", "GOODBYE"]
    assert service.events()[-1] == "GOODBYE"


def test_only_the_named_servos_run(start, service):
    child = start(root=["-n", "app-3", "-n", "app-1"], servos=[{}, {}, {}])
    service.wait_for("WHATS_NEXT")
    service.wait_for("WHATS_NEXT", app="app-3")
    child.send_signal(signal.SIGTERM)
    assert end(child)[3] == 0
    assert {app for app, _, _ in service.received} == {"app-1", "app-3"}


def test_no_connection_without_consent(start, service):
    child = start("--interactive", stdin=subprocess.PIPE)
    child.stdin.write("no\n")
    child.stdin.flush()
    said, lines, err, code = end(child)
    assert (said, code, service.received) == ([], 0, [])
    assert err == "Connect to the optimizer? [y/N]: Operation aborted.\n"
    assert lines[-1] == "app-1: interrupted (declined)"


def test_each_command_is_asked_for(start, service):
    child = start("-i", stdin=subprocess.PIPE)
    child.stdin.write("y\ny\n")
    child.stdin.flush()
    service.wait_for("MEASUREMENT")
    # The next answer never comes.
    said, _, err, code = end(child)
    assert (said[-2:], code) == (["shutdown", "detach"], 0)
    assert service.events() == ["HELLO", "WHATS_NEXT", "MEASUREMENT", "GOODBYE"]
    assert service.params("GOODBYE") == [{"reason": "declined"}]
    assert err.count("Poll for next command? [y/N]: ") == 2


@pytest.mark.parametrize("answers", ["", "y\n"])
def test_a_signal_ends_a_question(start, service, answers):
    child = start("-i", stdin=subprocess.PIPE)
    child.stdin.write(answers)
    child.stdin.flush()
    wait_for(child, "startup" if answers else "starting")
    child.send_signal(signal.SIGTERM)
    # Before stdin is closed, which ends a question as well.
    wait_for(child, "stopping: SIGTERM")
    said, lines, _, code = end(child)
    assert (set(said) <= {"shutdown", "detach"}, code) == (True, 0)
    assert lines[-1] == "app-1: interrupted (SIGTERM)"
    assert service.events() == (["HELLO", "GOODBYE"] if answers else [])


def test_tracebacks_of_connectors_with_debug(start, service):
    child = start("--debug", servos=[{"fails": "startup"}])
    _, err = child.communicate(timeout=60)
    assert child.returncode == 1
    assert "Traceback (most recent call last)" in err
    assert 'raise RuntimeError("no such cluster")' in err
