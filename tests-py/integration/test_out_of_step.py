"""A servo with a Python connector that loses step with its optimizer, and one whose command is taken back."""

import json
import os
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

CONNECTOR = """
import asyncio
import datetime
import servo

class WebConnector(servo.BaseConnector):
    config: servo.BaseConfiguration

    @servo.on_event()
    async def attach(self, servo_: servo.Servo) -> None:
        self.telemetry["web.seen"] = str(int(self.telemetry.values.get("web.seen", "0")) + 1)

    @servo.on_event()
    async def measure(
        self, *, metrics: list[str] | None = None, control: servo.Control = servo.Control()
    ) -> servo.Measurement:
        if control.duration.total_seconds() > 60:
            try:
                for percent in range(1, 100_000):
                    self.logger.info("at work", progress=min(percent / 10, 99))
                    await asyncio.sleep(0.05)
            except asyncio.CancelledError:
                self.telemetry["web.cancelled"] = "yes"
                raise
        metric = servo.Metric("throughput", servo.Unit.requests_per_minute)
        return servo.Measurement([servo.DataPoint(metric, datetime.datetime.now(datetime.UTC), 1200.5)])
"""


def measure(uid, duration):
    return {"cmd": "MEASURE", "cmd_uid": uid, "param": {"metrics": ["throughput"], "control": {"duration": duration}}}


COMMANDS = [
    measure("c-1", 3_600),
    measure("c-2", 1),
    {"cmd": "SLEEP", "param": {"duration": 600, "data": {"reason": "no active optimization pipeline"}}},
]


class Optimizer:
    """Gives the commands one after another; answers all progress alike."""

    def __init__(self, to_progress):
        self.received, self.asleep, commands = [], threading.Event(), iter(COMMANDS)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(handler):
                message = json.loads(handler.rfile.read(int(handler.headers["content-length"])))
                self.received.append((message["event"], message["param"]))
                reply = {"status": "ok"}
                if message["event"] == "WHATS_NEXT":
                    reply = next(commands)
                    if reply["cmd"] == "SLEEP":
                        self.asleep.set()
                elif "progress" in (message["param"] or {}):
                    reply = to_progress
                text = json.dumps(reply).encode()
                handler.send_response(200)
                handler.send_header("content-length", str(len(text)))
                handler.end_headers()
                handler.wfile.write(text)

            def log_message(handler, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def story(self):
        """The messages but for progress."""
        told = {"GOODBYE": lambda param: f"GOODBYE({param['reason']})"}
        return [
            told.get(event, lambda _, event=event: event)(param)
            for event, param in self.received
            if "progress" not in (param or {})
        ]


def run(tmp_path, to_progress):
    """What an optimizer received that answers progress so."""
    optimizer = Optimizer(to_progress)
    (tmp_path / "web.py").write_text(CONNECTOR)
    (tmp_path / "servo.yaml").write_text(
        f"optimizer: {{id: dev.example.com/app-1, token: s3cr3t-t0ken, base_url: '{optimizer.url}'}}\n"
        "connectors: {web: web.WebConnector}\nweb: {}\n"
    )
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    running = subprocess.Popen(
        [sys.executable, "-m", "servo", "run", "-o", "json"],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        asleep = optimizer.asleep.wait(60)
        running.send_signal(signal.SIGTERM)
        _, log = running.communicate(timeout=60)
        assert asleep, log
        assert running.returncode == 0, log
    finally:
        running.kill()
        optimizer.close()
    return optimizer


def test_a_command_that_is_taken_back_is_cancelled(tmp_path):
    optimizer = run(tmp_path, {"status": "cancel", "reason": "user cancelled"})
    assert optimizer.story() == [
        "HELLO",
        *("WHATS_NEXT", "MEASUREMENT") * 2,
        "WHATS_NEXT",
        "GOODBYE(SIGTERM)",
    ]
    first, second = [param for event, param in optimizer.received if event == "MEASUREMENT" and "status" in param]
    assert first == {"status": "cancelled", "message": "user cancelled", "reason": None, "cmd_uid": "c-1"}
    assert (second["status"], second["cmd_uid"]) == ("ok", "c-2")


@pytest.mark.parametrize(
    "reply",
    [
        {"status": "unexpected-event", "reason": 'Out of order event "MEASUREMENT"'},
        {"status": "invalid", "reason": "unexpected cmd_uid"},
    ],
)
def test_a_servo_out_of_step_starts_again(tmp_path, reply):
    optimizer = run(tmp_path, reply)
    assert optimizer.story() == [
        "HELLO",
        "WHATS_NEXT",
        "GOODBYE(restarting)",
        "HELLO",
        "WHATS_NEXT",
        "MEASUREMENT",
        "WHATS_NEXT",
        "GOODBYE(SIGTERM)",
    ]
    greetings = [param["telemetry"] for event, param in optimizer.received if event == "HELLO"]
    assert [greeting["web.seen"] for greeting in greetings] == ["1", "2"], "it was attached again"
    assert greetings[1]["web.cancelled"] == "yes", "its handler was cancelled"
    (result,) = [param for event, param in optimizer.received if event == "MEASUREMENT" and "status" in param]
    assert (result["status"], result["cmd_uid"]) == ("ok", "c-2")
