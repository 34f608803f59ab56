"""ServoX 25.3 itself, and our own agent, against `servo optimizer serve`: a whole study each."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any, BinaryIO

import pytest

SERVED = Path(__file__).parent / "served"
PEER = os.environ["SERVO_PEER_PYTHON"]
OWN = [path for path in os.environ.get("SERVO_OWN_PYTHONS", sys.executable).split(os.pathsep) if path]
AGENTS = [("ServoX", PEER), *((f"own{number}", path) for number, path in enumerate(OWN, 1))]
# A loaded machine takes its time; what is waited for comes in seconds.
SECONDS = 120
ID = "example.com/checkout"
TOKEN = "t0ken-of-checkout"
RUN = "from servo.entry_points import run_cli; run_cli()"

pytestmark = [
    pytest.mark.timeout(3 * SECONDS),
    pytest.mark.skipif(sys.platform == "win32", reason="signals are those of Unix"),
]


def environment(**more: str) -> dict[str, str]:
    """Nothing of the caller's environment that a servo would read."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {"PYTHONWARNINGS": "ignore", "PYTHONDONTWRITEBYTECODE": "1", "TZ": "UTC"} | more


class Place:
    """A folder with a server of optimizers and one agent, each a process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server: subprocess.Popen[str] | None = None
        self.agent: subprocess.Popen[bytes] | None = None
        self.outputs: list[BinaryIO] = []
        self.url = ""
        self.log = folder / "shop.log"
        (folder / "token").write_text(TOKEN + "\n")

    def serve(self, duration: float, trials: int = 6) -> None:
        """Start the server, at the same address each time."""
        application = {
            "token_file": str(self.folder / "token"),
            "local": {
                "sampler": "grid",
                "seed": 11,
                "goal": {"objective": "minimize", "metric": "cost"},
                "constraints": {"absolute": [{"name": "p95", "formula": "p95 <= 60"}]},
                "trial": {"warmup": 0, "duration": duration},
                "budget": {"trials": trials},
            },
        }
        config = {
            "listen": self.url.removeprefix("http://") or "127.0.0.1:0",
            "storage": f"sqlite:///{self.folder}/optimizer.db",
            "applications": {ID: application},
        }
        (self.folder / "optimizer.yaml").write_text(json.dumps(config))
        python_path = {"PYTHONPATH": os.environ["PYTHONPATH"]} if "PYTHONPATH" in os.environ else {}
        self.server = subprocess.Popen(
            [sys.executable, "-c", RUN, "optimizer", "serve", "-f", "optimizer.yaml"],
            cwd=self.folder,
            env=environment(**python_path),
            stdout=subprocess.PIPE,
            stderr=self.output("server.log"),
            text=True,
        )
        assert self.server.stdout is not None
        told = [self.server.stdout.readline().strip() for _ in range(3)]
        assert told[1:] == ["applications: 1", f"storage: sqlite:///{self.folder}/optimizer.db"], (told, self.logs())
        self.url = told[0].removeprefix("listening on ")

    def run(self, python: str, readings: str = "series") -> None:
        """Start the agent."""
        optimizer = {"id": ID, "token": TOKEN, "base_url": self.url}
        config = {"optimizer": optimizer, "connectors": {"shop": "shop.ShopConnector"}, "shop": {}}
        (self.folder / "servo.yaml").write_text(json.dumps(config))
        path = [str(SERVED), *([os.environ["PYTHONPATH"]] if python != PEER and "PYTHONPATH" in os.environ else [])]
        more = {"PYTHONPATH": os.pathsep.join(path), "SHOP_LOG": str(self.log), "SHOP_READINGS": readings}
        command = [str(Path(PEER).with_name("servo"))] if python == PEER else [python, "-c", RUN]
        self.agent = subprocess.Popen(
            [*command, "-c", "servo.yaml", "run"],
            cwd=self.folder,
            env=environment(**more),
            stdin=subprocess.DEVNULL,
            stdout=self.output("agent.log"),
            stderr=subprocess.STDOUT,
        )

    def output(self, name: str) -> BinaryIO:
        """A file for what a process says."""
        file = (self.folder / name).open("ab")
        self.outputs.append(file)
        return file

    def told(self) -> list[dict[str, Any]]:
        """What the application was asked for."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [json.loads(line) for line in lines]

    def trials(self) -> list[tuple[str, str]]:
        """Kind and state of each trial."""
        with sqlite3.connect(f"file:{self.folder}/optimizer.db?mode=ro", uri=True, timeout=10) as database:
            return database.execute("SELECT kind, state FROM servo_trials ORDER BY number").fetchall()

    def counted(self, line: str) -> float:
        """A number of the server's metrics; 0 when it is not there."""
        with urllib.request.urlopen(self.url + "/metrics", timeout=10) as answer:
            found = re.search(rf"^{re.escape(line)} (\S+)$", answer.read().decode(), re.M)
        return float(found[1]) if found else 0

    def until(self, what: str, happened) -> None:
        """Wait for something, while the processes live."""
        deadline = time.monotonic() + SECONDS
        while not happened():
            for process in (self.server, self.agent):
                assert process is None or process.poll() is None, f"{process.args} ended\n{self.logs()}"
            assert time.monotonic() < deadline, f"{what} did not come\n{self.logs()}"
            time.sleep(0.2)

    def until_finished(self) -> None:
        """Wait until there is nothing more to ask, and the agent sleeps."""
        self.until("the end of the study", lambda: self.counted('servo_server_studies_total{outcome="finished"}') >= 1)
        self.until("a sleep", lambda: self.counted('servo_server_commands_total{command="SLEEP"}') >= 1)

    def kill(self) -> None:
        """End the server as if the power had failed."""
        assert self.server is not None
        self.server.kill()
        self.server.wait(SECONDS)
        assert self.server.stdout is not None
        self.server.stdout.close()

    def logs(self) -> str:
        """The end of what both said."""
        files = [self.folder / name for name in ("server.log", "agent.log")]
        return "\n".join(file.read_text(errors="replace")[-6_000:] for file in files if file.exists())

    def close(self) -> None:
        """End what still runs."""
        for process in (self.agent, self.server):
            if process is not None and process.poll() is None:
                process.kill()
                process.wait(SECONDS)
            if process is not None and process.stdout is not None:
                process.stdout.close()
        for file in self.outputs:
            file.close()


@pytest.fixture
def place(tmp_path):
    place = Place(tmp_path)
    yield place
    place.close()


@pytest.mark.parametrize("readings", ["series", "points"])
@pytest.mark.parametrize("python", [path for _, path in AGENTS], ids=[name for name, _ in AGENTS])
def test_an_agent_completes_a_study(place, python, readings):
    place.serve(duration=0.2)
    place.run(python, readings)
    place.until_finished()

    kinds = [kind for kind, _ in place.trials()]
    assert kinds[0] == "baseline"
    # A budget of 6 is a grid of 3 times 2, one of which is the baseline.
    assert kinds.count("search") == 5
    assert kinds[-2:] == ["verify-baseline", "verify-best"]
    assert {state for _, state in place.trials()} == {"complete", "infeasible"}
    told = place.told()
    assert [line["event"] for line in told[:2]] == ["describe", "measure"]
    # Of the grid of 1, 5 and 8 workers with either collector: the cheapest with 60 ms or less, and it stays.
    assert [line for line in told if line["event"] == "adjust"][-1]["workers"] == 5, told
    assert place.agent.poll() is None
    assert "Traceback" not in place.logs()

    # ServoX ends with 1 whatever happened; ours with 0.
    place.agent.send_signal(signal.SIGTERM)
    place.agent.wait(SECONDS)
    place.server.send_signal(signal.SIGTERM)
    assert place.server.wait(SECONDS) == 0, place.logs()


@pytest.mark.parametrize("python", [path for _, path in AGENTS], ids=[name for name, _ in AGENTS])
def test_a_server_that_is_killed_in_a_trial_goes_on(place, python):
    place.serve(duration=2)
    place.run(python)
    # In the middle of a measurement of the search, after one that was written down.
    place.until("the third measurement", lambda: sum(line["event"] == "measure" for line in place.told()) >= 3)
    place.kill()
    before = place.trials()
    assert before[-1][1] == "running"
    assert before[0] == ("baseline", "complete")
    place.serve(duration=0.2)
    place.until_finished()

    after = place.trials()
    assert after[: len(before) - 1] == before[:-1], "what was written down stays"
    assert after[len(before) - 1] == ("search", "stale")
    assert [kind for kind, state in after if state != "stale"].count("search") == 5, "the stale one was tried again"
    assert sum(line["event"] == "describe" for line in place.told()) == 2, "the new server asks where it stands"
    assert place.agent.poll() is None
