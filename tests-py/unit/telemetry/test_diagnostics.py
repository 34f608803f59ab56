"""Diagnostics, asked for over HTTP on this machine."""

import asyncio
import json
import logging

import pytest

import servo
from servo.telemetry import DiagnosticsHandler, DiagnosticStates, diagnostics

CHECK = "/accounts/example.com/applications/app/assets/opsani.com/diagnostics-check"
OUTPUT = "/accounts/example.com/applications/app/assets/opsani.com/diagnostics-output"


class Service:
    """Notes requests, and answers questions with what it was given, or with STOP."""

    def __init__(self):
        self.requests = []
        self.answers = []
        self.was_asked = asyncio.Event()

    async def serve(self, reader, writer):
        try:
            while line := (await reader.readline()).decode().strip():
                headers = {}
                while text := (await reader.readline()).decode().strip():
                    name, _, value = text.partition(":")
                    headers[name.lower()] = value.strip()
                body = json.loads(await reader.readexactly(int(headers["content-length"])))
                method, path, _ = line.split()
                self.requests.append((method, path, body, headers))
                self.was_asked.set()
                if method == "GET":
                    status, answer = self.answers.pop(0) if self.answers else (200, {"data": "STOP"})
                else:
                    status, answer = 200, {"status": "ok"}
                content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                head = f"HTTP/1.1 {status} x\r\ncontent-length: {len(content)}\r\n\r\n"
                writer.write(head.encode() + content)
                await writer.drain()
        finally:
            writer.close()

    @property
    def asked(self):
        return [(method, path) for method, path, _, _ in self.requests]


@pytest.fixture
async def service():
    found = Service()
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    yield found
    server.close()


@pytest.fixture
def build(service, monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("SERVO_LOG_FILE", raising=False)
    monkeypatch.setattr(diagnostics, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(diagnostics, "LONGEST_PAUSE_SECONDS", 0.04)

    def build(**optimizer):
        optimizer = optimizer or {"id": "example.com/app", "token": "s3cret-word"}
        if "local" not in optimizer:
            optimizer["base_url"] = f"http://127.0.0.1:{service.port}"
        return servo.Servo(config={"optimizer": optimizer, "servo_uid": "u-1"}, connectors=[])

    return build


async def finish(handler):
    await asyncio.wait_for(handler.diagnostics_check(), 60)


async def test_nothing_is_sent_unless_the_service_wants_it(build, service):
    service.answers = [(200, {"data": "WITHHOLD"})] * 3
    one = build()
    assert one.config.no_diagnostics is True, "nobody is asked unless the configuration says so"
    one.config.no_diagnostics = False
    await finish(DiagnosticsHandler(one))
    assert service.asked == [("GET", CHECK)] * 4
    _, _, body, headers = service.requests[0]
    assert body == {"data": None}
    assert headers["authorization"] == "Bearer s3cret-word"
    assert one.config.no_diagnostics is True, "the service wants none, ever"


async def test_what_is_sent(build, service):
    service.answers = [(200, {"data": "WITHHOLD"}), (200, {"data": "SEND"})]
    handler = DiagnosticsHandler(build())
    running = asyncio.create_task(handler.diagnostics_check())
    await asyncio.wait_for(service.was_asked.wait(), 60)
    for number in range(3):
        logging.getLogger("servox").warning("record %d of s3cret-word", number)
    await asyncio.wait_for(running, 60)
    assert service.asked == [("GET", CHECK), ("GET", CHECK), ("PUT", OUTPUT), ("PUT", CHECK), ("GET", CHECK)]
    data = service.requests[2][2]["data"]
    assert data["configmap"]["servo_uid"] == "u-1"
    assert data["configmap"]["optimizer"]["id"] == "example.com/app"
    assert "s3cret-word" not in json.dumps(data)
    told = [line for line in data["logs"].values() if "record" in line]
    assert told == [f"WARNING  | servox - record {number} of [REDACTED]" for number in range(3)]
    assert service.requests[3][2] == {"data": "WITHHOLD"}


async def test_what_fails_does_not_end_the_questions(build, service):
    service.answers = [
        (500, {}),
        (401, {"detail": "no"}),
        (200, b"no JSON"),
        (200, {"data": "PERHAPS"}),
        (200, {"data": {}}),
        (200, {}),
        (200, {"data": "WITHHOLD"}),
    ]
    await finish(DiagnosticsHandler(build()))
    assert len(service.requests) == 8


async def test_a_service_that_is_gone_does_not_end_the_questions(build, service):
    one = build()
    handler = DiagnosticsHandler(one)
    client = handler._subject.client()
    calls = []

    class Lost:
        async def request(self, *arguments, **options):
            calls.append(arguments)
            if len(calls) < 4:
                return await unreachable.request(*arguments, **options)
            return await client.request(*arguments, **options)

        async def close(self):
            await client.close()

    config = {"id": "example.com/app", "token": "t-o-k-e-n", "base_url": "http://127.0.0.1:1"}
    unreachable = servo.api.get_api_client_for_optimizer(servo.OpsaniOptimizer(**config))
    handler._subject.client = Lost
    await finish(handler)
    assert len(calls) == 4
    assert len(service.requests) == 1


async def test_the_log_file_where_one_is_written(build, service, tmp_path, monkeypatch):
    from servo.logging import defaults

    file = tmp_path / "servo.log"
    line = "2025-03-03 12:00:01.266 | INFO     | mymod:main:7 | servo - text"
    file.write_text(f"{line}\n{line}\n" + "x" * 2**20 + f"\n{line} at the end of s3cret-word\n")
    monkeypatch.setenv("SERVO_LOG_FILE", str(file))
    monkeypatch.setattr(defaults, "logs_path", file)
    service.answers = [(200, {"data": "SEND"})]
    await finish(DiagnosticsHandler(build()))
    assert service.requests[1][2]["data"]["logs"] == {
        "2025-03-03 12:00:01.266": "INFO     | mymod:main:7 | servo - text at the end of [REDACTED]"
    }


async def test_a_local_optimizer_asks_for_nothing(build, service):
    await finish(DiagnosticsHandler(build(local={})))
    assert service.requests == []


async def test_ends_when_it_is_cancelled_and_runs_once_at_a_time(build, service):
    service.answers = [(200, {"data": "WITHHOLD"})] * 10_000
    handler = DiagnosticsHandler(build())
    running = asyncio.create_task(handler.diagnostics_check())
    await asyncio.wait_for(service.was_asked.wait(), 60)
    with pytest.raises(RuntimeError, match="already"):
        await handler.diagnostics_check()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    service.answers = []
    await finish(handler)


def test_the_model():
    found = servo.telemetry.Diagnostics(configmap={"a": 1}, logs={"t": "x"})
    assert json.loads(found.json()) == {"configmap": {"a": 1}, "logs": {"t": "x"}}
    assert servo.telemetry.Diagnostics().logs is None
    assert DiagnosticStates("SEND") is DiagnosticStates.send
