"""Watching over child processes: reading what they write, ending them and what they started."""

# The time-outs end whole process groups, which `asyncio.timeout` around a call cannot; and of groups nobody is told.
# ruff: noqa: ASYNC110

from __future__ import annotations

import asyncio
import asyncio.subprocess
import inspect
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from typing import TypeAlias

__all__ = ["LIMIT", "OutputStreamCallback", "SubprocessTimeoutError", "presentable", "span", "supervise"]

# Takes a line of output, without its end.
OutputStreamCallback: TypeAlias = Callable[[str], Awaitable[None] | None]

LIMIT = 65_536
"""The bytes of the longest line that is read."""

# Seconds that processes have to end after SIGTERM, and those they left behind thereafter.
_GRACE = 10.0
_GROUP_GRACE = 1.0
_POLL = 0.02


class SubprocessTimeoutError(TimeoutError):
    """A child process did not end in time, and was stopped.

    Args:
        command: What ran, without secrets.
        seconds: How long it had.

    Attributes:
        stdout: The lines of its output until then that no callback has got, the last one whole or not; of
            `run_subprocess_exec` and `run_subprocess_shell` all.
        stderr: The same of its error output.
    """

    def __init__(self, command: str, seconds: float) -> None:
        super().__init__(f"`{command}` did not end within {span(seconds)} and was stopped")
        self.command = command
        self.seconds = seconds
        self.stdout: list[str] = []
        self.stderr: list[str] = []

    def __reduce__(self) -> tuple[object, ...]:
        return (type(self), (self.command, self.seconds), {"stdout": self.stdout, "stderr": self.stderr})


def span(seconds: float) -> str:
    """A time as text, such as `1m30s`."""
    from servo.types import Duration

    return str(Duration(seconds))


def presentable(command: str) -> str:
    """A command for logs and errors: what looks like a secret is left out."""
    from servo.telemetry.redaction import Redactor

    return Redactor().text(command)


async def supervise(
    process: asyncio.subprocess.Process,
    name: str,
    seconds: float | None,
    stdout_callback: OutputStreamCallback | None,
    stderr_callback: OutputStreamCallback | None,
    limit: int | None,
    leads: bool = False,
) -> int:
    """Hands over the output of a process until it ends; ends it, and its group, when that fails or takes too long.

    Args:
        process: The process.
        name: What errors call it.
        seconds: How long it may take.
        stdout_callback: Takes each line of output.
        stderr_callback: The same for its error output.
        limit: The bytes of the longest line, as errors name it; that of its stream readers when None.
        leads: Whether it leads a process group.

    Returns:
        The exit status, or the negative number of the signal that ended it.

    Raises:
        SubprocessTimeoutError: The time was over.
        ValueError: A line is longer than the limit.
    """
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
            late = SubprocessTimeoutError(name, seconds or 0.0)
            late.stdout = await _rest(process.stdout) if stdout_callback is not None else []
            late.stderr = await _rest(process.stderr) if stderr_callback is not None else []
            raise late from None
        raise


async def _read(
    stream: asyncio.StreamReader, callback: OutputStreamCallback | None, title: str, limit: int | None
) -> None:
    if callback is None:
        while await stream.read(LIMIT):
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


async def _rest(stream: asyncio.StreamReader | None) -> list[str]:
    """The lines that have come and were not read."""
    if stream is None:
        return []
    try:
        # What is there comes at once.
        async with asyncio.timeout(_POLL):
            data = await stream.read(LIMIT)
    except TimeoutError:
        return []
    return [line.rstrip() for line in data.decode(errors="replace").removesuffix("\n").split("\n")] if data else []


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
