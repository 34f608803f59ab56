"""Building and reading time series, through the public API alone.

Runs unchanged under this project and under ServoX 25.3:
    python bench/series.py [--points N] [--repeat N]

Prints one JSON line: points a second of CPU time for each shape, the best of the repetitions, and the MiB that a
million points take. Where a class has no constructor for a shape, it is made point by point, as its users have to.
"""

from __future__ import annotations

import argparse
import array
import datetime
import gc
import json
import time
from collections.abc import Callable
from typing import Any

import servo

START = 1_700_000_000
METRIC = servo.Metric("throughput", servo.Unit.requests_per_second)
UTC = datetime.timezone.utc  # noqa: UP017 - as ServoX's connectors write it


def from_columns(times: Any, values: Any) -> Any:
    if hasattr(servo.TimeSeries, "from_columns"):
        return servo.TimeSeries.from_columns(METRIC, times, values)
    return from_pairs(zip(times, values, strict=True))


def from_pairs(pairs: Any) -> Any:
    if hasattr(servo.TimeSeries, "from_pairs"):
        return servo.TimeSeries.from_pairs(METRIC, pairs)
    moment = datetime.datetime.fromtimestamp
    return servo.TimeSeries(METRIC, [servo.DataPoint(METRIC, moment(at, UTC), float(value)) for at, value in pairs])


def values_of(series: Any) -> Any:
    # A model of pydantic has no such attribute.
    values = getattr(series, "values", None)
    return [point.value for point in series] if values is None else values


def values_of_points(series: Any) -> int:
    count = 0
    for point in series:
        if point.value >= 0:
            count += 1
    return count


def times_of_points(series: Any) -> int:
    count = 0
    for point in series:
        if point.time is not None:
            count += 1
    return count


def resident_mib() -> float:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 / 2**20


def rate(points: int, repeat: int, prepare: Callable[[], Any], run: Callable[[Any], Any]) -> int:
    """The points a CPU second of the fastest of several runs, each with what was prepared for it."""
    best = float("inf")
    for _ in range(repeat):
        prepared = prepare()
        gc.collect()
        begun = time.process_time()
        result = run(prepared)
        best = min(best, time.process_time() - begun)
        assert (result if isinstance(result, int) else len(result)) == points
        del prepared, result
    return round(points / best)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--points", type=int, default=1_000_000, help="points of a series (default: %(default)s)")
    parser.add_argument("--repeat", type=int, default=5, help="runs of each shape (default: %(default)s)")
    options = parser.parse_args()
    points, repeat = options.points, options.repeat

    times = [float(START + at * 15) for at in range(points)]
    values = [at * 0.25 for at in range(points)]
    columns = array.array("d", times), array.array("d", values)
    pairs = [[START + at * 15, f"{at * 0.25:.6f}"] for at in range(points)]

    gc.collect()
    before = resident_mib()
    series = from_columns(*columns)
    gc.collect()
    mib = (resident_mib() - before) / points * 1_000_000
    objects = list(series)
    del series

    def same() -> None:
        return None

    def made() -> Any:
        return from_columns(*columns)

    figures = {
        "build_from_arrays": rate(points, repeat, same, lambda _: from_columns(*columns)),
        "build_from_lists": rate(points, repeat, same, lambda _: from_columns(times, values)),
        "build_from_pairs": rate(points, repeat, same, lambda _: from_pairs(pairs)),
        "build_from_points": rate(points, repeat, same, lambda _: servo.TimeSeries(METRIC, objects)),
        "read_data_points": rate(points, repeat, made, lambda series: series.data_points),
        "read_values_of_points": rate(points, repeat, made, values_of_points),
        "read_times_of_points": rate(points, repeat, made, times_of_points),
        "read_values": rate(points, repeat, made, values_of),
    }
    print(json.dumps({"points": points, **figures, "mib_per_million_points": round(mib, 1)}))


if __name__ == "__main__":
    main()
