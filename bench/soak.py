"""Many servos in one process, and an optimizer that fails one request in twenty: nothing lost, nothing twice, no leak.

    python bench/soak.py --servos 1000 --seconds 600

Everything is on 127.0.0.1. Prints one JSON object, and exits with 1 if anything is not as it has to be: `wrong` says
what. `--native` runs servos without Python in them: what they carry out is not counted then.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import json
import os
import signal
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from soak_optimizer import Optimizer

HERE = Path(__file__).resolve().parent
TOKEN = "s0ak-t0ken-8c1f"
# How long the servos may take to come, and to deliver what is open in the end.
PATIENCE = 180.0
# Shorter runs say nothing about memory.
LEAST_FOR_MEMORY = 60.0


def documents(servos: int, url: str, native: bool) -> str:
    """The servo.yaml of so many servos."""
    connector = (
        "wait: {measure_enabled: false}\n" if native else "connectors: {soak: soak_connector.SoakConnector}\nsoak: {}\n"
    )
    return "---\n".join(
        f"optimizer: {{id: example.com/app{number}, token: {TOKEN}, base_url: '{url}'}}\n{connector}"
        for number in range(servos)
    )


def resident(pid: int) -> float | None:
    """The resident MiB of a process; None where that cannot be asked."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    return next((int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS")), None)


async def sampled(pid: int, seconds: float) -> list[tuple[float, float]]:
    """The memory of a process over that time: seconds and MiB."""
    began = time.monotonic()
    samples = []
    while (elapsed := time.monotonic() - began) < seconds:
        mib = resident(pid)
        if mib is not None:
            samples.append((elapsed, mib))
        await asyncio.sleep(min(1.0, seconds / 20))
    return samples


def memory(samples: list[tuple[float, float]], seconds: float) -> dict[str, Any]:
    """The memory after the warm-up, which is the first fifth: first, last, and how it grows by a straight line."""
    steady = [sample for sample in samples if sample[0] >= seconds / 5]
    if len(steady) < 3:
        return {}
    slope = statistics.linear_regression(*zip(*steady, strict=True)).slope
    tenth = max(1, len(steady) // 10)
    return {
        "first_mib": round(statistics.mean(mib for _, mib in steady[:tenth]), 1),
        "last_mib": round(statistics.mean(mib for _, mib in steady[-tenth:]), 1),
        "mean_mib": round(statistics.mean(mib for _, mib in steady), 1),
        "slope_mib_per_minute": round(60 * slope, 3),
        "grown_mib": round(slope * (steady[-1][0] - steady[0][0]), 2),
    }


async def until(what: str, holds: Any, agent: asyncio.subprocess.Process) -> str | None:
    """Waits for something; what did not come about is told."""
    end = time.monotonic() + PATIENCE
    while not holds():
        if agent.returncode is not None:
            return f"the agent ended before {what}"
        if time.monotonic() > end:
            return f"{what}: not within {PATIENCE:.0f} s"
        await asyncio.sleep(0.1)
    return None


async def soak(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """One run."""
    optimizer = Optimizer(options.seed, options.share, options.pace, adjusts=not options.native)
    server, url = await optimizer.listen()
    (folder / "servo.yaml").write_text(documents(options.servos, url, options.native))
    executed, log = folder / "executed", folder / "log"
    executed.touch()
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    environment |= {"SOAK_EXECUTED": str(executed), "PYTHONDONTWRITEBYTECODE": "1"}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [environment.get("PYTHONPATH"), str(HERE)]))
    with log.open("wb") as output:
        command = [options.python, "-m", "servo", "-l", options.log_level, "run"]
        agent = await asyncio.create_subprocess_exec(
            *command, cwd=folder, env=environment, stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output
        )
        wrong: list[str | None] = []
        try:
            described = lambda: sum(bool(each.said) for each in optimizer.applications.values()) >= options.servos  # noqa: E731
            wrong.append(await until("the first result of every servo", described, agent))
            began = time.monotonic()
            samples = await sampled(agent.pid, options.seconds)
            seconds = time.monotonic() - began
            results = optimizer.counts["results"]
            optimizer.draining = True
            wrong.append(await until("the last result of every servo", lambda: optimizer.open == 0, agent))
            requested = time.monotonic()
            if agent.returncode is None:
                agent.send_signal(signal.SIGTERM)
            code = await asyncio.wait_for(agent.wait(), 60)
            stop = time.monotonic() - requested
        finally:
            if agent.returncode is None:
                agent.kill()
                await agent.wait()
            server.close()
    carried_out = collections.Counter(executed.read_text().split())
    told = log.read_bytes()
    found = {
        "servos": options.servos,
        "seconds": round(seconds, 1),
        "seed": options.seed,
        "results": optimizer.counts["results"],
        "results_per_s": round(results / seconds, 1),
        "executed": sum(carried_out.values()),
        "lost": len(carried_out.keys() - optimizer.taken),
        "carried_out_twice": sum(times > 1 for times in carried_out.values()),
        "changed": optimizer.counts["changed"],
        "delivered_again": optimizer.counts["delivered again"],
        "requests": optimizer.counts["requests"],
        "faults": dict(sorted(optimizer.faults.items())),
        "connections": optimizer.counts["connections"],
        "farewells": sum(each.farewells > 0 for each in optimizer.applications.values()),
        "exit_code": code,
        "stop_s": round(stop, 2),
        "log_bytes": len(told),
        "memory": memory(samples, options.seconds),
    }
    wrong += judged(found, optimizer, options)
    if TOKEN.encode() in told:
        wrong.append("the log shows a token")
    found["wrong"] = [text for text in wrong if text]
    if found["wrong"]:
        found["log"] = told[-2_000:].decode(errors="replace")
    return found


def judged(found: dict[str, Any], optimizer: Optimizer, options: argparse.Namespace) -> list[str]:
    """What is not as it has to be."""
    statuses = {key for key in optimizer.counts if key.startswith("results ")}
    checks = {
        "results were lost": found["lost"] == 0,
        "commands were carried out twice": found["carried_out_twice"] == 0,
        "results came in two forms": found["changed"] == 0,
        "results came that nobody asked for": optimizer.counts["strange"] == 0,
        "commands failed": statuses == {"results ok"},
        "the counts of both sides differ": options.native or found["executed"] == found["results"],
        "no request failed": options.share == 0 or sum(found["faults"].values()) > 0,
        "servos did not say goodbye": found["farewells"] == options.servos,
        "the agent did not end in order": found["exit_code"] == 0,
    }
    if options.seconds >= LEAST_FOR_MEMORY and found["memory"]:
        most = max(4.0, 0.03 * found["memory"]["mean_mib"])
        checks[f"memory grows (at most {most:.1f} MiB are allowed)"] = found["memory"]["grown_mib"] <= most
    return [text for text, right in checks.items() if not right]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--servos", type=int, default=1_000)
    parser.add_argument("--seconds", type=float, default=600.0, help="from the first result of the last servo on")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--share", type=float, default=0.05, help="of the requests that fail")
    parser.add_argument("--pace", type=float, default=5.0, help="seconds of sleep after each round of commands")
    parser.add_argument("--native", action="store_true", help="servos without Python in them")
    parser.add_argument("--log-level", default="WARNING")
    parser.add_argument("--python", default=sys.executable, help="the Python that servox-rs is installed for")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(soak(options, Path(folder)))
    print(json.dumps(found, indent=2))
    sys.exit(1 if found["wrong"] else 0)


if __name__ == "__main__":
    main()
