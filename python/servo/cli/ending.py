"""How a run ended, as a result for each servo and as an exit code."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from servo.cli.signals import FROM_A_KEYBOARD

if TYPE_CHECKING:
    from servo.cli.session import Servo

SUCCESS = ("improved", "baseline-kept")
INTERRUPTED = 130


def result_of(servo: Servo, ended: str, reason: str | None = None) -> dict[str, Any]:
    """The result of a servo that was not run."""
    return {"name": servo.name, "optimizer": servo.optimizer, "ended": ended, "reason": reason, "report": None}


@dataclass(frozen=True, slots=True)
class Ending:
    """What else the exit code depends on."""

    signal: str | None
    """The first signal that came."""
    dry_run: bool = False
    """Whether there were to be checks only."""
    polled: bool = True
    """Whether optimizers were asked for commands."""


def exit_code(results: Sequence[dict[str, Any]], ending: Ending) -> int:
    """The exit code of `servo run`.

    Args:
        results: What came of each servo; none when a signal came before there were any.
        ending: What else it depends on.
    """
    cut = [result for result in results if result["ended"] == "interrupted"]
    if ending.signal is not None and (cut or not results):
        by_hand = ending.signal in FROM_A_KEYBOARD
        if ending.dry_run:
            # Whoever asks whether the checks pass has no answer.
            return 128 + int(signal.Signals[ending.signal])
        if by_hand and (not results or (ending.polled and any(result["optimizer"] == "local" for result in cut))):
            return INTERRUPTED
    return 0 if all(_is_well(result) for result in results) else 1


def _is_well(result: dict[str, Any]) -> bool:
    if result["ended"] == "interrupted":
        return True
    if result["ended"] != "finished":
        return False
    report = result["report"]
    return report is None or str(report.get("outcome")).replace("_", "-").lower() in SUCCESS
