"""A servo against an optimizer on this machine: hello, progress, connectors that come and go, good-bye."""

import asyncio
import datetime
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import List, Optional

from report import attempted, show

import servo
from servo import Assembly, BaseConfiguration, BaseConnector

requests = []
replies = {}


class Optimizer(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        requests.append([self.path, body, self.headers.get("Authorization"), self.headers.get("Content-Type")])
        status, reply = replies.get(body["event"], (200, {"status": "ok"}))
        text = json.dumps(reply).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *args):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Optimizer)
threading.Thread(target=server.serve_forever, daemon=True).start()

log = []


class Worker(BaseConnector):
    @servo.on_event()
    async def attach(self, servo_: servo.Servo) -> None:
        log.append(f"{self.name} attach")

    @servo.on_event()
    async def detach(self, servo_: servo.Servo) -> None:
        log.append(f"{self.name} detach")

    @servo.on_event()
    async def startup(self) -> None:
        log.append(f"{self.name} startup")

    @servo.on_event()
    def shutdown(self) -> None:
        log.append(f"{self.name} shutdown")

    @servo.before_event("attach")
    async def before_attach(self, servo_: servo.Servo) -> None:
        log.append(f"{self.name} before attach")

    @servo.on_event()
    async def check(self, matching: Optional[servo.CheckFilter], halt_on: Optional[servo.ErrorSeverity] = servo.ErrorSeverity.critical) -> List[servo.Check]:
        return [servo.Check(name="Works", success=True)]


def told(request):
    path, body, authorization, content = request
    param = body["param"]
    if isinstance(param, dict):
        param = {key: sorted(value) if key == "telemetry" else value for key, value in param.items()}
        param.pop("runtime", None)
        if "agent" in param:
            param["agent"] = param["agent"].split(" ")[0].rpartition("/")[0] and "agent"
    return [path, body["event"], param, body["servo_uid"], authorization, content]


def drain():
    seen = [told(request) for request in requests]
    requests.clear()
    return seen


async def main():
    url = f"http://127.0.0.1:{server.server_address[1]}/"
    document = {
        "optimizer": {"id": "example.com/app", "token": "tok", "url": url},
        "servo_uid": "uid-1",
        "connectors": ["worker"],
        "worker": {},
    }
    assembly = await Assembly.assemble(configs=[document])
    unit = assembly.servos[0]
    show("assembled", log)
    log.clear()
    await attempted("shut down before", unit.shutdown())
    await attempted("startup", unit.startup())
    show("running", [unit.is_running, unit.pubsub_exchange.running])
    show("started", log)
    show("hello", drain())
    await attempted("started twice", unit.startup())
    log.clear()

    more = Worker(name="more", config=BaseConfiguration())
    await attempted("added", unit.add_connector("later", more))
    show("added log", log)
    show("added to", [[c.name for c in unit.connectors], [c.name for c in unit.__connectors__], unit.config.later.description, more.pubsub_exchange is unit.pubsub_exchange])
    await attempted("added twice", unit.add_connector("later", Worker(config=BaseConfiguration())))
    await attempted("added as the servo", unit.add_connector(unit.name, Worker(config=BaseConfiguration())))
    log.clear()
    await attempted("removed", unit.remove_connector("later"))
    show("removed log", log)
    show("removed from", [[c.name for c in unit.connectors], hasattr(unit.config, "later")])
    await attempted("removed twice", unit.remove_connector("later"))
    await attempted("removed the unknown", unit.remove_connector("nope"))

    started = datetime.datetime.now()
    progress = {"operation": "MEASUREMENT", "progress": 25.0, "started_at": started, "message": "hi", "command_uid": "u1"}
    await attempted("progress", unit.report_progress(**progress))
    show("progress sent", drain())
    for reply in [{"status": "cancel", "reason": "changed my mind"}, {"status": "unexpected-event", "reason": "huh"}, {"status": "invalid", "reason": "no"},
                  {"status": "invalid", "reason": "unexpected cmd_uid"}]:
        replies["MEASUREMENT"] = (200, reply)
        await attempted(f"progress answered {reply}", unit.report_progress(**progress))
    replies.clear()
    request = unit.progress_request(**progress, connector=None)
    show("progress request", [request[0], sorted(request[1]), request[1]["progress"], request[1]["cmd_uid"]])
    drain()
    await attempted("event", posted(unit))
    show("event sent", drain())
    replies["WHATS_NEXT"] = (200, {"cmd": "MEASURE", "cmd_uid": "c1", "param": {"metrics": ["a"], "control": {"duration": 5}}})
    await attempted("command", posted(unit))
    drain()
    await attempted("checked", checked(unit))
    drain()
    log.clear()
    await attempted("shutdown", unit.shutdown("enough"))
    show("shut down", [unit.is_running, [c.name for c in unit.connectors], log])
    show("good-bye", drain())
    await attempted("shutdown of all that run", assembly.shutdown())


async def posted(unit):
    answer = await unit.post_event("WHATS_NEXT", None)
    return [type(answer).__name__, str(getattr(answer, "status", None) or getattr(answer, "command", None))]


async def checked(unit):
    results = await unit.dispatch_event("check", servo.CheckFilter(), halt_on=None)
    return [[result.connector.name, check.name, check.success, check.message] for result in results for check in result.value]


asyncio.run(main())
server.shutdown()
