"""What `servo run` tells those who operate it, and a service that asks for diagnostics."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

TOKEN = "s3cr3t-t0ken"
ASSETS = "/accounts/dev.example.com/applications/app-1/assets/opsani.com/"
CONNECTOR = """
import pydantic
import servo

class WebConfiguration(servo.BaseConfiguration):
    login: pydantic.SecretStr
    mode: str = "fast"

class WebConnector(servo.BaseConnector):
    config: WebConfiguration

    @servo.on_event()
    async def describe(self, control: servo.Control = servo.Control()) -> servo.Description:
        self.logger.info("described with {}", self.config.login.get_secret_value())
        return servo.Description([servo.Component("web", [])], [])
"""


class Service:
    """Asks to describe, then to sleep; wants diagnostics once."""

    def __init__(self):
        service = self
        self.asleep, self.sent = threading.Event(), threading.Event()
        self.assets, self.events = [], []
        self.greetings = threading.Event()
        self.greetings.set()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                content = json.dumps(service.reply(self.command, self.path, self.headers, body)).encode()
                self.send_response(200)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_PUT = do_POST = answer

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def reply(self, method, path, headers, body):
        if path.startswith(ASSETS):
            assert headers["authorization"] == f"Bearer {TOKEN}"
            self.assets.append((method, path.removeprefix(ASSETS), body))
            if (method, path) == ("PUT", f"{ASSETS}diagnostics-check"):
                self.sent.set()
            if method == "GET":
                # Not before there is something to send.
                self.asleep.wait(60)
                return {"data": "SEND"}
            return {"status": "ok"}
        self.events.append(body["event"])
        if body["event"] == "HELLO":
            self.greetings.wait(60)
        if body["event"] != "WHATS_NEXT":
            return {"status": "ok"}
        if self.events.count("WHATS_NEXT") == 1:
            return {"cmd": "DESCRIBE", "cmd_uid": "c-1", "param": {}}
        self.asleep.set()
        return {"cmd": "SLEEP", "param": {"duration": 600, "data": {}}}


@pytest.fixture
def service():
    found = Service()
    yield found
    found.server.shutdown()
    found.server.server_close()


@pytest.fixture
def start(service, tmp_path):
    (tmp_path / "web.py").write_text(CONNECTOR)
    (tmp_path / "servo.yaml").write_text(
        f"optimizer: {{id: dev.example.com/app-1, token: {TOKEN}, "
        f"base_url: 'http://127.0.0.1:{service.server.server_port}'}}\n"
        "connectors: {web: web.WebConnector}\nweb: {login: hunter22, mode: fast}\n"
    )
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    running = []

    def start(*options, **variables):
        command = [sys.executable, "-m", "servo", "run", "-o", "json", *options]
        pipe = subprocess.PIPE
        child = subprocess.Popen(
            command, cwd=tmp_path, env=environment | variables, stdout=pipe, stderr=pipe, text=True
        )
        running.append(child)
        return child

    yield start
    for child in running:
        child.kill()
        child.communicate()


def get(url):
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=30) as answer:
            return answer.status, answer.headers["content-type"], answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers["content-type"], error.read().decode()


def test_metrics_and_health(start, service):
    service.greetings.clear()
    child = start("--metrics-bind-address", "127.0.0.1:0")
    told = child.stderr.readline()
    url = re.fullmatch(r"metrics: (http://127\.0\.0\.1:\d+)/metrics\n", told).group(1)
    assert get(f"{url}/healthz") == (200, "text/plain; charset=utf-8", "ok\n")
    status, kind, text = get(f"{url}/readyz")
    assert (status, kind) == (503, "application/json")
    assert json.loads(text)["reason"] == "1 of 1 servos have not started yet"
    service.greetings.set()
    assert service.asleep.wait(60)
    assert get(f"{url}/readyz")[0] == 200
    assert get(f"{url}/")[0] == 404
    status, kind, text = get(f"{url}/metrics")
    assert (status, kind) == (200, "text/plain; version=0.0.4; charset=utf-8")
    lines = text.splitlines()
    for line in (
        'servo_servos{state="running"} 1',
        'servo_commands_total{command="DESCRIBE",status="ok"} 1',
        'servo_optimizer_requests_total{event="HELLO",outcome="ok"} 1',
        'servo_handler_duration_seconds_count{event="describe",connector="web"} 1',
        "servo_asyncio_queue_depth 0",
    ):
        assert line in lines, text
    assert TOKEN not in text
    assert "app-1" not in text
    child.send_signal(signal.SIGTERM)
    _, log = child.communicate(timeout=60)
    assert child.returncode == 0, log
    with pytest.raises(OSError, match="refused"):
        get(f"{url}/healthz")


def test_an_address_in_use_ends_the_command_before_a_servo_starts(start, service):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        child = start(SERVO_RUN_METRICS_BIND_ADDRESS=address)
        out, log = child.communicate(timeout=60)
    assert child.returncode == 1
    assert log.startswith(f"error: metrics cannot be served at {address}: the address is in use"), log
    assert "Traceback" not in log
    assert (out, service.events) == ("", [])


def test_a_service_gets_the_diagnostics_that_it_asks_for(start, service):
    child = start(SERVO_NO_DIAGNOSTICS="false")
    assert service.sent.wait(60)
    child.send_signal(signal.SIGTERM)
    _, log = child.communicate(timeout=60)
    assert child.returncode == 0, log
    assert [(method, path) for method, path, _ in service.assets] == [
        ("GET", "diagnostics-check"),
        ("PUT", "diagnostics-output"),
        ("PUT", "diagnostics-check"),
    ]
    data = service.assets[1][2]["data"]
    assert data["configmap"]["optimizer"]["id"] == "dev.example.com/app-1"
    assert data["configmap"]["web"]["mode"] == "fast"
    assert any("web[describe] - described with [REDACTED]" in line for line in data["logs"].values()), data["logs"]
    for secret in (TOKEN, "hunter22"):
        assert secret not in json.dumps(data)
    assert service.assets[2][2] == {"data": "WITHHOLD"}


def test_nobody_is_asked_unless_the_document_allows_it(start, service):
    child = start()
    assert service.asleep.wait(60)
    child.send_signal(signal.SIGTERM)
    child.communicate(timeout=60)
    assert service.assets == []
