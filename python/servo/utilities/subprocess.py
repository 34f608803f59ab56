"""Child processes: their output line by line, their time bounded, none of them left behind."""

# The time-outs end whole process groups, which `asyncio.timeout` around a call cannot.
# ruff: noqa: ASYNC109

from __future__ import annotations

import asyncio
import asyncio.subprocess
import shlex
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import IO, Any, NamedTuple, TypeAlias

from servo.utilities._supervision import (
    LIMIT,
    OutputStreamCallback,
    SubprocessTimeoutError,
    presentable,
    span,
    supervise,
)

__all__ = [
    "OutputStreamCallback",
    "SubprocessResult",
    "SubprocessTimeoutError",
    "Timeout",
    "run_subprocess_exec",
    "run_subprocess_shell",
    "stream_subprocess_exec",
    "stream_subprocess_output",
    "stream_subprocess_shell",
]

# Seconds or a time span; None waits for ever.
Timeout: TypeAlias = int | float | timedelta | None

WorkingDirectory: TypeAlias = str | Path | Callable[[], Path] | None
Stream: TypeAlias = int | IO[Any] | None

_PIPE = asyncio.subprocess.PIPE


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
    limit: int = LIMIT,
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
        SubprocessTimeoutError: The time was over; it is a TimeoutError.
        ValueError: A line is longer than the limit.
    """
    seconds = _seconds(timeout)
    options = _options(cwd, env, stdin, stdout, stderr, limit, kwargs)
    process = await asyncio.create_subprocess_exec(program, *args, **options)
    _close_stdin(process)
    name = presentable(shlex.join([str(program), *map(str, args)]))
    return await supervise(
        process, name, seconds, stdout_callback, stderr_callback, limit, options["start_new_session"]
    )


async def run_subprocess_exec(
    program: str,
    *args: str,
    cwd: WorkingDirectory = Path.cwd,
    env: dict[str, str] | None = None,
    timeout: Timeout = None,
    stdin: Stream = None,
    stdout: Stream = _PIPE,
    stderr: Stream = _PIPE,
    limit: int = LIMIT,
    **kwargs: Any,
) -> SubprocessResult:
    """Runs a program and collects its output; see `stream_subprocess_exec` for arguments and errors.

    When the time is over, the error has what came until then: `error.stdout`, `error.stderr`.

    Returns:
        The exit status, and the lines of the output and of the error output.
    """
    return await _collected(
        stream_subprocess_exec,
        program,
        *args,
        cwd=cwd,
        env=env,
        timeout=timeout,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        limit=limit,
        **kwargs,
    )


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
    limit: int = LIMIT,
    **kwargs: Any,
) -> int:
    """Runs a command of the shell and hands its output over; logs the command, without secrets, and how it ended.

    See `stream_subprocess_exec` for arguments and errors. An unknown command is the exit status 127.

    Returns:
        The exit status, or the negative number of the signal that ended it.
    """
    from loguru import logger

    seconds = _seconds(timeout)
    bound = "" if seconds is None else f" ({span(seconds)} timeout)"
    name = presentable(cmd)
    # As an argument: the command may hold braces.
    logger.info("Running subprocess command `{}`{}", name, bound)
    started = time.monotonic()
    options = _options(cwd, env, stdin, stdout, stderr, limit, kwargs)
    process = await asyncio.create_subprocess_shell(cmd, **options)
    _close_stdin(process)
    code = await supervise(
        process, name, seconds, stdout_callback, stderr_callback, limit, options["start_new_session"]
    )
    took = span(time.monotonic() - started)
    if code == 0:
        logger.success("Subprocess succeeded in {} (`{}`)", took, name)
    else:
        logger.error("Subprocess failed with return code {} in {} (`{}`)", code, took, name)
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
    limit: int = LIMIT,
    **kwargs: Any,
) -> SubprocessResult:
    """Runs a command of the shell and collects its output; see `stream_subprocess_shell`.

    When the time is over, the error has what came until then: `error.stdout`, `error.stderr`.

    Returns:
        The exit status, and the lines of the output and of the error output.
    """
    return await _collected(
        stream_subprocess_shell,
        cmd,
        cwd=cwd,
        env=env,
        timeout=timeout,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        limit=limit,
        **kwargs,
    )


async def _collected(stream: Callable[..., Awaitable[int]], *command: Any, **options: Any) -> SubprocessResult:
    """What a program writes while it is streamed; an error about its time has what came until then."""
    out: list[str] = []
    err: list[str] = []
    try:
        code = await stream(*command, stdout_callback=out.append, stderr_callback=err.append, **options)
    except SubprocessTimeoutError as error:
        error.stdout, error.stderr = out + error.stdout, err + error.stderr
        raise
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
        SubprocessTimeoutError: The time was over.
        ValueError: A line is longer than the limit of its stream reader.
    """
    return await supervise(process, f"process {process.pid}", _seconds(timeout), stdout_callback, stderr_callback, None)


def _seconds(timeout: Timeout) -> float | None:
    if isinstance(timeout, timedelta):
        return timeout.total_seconds()
    if timeout is not None and not isinstance(timeout, int | float):
        raise TypeError(f"a timeout is a number of seconds or a timedelta, not {timeout!r}")
    return timeout


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
