"""How long `servo --help` and `import servo` take as whole processes, and how much memory they need.

    python bench/startup.py [--python PYTHON] [--runs N]

Works with whatever package `servo` that interpreter has, and prints one line of JSON: per command the median and the
least wall-clock time in seconds, and the greatest peak of resident memory in MiB (null where the system does not tell).
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time


def measure(command: list[str], runs: int) -> dict[str, object]:
    """Time and memory of a command; the first run, which fills the caches, does not count."""
    times, peaks = [], []
    for number in range(runs + 1):
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        if hasattr(os, "wait4"):
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            # A child counts what this small process had when it started it, so this is an upper bound.
            peaks.append(usage.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024))
        else:
            process.wait()
        took = time.perf_counter() - began
        if process.returncode != 0:
            raise SystemExit(f"error: {command} ended with exit code {process.returncode}")
        if number:
            times.append(took)
    return {
        "median_s": round(statistics.median(times), 4),
        "least_s": round(min(times), 4),
        "peak_mib": round(max(peaks), 1) if peaks else None,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Start-up time and memory of an installed servo.")
    parser.add_argument("--python", default=sys.executable, help="the interpreter that has the package")
    parser.add_argument("--runs", type=int, default=20, help="how many runs of each command count")
    options = parser.parse_args()
    # Not resolved: the path through a virtual environment's link is what makes it that environment.
    python = os.path.abspath(options.python)
    script = os.path.join(os.path.dirname(python), "servo.exe" if os.name == "nt" else "servo")
    commands = {
        "servo --help": [script, "--help"],
        "import servo": [python, "-c", "import servo"],
        "python": [python, "-c", "pass"],
    }
    results = {name: measure(command, max(options.runs, 1)) for name, command in commands.items()}
    print(json.dumps({"runs": max(options.runs, 1), "results": results}))


if __name__ == "__main__":
    main()
