"""What the engine logs, in the log of the program."""

from __future__ import annotations

from servo.logging import engine


def forward() -> None:
    """Has the engine log to loguru, unless the program has said so already."""
    if not engine.is_forwarded():
        engine.forward()
