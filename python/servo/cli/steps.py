"""The steps of a run that are logged where a service drives the servos."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from servo.cli.options import Options
    from servo.cli.session import Servo
    from servo.cli.views.state import View


class Steps:
    """Logs the end of a run where a service drives the servos and no view tells.

    Args:
        servos: How many there are; 0 where nothing is logged.
    """

    def __init__(self, servos: int) -> None:
        self._servos = servos

    def stopping(self, reason: str) -> None:
        """The run is to end."""
        self._log(f"Received exit signal {reason}...")
        self._log("Shutting down servo..." if self._servos == 1 else f"Shutting down {self._servos} running servos...")

    def stopped(self) -> None:
        """The run has ended."""
        self._log("Servo shutdown complete.")

    def _log(self, text: str) -> None:
        if self._servos:
            import logging

            logging.getLogger("servo.cli.run").info("%s", text)


def steps_of(options: Options, view: View, servos: Sequence[Servo]) -> Steps:
    """What logs the end of that run."""
    from servo.cli.logs import tell_steps
    from servo.cli.views.lines import LinesView

    if not isinstance(view, LinesView) or all(servo.optimizer == "local" for servo in servos):
        return Steps(0)
    tell_steps(options)
    return Steps(len(servos))
