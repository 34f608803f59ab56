import asyncio
import os
import pickle
import signal
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from loguru import logger

from servo.utilities import _supervision as module
from servo.utilities.subprocess import (
    SubprocessResult,
    SubprocessTimeoutError,
    run_subprocess_exec,
    run_subprocess_shell,
    stream_subprocess_exec,
    stream_subprocess_output,
    stream_subprocess_shell,
)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the programs and signals are those of POSIX")


@pytest.fixture
def lines() -> Iterator[list[tuple[str, str]]]:
    """The level and text of what was logged."""
    found: list[tuple[str, str]] = []
    sink = logger.add(lambda message: found.append((message.record["level"].name, message.record["message"])))
    yield found
    logger.remove(sink)


def runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        # One that has ended and that nobody waited for runs no more.
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except FileNotFoundError:
        return not Path("/proc").exists()


async def gone(*pids: int) -> bool:
    """Whether the processes end, and soon."""
    deadline = time.monotonic() + 30
    while any(map(runs, pids)) and time.monotonic() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    return not any(map(runs, pids))


class Pids:
    """Collects the numbers that a script prints of its processes."""

    def __init__(self, count: int) -> None:
        self.pids: list[int] = []
        self.count = count
        self.all = asyncio.Event()

    def __call__(self, line: str) -> None:
        self.pids.append(int(line))
        if len(self.pids) == self.count:
            self.all.set()


# -- What they do -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "result"),
    [
        ("echo hi", (0, ["hi"], [])),
        ("echo a; echo b >&2; exit 3", (3, ["a"], ["b"])),
        (r"printf 'x  \n\ny'", (0, ["x", "", "y"], [])),
        (r"printf 'a\r\nb'", (0, ["a", "b"], [])),
        ("true", (0, [], [])),
        ("kill -9 $$", (-9, [], [])),
    ],
)
async def test_collects(command: str, result: Any) -> None:
    assert await run_subprocess_shell(command) == SubprocessResult(*result)
    found = await run_subprocess_exec("/bin/sh", "-c", command, timeout=timedelta(minutes=2))
    assert (found.return_code, found.stdout, found.stderr) == result


async def test_streams_to_callbacks() -> None:
    out: list[str] = []
    err: list[str] = []

    async def later(line: str) -> None:
        await asyncio.sleep(0)
        err.append(line)

    command = "echo a; echo b >&2; echo c; exit 4"
    for stream in (
        stream_subprocess_shell(command, stdout_callback=out.append, stderr_callback=later),
        stream_subprocess_exec("sh", "-c", command, stdout_callback=out.append, stderr_callback=later),
    ):
        assert await stream == 4
        assert (out, err) == (["a", "c"], ["b"])
        out.clear()
        err.clear()
    assert await stream_subprocess_shell(command) == 4


async def test_streams_the_output_of_a_process_that_runs() -> None:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec("sh", "-c", "echo q; exit 5", stdout=pipe, stderr=pipe)
    out: list[str] = []
    assert await stream_subprocess_output(process, stdout_callback=out.append) == 5
    assert out == ["q"]


async def test_options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = os.path.realpath(tmp_path)  # noqa: ASYNC240
    assert (await run_subprocess_exec("pwd", "-P", cwd=tmp_path)).stdout == [here]
    assert (await run_subprocess_exec("pwd", "-P", cwd=lambda: tmp_path)).stdout == [here]
    # Where the program runs is asked at each call.
    monkeypatch.chdir(tmp_path)
    assert (await run_subprocess_exec("pwd", "-P")).stdout == [here]
    assert (await run_subprocess_shell("pwd -P", cwd=None)).stdout == [here]
    assert (await run_subprocess_exec("env", env={"A": "1"})).stdout == ["A=1"]
    devnull, merged = asyncio.subprocess.DEVNULL, asyncio.subprocess.STDOUT
    assert await run_subprocess_shell("echo a; echo b >&2", stdout=devnull, stderr=devnull) == (0, [], [])
    assert await run_subprocess_shell("echo a; echo b >&2", stderr=merged) == (0, ["a", "b"], [])
    # Nobody writes to the pipe, so that a reader would wait for ever.
    assert await run_subprocess_exec("cat", stdin=asyncio.subprocess.PIPE) == (0, [], [])


async def test_text_that_is_no_utf_8() -> None:
    assert (await run_subprocess_exec("printf", r"a\377b\n")).stdout == ["a\ufffdb"]


async def test_the_shell_is_logged(lines: list[tuple[str, str]]) -> None:
    await run_subprocess_shell("echo '{a} <red>'", timeout=90)
    await run_subprocess_shell("exit 3")
    await run_subprocess_exec("true")
    assert [level for level, _ in lines] == ["INFO", "SUCCESS", "INFO", "ERROR"]
    texts = [text for _, text in lines]
    assert texts[0] == "Running subprocess command `echo '{a} <red>'` (1m30s timeout)"
    assert texts[1].startswith("Subprocess succeeded in ")
    assert texts[1].endswith("s (`echo '{a} <red>'`)")
    assert texts[2] == "Running subprocess command `exit 3`"
    assert texts[3].startswith("Subprocess failed with return code 3 in ")
    assert texts[3].endswith("s (`exit 3`)")


# -- What goes wrong --------------------------------------------------------------------------------------------------


async def test_an_unknown_program(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no-such-program"):
        await run_subprocess_exec("no-such-program")
    with pytest.raises(FileNotFoundError, match="nowhere"):
        await run_subprocess_exec("true", cwd=tmp_path / "nowhere")
    assert (await run_subprocess_shell("no-such-program")).return_code == 127


async def test_a_timeout_is_a_number() -> None:
    for run in (run_subprocess_exec, run_subprocess_shell):
        with pytest.raises(TypeError, match="a number of seconds or a timedelta, not '1s'"):
            await run("true", timeout="1s")


@pytest.mark.parametrize("bound", [0.3, timedelta(milliseconds=300), 0])
async def test_a_timeout_ends_the_process(bound: Any) -> None:
    with pytest.raises(TimeoutError) as error:
        await run_subprocess_exec("sleep", "1000", timeout=bound)
    assert str(error.value) == f"`sleep 1000` did not end within {'300ms' if bound else '0'} and was stopped"


async def test_what_was_written_in_time_is_kept() -> None:
    for run, command in ((run_subprocess_exec, ["sh", "-c"]), (run_subprocess_shell, [])):
        with pytest.raises(SubprocessTimeoutError) as error:
            # Long enough for a shell to begin on a machine that is busy.
            await run(*command, "echo one; echo two >&2; printf half; sleep 1000", timeout=5)
        assert (error.value.stdout, error.value.stderr) == (["one", "half"], ["two"])
        assert error.value.seconds == 5
        again = pickle.loads(pickle.dumps(error.value))
        assert (str(again), again.stdout) == (str(error.value), ["one", "half"])


async def test_what_a_slow_callback_did_not_get_is_kept() -> None:
    taken = []

    async def slowly(line: str) -> None:
        taken.append(line)
        await asyncio.sleep(1000)

    with pytest.raises(SubprocessTimeoutError) as error:
        await stream_subprocess_shell("echo one; echo two; echo; echo '  three  '", stdout_callback=slowly, timeout=5)
    assert taken == ["one"]
    assert (error.value.stdout, error.value.stderr) == (["two", "", "  three"], [])


async def test_secrets_are_not_told(lines: list[tuple[str, str]]) -> None:
    command = "API_TOKEN=abcdef123 sleep 1000"
    with pytest.raises(TimeoutError) as error:
        await run_subprocess_shell(command, timeout=0)
    with pytest.raises(TimeoutError) as other:
        await run_subprocess_exec("sleep", "1000", "--password=abcdef123", timeout=0)
    told = [text for _, text in lines] + [str(error.value), str(other.value)]
    assert "Running subprocess command `API_TOKEN=[REDACTED] sleep 1000` (0 timeout)" in told
    assert "abcdef123" not in "".join(told)


# A family: a shell, a child with the pipes, and one without.
FAMILY = "sleep 1000 & echo $!; sleep 1000 >/dev/null 2>&1 & echo $!; echo $$; wait"


async def test_a_timeout_ends_the_whole_family() -> None:
    pids = Pids(3)
    with pytest.raises(TimeoutError, match="did not end within 5s"):
        await stream_subprocess_shell(FAMILY, stdout_callback=pids, timeout=5)
    assert len(pids.pids) == 3
    assert await gone(*pids.pids)


async def test_cancellation_leaves_no_process() -> None:
    pids = Pids(3)
    task = asyncio.create_task(stream_subprocess_shell(FAMILY, stdout_callback=pids))
    await pids.all.wait()
    assert all(map(runs, pids.pids))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await gone(*pids.pids)


async def test_a_child_that_holds_the_output_is_ended_too() -> None:
    pids = Pids(1)
    with pytest.raises(TimeoutError):
        # The shell ends at once, its child does not.
        await stream_subprocess_shell("sleep 1000 & echo $!", stdout_callback=pids, timeout=1)
    assert await gone(*pids.pids)


STUBBORN = "trap '' TERM; echo $$; while true; do sleep 0.1; done"


async def test_who_ignores_the_first_signal_is_killed(
    monkeypatch: pytest.MonkeyPatch, lines: list[tuple[str, str]]
) -> None:
    monkeypatch.setattr(module, "_GRACE", 0.5)
    pids = Pids(1)
    with pytest.raises(TimeoutError):
        await stream_subprocess_exec("sh", "-c", STUBBORN, stdout_callback=pids, timeout=3)
    assert await gone(*pids.pids)
    pid = pids.pids[0]
    assert ("WARNING", f"Timed out waiting 0.5 seconds for {pid} to terminate. Sending kill signal") in lines


async def test_a_grandchild_that_ignores_the_first_signal_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_GROUP_GRACE", 0.3)
    pids = Pids(1)
    with pytest.raises(TimeoutError):
        await stream_subprocess_shell(
            "(trap '' TERM; while true; do sleep 0.1; done) >/dev/null 2>&1 & echo $!; wait",
            stdout_callback=pids,
            timeout=1,
        )
    assert await gone(*pids.pids)


async def test_a_second_cancellation_waits_for_no_grace() -> None:
    pids = Pids(1)
    task = asyncio.create_task(stream_subprocess_exec("sh", "-c", STUBBORN, stdout_callback=pids))
    await pids.all.wait()
    task.cancel()
    await asyncio.sleep(0.2)
    assert not task.done()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not runs(pids.pids[0])


async def test_who_left_the_family_does_not_hold_up_the_end() -> None:
    pids = Pids(1)
    code = "import os, time; os.setsid(); print(os.getpid(), flush=True); time.sleep(1000)"
    command = f'"{sys.executable}" -c "{code}" & wait'
    task = asyncio.create_task(stream_subprocess_shell(command, stdout_callback=pids))
    await pids.all.wait()
    try:
        task.cancel()
        done, _ = await asyncio.wait([task], timeout=60)
        assert done == {task}
        assert task.cancelled()
        assert runs(pids.pids[0])
    finally:
        os.kill(pids.pids[0], signal.SIGKILL)


FLOOD = "echo $$; while true; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done"


async def test_a_flood_of_output_ends_in_time() -> None:
    with pytest.raises(TimeoutError):
        await stream_subprocess_shell(FLOOD, timeout=0.5)
    pids: list[int] = []
    with pytest.raises(TimeoutError):
        await stream_subprocess_shell(
            FLOOD, timeout=1, stdout_callback=lambda line: None if line.startswith("x") else pids.append(int(line))
        )
    assert await gone(*pids)


async def test_a_slow_callback_holds_the_flood_back() -> None:
    seen: list[str] = []

    async def slow(line: str) -> None:
        seen.append(line)
        await asyncio.sleep(0.1)

    with pytest.raises(TimeoutError):
        await stream_subprocess_shell(FLOOD, timeout=2, stdout_callback=slow)
    assert 1 <= len(seen) <= 21


async def fail(line: str) -> None:
    raise RuntimeError(line)


def fail_at_once(line: str) -> None:
    raise RuntimeError(line)


@pytest.mark.parametrize("callback", [fail, fail_at_once])
async def test_a_callback_that_fails_ends_the_process(callback: Callable[[str], Any]) -> None:
    with pytest.raises(RuntimeError) as error:
        await stream_subprocess_shell("echo $$; sleep 1000", stdout_callback=callback)
    assert await gone(int(str(error.value)))


async def test_a_timeout_of_a_callback_is_its_own() -> None:
    def expire(line: str) -> None:
        raise TimeoutError("mine")

    with pytest.raises(TimeoutError, match=r"^mine$"):
        await stream_subprocess_shell("echo a; sleep 1000", stdout_callback=expire, timeout=60)


async def test_a_line_may_not_be_longer_than_the_limit() -> None:
    command = ("sh", "-c", "echo $$ >&2; printf '%01000d\\n' 0; sleep 1000")
    pids = Pids(1)
    with pytest.raises(ValueError, match="stdout") as error:
        await stream_subprocess_exec(*command, limit=999, stdout_callback=print, stderr_callback=pids)
    assert str(error.value) == (
        "a line in stdout of `sh -c 'echo $$ >&2; printf '\"'\"'%01000d\\n'\"'\"' 0; sleep 1000'` "
        "is longer than the limit of 999 bytes; pass a higher `limit`"
    )
    assert await gone(*pids.pids)
    assert (await run_subprocess_exec("printf", "%01000d\\n", "0", limit=1000)).stdout == ["0" * 1000]
    # Nobody takes the line, so that its length is nothing.
    assert await stream_subprocess_exec("printf", "%01000d\\n", "0", limit=10) == 0
    process = await asyncio.create_subprocess_exec("printf", "%01000d", "0", stdout=asyncio.subprocess.PIPE, limit=10)
    with pytest.raises(ValueError, match="longer than the limit of its stream reader"):
        await stream_subprocess_output(process, stdout_callback=print)


async def test_a_process_in_our_own_group_is_ended_alone() -> None:
    process = await asyncio.create_subprocess_exec("sleep", "1000", stdout=asyncio.subprocess.PIPE)
    assert os.getpgid(process.pid) == os.getpgid(0)
    with pytest.raises(TimeoutError, match=f"`process {process.pid}` did not end within 100ms"):
        await stream_subprocess_output(process, timeout=0.1)
    assert process.returncode == -signal.SIGTERM


async def test_many_at_once() -> None:
    async def run(number: int) -> Any:
        if number % 3 == 0:
            with pytest.raises(TimeoutError):
                await run_subprocess_shell("sleep 1000", timeout=0.2)
            return None
        return (await run_subprocess_shell(f"echo {number}")).stdout

    found = await asyncio.gather(*(run(number) for number in range(12)))
    assert found == [None if number % 3 == 0 else [str(number)] for number in range(12)]
