"""The samplers of optuna."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

SERVOS = 8


def test_servos_that_begin_together_share_a_new_file(tmp_path):
    pytest.importorskip("optuna")
    from servo._optuna import OptunaSampler

    together = threading.Barrier(SERVOS)

    def begin(number):
        request = {
            "kind": "tpe",
            "seed": number,
            "direction": "minimize",
            "constraints": [],
            "space": [],
            "trials": 4,
            "storage": {"file": str(tmp_path / "servo.db")},
            "study": f"servo-{number}",
        }
        together.wait(timeout=60)
        return OptunaSampler(json.dumps(request))

    with ThreadPoolExecutor(SERVOS) as pool:
        samplers = list(pool.map(begin, range(SERVOS)))
    assert len(samplers) == SERVOS
