"""A servo and an optimizer at a service, over HTTP on this machine."""

import asyncio
import json

import pytest

import servo
from servo import _optimizer_client


class Service:
    """An optimizer that notes requests, and answers with what it was given, or with a status `ok`."""

    def __init__(self):
        self.requests = []
        self.answers = []

    async def serve(self, reader, writer):
        try:
            while (line := await reader.readline()).strip():
                headers = {}
                while text := (await reader.readline()).decode().strip():
                    name, _, value = text.partition(":")
                    headers[name.lower()] = value.strip()
                body = json.loads(await reader.readexactly(int(headers["content-length"])))
                self.requests.append((line.decode().split()[1], headers.get("authorization"), body))
                status, answer = self.answers.pop(0) if self.answers else (200, {"status": "ok"})
                content = json.dumps(answer).encode()
                head = (
                    f"HTTP/1.1 {status} x\r\ncontent-type: application/json\r\ncontent-length: {len(content)}\r\n\r\n"
                )
                writer.write(head.encode() + content)
                await writer.drain()
        finally:
            writer.close()

    @property
    def events(self):
        return [body["event"] for _, _, body in self.requests]


@pytest.fixture
async def service():
    found = Service()
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    yield found
    server.close()


@pytest.fixture
def remote(noted, service, monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)

    def build(**settings):
        optimizer = {"id": "example.com/app", "token": "s3cret", "base_url": f"http://127.0.0.1:{service.port}"}
        config = {"optimizer": optimizer, "servo_uid": "u-1", "settings": settings}
        return servo.Servo(config=config, connectors=[noted(name="one", config={})])

    return build


async def test_a_whole_life(remote, service):
    one = remote()
    one.connectors[0].telemetry["one.version"] = "7"
    await one.startup()
    status = await one.post_event("WHATS_NEXT", None)
    assert status.status == "ok"
    await one.shutdown("done")
    assert service.events == ["HELLO", "WHATS_NEXT", "GOODBYE"]
    path, authorization, body = service.requests[0]
    assert path == "/accounts/example.com/applications/app/servo"
    assert authorization == "Bearer s3cret"
    assert body["servo_uid"] == "u-1"
    assert body["param"]["telemetry"]["one.version"] == "7"
    assert service.requests[-1][2]["param"] == {"reason": "done"}


async def test_what_may_pass_is_tried_again(remote, service):
    service.answers = [(503, {}), (404, {}), (200, {"status": "ok"})]
    one = remote()
    await asyncio.wait_for(one.connect(), 60)
    assert service.events == ["HELLO"] * 3


async def test_tries_are_limited_by_their_context(remote, service):
    service.answers = [(503, {})] * 9
    one = remote(backoff={"connect": {"max_tries": 2}})
    with pytest.raises(_optimizer_client.OptimizerStatusError) as caught:
        await asyncio.wait_for(one.connect(), 60)
    assert caught.value.status_code == 503
    assert service.events == ["HELLO"] * 2
    assert not one.is_running


async def test_what_cannot_pass_is_not_tried_again(remote, service):
    service.answers = [(401, {})]
    with pytest.raises(_optimizer_client.OptimizerStatusError):
        await remote().startup()
    assert service.events == ["HELLO"]


async def test_checks_and_progress(remote, service):
    service.answers = [(401, {}), (200, {"status": "ok"}), (200, {"status": "cancel", "reason": "enough"})]
    one = remote()
    for success in (False, True):
        (result,) = await one.dispatch_event("check", servo.CheckFilter())
        assert result.value[0].success is success
    operation, params = "MEASUREMENT", {"progress": 5, "message": "hi", "command_uid": "c"}
    with pytest.raises(servo.EventCancelledError, match="enough"):
        await one.report_progress(operation=operation, started_at=result.created_at, **params)
    assert service.requests[-1][2]["param"]["cmd_uid"] == "c"


async def test_a_servo_comes_back(remote, service):
    one = remote()
    for _ in range(2):
        await one.startup()
        await one.shutdown()
    assert service.events == ["HELLO", "GOODBYE"] * 2
