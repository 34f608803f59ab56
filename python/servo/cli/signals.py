"""Ctrl-C and its like: the first asks for an orderly end, the second does not ask."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

from servo import _pending_signals
from servo.cli.watchdog import Watchdog

PATIENCE = 30.0
"""Seconds that an orderly end may take before the process ends without it, unless the user says otherwise."""

PATIENCE_OF_PEOPLE = 5.0
"""The same after a Ctrl-C: a person waits."""

TWICE = 0.1
"""Seconds within which two SIGHUP are one: a terminal that is closed and its shell both send it."""

FROM_A_KEYBOARD = ("SIGINT", "SIGBREAK")


class Interrupted(BaseException):
    """A signal came while there was nothing yet that could be asked to end."""


class Interrupts:
    """Watches for signals that ask the process to end.

    The handlers are those of ``signal`` and not of the event loop: they run on every platform, and also while a
    connector keeps the loop busy. While they are installed the process ends at most `within` seconds after the first.

    Args:
        patience: How many seconds an orderly end may take; those of the signal when None.
        on_abandon: Called right before the process ends without an orderly end.

    Attributes:
        received: The name of the first signal.
    """

    def __init__(self, patience: float | None, on_abandon: Callable[[], None]) -> None:
        self.received: str | None = None
        self._patience = patience
        self._on_abandon = on_abandon
        self._ask: Callable[[str, float], None] | None = None
        self._former: dict[signal.Signals, Any] = {}
        self._watchdog: Watchdog | None = None
        self._since = 0.0

    @property
    def within(self) -> float:
        """How many seconds an orderly end may take after the signal that was received."""
        return self._within(self.received or "")

    def _within(self, name: str) -> float:
        if self._patience is not None:
            return self._patience
        return PATIENCE_OF_PEOPLE if name in FROM_A_KEYBOARD else PATIENCE

    def hand_to(self, ask: Callable[[str, float], None]) -> None:
        """From now on the first signal calls that; before, it raises `Interrupted` in the main thread.

        One that came already calls it now.

        Args:
            ask: Called in the main thread with the name of the signal and the seconds that there are. It must not
                block.
        """
        self._ask = ask
        if self.received is not None:
            ask(self.received, self.within)

    def __enter__(self) -> Interrupts:
        numbers = _pending_signals.handled()
        self._watchdog = Watchdog(
            numbers,
            patience=lambda number: self._within(signal.Signals(number).name),
            same=_is_the_same,
            second=lambda number: self._abandon(128 + number),
            overdue=self._overdue,
        )
        self._watchdog.start()
        try:
            for number in numbers:
                self._former[number] = signal.signal(number, self._handle)
            for noted in _pending_signals.take():
                self._handle(noted, None)
        except BaseException:
            self._leave()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave()

    def _leave(self) -> None:
        for number, handler in self._former.items():
            signal.signal(number, handler)
        if self._watchdog is not None:
            self._watchdog.stop()

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        name, now = signal.Signals(number).name, time.monotonic()
        if self._watchdog is not None:
            self._watchdog.handled(number)
        if self.received is None:
            self.received, self._since = name, now
            if self._ask is None:
                raise Interrupted(name)
            self._ask(name, self.within)
        elif not _is_the_same(signal.Signals[self.received], number, now - self._since):
            self._abandon(128 + number)

    def _overdue(self, number: int) -> None:
        """Ends the process: 130 after a Ctrl-C, else 1, for it was not the orderly end that was asked for."""
        name = signal.Signals(number).name
        text = f"error: the servo did not end within {self._within(name):g} s: it is ended without order\n"
        with contextlib.suppress(OSError):
            os.write(2, text.encode())
        self._abandon(130 if name in FROM_A_KEYBOARD else 1)

    def _abandon(self, code: int) -> None:
        try:
            self._on_abandon()
        finally:
            os._exit(code)


def _is_the_same(first: int, second: int, seconds: float) -> bool:
    return first == second and signal.Signals(first).name == "SIGHUP" and seconds < TWICE
