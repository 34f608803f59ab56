"""A service on the loopback interface."""

import asyncio
import json

import pytest


class Service:
    """Answers each request with what `answer` makes of its path, headers and JSON."""

    def __init__(self):
        self.requests = []
        self.answer = lambda request: (200, {"status": "ok"})
        self.connections = 0

    @property
    def url(self):
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def start(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def stop(self):
        self._server.close()

    async def _serve(self, reader, writer):
        self.connections += 1
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                request = {"path": head[0].split()[1], "headers": headers, "body": body}
                self.requests.append(request)
                status, answer = self.answer(request)
                text = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                writer.write(b"HTTP/1.1 %d X\r\ncontent-length: %d\r\n\r\n" % (status, len(text)) + text)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@pytest.fixture
async def service():
    service = Service()
    await service.start()
    yield service
    await service.stop()


@pytest.fixture(autouse=True)
def no_environment(monkeypatch):
    import os

    for name in list(os.environ):
        if name.startswith(("OPSANI_", "APPD_", "COMMON_", "SERVO_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
