"""How a run ends when it is asked to."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from servo.cli import signals

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are sent as POSIX does")

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1]
LOCAL = [(number, 130 if number is signal.SIGINT else 0) for number in SIGNALS]
FAKE = Path(__file__).with_name("fake_core.py")


def wait_for(child, text, stream="stdout"):
    """Read lines until one has the text."""
    lines = []
    for line in getattr(child, stream):
        lines.append(line)
        if text in line:
            return lines
    raise AssertionError(f"{text!r} did not come in {lines}")


@pytest.mark.parametrize(("number", "code"), LOCAL)
def test_the_first_signal_ends_the_run_in_order(process, config, number, code):
    config("wait")
    child = process("run")
    wait_for(child, "trial 1: web")
    child.send_signal(number)
    out, err = child.communicate(timeout=60)
    assert f"stopping: {number.name}" in out
    assert "interrupted: best so far trial 2, cost 2.10" in out
    assert (child.returncode, err) == (code, "")


@pytest.mark.parametrize("number", SIGNALS)
def test_a_run_without_a_local_search_ends_well(process, config, number):
    config({"does": "serve", "optimizer": "dev.example.com/app"})
    child = process("run")
    wait_for(child, "measure")
    child.send_signal(number)
    out, err = child.communicate(timeout=60)
    assert f"web: interrupted ({number.name})" in out
    assert child.returncode == 0
    told = [line.partition(" | servo - ")[2] for line in err.splitlines()]
    assert told == [f"Received exit signal {number.name}...", "Shutting down servo...", "Servo shutdown complete."]


@pytest.mark.parametrize("number", SIGNALS)
def test_the_second_signal_ends_the_process_at_once(process, config, number):
    config("deaf")
    child = process("run", "--shutdown-timeout", "600s")
    wait_for(child, "trial 1: web")
    first = signal.SIGTERM if number is signal.SIGHUP else signal.SIGHUP
    child.send_signal(first)
    wait_for(child, "stopping")
    child.send_signal(number)
    assert child.wait(timeout=60) == 128 + number


@pytest.mark.parametrize("does", ["deaf", "block"])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 1)])
def test_a_run_that_does_not_end_is_ended(process, config, does, number, code):
    config(does)
    child = process("run", "--shutdown-timeout", "1s")
    wait_for(child, "best so far")
    # By now a busy loop is busy, most of the time; the outcome is the same when it is not.
    time.sleep(0.5)
    child.send_signal(number)
    _, err = child.communicate(timeout=60)
    assert child.returncode == code
    assert err == "error: the servo did not end within 1 s: it is ended without order\n"


def test_an_interrupted_run_gives_json_all_the_same(process, config):
    config("wait")
    child = process("run", "-o", "json", stderr=subprocess.STDOUT)
    wait_for(child, "trial 1: web")
    child.send_signal(signal.SIGTERM)
    out, _ = child.communicate(timeout=60)
    assert '"outcome": "interrupted"' in out


@pytest.mark.parametrize("does", ["configure", "swallow"])
@pytest.mark.parametrize(("number", "code"), LOCAL)
def test_a_signal_ends_the_configuration(process, config, does, number, code):
    config(does)
    child = process("run", "-o", "json")
    wait_for(child, "configuring")
    child.send_signal(number)
    out, err = child.communicate(timeout=60)
    assert (child.returncode, json.loads(out), err) == (code, {"servos": []}, "")


def test_code_that_nothing_interrupts_is_ended(process, config):
    config("compute")
    child, other = process("run", "--shutdown-timeout", "1s"), process("run")
    wait_for(child, "configuring")
    wait_for(other, "configuring")
    # What is still Python is interrupted, and ends as it should.
    time.sleep(1)
    child.send_signal(signal.SIGTERM)
    other.send_signal(signal.SIGTERM)
    other.send_signal(signal.SIGUSR1)
    assert child.wait(timeout=60) == 1
    # Of two that wait to be delivered, the system chooses the first.
    assert other.wait(timeout=60) in (128 + signal.SIGTERM, 128 + signal.SIGUSR1)


@pytest.mark.parametrize(("option", "number", "code"), [
    *[("--check", number, code) for number, code in LOCAL],
    *[("--dry-run", number, 128 + number) for number in SIGNALS],
])  # fmt: skip
def test_a_signal_ends_the_checks(process, config, option, number, code):
    config("improve", {"does": "improve", "checks": "hang"})
    child = process("run", option)
    wait_for(child, "db checks", "stderr")
    child.send_signal(number)
    out, err = child.communicate(timeout=60)
    assert f"db: interrupted ({number.name})" in out
    assert child.returncode == code
    assert sorted(err.splitlines()) == ["db detached", "web detached"]


def test_checks_that_block_the_loop_are_ended(process, config):
    config({"checks": "block"})
    child = process("run", "-c", "--shutdown-timeout", "1s")
    wait_for(child, "web checks", "stderr")
    child.send_signal(signal.SIGTERM)
    assert child.wait(timeout=60) == 1


def at_first(number, *arguments, second=None):
    """The outcome of a command that gets signals before it is loaded."""
    program = (
        "import os, runpy, sys\n"
        "from servo import _pending_signals\n"
        "_pending_signals.note()\n"
        f"for number in {[int(one) for one in (number, second) if one]}: os.kill(os.getpid(), number)\n"
        f"sys.argv[1:] = {list(arguments)}\n"
        f"runpy.run_path({str(FAKE)!r}, run_name='__main__')\n"
    )
    path = os.pathsep.join(part for part in (str(FAKE.parents[3] / "python"), os.environ.get("PYTHONPATH")) if part)
    environment = os.environ | {"PYTHONPATH": path}
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment, timeout=60)


@pytest.mark.parametrize(("number", "code"), LOCAL)
def test_a_signal_while_the_command_line_is_loaded_ends_the_run(config, number, code):
    config("improve")
    done = at_first(number, "run", "-o", "json")
    assert (done.returncode, json.loads(done.stdout), done.stderr) == (code, {"servos": []}, "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1])
def test_other_commands_end_as_any_program_does(number):
    assert at_first(number, "version").returncode == -number
    assert at_first(signal.SIGINT, "version").returncode == 130


def test_two_signals_while_the_command_line_is_loaded():
    assert at_first(signal.SIGTERM, "version", second=signal.SIGUSR1).returncode == 128 + signal.SIGUSR1


def test_what_nohup_has_switched_off_stays_off(process, config):
    config("wait")
    child = process("run", preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    wait_for(child, "trial 1: web")
    child.send_signal(signal.SIGHUP)
    wait_for(child, "best so far")
    child.send_signal(signal.SIGTERM)
    assert "stopping: SIGTERM" in child.communicate(timeout=60)[0]


@pytest.fixture
def interrupts(monkeypatch):
    """Interrupts whose end of the process is an entry of a list."""
    found = signals.Interrupts(600.0, lambda: None)
    ended, now = [], [1000.0]
    monkeypatch.setattr(signals.os, "_exit", ended.append)
    monkeypatch.setattr(signals.time, "monotonic", lambda: now[0])
    with found:
        yield found, ended, now


def test_a_terminal_and_its_shell_are_one(interrupts):
    found, ended, now = interrupts
    asked = []
    found.hand_to(lambda *how: asked.append(how))
    signal.raise_signal(signal.SIGHUP)
    now[0] += signals.TWICE / 2
    signal.raise_signal(signal.SIGHUP)
    assert (asked, ended) == ([("SIGHUP", 600.0)], [])
    now[0] += signals.TWICE
    signal.raise_signal(signal.SIGHUP)
    assert asked == [("SIGHUP", 600.0)]
    # The handler and the watchdog both see to it, whoever comes first.
    assert set(ended) == {129}


def test_whoever_takes_over_late_is_told(interrupts):
    found, _, _ = interrupts
    with pytest.raises(signals.Interrupted):
        signal.raise_signal(signal.SIGTERM)
    asked = []
    found.hand_to(lambda *how: asked.append(how))
    assert asked == [("SIGTERM", 600.0)]


@pytest.mark.parametrize(("number", "seconds"), [(signal.SIGINT, 5), (signal.SIGTERM, 30), (signal.SIGUSR1, 30)])
def test_people_wait_less(number, seconds):
    asked = []
    with signals.Interrupts(None, lambda: None) as found:
        found.hand_to(lambda *how: asked.append(how))
        signal.raise_signal(number)
    assert asked == [(number.name, seconds)]


@pytest.mark.parametrize("text", ["0", "-1s", "soon"])
def test_the_time_for_an_end_is_checked(servo, config, text):
    config("improve")
    result = servo("run", "--shutdown-timeout", text)
    assert result.exit_code == 2
    assert re.search(r"more than no time|negative|Invalid duration", result.stderr)
