"""Runs an agent, ServoX or ours, with a scripted optimizer."""

from __future__ import annotations

import os
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .optimizer import Asked, Optimizer

HERE = Path(__file__).parent
PEER = os.environ.get("SERVO_PEER_PYTHON", "")
TOKEN = "s3cr3t-t0ken"
# ServoX takes seconds to start; a loaded machine takes its time.
SECONDS = 120


@dataclass(frozen=True)
class Script:
    """What an optimizer says, and what the agent is told.

    Attributes:
        commands: The replies to WHATS_NEXT.
        answers: Replies to other messages: the first of these pairs whose key stands in the text of the message.
        optimizer: `optimizer:` of the configuration; `{url}` and `{file}` stand for places.
        connectors: The names of the connectors.
        signal: What ends the agent.
        ends: Whether ServoX ends by itself; then nothing is compared behind the last of its messages.
    """

    commands: tuple[Any, ...] = ()
    answers: tuple[tuple[str, Any], ...] = ()
    optimizer: str = "{{id: dev.example.com/app-1, token: s3cr3t-t0ken, base_url: '{url}'}}"
    connectors: tuple[str, ...] = ("demo",)
    signal: signal.Signals = signal.SIGTERM
    ends: bool = False
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Run:
    """What came of it."""

    asked: tuple[Asked, ...]
    log: str
    code: int


def run(python: str, script: Script, folder: Path) -> Run:
    """Runs the agent of a Python until the optimizer has nothing more to say, and ends it by the signal."""

    def answers(message: Any) -> Any:
        text = str(message)
        return next((reply for key, reply in script.answers if key in text), None)

    optimizer = Optimizer(script.commands, answers)
    file = folder / "connection.yaml"
    file.write_text(f"Authorization: Bearer {TOKEN}\nEndpoint: {optimizer.url}/\nTenantId: t-1\n")
    config = folder / "servo.yaml"
    config.write_text(
        f"optimizer: {script.optimizer.format(url=optimizer.url, file=file)}\nservo_uid: uid-123\n"
        f"connectors: {{{', '.join(f'{name}: demo.DemoConnector' for name in script.connectors)}}}\n"
        + "".join(f"{name}: {{}}\n" for name in script.connectors)
    )
    # Nothing of the caller's environment that a servo would read.
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    environment |= {"TZ": "UTC", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONWARNINGS": "ignore"}
    environment |= {"POD_NAMESPACE": "demo-ns", "NO_PROXY": "*"} | script.environment
    path = [str(HERE)]
    command = [str(Path(python).with_name("servo"))]
    if python != PEER:
        path = [*filter(None, [os.environ.get("PYTHONPATH")]), *path]
        command = [python, "-m", "servo"]
    environment["PYTHONPATH"] = os.pathsep.join(path)
    log = folder / "log"
    with log.open("wb") as output:
        agent = subprocess.Popen(
            [*command, "-c", str(config), "-l", "TRACE", "run"],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            for _ in range(10 * SECONDS):
                if optimizer.over.wait(0.1) or agent.poll() is not None:
                    break
            if agent.poll() is None and optimizer.over.is_set():
                agent.send_signal(script.signal)
            code = agent.wait(SECONDS)
        finally:
            agent.kill()
            agent.wait()
            optimizer.close()
    return Run(tuple(optimizer.asked), log.read_text(encoding="utf-8", errors="replace"), code)
