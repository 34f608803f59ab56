"""Tries generated configurations and values: each gives an answer or an error that says where, within a time.

    python tests-py/fuzz/fuzz.py --count 100000
    python tests-py/fuzz/fuzz.py --seed 42 --only yaml:1234

The inputs are tried in a process of their own, so that one that hangs or ends the process is found as well.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from multiprocessing.sharedctypes import Synchronized
from typing import Any

import targets

# Half of the configurations is YAML, half is Python; and so for the values.
SHARES = {"yaml": 0.5, "python": 0.5, "durations": 0.5, "quantities": 0.5}
SHOWN = 2_000


def work(target: str, seed: int, numbers: range, bound: float, at: Synchronized[int], results: Any) -> None:
    """Tries the inputs of some numbers; runs in a process of its own."""
    for number in numbers:
        at.value = number
        started = time.monotonic()
        wrong = targets.tried(target, targets.made(target, seed, number))
        if wrong is not None:
            results.put((number, wrong))
        if (took := time.monotonic() - started) > bound / 4:
            results.put((number, f"took {took:.1f} s"))
    at.value = numbers.stop


def run(target: str, seed: int, count: int, bound: float) -> list[tuple[int, str]]:
    """Tries all inputs of a target; after one that hangs or ends the process, goes on behind it."""
    context = multiprocessing.get_context("spawn")
    found: list[tuple[int, str]] = []
    start = 0
    while start < count:
        at, results = context.Value("q", start), context.SimpleQueue()
        process = context.Process(
            target=work, args=(target, seed, range(start, count), bound, at, results), daemon=True
        )
        process.start()
        last, since = start, time.monotonic() + 30  # the process has to be made first
        while process.is_alive():
            process.join(0.2)
            while not results.empty():
                found.append(results.get())
            if at.value != last:
                last, since = at.value, time.monotonic()
            elif time.monotonic() - since > bound:
                found.append((last, f"no answer in {bound:.0f} s"))
                process.kill()
                process.join()
        while not results.empty():
            found.append(results.get())
        if process.exitcode and at.value < count and (not found or found[-1][0] != at.value):
            found.append((at.value, f"the process ended with {process.exitcode}"))
        start = at.value + 1
    return found


def main() -> int:
    """Runs what the arguments say; gives the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100_000, help="configurations, and as many values")
    parser.add_argument("--seed", type=int, default=None, help="repeats a run; otherwise the time")
    parser.add_argument("--bound", type=float, default=20.0, help="seconds for one input, on a busy machine")
    parser.add_argument("--only", metavar="TARGET:NUMBER", help="one input, shown")
    arguments = parser.parse_args()
    seed = int(time.time()) if arguments.seed is None else arguments.seed
    if arguments.only:
        target, _, number = arguments.only.partition(":")
        what = targets.made(target, seed, int(number))
        print(what if isinstance(what, str) else repr(what))
        print("->", targets.tried(target, what) or "as it should be")
        return 0
    print(f"seed {seed}", flush=True)
    failed = False
    for target, share in SHARES.items():
        started = time.monotonic()
        count = int(arguments.count * share)
        found = run(target, seed, count, arguments.bound)
        print(f"{target}: {count} tried in {time.monotonic() - started:.0f} s, {len(found)} wrong", flush=True)
        kinds: dict[str, tuple[int, int, str]] = {}
        for number, wrong in found:
            kind = wrong[:60]
            times, first, text = kinds.get(kind, (0, number, wrong))
            kinds[kind] = (times + 1, first, text)
        for times, first, text in kinds.values():
            print(f"  {times} times, first --seed {seed} --only {target}:{first}: {text[:SHOWN]}", flush=True)
        failed |= bool(found)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
