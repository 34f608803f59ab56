"""`servo run` with an optimizer at a service."""

import json
import os
import platform
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import servo

CONNECTOR = """
import datetime
import servo

class WebConnector(servo.BaseConnector):
    config: servo.BaseConfiguration
    cpu: float = 1.0

    @servo.on_event()
    async def attach(self, servo_: servo.Servo) -> None:
        self.telemetry["web.kind"] = "test"

    @servo.on_event()
    async def describe(self, control: servo.Control = servo.Control()) -> servo.Description:
        cpu = servo.RangeSetting(name="cpu", min=0.25, max=4.0, step=0.125, value=self.cpu)
        metric = servo.Metric("throughput", servo.Unit.requests_per_minute)
        return servo.Description([servo.Component("web", [cpu])], [metric])

    @servo.on_event()
    async def measure(
        self, *, metrics: list[str] | None = None, control: servo.Control = servo.Control()
    ) -> servo.Measurement:
        metric = servo.Metric("throughput", servo.Unit.requests_per_minute)
        return servo.Measurement([servo.DataPoint(metric, datetime.datetime.now(datetime.UTC), 1200.5)])

    @servo.on_event()
    async def adjust(
        self, adjustments: list[servo.Adjustment], control: servo.Control = servo.Control()
    ) -> servo.Description:
        if adjustments[0].value > 3:
            raise servo.AdjustmentRejectedError("insufficient cpu", reason="unschedulable")
        self.cpu = adjustments[0].value
        return await self.describe()
"""


def adjust(uid, cpu):
    state = {"application": {"components": {"web": {"settings": {"cpu": {"value": cpu}}}}}}
    return {"cmd": "ADJUST", "cmd_uid": uid, "param": {"state": state, "control": {}}}


COMMANDS = [
    {"cmd": "DESCRIBE", "cmd_uid": "c-1", "param": {}},
    {"cmd": "MEASURE", "cmd_uid": "c-2", "param": {"metrics": ["throughput"], "control": {"duration": 1}}},
    adjust("c-3", 1.5),
    adjust("c-4", 3.5),
    {"cmd": "SLEEP", "param": {"duration": 600, "data": {"reason": "no active optimization pipeline"}}},
]


@pytest.fixture
def optimizer():
    """A service that gives the commands one after another, and fails every third request."""
    received, asleep = [], threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        counter = 0
        commands = iter(COMMANDS)

        def do_POST(self):
            message = json.loads(self.rfile.read(int(self.headers["content-length"])))
            Handler.counter += 1
            status, reply = 200, {"status": "ok"}
            if Handler.counter % 3 == 0:
                status = 503
            else:
                received.append((self.path, self.headers["authorization"], message))
                if message["event"] == "WHATS_NEXT":
                    reply = next(Handler.commands)
                    if reply["cmd"] == "SLEEP":
                        asleep.set()
            text = json.dumps(reply).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", received, asleep
    server.shutdown()
    server.server_close()


def test_a_servo_does_what_a_service_asks(optimizer, tmp_path):
    url, received, asleep = optimizer
    (tmp_path / "web.py").write_text(CONNECTOR)
    (tmp_path / "servo.yaml").write_text(
        f"optimizer: {{id: dev.example.com/app-1, token: s3cr3t-t0ken, base_url: '{url}'}}\n"
        "servo_uid: uid-123\nconnectors: {web: web.WebConnector}\nweb: {}\n"
    )
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    environment["POD_NAMESPACE"] = "demo-ns"
    command = [sys.executable, "-m", "servo", "--log-level", "TRACE", "run", "-o", "json"]
    running = subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert asleep.wait(60), "the last command was asked for"
        running.send_signal(signal.SIGTERM)
        out, log = running.communicate(timeout=60)
    finally:
        running.kill()
    assert running.returncode == 0, log
    assert json.loads(out)["servos"][0]["ended"] == "interrupted"
    assert {(path, token) for path, token, _ in received} == {
        ("/accounts/dev.example.com/applications/app-1/servo", "Bearer s3cr3t-t0ken")
    }
    assert {message["servo_uid"] for _, _, message in received} == {"uid-123"}
    asked = [(message["event"], message["param"]) for _, _, message in received if message["event"] != "WHATS_NEXT"]
    results = {param["cmd_uid"]: (event, param) for event, param in asked if "cmd_uid" in param}
    assert asked[0][0] == "HELLO"
    assert asked[0][1]["agent"].startswith("github.com/opsani/servox v")
    assert asked[0][1]["telemetry"] == {
        "servox.version": servo.__version__,
        "servox.platform": platform.platform(),
        "servox.namespace": "demo-ns",
        "web.kind": "test",
    }
    assert {uid: (event, param["status"]) for uid, (event, param) in results.items()} == {
        "c-1": ("DESCRIPTION", "ok"),
        "c-2": ("MEASUREMENT", "ok"),
        "c-3": ("ADJUSTMENT", "ok"),
        "c-4": ("ADJUSTMENT", "rejected"),
    }
    assert len([event for event, param in asked if "cmd_uid" in param]) == 4, "each result once"
    assert results["c-2"][1]["metrics"] == {"throughput": {"unit": "rpm", "value": 1200.5}}
    assert results["c-3"][1]["state"]["application"]["components"]["web"]["settings"]["cpu"]["value"] == 1.5
    assert results["c-4"][1]["reason"] == "unschedulable"
    assert "s3cr3t" not in log


def test_a_missing_token_is_told(tmp_path):
    (tmp_path / "servo.yaml").write_text("optimizer: {id: dev.example.com/app-1}\nwait: {measure_enabled: true}\n")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OPSANI_")}
    done = subprocess.run(
        [sys.executable, "-m", "servo", "run"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert "optimizer.token is missing" in done.stderr
    assert "Traceback" not in done.stderr
