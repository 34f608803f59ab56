"""Questions to the person at the terminal: one at a time, while everything else goes on."""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import select
import sys
import threading
from collections.abc import Callable

CONNECT = "Connect to the optimizer?"
POLL = "Poll for next command?"
ABORTED = "Operation aborted."
OTHERS = "Use Control-C to exit"
SLEEP = 60.0
"""Seconds between a "no" to the next command and the next question."""


class Questions:
    """Asks whether to go on; used as a block, which ends the thread that reads.

    Args:
        servos: How many servos there are: of several each is named.
        sleep: Seconds between a "no" to the next command and the next question.
    """

    def __init__(self, servos: int, sleep: float = SLEEP) -> None:
        self._open = servos
        self._named = servos > 1
        self._sleep = sleep
        self._turn = asyncio.Lock()
        self._input = _Input()

    def __enter__(self) -> Questions:
        return self

    def __exit__(self, *_error: object) -> None:
        self._input.close()

    async def permits(self, servo: str, step: str) -> bool:
        """Whether a servo may go on.

        Args:
            servo: Its name.
            step: `connect` before the optimizer is greeted, `poll` before a command is asked for.

        Returns:
            False when the servo is to end: after a "no" to `connect`, and when there are no more answers.
        """
        if step == "connect":
            if await self._confirmed(servo, CONNECT):
                return True
            self._open -= 1
            self._tell(servo, f"{ABORTED} {OTHERS}" if self._open > 0 else ABORTED)
            return False
        while (answer := await self._confirmed(servo, POLL)) is False:
            self._tell(servo, "Sleeping for 1m" if self._sleep == SLEEP else f"Sleeping for {self._sleep:g}s")
            await asyncio.sleep(self._sleep)
        return bool(answer)

    async def _confirmed(self, servo: str, question: str) -> bool | None:
        """The answer, "no" unless it is a "yes"; None when there are no more."""
        async with self._turn:
            while True:
                self._tell(servo, f"{question} [y/N]: ", end="")
                line = await self._input.line()
                if line is None:
                    self._tell("", "")
                    return None
                match line.strip().lower():
                    case "y" | "yes":
                        return True
                    case "n" | "no" | "":
                        return False
                self._tell(servo, "Error: invalid input")

    def _tell(self, servo: str, text: str, end: str = "\n") -> None:
        # Not stdout: that may be JSON, and a prompt is no result.
        print(f"{servo}: {text}" if self._named and servo else text, end=end, file=sys.stderr, flush=True)


class _Input:
    """Lines of stdin, read on a thread of their own, which ends at once when it is told to."""

    def __init__(self) -> None:
        self._wanted: queue.SimpleQueue[Callable[[str | None], None] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._wake: tuple[int, int] | None = None
        self._rest = b""
        self._closed = False

    async def line(self) -> str | None:
        """The next line; None at the end."""
        if self._closed:
            return None
        if self._thread is None:
            self._wake = os.pipe()
            # A daemon: where nothing wakes a read, the process does not wait for it.
            self._thread = threading.Thread(target=self._serve, name="servo-questions", daemon=True)
            self._thread.start()
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[str | None] = loop.create_future()

        def give(line: str | None) -> None:
            if not answer.done():
                answer.set_result(line)

        def deliver(line: str | None) -> None:
            # The loop may be closed: then nobody waits any more.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(give, line)

        self._wanted.put(deliver)
        return await answer

    def close(self) -> None:
        """Ends the thread."""
        self._closed = True
        self._wanted.put(None)
        if self._wake is not None:
            os.write(self._wake[1], b"\0")

    def _serve(self) -> None:
        while (deliver := self._wanted.get()) is not None:
            try:
                line = self._read()
            except (OSError, ValueError):
                line = None
            deliver(line)

    def _read(self) -> str | None:
        try:
            stdin = sys.stdin.fileno()
        except (AttributeError, OSError, ValueError):
            return (sys.stdin.readline() or None) if sys.stdin is not None else None
        if sys.platform == "win32" or self._wake is None:
            return sys.stdin.readline() or None
        while b"\n" not in self._rest:
            ready, _, _ = select.select([stdin, self._wake[0]], [], [])
            if self._wake[0] in ready:
                return None
            # Read past the buffer of `sys.stdin`: a thread that waits in there holds its lock until the process ends.
            if not (part := os.read(stdin, 4096)):
                rest, self._rest = self._rest, b""
                return rest.decode(errors="replace") or None
            self._rest += part
        line, self._rest = self._rest.split(b"\n", 1)
        return line.decode(errors="replace")
