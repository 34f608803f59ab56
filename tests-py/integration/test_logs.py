"""What `servo run` writes to stderr while a service drives it."""

import collections
import json
import os
import re
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

TOKEN = "s3cr3t-t0ken"
COMMANDS = [
    {"cmd": "DESCRIBE", "cmd_uid": "c-1", "param": {}},
    {"cmd": "MEASURE", "cmd_uid": "c-2", "param": {"metrics": ["rps"], "control": {"duration": 0.01}}},
    {"cmd": "SLEEP", "param": {"duration": 60, "data": {"reason": "no active optimization pipeline"}}},
]
CONNECTOR = """
import logging
from typing import Any, List, Optional

import servo

NOTES = open("notes", "a", buffering=1)


class WebConnector(servo.BaseConnector):
    config: servo.BaseConfiguration

    @servo.on_event()
    async def startup(self) -> None:
        # A sink of the author's own.
        servo.logger.add(lambda line: NOTES.write(line), level="DEBUG", format="{level} {name} {message}")

    @servo.on_event()
    async def describe(self, control: servo.Control = servo.Control()) -> servo.Description:
        self.logger.bind(rows=3, api_token="hunter22").info("described {}")
        logging.getLogger(__name__).info("of the standard library")
        logging.getLogger("another.package").info("of another package")
        logging.getLogger("another.package").warning("a warning of another package")
        return servo.Description(components=[servo.Component("web", settings=[])], metrics=[])

    @servo.on_event()
    async def measure(
        self, *, metrics: Optional[List[str]] = None, control: servo.Control = servo.Control()
    ) -> servo.Measurement:
        try:
            raise ValueError("two\\nlines")
        except ValueError:
            self.logger.exception("failed")
        return servo.Measurement(readings=[])
"""


class Service:
    """Gives each servo the commands one after another, the last one again and again."""

    def __init__(self):
        self.given = collections.Counter()
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                content = json.dumps(service.reply(self.path, body)).encode()
                self.send_response(200)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}"

    def reply(self, path, body):
        if body["event"] != "WHATS_NEXT":
            return {"status": "ok"}
        self.given[path] += 1
        return COMMANDS[min(self.given[path], len(COMMANDS)) - 1]


@pytest.fixture
def service():
    found = Service()
    yield found
    found.server.shutdown()
    found.server.server_close()


@pytest.fixture
def logged(service, tmp_path):
    """The lines on stderr of a run that is ended when it sleeps."""
    (tmp_path / "web.py").write_text(CONNECTOR)
    started = []

    def run(*options, documents=1, **variables):
        ids = [f"dev.example.com/app-{number}" for number in range(1, documents + 1)]
        (tmp_path / "servo.yaml").write_text(
            "---\n".join(
                f"optimizer: {{id: {name}, token: {TOKEN}, base_url: '{service.url}'}}\n"
                "connectors: {web: web.WebConnector, wait: wait}\nweb: {}\nwait: {measure_enabled: yes}\n"
                for name in ids
            )
        )
        kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        environment = kept | {"PYTHONPATH": os.pathsep.join(sys.path), **variables}
        command = [sys.executable, "-m", "servo", *options, "run"]
        with open(tmp_path / "err", "w+") as err, open(tmp_path / "out", "w+") as out:
            child = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=out, stderr=err)
            started.append(child)
            # Whatever is logged: this is on stdout once it sleeps.
            wait_until(lambda: (tmp_path / "out").read_text().count("sleep") >= documents or child.poll() is not None)
            child.send_signal(signal.SIGTERM)
            assert child.wait(60) == 0, (tmp_path / "err").read_text()
        return (tmp_path / "err").read_text().splitlines()

    yield run
    for child in started:
        if child.poll() is None:
            child.kill()
            child.wait()


def wait_until(condition):
    pause = threading.Event()
    for _ in range(1_200):
        if condition():
            return
        pause.wait(0.05)
    raise AssertionError("it never came to that")


LINE = re.compile(
    r"(?P<time>[-\d]{10} [:\d]{8}\.\d{3}) \| (?P<level>[A-Z ]{8}) \| (?P<name>[\w.]+):(?P<function>[\w<>-]+)"
    r":(?P<line>\d+) \| (?P<component>\S+) - (?P<message>.*)"
)


def test_the_steps_of_a_healthy_run(logged, service, tmp_path):
    lines = logged()
    found = [LINE.fullmatch(line) for line in lines]
    told = [
        (match["level"].strip(), match["component"], match["message"])
        for match in found
        if match is not None and match["name"].startswith("servo")
    ]
    url = f"{service.url}/accounts/dev.example.com/applications/app-1/"
    assert told == [
        ("INFO", "servo", f"Connecting to Opsani Optimizer @ {url}..."),
        ("INFO", "servo", "Saying HELLO."),
        ("INFO", "servo", f"Servo started with 2 active connectors [dev.example.com/app-1 @ {url}]"),
        ("INFO", "servo", "getting next command"),
        ("INFO", "servo", "What's Next? => DESCRIBE"),
        ("INFO", "servo", "Describing..."),
        ("SUCCESS", "servo", "Described: 1 components, 0 metrics"),
        ("INFO", "servo", "getting next command"),
        ("INFO", "servo", "What's Next? => MEASURE"),
        ("INFO", "servo", "Measuring... [metrics=rps]"),
        ("INFO", "wait[measure]", "Waiting for 10ms for external measurement to complete"),
        ("SUCCESS", "servo", "Measured: 0 readings, 0 annotations"),
        ("INFO", "servo", "getting next command"),
        ("INFO", "servo", "What's Next? => SLEEP"),
        ("INFO", "servo", "Sleeping for 1m (no active optimization pipeline)."),
        ("INFO", "servo", "Received exit signal SIGTERM..."),
        ("INFO", "servo", "Shutting down servo..."),
        ("INFO", "servo", "Servo shutdown complete."),
    ]
    of_python = [match for match in found if match is not None and match["name"] == "web"]
    assert [(match["function"], match["component"], match["message"]) for match in of_python] == [
        ("describe", "web[describe]", "described {}"),
        ("describe", "web[describe]", "of the standard library"),
        ("describe", "web[describe]", "a warning of another package"),
        ("measure", "web[measure]", "failed"),
    ]
    assert "ValueError: two" in lines
    assert not any("\x1b" in line for line in lines)
    times = [match["time"] for match in found if match is not None]
    described = [match["message"] for match in found if match is not None]
    assert described.index("Describing...") < described.index("described {}")
    assert described.index("described {}") < described.index("Described: 1 components, 0 metrics")
    assert len(times) > 20
    notes = (tmp_path / "notes").read_text().splitlines()
    assert "INFO servox.runner.poll What's Next? => MEASURE" in notes, "sinks of connectors get them, too"


def test_json_lines_at_the_lowest_level_without_a_secret(logged, tmp_path):
    lines = logged("-l", "trace", SERVO_LOG_FORMAT="json")
    records = [json.loads(line) for line in lines]
    keys = "timestamp level message module function line component servo connector event command_uid exception extra"
    assert {tuple(record) for record in records} == {tuple(keys.split())}
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", record["timestamp"]) for record in records)
    assert {"TRACE", "INFO", "SUCCESS", "WARNING", "ERROR"} <= {record["level"] for record in records}
    assert any(record["level"] == "TRACE" and "curl -X POST" in record["message"] for record in records)
    text = "\n".join(lines)
    assert TOKEN not in text
    assert "hunter22" not in text
    (described,) = [record for record in records if record["message"] == "described {}"]
    assert described["extra"] == {"rows": 3, "api_token": "[REDACTED]"}
    about = {"servo": "dev.example.com/app-1", "connector": "web", "event": "describe", "command_uid": "c-1"}
    assert {key: described[key] for key in about} == about
    (waited,) = [record for record in records if record["message"].startswith("Waiting for 10ms")]
    assert {key: waited[key] for key in about} == about | {
        "connector": "wait",
        "event": "measure",
        "command_uid": "c-2",
    }
    assert (waited["module"], waited["function"], waited["component"]) == (
        "servox.connectors.wait",
        None,
        "wait[measure]",
    )
    (failed,) = [record for record in records if record["exception"]]
    assert (failed["exception"]["type"], failed["exception"]["message"]) == ("ValueError", "two\nlines")
    assert 'raise ValueError("two\\nlines")' in failed["exception"]["traceback"]


def test_lines_of_several_servos_say_which(logged):
    lines = logged("--log-level", "success", documents=2)
    found = [match for match in map(LINE.fullmatch, lines) if match is not None]
    assert {match["level"].strip() for match in found} == {"SUCCESS", "WARNING", "ERROR"}
    components = {match["component"] for match in found}
    for number in (1, 2):
        assert f"dev.example.com/app-{number}(servo)" in components
    assert any(re.fullmatch(r"dev\.example\.com/app-[12]\(web\[\w+\]\)", name) for name in components)
    assert "servo" not in components


def test_a_file_gets_the_same(logged, tmp_path):
    lines = logged(SERVO_LOG_FILE=str(tmp_path / "deep" / "servo.log"))
    written = (tmp_path / "deep" / "servo.log").read_text().splitlines()
    assert set(written) <= set(lines)
    # What the engine logs when loguru has ended goes to stderr alone.
    assert len(written) >= max(1, len(lines) - 2)
