"""The example of an optimizer elsewhere, run as its readers run it; and the file that its page shows."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SECONDS = 120
COMMAND = [sys.executable, "-m", "servo"]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are those of Unix")


@pytest.mark.timeout(3 * SECONDS)
def test_the_servo_and_its_optimizer_complete_a_study(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for name in ("connector.py", "connector-served.yaml", "optimizer.yaml"):
        text = (ROOT / "examples" / name).read_text()
        (tmp_path / name).write_text(text.replace("127.0.0.1:8080", f"127.0.0.1:{port}"))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SERVO_")}
    environment |= {"ZIP_TOKEN": "t0ken", "OPSANI_TOKEN": "t0ken"}

    def start(*arguments):
        log = (tmp_path / f"{arguments[-1]}.log").open("wb")
        with log:
            return subprocess.Popen(
                [*COMMAND, *arguments], cwd=tmp_path, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )

    def logs():
        return "\n".join(path.read_text(errors="replace") for path in tmp_path.glob("*.log"))

    def until(told):
        deadline = time.monotonic() + SECONDS
        while True:
            assert all(process.poll() is None for process in processes), logs()
            assert time.monotonic() < deadline, logs()
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=SECONDS) as answer:
                    if told in answer.read().decode():
                        return
            except OSError:
                pass
            time.sleep(0.2)

    processes = [start("optimizer", "serve", "-f", "optimizer.yaml")]
    try:
        until("servo_server_applications 1")
        processes.append(start("-c", "connector-served.yaml", "run"))
        until('servo_server_studies_total{outcome="finished"} 1')
        for process in reversed(processes):
            process.send_signal(signal.SIGTERM)
            assert process.wait(SECONDS) == 0, logs()
    finally:
        for process in processes:
            process.kill()
            process.wait(SECONDS)
    assert re.search(r"the study is finished: (best|baseline|no improvement)", logs()), logs()


def test_the_file_of_the_page_is_valid(tmp_path):
    page = (ROOT / "docs" / "optimizer-server.md").read_text(encoding="utf-8")
    shown = next(text for text in re.findall(r"```yaml\n(.*?)```", page, re.S) if text.startswith("listen:"))
    token = tmp_path / "checkout"
    token.write_text("t0ken\n")
    shown = shown.replace("/run/secrets/checkout", str(token))
    # The one that is taken by default may not be installed here.
    shown = shown.replace("      goal: {objective: minimize", "      sampler: random\n      goal: {objective: minimize")
    (tmp_path / "optimizer.yaml").write_text(shown)
    checked = subprocess.run(
        [*COMMAND, "optimizer", "serve", "--check"],
        cwd=tmp_path,
        env=os.environ | {"SEARCH_TOKEN": "t0ken"},
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
