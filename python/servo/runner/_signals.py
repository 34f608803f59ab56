"""Signals that ask the process to end."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

NAMES = ("SIGHUP", "SIGTERM", "SIGINT", "SIGUSR1", "SIGBREAK")


class Signals:
    """For the time of a `with` block, the first signal asks for an orderly end, and the second one ends the process.

    Without effect in another thread than the main one, where Python hears no signals.

    Args:
        on_first: Called in the main thread with the first signal. It must not block.
    """

    def __init__(self, on_first: Callable[[signal.Signals], None]) -> None:
        self._on_first = on_first
        self._received = False
        self._former: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Signals:
        if threading.current_thread() is threading.main_thread():
            for name in NAMES:
                if (number := getattr(signal, name, None)) is not None:
                    # Not of the loop: they are heard, too, while a connector keeps the loop busy.
                    self._former[number] = signal.signal(number, self._handle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._former.items():
            # None: it was not installed from Python.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if self._received:
            os._exit(128 + number)
        self._received = True
        self._on_first(signal.Signals(number))
