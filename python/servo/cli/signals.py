"""Ctrl-C and its like: the first asks for an orderly end, the second does not ask."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

PATIENCE = 5.0
"""Seconds that an orderly end may take before the process ends without it."""

NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")


class Interrupts:
    """Watches for signals that ask the process to end.

    The handlers are those of ``signal`` and not of the event loop: they run on every platform, and also while a
    connector keeps the loop busy. While they are installed the process ends at most `PATIENCE` seconds after the first.

    Args:
        on_first: Called in the main thread with the name of the first signal. It must not block.
        on_abandon: Called right before the process ends without an orderly end.
    """

    def __init__(self, on_first: Callable[[str], None], on_abandon: Callable[[], None]) -> None:
        self.received: str | None = None
        self._on_first = on_first
        self._on_abandon = on_abandon
        self._former: dict[signal.Signals, Any] = {}
        self._deadline: threading.Timer | None = None

    @property
    def exit_code(self) -> int | None:
        """130 after a Ctrl-C, 0 after another signal, None without any."""
        if self.received is None:
            return None
        return 130 if self.received in ("SIGINT", "SIGBREAK") else 0

    def __enter__(self) -> Interrupts:
        for name in NAMES:
            number = getattr(signal, name, None)
            if number is not None:
                self._former[number] = signal.signal(number, self._handle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        for number, handler in self._former.items():
            signal.signal(number, handler)

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        name = signal.Signals(number).name
        if self.received is None:
            self.received = name
            self._deadline = threading.Timer(PATIENCE, self._abandon, [130 if self.exit_code == 130 else 1])
            self._deadline.daemon = True
            self._deadline.start()
            self._on_first(name)
        elif name in ("SIGINT", "SIGBREAK"):
            self._abandon(130)

    def _abandon(self, code: int) -> None:
        try:
            self._on_abandon()
        finally:
            os._exit(code)
