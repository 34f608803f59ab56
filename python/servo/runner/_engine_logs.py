"""What the engine logs, in the log of the program."""

from __future__ import annotations

import logging

from servo import _core


def forward() -> None:
    """Has the engine log to `logging` under `servox`, and from there to loguru unless the program has handlers."""
    _core.forward_logs()
    engine = logging.getLogger("servox")
    if not engine.hasHandlers():
        from servo.logging import InterceptHandler

        engine.addHandler(InterceptHandler())
