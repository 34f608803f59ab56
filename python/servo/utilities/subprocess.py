"""Child processes: their output line by line, their time bounded, none of them left behind."""

# The time-outs end whole process groups, which `asyncio.timeout` around a call cannot; and of groups nobody is told.
# ruff: noqa: ASYNC109, ASYNC110

from __future__ import annotations

import asyncio
import asyncio.subprocess
import inspect
import os
import shlex
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import IO, Any, NamedTuple, TypeAlias

__all__ = [
    "OutputStreamCallback",
    "SubprocessResult",
    "Timeout",
    "run_subprocess_exec",
    "run_subprocess_shell",
    "stream_subprocess_exec",
    "stream_subprocess_output",
    "stream_subprocess_shell",
]

# Takes a line of output, without its end.
OutputStreamCallback: TypeAlias = Callable[[str], Awaitable[None] | None]

# Seconds or a time span; None waits for ever.
Timeout: TypeAlias = int | float | timedelta | None

WorkingDirectory: TypeAlias = str | Path | Callable[[], Path] | None
Stream: TypeAlias = int | IO[Any] | None

_PIPE = asyncio.subprocess.PIPE
# The bytes of the longest line that is read.
_LIMIT = 65_536
# Seconds that processes have to end after SIGTERM, and those they left behind thereafter.
_GRACE = 10.0
_GROUP_GRACE = 1.0
_POLL = 0.02


class SubprocessResult(NamedTuple):
    """How a child process ended.

    Attributes:
        return_code: Its exit status, or the negative number of the signal that ended it.
        stdout: The lines of its output, without their ends.
        stderr: The lines of its error output, without their ends.
    """

    return_code: int
    stdout: list[str]
    stderr: list[str]


async def stream_subprocess_exec(
    program: str,
    *args: str,
    cwd: WorkingDirectory = Path.cwd,
    env: dict[str, str] | None = None,
    timeout: Timeout = None,
    stdout_callback: OutputStreamCallback | None = None,
    stderr_callback: OutputStreamCallback | None = None,
    stdin: Stream = None,
    stdout: Stream = _PIPE,
    stderr: Stream = _PIPE,
    limit: int = _LIMIT,
    **kwargs: Any,
) -> int:
    """Runs a program and hands its output over, line by line.

    The program gets a process group of its own. When the time is over, the caller is cancelled, a callback fails or a
    line is too long, the whole group is ended: SIGTERM, up to ten seconds of grace, SIGKILL.

    Args:
        program: The program, looked up in `PATH`.
        args: Its arguments.
        cwd: Where it runs; a function is asked each time.
        env: Its environment, that of this process unless given.
        timeout: How long it and what holds its output may take.
        stdout_callback: Takes each line of output, as UTF-8 without trailing white space; may be asynchronous.
        stderr_callback: The same for its error output.
        stdin: What it reads; a pipe is closed at once, for there is nobody to write.
        stdout: Where its output goes, a pipe unless given.
        stderr: Where its error output goes, a pipe unless given.
        limit: The bytes of the longest line that a callback can take.
        kwargs: Further options of `asyncio.create_subprocess_exec`.

    Returns:
        The exit status, or the negative number of the signal that ended it.

    Raises:
        FileNotFoundError: There is no such program or directory.
        TimeoutError: The time was over.
        ValueError: A line is longer than the limit.
    """
    seconds = _seconds(timeout)
    options = _options(cwd, env, stdin, stdout, stderr, limit, kwargs)
    process = await asyncio.create_subprocess_exec(program, *args, **options)
    _close_stdin(process)
    name = shlex.join([str(program), *map(str, args)])
    return await _stream(process, name, seconds, stdout_callback, stderr_callback, limit, options["start_new_session"])


async def run_subprocess_exec(
    program: str,
    *args: str,
    cwd: WorkingDirectory = Path.cwd,
    env: dict[str, str] | None = None,
    timeout: Timeout = None,
    stdin: Stream = None,
    stdout: Stream = _PIPE,
    stderr: Stream = _PIPE,
    limit: int = _LIMIT,
    **kwargs: Any,
) -> SubprocessResult:
    """Runs a program and collects its output; see `stream_subprocess_exec` for arguments and errors.

    Returns:
        The exit status, and the lines of the output and of the error output.
    """
    out: list[str] = []
    err: list[str] = []
    code = await stream_subprocess_exec(
        program,
        *args,
        cwd=cwd,
        env=env,
        timeout=timeout,
        stdout_callback=out.append,
        stderr_callback=err.append,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        limit=limit,
        **kwargs,
    )
    return SubprocessResult(code, out, err)


async def stream_subprocess_shell(
    cmd: str,
    *,
    cwd: WorkingDirectory = Path.cwd,
    env: dict[str, str] | None = None,
    timeout: Timeout = None,
    stdout_callback: OutputStreamCallback | None = None,
    stderr_callback: OutputStreamCallback | None = None,
    stdin: Stream = None,
    stdout: Stream = _PIPE,
    stderr: Stream = _PIPE,
    limit: int = _LIMIT,
    **kwargs: Any,
) -> int:
    """Runs a command of the shell and hands its output over; logs the command and how it ended.

    See `stream_subprocess_exec` for arguments and errors. An unknown command is the exit status 127.

    Returns:
        The exit status, or the negative number of the signal that ended it.
    """
    from loguru import logger

    seconds = _seconds(timeout)
    bound = "" if seconds is None else f" ({_span(seconds)} timeout)"
    # As an argument: the command may hold braces.
    logger.info("Running subprocess command `{}`{}", cmd, bound)
    started = time.monotonic()
    options = _options(cwd, env, stdin, stdout, stderr, limit, kwargs)
    process = await asyncio.create_subprocess_shell(cmd, **options)
    _close_stdin(process)
    code = await _stream(process, cmd, seconds, stdout_callback, stderr_callback, limit, options["start_new_session"])
    took = _span(time.monotonic() - started)
    if code == 0:
        logger.success("Subprocess succeeded in {} (`{}`)", took, cmd)
    else:
        logger.error("Subprocess failed with return code {} in {} (`{}`)", code, took, cmd)
    return code


async def run_subprocess_shell(
    cmd: str,
    *,
    cwd: WorkingDirectory = Path.cwd,
    env: dict[str, str] | None = None,
    timeout: Timeout = None,
    stdin: Stream = None,
    stdout: Stream = _PIPE,
    stderr: Stream = _PIPE,
    limit: int = _LIMIT,
    **kwargs: Any,
) -> SubprocessResult:
    """Runs a command of the shell and collects its output; see `stream_subprocess_shell`.

    Returns:
        The exit status, and the lines of the output and of the error output.
    """
    out: list[str] = []
    err: list[str] = []
    code = await stream_subprocess_shell(
        cmd,
        cwd=cwd,
        env=env,
        timeout=timeout,
        stdout_callback=out.append,
        stderr_callback=err.append,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        limit=limit,
        **kwargs,
    )
    return SubprocessResult(code, out, err)


async def stream_subprocess_output(
    process: asyncio.subprocess.Process,
    *,
    timeout: Timeout = None,
    stdout_callback: OutputStreamCallback | None = None,
    stderr_callback: OutputStreamCallback | None = None,
) -> int:
    """Hands over the output of a process that runs already, until it ends.

    A process that leads no group of its own is ended alone, without its children.

    Args:
        process: The process.
        timeout: How long it and what holds its output may take from now.
        stdout_callback: Takes each line of output; may be asynchronous.
        stderr_callback: The same for its error output.

    Returns:
        The exit status, or the negative number of the signal that ended it.

    Raises:
        TimeoutError: The time was over.
        ValueError: A line is longer than the limit of its stream reader.
    """
    return await _stream(process, f"process {process.pid}", _seconds(timeout), stdout_callback, stderr_callback, None)


def _seconds(timeout: Timeout) -> float | None:
    if isinstance(timeout, timedelta):
        return timeout.total_seconds()
    if timeout is not None and not isinstance(timeout, int | float):
        raise TypeError(f"a timeout is a number of seconds or a timedelta, not {timeout!r}")
    return timeout


def _span(seconds: float) -> str:
    from servo.types import Duration

    return str(Duration(seconds))


def _options(
    cwd: WorkingDirectory,
    env: dict[str, str] | None,
    stdin: Stream,
    stdout: Stream,
    stderr: Stream,
    limit: int,
    further: dict[str, Any],
) -> dict[str, Any]:
    options = {
        "cwd": cwd() if callable(cwd) else cwd,
        "env": env,
        "stdin": stdin,
        "stdout": stdout,
        "stderr": stderr,
        "limit": limit,
        # A group of its own, so that what the process starts can be ended with it.
        "start_new_session": sys.platform != "win32",
    }
    return options | further


def _close_stdin(process: asyncio.subprocess.Process) -> None:
    if process.stdin is not None:
        process.stdin.close()


async def _stream(
    process: asyncio.subprocess.Process,
    name: str,
    seconds: float | None,
    stdout_callback: OutputStreamCallback | None,
    stderr_callback: OutputStreamCallback | None,
    limit: int | None,
    leads: bool = False,
) -> int:
    group = _group_of(process, leads)
    readers = [
        asyncio.ensure_future(_read(stream, callback, f"{title} of `{name}`", limit))
        for stream, callback, title in (
            (process.stdout, stdout_callback, "stdout"),
            (process.stderr, stderr_callback, "stderr"),
        )
        if stream is not None
    ]
    try:
        async with asyncio.timeout(seconds) as deadline:
            # The first failure counts, and ends the others.
            for finished in asyncio.as_completed(readers):
                await finished
            return await process.wait()
    except BaseException as error:
        # What the readers hold back must not keep the process from ending.
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)
        await _end(process, group)
        if isinstance(error, TimeoutError) and deadline.expired():
            raise TimeoutError(f"`{name}` did not end within {_span(seconds or 0.0)} and was stopped") from None
        raise


async def _read(
    stream: asyncio.StreamReader, callback: OutputStreamCallback | None, title: str, limit: int | None
) -> None:
    if callback is None:
        while await stream.read(_LIMIT):
            pass
        return
    while True:
        try:
            line = await stream.readuntil(b"\n")
        except asyncio.IncompleteReadError as error:
            line = error.partial
            if not line:
                return
        except asyncio.LimitOverrunError:
            size = "of its stream reader" if limit is None else f"of {limit} bytes"
            raise ValueError(f"a line in {title} is longer than the limit {size}; pass a higher `limit`") from None
        result = callback(line.decode(errors="replace").rstrip())
        if inspect.isawaitable(result):
            await result


def _group_of(process: asyncio.subprocess.Process, leads: bool) -> int | None:
    """The process group that can be ended as a whole: one that the process leads."""
    if sys.platform == "win32":
        return None
    if leads:
        return process.pid  # It may have ended already, and left others in its group.
    try:
        group = os.getpgid(process.pid)
    except ProcessLookupError:
        return None
    return group if group == process.pid else None


def _signal(process: asyncio.subprocess.Process, group: int | None, number: int) -> bool:
    """Sends a signal; tells whether anybody was there."""
    try:
        if group is not None and sys.platform != "win32":
            os.killpg(group, number)
        elif process.returncode is None:
            process.send_signal(number)
        else:
            return False
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # Somebody is there, of another user.
    return True


async def _end(process: asyncio.subprocess.Process, group: int | None) -> None:
    """Ends a process and its group, at the latest when the grace is over; at once when cancelled again."""
    try:
        if _signal(process, group, signal.SIGTERM):
            await _until(lambda: process.returncode is not None, _GRACE)
            if process.returncode is None:
                from loguru import logger

                logger.warning(
                    "Timed out waiting {:g} seconds for {} to terminate. Sending kill signal", _GRACE, process.pid
                )
            elif group is not None:
                # Its children may need a moment more; ended ones nobody waited for look like running ones.
                await _until(lambda: not _signal(process, group, 0), _GROUP_GRACE)
    finally:
        _signal(process, group, getattr(signal, "SIGKILL", signal.SIGTERM))
        try:
            await _until(lambda: process.returncode is not None, _GRACE)
        finally:
            # Whoever left the group may hold the pipes for ever.
            process._transport.close()  # type: ignore[attr-defined]


async def _until(condition: Callable[[], bool], seconds: float) -> None:
    started = time.monotonic()
    while not condition() and time.monotonic() - started < seconds:
        await asyncio.sleep(_POLL)
