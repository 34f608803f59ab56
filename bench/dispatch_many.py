"""One event to many groups of connectors at once.

Usage: python bench/dispatch_many.py [groups] [connectors] [repetitions]

Prints one JSON line: the seconds that `asyncio.gather` over one dispatch for each group takes, the microseconds for
each dispatch (the task that `gather` makes for it among them), and the same for coroutines that do nothing.
"""

import asyncio
import json
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import servo

GROUPS = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
CONNECTORS = int(sys.argv[2]) if len(sys.argv) > 2 else 3
REPETITIONS = int(sys.argv[3]) if len(sys.argv) > 3 else 9


class BenchConnector(servo.BaseConnector):
    config: servo.BaseConfiguration

    @servo.event()
    async def bench_many(self, n: int) -> int: ...

    @servo.on_event("bench_many")
    async def on_many(self, n: int) -> int:
        return n


async def nothing() -> None:
    pass


async def main() -> None:
    hubs = []
    for _ in range(GROUPS):
        bus: list[BenchConnector] = []
        for at in range(CONNECTORS):
            bus.append(BenchConnector(name=f"bench{at:04d}", config={}, __connectors__=bus))
        hubs.append(bus[0])
    shapes: dict[str, Callable[[], list[Awaitable[Any]]]] = {
        "dispatch": lambda: [hub.dispatch_event("bench_many", 1) for hub in hubs],
        "nothing": lambda: [nothing() for _ in hubs],
    }
    took: dict[str, list[float]] = {name: [] for name in shapes}
    for _ in range(REPETITIONS):
        for name, make in shapes.items():
            start = time.perf_counter()
            results = await asyncio.gather(*make())
            took[name].append(time.perf_counter() - start)
            if name == "dispatch":
                assert all(len(found) == CONNECTORS for found in results)
    medians = {name: statistics.median(found) for name, found in took.items()}
    print(
        json.dumps(
            {
                "python": sys.version.split()[0],
                "groups": GROUPS,
                "connectors": CONNECTORS,
                "seconds": {name: round(found, 5) for name, found in medians.items()},
                "least_seconds": {name: round(min(found), 5) for name, found in took.items()},
                "us_each": {name: round(found / GROUPS * 1e6, 2) for name, found in medians.items()},
            }
        )
    )


asyncio.run(main())
