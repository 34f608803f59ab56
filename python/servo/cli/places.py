"""How many servos run at a time: ``servo --limit NUMBER run``."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from servo.cli.session import Permits


class Places:
    """Lets so many servos connect at a time; others wait until one has ended.

    Args:
        limit: How many.
        permits: Asked as well, once a servo has its place.
    """

    def __init__(self, limit: int, permits: Permits | None = None) -> None:
        self._limit = limit
        self._permits = permits
        self._free = asyncio.Semaphore(limit)
        self._taken: set[str] = set()

    async def permits(self, servo: str, step: str) -> bool:
        """Whether a servo may go on; waits for a place before it connects."""
        if step == "connect" and servo not in self._taken:
            if self._free.locked():
                logging.getLogger("servo.cli").info(
                    "%s waits for another servo to end (--limit %d)", servo, self._limit
                )
            await self._free.acquire()
            self._taken.add(servo)
        return self._permits is None or await self._permits(servo, step)

    def look(self, changes: list[dict[str, Any]]) -> None:
        """Gives away the places of the servos that have ended.

        Args:
            changes: What the assembly says that has changed.
        """
        for change in changes:
            if change.get("ended") is not None and change["name"] in self._taken:
                self._taken.discard(change["name"])
                self._free.release()
