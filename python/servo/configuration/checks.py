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
        name: Names of checks and `/regex/`es.
        id: Ids of checks and `/regex/`es, or one list with commas.
        tag: Tags of checks, or one list with commas.
        quiet: Whether no tables are printed.
        verbose: Whether tables have details.
        progressive: Whether results are logged only, instead of a table after each round as well.
        wait: How long failing checks are tried again, as a duration text; an empty one for one round.
        delay: The time between rounds: a duration text, or `expo` for 8, 16, 32… seconds.
        halt_on: The failure that ends the checks of its connector: a critical one, or any. Warnings never fail.
        remedy: Whether a check may mend what it finds.
        check_halting: Whether what comes after the first failure of a round is neither told nor mended.
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

    @_pydantic.before("wait")
    def _wait_text(cls, value: Any) -> Any:
        return value if value == "" else _duration_text(value)

    @_pydantic.before("delay")
    def _delay_text(cls, value: Any) -> Any:
        return _duration_text(value)

    @_pydantic.after("wait")
    def _no_expo(cls, value: Any) -> Any:
        if value == "expo":
            raise ValueError("Invalid duration 'expo'")
        return value

    @classmethod
    def generate(cls, **kwargs: Any) -> ChecksConfiguration | None:
        """Gives None: a new file needs no checks."""
        return None


def _duration_text(value: Any) -> Any:
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
