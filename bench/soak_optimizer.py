"""An optimizer for many servos on 127.0.0.1 that fails a share of the requests, and counts what it gave and got.

Each servo (one path each) is asked to describe, to measure, to adjust and to sleep, again and again. A command
is given until its result is there.
"""

from __future__ import annotations

import asyncio
import collections
import hashlib
import json
import random
import socket
import struct
from dataclasses import dataclass, field
from typing import Any

FAULTS = ("500", "503", "reset before", "reset after", "slow", "half")
OK: dict[str, Any] = {"status": "ok"}


@dataclass
class Application:
    """What the optimizer knows of one servo."""

    name: str
    given: int = 0
    command: dict[str, Any] | None = None
    naps: int = 0
    # Of the last results, by identifier: what they said.
    said: dict[str, str] = field(default_factory=dict)
    connected: bool = False
    farewells: int = 0


class Optimizer:
    """The optimizer.

    Args:
        seed: Chooses the faults.
        share: How many of the requests fail, from 0 to 1.
        pace: How long servos sleep between two rounds, in seconds.
        adjusts: Whether there is anything to adjust.
    """

    def __init__(self, seed: int, share: float, pace: float, adjusts: bool = True) -> None:
        self.applications: dict[str, Application] = {}
        self.taken: set[str] = set()
        self.counts: collections.Counter[str] = collections.Counter()
        self.faults: collections.Counter[str] = collections.Counter()
        self.draining = False
        self._random = random.Random(seed)
        self._share, self._pace, self._adjusts = share, pace, adjusts

    async def listen(self) -> tuple[asyncio.Server, str]:
        """Begins; gives the server and its URL."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Connection(self), "127.0.0.1", 0, backlog=4_096)
        return server, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    @property
    def open(self) -> int:
        """How many commands have no result yet."""
        return sum(application.command is not None for application in self.applications.values())

    def fault(self) -> str | None:
        """What happens to the next request; nothing goes wrong any more while the servos are drained."""
        if self.draining or self._random.random() >= self._share:
            return None
        fault = self._random.choice(FAULTS)
        self.faults[fault] += 1
        return fault

    def delay(self) -> float:
        """How long a slow answer takes, in seconds."""
        return self._random.uniform(0.5, 2.0)

    def answer(self, path: str, body: bytes) -> dict[str, Any]:
        """Takes a message."""
        message = json.loads(body)
        event, param = message["event"], message.get("param") or {}
        application = self.applications.setdefault(path, Application(path.rstrip("/").split("/")[-2]))
        self.counts[event if "progress" not in param else "progress"] += 1
        match event:
            case "HELLO":
                application.connected = True
            case "GOODBYE":
                application.connected = False
                application.farewells += 1
            case "WHATS_NEXT":
                return self._next(application)
            case _ if "progress" not in param:
                return self._result(application, event, param)
        return OK

    def _next(self, application: Application) -> dict[str, Any]:
        if application.command is not None:
            self.counts["given again"] += 1
            return application.command
        phase = application.given % 3
        if self.draining or (phase == 0 and application.naps * 3 < application.given):
            application.naps += 1
            pause = self._pace if not self.draining else 3_600
            return {"cmd": "SLEEP", "param": {"duration": pause, "data": {"reason": "a while"}}}
        uid = f"{application.name}-{application.given}"
        kind = "DESCRIBE" if phase == 0 else "MEASURE" if phase == 1 or not self._adjusts else "ADJUST"
        param: dict[str, Any] = {"control": {"duration": 0}}
        if kind == "MEASURE":
            param["metrics"] = ["throughput"]
        if kind == "ADJUST":
            cpu = {"value": 0.25 * (1 + application.given % 16)}
            param["state"] = {"application": {"components": {"web": {"settings": {"cpu": cpu}}}}}
        application.given += 1
        application.command = {"cmd": kind, "cmd_uid": uid, "param": param}
        return application.command

    def _result(self, application: Application, event: str, param: dict[str, Any]) -> dict[str, Any]:
        uid = str(param.get("cmd_uid"))
        said = hashlib.sha1(json.dumps([event, param], sort_keys=True).encode()).hexdigest()
        if application.command is not None and application.command["cmd_uid"] == uid:
            self.counts["results"] += 1
            self.counts[f"results {param.get('status')}"] += 1
            self.taken.add(uid)
            application.command = None
            application.said[uid] = said
            if len(application.said) > 8:
                del application.said[next(iter(application.said))]
        elif uid in application.said:
            self.counts["delivered again" if application.said[uid] == said else "changed"] += 1
        else:
            self.counts["strange"] += 1
        return OK


class Connection(asyncio.Protocol):
    """One connection of HTTP/1.1."""

    def __init__(self, optimizer: Optimizer) -> None:
        self._optimizer = optimizer
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._optimizer.counts["connections"] += 1

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (request := self._request()) is not None:
            self._serve(*request)

    def _request(self) -> tuple[str, bytes] | None:
        head, end, rest = self._buffer.partition(b"\r\n\r\n")
        if not end:
            return None
        lines = head.split(b"\r\n")
        lengths = [line.partition(b":")[2] for line in lines if line.lower().startswith(b"content-length:")]
        length = int(lengths[0]) if lengths else 0
        if len(rest) < length:
            return None
        self._buffer = rest[length:]
        return lines[0].split(b" ")[1].decode(), rest[:length]

    def _serve(self, path: str, body: bytes) -> None:
        fault = self._optimizer.fault()
        self._optimizer.counts["requests"] += 1
        if fault == "reset before":
            return self._reset()
        if fault in ("500", "503"):
            more = b"retry-after: 1\r\n" if fault == "503" else b""
            return self._write(fault.encode() + b" Not Now", b'{"detail": "as it was asked to"}', more)
        reply = json.dumps(self._optimizer.answer(path, body)).encode()
        if fault == "reset after":
            self._reset()
        elif fault == "half":
            self._transport.write(
                b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(reply) + reply[: len(reply) // 2]
            )
            self._transport.close()
        elif fault == "slow":
            asyncio.get_running_loop().call_later(self._optimizer.delay(), self._write, b"200 OK", reply)
        else:
            self._write(b"200 OK", reply)

    def _write(self, status: bytes, body: bytes, more: bytes = b"") -> None:
        if not self._transport.is_closing():
            head = b"HTTP/1.1 %s\r\ncontent-type: application/json\r\n%scontent-length: %d\r\n\r\n"
            self._transport.write(head % (status, more, len(body)) + body)

    def _reset(self) -> None:
        connection = self._transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()
