"""A short soak: many servos with an optimizer that fails now and then. `make soak` is the long one."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SOAK = Path(__file__).parents[2] / "bench" / "soak.py"


@pytest.mark.parametrize("more", [["--log-level", "TRACE"], ["--native"]], ids=["python", "native"])
def test_nothing_is_lost_and_nothing_happens_twice(more):
    command = [sys.executable, str(SOAK), "--servos", "50", "--seconds", "8", "--pace", "0.5", *more]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280)
    found = json.loads(done.stdout)
    assert found["wrong"] == [], done.stdout
    assert done.returncode == 0
    assert found["results"] > 50
    assert found["delivered_again"] > 0, "a result was taken without an answer"
