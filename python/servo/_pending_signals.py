"""Signals that come while the command line is still being loaded.

They are noted until the command knows what they mean for it. In a container the servo may be process 1, for which the
system itself would ignore them.
"""

from __future__ import annotations

import os
import signal
from types import FrameType
from typing import Any

__all__ = ["NAMES", "handled", "note", "release", "take"]

NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGBREAK")
"""The signals that ask a servo to end, on one platform or another."""

_noted: list[int] = []
_former: dict[int, Any] = {}


def note() -> None:
    """From now on the first signal is noted; the second one ends the process at once."""
    for number in handled():
        if number not in _former:
            _former[number] = signal.signal(number, _handle)


def handled() -> list[signal.Signals]:
    """The signals of this platform, without the SIGHUP that `nohup` has switched off."""
    found = [getattr(signal, name) for name in NAMES if hasattr(signal, name)]
    return [one for one in found if one.name != "SIGHUP" or signal.getsignal(one) is not signal.SIG_IGN]


def take() -> list[int]:
    """What was noted, for someone who has handlers of his own in place."""
    taken, _noted[:] = list(_noted), []
    return taken


def release() -> None:
    """Puts the former handlers back, and sends them what was noted."""
    for number, handler in _former.items():
        signal.signal(number, handler)
    _former.clear()
    for number in take():
        signal.raise_signal(number)


def _handle(number: int, _frame: FrameType | None) -> None:
    if _noted:
        os._exit(128 + number)
    _noted.append(number)
