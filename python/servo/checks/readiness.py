"""Whether a servo is ready, by what came of its checks; what is told of it, and what is tried to mend it."""

from __future__ import annotations

import asyncio
import inspect
import itertools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from servo.checks.models import Check
from servo.checks.tables import checks_table, verbose_checks_table
from servo.logging import Mixin
from servo.types.durations import Duration
from servo.utilities.strings import printable

if TYPE_CHECKING:
    from servo.configuration import ChecksConfiguration
    from servo.events import EventResult

__all__ = ["CheckHelpers", "apply_remedy", "tell"]

REMEDY_SECONDS = 10
"""How long a remedy may take."""


class CheckHelpers(Mixin):
    """What a run of checks means for a servo."""

    @classmethod
    async def process_checks(
        cls, checks_config: ChecksConfiguration, results: Sequence[EventResult], passing: set[str]
    ) -> bool:
        """Tells what came of the checks, and applies the remedies of those that did not succeed.

        Args:
            checks_config: Whether remedies are applied, and whether the first failure ends the pass.
            results: The results of the event `check`.
            passing: The identifiers of checks that have succeeded, in this pass or before; new ones are added.

        Returns:
            Whether no check failed. Warnings do not fail.
        """
        from loguru import logger

        ready = True
        for check in [check for result in results for check in result.value]:
            tell(check, passing)
            if not check.success and check.remedy is not None and checks_config.remedy:
                await apply_remedy(check)
            if check.failed:
                ready = False
                if checks_config.check_halting:
                    break
        if ready:
            logger.info("🔥 All checks passed.")
        return ready

    @classmethod
    async def checks_to_table(cls, checks_config: ChecksConfiguration, results: Sequence[EventResult]) -> str:
        """What came of the checks in columns.

        Args:
            checks_config: Whether every check has a line, or what did not succeed only.
            results: The results of the event `check`.

        Returns:
            The text.
        """
        return verbose_checks_table(results) if checks_config.verbose else checks_table(results)

    @classmethod
    def delay_generator(cls, delay: str) -> Iterator[float]:
        """The seconds to wait between passes.

        Args:
            delay: A duration, or `expo` for 8, 16, 32 and so on.

        Returns:
            Seconds without end.

        Raises:
            ValueError: It is no duration.
        """
        if delay == "expo":
            yield from (float(2**power) for power in itertools.count(3))
        yield from itertools.repeat(Duration(delay).total_seconds())


def tell(check: Check, passing: set[str]) -> None:
    """Logs what came of a check; that it passed is told once.

    Args:
        check: The check, which has run.
        passing: The identifiers of checks that have succeeded; that of this one is added if it has.
    """
    from loguru import logger

    if check.success:
        if check.id not in passing:
            passing.add(check.id)
            logger.bind(component=check.id).success(f"✅ Check '{printable(check.name)}' passed")
        return
    # What a check tells may come from anywhere: nothing of it steers the terminal.
    message = None if check.message is None else printable(check.message)
    logger.warning(f"❌ Check '{printable(check.name)}' failed ({len(passing)} passed): {message}")
    if check.hint:
        logger.info(f"Hint: {printable(check.hint)}")
    if check.exception is not None:
        logger.opt(exception=check.exception).debug("check.exception")


async def apply_remedy(check: Check) -> str:
    """Applies the remedy of a check; that it fails is logged, and ends nothing else.

    Returns:
        How it ended, in words: `applied`, `timed out after 10s` or `failed: …`.
    """
    from loguru import logger

    logger.info("💡 Attempting to apply remedy...")
    try:
        async with asyncio.timeout(REMEDY_SECONDS) as limit:
            value = check.remedy() if callable(check.remedy) else check.remedy
            if inspect.isawaitable(value):
                await value
    except Exception as error:
        if limit.expired():
            logger.warning(f"💡 Remedy attempt timed out after {REMEDY_SECONDS}s")
            return f"timed out after {REMEDY_SECONDS}s"
        logger.opt(exception=error).warning(f"💡 Remedy attempt failed: {error!r}")
        return f"failed: {error!r}"
    return "applied"


CheckHelpers.__module__ = "servo.checks"
