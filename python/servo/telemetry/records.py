"""The last log records, as lines in memory."""

from __future__ import annotations

import collections
import contextlib
import logging
import threading

from servo.telemetry import ONE_MiB

__all__ = ["RECORDS", "Records"]

LONGEST_LINE = 16 * 1024
"""Characters of one record; what is behind them is cut off."""

_LINE = "%(asctime)s.%(msecs)03d | %(levelname)-8s | %(name)s - %(message)s"


class Records:
    """Keeps the lines that were logged last, of loguru and of the standard library.

    Args:
        size: How many characters of them.
    """

    def __init__(self, size: int = ONE_MiB) -> None:
        self._size = size
        self._lines: collections.deque[str] = collections.deque()
        self._kept = 0
        self._lock = threading.Lock()
        self._users = 0
        self._sink: int | None = None
        self._handler: _Handler | None = None

    def add(self, line: str) -> None:
        """Keeps a line, and lets the oldest go where there is no room."""
        line = line.rstrip("\n")[:LONGEST_LINE]
        with self._lock:
            self._lines.append(line)
            self._kept += len(line)
            while self._kept > self._size:
                self._kept -= len(self._lines.popleft())

    def lines(self) -> list[str]:
        """The lines, the oldest first. A record with a traceback is several."""
        with self._lock:
            kept = list(self._lines)
        return [line for record in kept for line in record.split("\n")]

    def open(self) -> None:
        """Begins to keep what is logged, for as long as anybody wants it."""
        from servo.logging.defaults import DEFAULT_FILTER, add_own
        from servo.logging.format import Formatter

        with self._lock:
            self._users += 1
            if self._users > 1:
                return
        self._sink = add_own(
            self.add,
            filter=DEFAULT_FILTER,
            level=0,
            # In lines with times, whatever the form of others.
            format=Formatter(),
            colorize=False,
            backtrace=False,
            diagnose=False,
        )
        self._handler = _Handler(self)
        logging.getLogger().addHandler(self._handler)

    def close(self) -> None:
        """Ends what `open` began; the lines are forgotten when nobody wants them any more."""
        from loguru import logger

        with self._lock:
            self._users -= 1
            if self._users:
                return
            self._lines.clear()
            self._kept = 0
        sink, self._sink = self._sink, None
        handler, self._handler = self._handler, None
        if sink is not None:
            # Somebody may have removed all sinks.
            with contextlib.suppress(ValueError):
                logger.remove(sink)
        if handler is not None:
            logging.getLogger().removeHandler(handler)


class _Handler(logging.Handler):
    """Takes records of the standard library."""

    def __init__(self, records: Records) -> None:
        super().__init__()
        self._records = records
        self.setFormatter(logging.Formatter(_LINE, "%Y-%m-%d %H:%M:%S"))

    def emit(self, record: logging.LogRecord) -> None:
        """Keeps one, unless loguru gets it as well."""
        from servo.logging.intercept import is_intercepted

        if is_intercepted(record):
            return
        try:
            self._records.add(self.format(record))
        except Exception:
            self.handleError(record)


RECORDS = Records()
"""What the diagnostics of this process are taken from."""
