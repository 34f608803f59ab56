"""Event-dispatch throughput between connectors that share a bus.

Usage: python bench/dispatch_local.py [connectors] [dispatches] [repetitions]

Prints one JSON line: dispatches a second for each shape of handler, the same work done by a bare
`asyncio.TaskGroup` (the floor: no event system at all), and the ratios to it. Each figure is the median of
the repetitions, which are interleaved.
"""

import asyncio
import json
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import servo

CONNECTORS = int(sys.argv[1]) if len(sys.argv) > 1 else 10
DISPATCHES = int(sys.argv[2]) if len(sys.argv) > 2 else 300
REPETITIONS = int(sys.argv[3]) if len(sys.argv) > 3 else 5


class BenchConnector(servo.BaseConnector):
    config: servo.BaseConfiguration

    @servo.event()
    async def bench_async(self, n: int) -> int: ...

    @servo.event()
    async def bench_sync(self, n: int) -> int: ...

    @servo.event()
    async def bench_full(self, n: int) -> int: ...

    @servo.event()
    async def bench_suspending(self, n: int) -> int: ...

    @servo.on_event("bench_async")
    async def on_async(self, n: int) -> int:
        return n

    @servo.on_event("bench_sync")
    def on_sync(self, n: int) -> int:
        return n

    @servo.on_event("bench_suspending")
    async def on_suspending(self, n: int) -> int:
        await asyncio.sleep(0)
        return n

    @servo.before_event("bench_full")
    async def before_full(self, n: int) -> None:
        pass

    @servo.on_event("bench_full")
    async def on_full(self, n: int) -> int:
        return n

    @servo.after_event("bench_full")
    async def after_full(self, results: list[servo.EventResult]) -> None:
        pass


async def timed(make: Callable[[], Awaitable[Any]], n: int) -> float:
    for _ in range(max(3, n // 20)):
        await make()
    start = time.perf_counter()
    for _ in range(n):
        await make()
    return n / (time.perf_counter() - start)


async def floor(connectors: list[BenchConnector]) -> list[int]:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(connector.on_async(1)) for connector in connectors]
    return [task.result() for task in tasks]


async def main() -> None:
    bus: list[BenchConnector] = []
    for at in range(CONNECTORS):
        bus.append(BenchConnector(name=f"bench{at:04d}", config={}, __connectors__=bus))
    hub = bus[0]
    assert [result.value for result in await hub.dispatch_event("bench_full", 7)] == [7] * CONNECTORS
    shapes: dict[str, Callable[[], Awaitable[Any]]] = {
        "floor": lambda: floor(bus),
        "async": lambda: hub.dispatch_event("bench_async", 1),
        "sync": lambda: hub.dispatch_event("bench_sync", 1),
        "full": lambda: hub.dispatch_event("bench_full", 1),
        "suspending": lambda: hub.dispatch_event("bench_suspending", 1),
    }
    figures: dict[str, list[float]] = {name: [] for name in shapes}
    for _ in range(REPETITIONS):
        for name, make in shapes.items():
            figures[name].append(await timed(make, DISPATCHES))
    medians = {name: statistics.median(found) for name, found in figures.items()}
    ratios = {name: round(found / medians["floor"], 2) for name, found in medians.items() if name != "floor"}
    print(
        json.dumps(
            {
                "python": sys.version.split()[0],
                "connectors": CONNECTORS,
                "dispatches": DISPATCHES,
                "a_second": {name: round(found, 1) for name, found in medians.items()},
                "ratio_to_floor": ratios,
            }
        )
    )


asyncio.run(main())
