"""`checks:` — which checks run before the servo starts."""

from __future__ import annotations

from typing import Any

from servo import _pydantic
from servo.configuration.base import AbstractBaseConfiguration
from servo.types.core import Duration, ErrorSeverity

__all__ = ["ChecksConfiguration"]


class ChecksConfiguration(AbstractBaseConfiguration):
    """Which checks run before the servo starts, and what a failure means.

    Attributes:
        connectors: The connectors that are checked; all when unset.
        name: Names of checks, or one `/regex/`.
        id: Ids of checks, one `/regex/` or one list with commas.
        tag: Tags of checks, one `/regex/` or one list with commas.
        quiet: Whether nothing is printed.
        verbose: Whether details are printed.
        progressive: Whether checks run one by one, each until it passes.
        wait: How long a failing check is tried again, as a duration text.
        delay: The time between tries: a duration text, or `expo` for 8, 16, 32… seconds.
        halt_on: From which severity on a failure ends the run.
        remedy: Whether a check may repair what it finds.
        check_halting: Whether a failure ends the run at all.
    """

    connectors: list[str] | None = None
    name: list[str] | None = None
    id: list[str] | None = None
    tag: list[str] | None = None
    quiet: bool = False
    verbose: bool = False
    progressive: bool = True
    wait: str = "30m"
    delay: str = "expo"
    halt_on: ErrorSeverity = ErrorSeverity.critical
    remedy: bool = True
    check_halting: bool = False

    @_pydantic.before("wait", "delay")
    def _duration_text(cls, value: Any) -> Any:
        if isinstance(value, bool):
            raise ValueError("str type expected")
        if not isinstance(value, str | int | float | Duration) or value == "expo":
            return value
        if isinstance(value, str):
            try:
                value = float(value)
            except ValueError:
                Duration(value)
                return value
        return str(Duration(value))

    @_pydantic.after("wait")
    def _no_expo(cls, value: Any) -> Any:
        if value == "expo":
            raise ValueError("Invalid duration 'expo'")
        return value

    @classmethod
    def generate(cls, **kwargs: Any) -> ChecksConfiguration | None:
        """Gives None: a new file needs no checks."""
        return None
