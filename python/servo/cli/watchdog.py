"""A thread that sees signals whatever the main thread does: it may be deep in code that is not Python."""

from __future__ import annotations

import contextlib
import select
import signal
import socket
import threading
import time
from collections.abc import Callable, Collection
from typing import Any

HANDLED = 0x80
"""Added to the number of a signal once its handler has run."""

KICK = 0.05
"""Seconds after which the main thread is woken up that has not run the handler of a signal."""


class Watchdog:
    """Calls back when a second signal comes, and when the time after the first one is over.

    Args:
        numbers: The signals that count.
        patience: How many seconds there are after a first signal of that number.
        same: Whether a second signal is the first one once more: given both numbers and the seconds between.
        second: Called with the number of the second signal.
        overdue: Called with the number of the first signal when its time is over.
    """

    def __init__(
        self,
        numbers: Collection[int],
        *,
        patience: Callable[[int], float],
        same: Callable[[int, int, float], bool],
        second: Callable[[int], None],
        overdue: Callable[[int], None],
    ) -> None:
        self._numbers = frozenset(numbers)
        self._patience, self._same = patience, same
        self._call_second, self._call_overdue = second, overdue
        self._main = threading.get_ident()
        self._ours, self._theirs = socket.socketpair()
        for end in (self._ours, self._theirs):
            end.setblocking(False)
        self._former_fd = -1
        self._former_kick: Any = None
        # Made in advance: a handler cannot start threads, for it may have interrupted just that.
        self._thread = threading.Thread(target=self._watch, name="servo-signals", daemon=True)

    def start(self) -> None:
        """Begins to watch; in the main thread."""
        self._thread.start()
        self._former_fd = signal.set_wakeup_fd(self._ours.fileno(), warn_on_full_buffer=False)
        if hasattr(signal, "SIGURG"):
            self._former_kick = signal.signal(signal.SIGURG, lambda _number, _frame: None)

    def stop(self) -> None:
        """Ends the watch."""
        signal.set_wakeup_fd(self._former_fd)
        if hasattr(signal, "SIGURG"):
            signal.signal(signal.SIGURG, self._former_kick)
        self._tell(0)
        self._thread.join()
        self._ours.close()
        self._theirs.close()

    def handled(self, number: int) -> None:
        """Says that the handler of a signal has run; an event loop may take arrivals for itself."""
        self._tell(number | HANDLED)

    def _tell(self, byte: int) -> None:
        with contextlib.suppress(OSError):
            self._ours.send(bytes([byte]))

    def _watch(self) -> None:
        first = waiting = False
        number, since, left = 0, 0.0, 0.0
        while True:
            if first:
                left = self._patience(number) - (time.monotonic() - since)
                if left <= 0:
                    return self._call_overdue(number)
            timeout = (min(left, KICK) if waiting else left) if first else None
            if not select.select([self._theirs], [], [], timeout)[0]:
                if waiting:
                    self._kick()
                continue
            for byte in self._theirs.recv(4096):
                if byte == 0:
                    return None
                found, handled = byte & ~HANDLED, bool(byte & HANDLED)
                if found not in self._numbers:
                    continue
                if not first:
                    first, number, since = True, found, time.monotonic()
                    waiting = not handled
                elif handled:
                    waiting = False
                elif not self._same(number, found, time.monotonic() - since):
                    return self._call_second(found)

    def _kick(self) -> None:
        """Wakes the main thread where it waits: Python runs handlers when a system call was interrupted."""
        if hasattr(signal, "pthread_kill"):
            with contextlib.suppress(OSError):
                signal.pthread_kill(self._main, signal.SIGURG)
