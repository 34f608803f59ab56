"""Many servos in one process against one optimizer on this machine: commands a second, memory, CPU time.

Usage: python bench/loop_scale.py [servos] [cycles] [--servo COMMAND] [--optimizer COMMAND]

Runs `servo run` beside an optimizer that asks each servo for a description, then `cycles` times for a measurement and an
adjustment. Prints the optimizer's line of JSON, with the peak of resident memory and the CPU time of the servos' process.
The connector is one in Python that answers at once. Any implementation of `servo` can be named; the optimizer is
`benches/loop_optimizer.rs`, which `cargo` builds where no other is named.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import select
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]

CONNECTOR = """
from __future__ import annotations

import datetime
from typing import List

import servo

CPU = dict(name="cpu", min=0.25, max=4.0, step=0.125, value=1.0)


class PromptConnector(servo.BaseConnector):
    config: servo.BaseConfiguration

    @servo.on_event()
    async def describe(self, control: servo.Control = servo.Control()) -> servo.Description:
        metrics = [servo.Metric("throughput", servo.Unit.requests_per_minute)]
        return servo.Description(components=self.parts(), metrics=metrics)

    @servo.on_event()
    async def measure(
        self, *, metrics: List[str] = None, control: servo.Control = servo.Control()
    ) -> servo.Measurement:
        metric = servo.Metric("throughput", servo.Unit.requests_per_minute)
        return servo.Measurement(readings=[servo.DataPoint(metric, datetime.datetime.now(), 1200.5)])

    @servo.on_event()
    async def adjust(
        self, adjustments: List[servo.Adjustment], control: servo.Control = servo.Control()
    ) -> servo.Description:
        return servo.Description(components=self.parts(), metrics=[])

    def parts(self):
        return [servo.Component("web", settings=[servo.RangeSetting(**CPU)])]
"""

DOCUMENT = """\
optimizer:
  id: example.com/app{number}
  token: t
  base_url: http://127.0.0.1:{port}
connectors:
  prompt: prompt_connector.PromptConnector
prompt: {{}}
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("servos", type=int, nargs="?", default=100)
    parser.add_argument("cycles", type=int, nargs="?", default=10)
    parser.add_argument("--servo", default=str(pathlib.Path(sys.executable).with_name("servo")))
    parser.add_argument("--optimizer", default="", help="called with port, servos and cycles")
    parser.add_argument("--timeout", type=float, default=300.0, help="seconds")
    options = parser.parse_args()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    optimizer = shlex.split(options.optimizer) or [built()]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "prompt_connector.py").write_text(CONNECTOR)
        documents = (DOCUMENT.format(number=number, port=port) for number in range(options.servos))
        (folder / "servo.yaml").write_text("---\n".join(documents))
        asks = subprocess.Popen(
            [*optimizer, str(port), str(options.servos), str(options.cycles)], stdout=subprocess.PIPE, text=True
        )
        try:
            wait_for(port)
            print(json.dumps(measured(options.servo, folder, asks, options.timeout)))
        finally:
            asks.kill()
            asks.wait()


def built() -> str:
    """The optimizer's executable."""
    command = ["cargo", "bench", "--no-run", "--bench", "loop_optimizer", "--message-format", "json", "--quiet"]
    lines = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    found = [json.loads(line) for line in lines]
    return next(str(one["executable"]) for one in found if one.get("target", {}).get("name") == "loop_optimizer")


def wait_for(port: int) -> None:
    """Until the optimizer listens."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    sys.exit("the optimizer does not listen")


def measured(
    servo: str, folder: pathlib.Path, optimizer: subprocess.Popen[str], timeout: float
) -> dict[str, float | int]:
    """What the optimizer tells of the servos, and what their process took."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])}
    with open(folder / "log", "w+b") as log:
        servos = subprocess.Popen(
            [servo, "-c", str(folder / "servo.yaml"), "-l", "ERROR", "run"],
            cwd=folder,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=log,
        )
        try:
            assert optimizer.stdout is not None
            if not select.select([optimizer.stdout], [], [], timeout)[0]:
                log.seek(0)
                sys.exit(f"the servos did not finish in {timeout:g} s\n{log.read().decode()[-2000:]}")
            told: dict[str, float | int] = json.loads(optimizer.stdout.readline())
            return told | taken(servos.pid)
        finally:
            servos.send_signal(signal.SIGTERM)
            try:
                servos.wait(60)
            except subprocess.TimeoutExpired:
                servos.kill()
                servos.wait()


def taken(process: int) -> dict[str, float | int]:
    """The peak of resident memory and the CPU time of a process, as Linux tells them."""
    status = pathlib.Path(f"/proc/{process}/status").read_text()
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]
    fields = pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    return {"peak_mib": round(int(peak) / 1024, 1), "cpu_s": ticks / os.sysconf("SC_CLK_TCK")}


if __name__ == "__main__":
    main()
