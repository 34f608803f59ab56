"""How a run ends when it is asked to."""

import signal
import subprocess
import sys
import time

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are sent as POSIX does")


def wait_for(child, text):
    """Read lines until one has the text."""
    lines = []
    for line in child.stdout:
        lines.append(line)
        if text in line:
            return lines
    raise AssertionError(f"{text!r} did not come in {lines}")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 0), (signal.SIGHUP, 0)])
def test_the_first_signal_ends_the_run_in_order(process, config, number, code):
    config("wait")
    child = process("run")
    wait_for(child, "trial 1: web")
    child.send_signal(number)
    out, err = child.communicate(timeout=60)
    assert f"stopping: {number.name}" in out
    assert out.splitlines()[-1] == "interrupted: best so far trial 2, cost 2.10"
    assert "Traceback" not in err
    assert child.returncode == code


def test_a_second_ctrl_c_ends_at_once(process, config):
    config("deaf")
    child = process("run", env={"PATIENCE": "600"})
    wait_for(child, "trial 1: web")
    child.send_signal(signal.SIGINT)
    wait_for(child, "stopping")
    child.send_signal(signal.SIGINT)
    assert child.wait(timeout=60) == 130


@pytest.mark.parametrize("does", ["deaf", "block"])
def test_a_run_that_does_not_end_is_ended(process, config, does):
    config(does)
    child = process("run", env={"PATIENCE": "1"}, stderr=subprocess.DEVNULL)
    wait_for(child, "best so far")
    # By now a busy loop is busy, most of the time; the outcome is the same when it is not.
    time.sleep(0.5)
    child.send_signal(signal.SIGINT)
    assert child.wait(timeout=60) == 130


def test_an_interrupted_run_gives_json_all_the_same(process, config):
    config("wait")
    child = process("run", "-o", "json", stderr=subprocess.STDOUT)
    wait_for(child, "trial 1: web")
    child.send_signal(signal.SIGTERM)
    out, _ = child.communicate(timeout=60)
    assert '"outcome": "interrupted"' in out
