"""An optimizer that plays a script and keeps every request as it came."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SLEEP = {"cmd": "SLEEP", "cmd_uid": "cmd-end", "param": {"duration": 600, "data": {"reason": "the script is over"}}}


@dataclass(frozen=True)
class Asked:
    """A request, and the reply that it got."""

    method: str
    path: str
    headers: dict[str, str]
    text: str
    reply: Any

    @property
    def message(self) -> Any:
        """Its JSON; None for a request that has none, such as one for a token."""
        try:
            return json.loads(self.text)
        except ValueError:
            return None


class Optimizer:
    """Gives commands one after another, and asks to sleep when there are no more.

    Args:
        commands: The replies to WHATS_NEXT.
        answers: Asked before anything else with each message: a reply, or None for the usual one.
    """

    def __init__(self, commands: Iterable[Any], answers: Callable[[Any], Any] = lambda message: None) -> None:
        self.asked: list[Asked] = []
        self.over = threading.Event()
        self._commands = iter(list(commands))
        self._answers = answers
        self._lock = threading.Lock()
        optimizer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = -1

            def handle_any(self) -> None:
                text = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
                reply = optimizer._take(self.command, self.path, dict(self.headers.items()), text)
                body = json.dumps(reply).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
                self.wfile.flush()

            do_GET = do_POST = do_PUT = handle_any

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        """Ends it."""
        self._server.shutdown()
        self._server.server_close()

    def _take(self, method: str, path: str, headers: dict[str, str], text: str) -> Any:
        with self._lock:
            asked = Asked(method, path, {name.lower(): value for name, value in headers.items()}, text, None)
            reply = self._reply(path, asked.message)
            self.asked.append(Asked(method, path, asked.headers, text, reply))
            return reply

    def _reply(self, path: str, message: Any) -> Any:
        if path.endswith("/token"):
            return {"access_token": "tok-1", "token_type": "Bearer", "expires_in": 3600}
        answer = self._answers(message)
        if answer is not None:
            return answer
        if message["event"] == "HELLO":
            return {"status": "ok", "message": "Welcome"}
        if message["event"] != "WHATS_NEXT":
            return {"status": "ok"}
        command = next(self._commands, None)
        if command is None:
            self.over.set()
            return SLEEP
        if command["cmd"] == "SLEEP" and command["param"]["duration"] == 60:
            self.over.set()
        return command
