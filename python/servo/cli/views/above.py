"""What is written to stderr while a live view has the terminal: it stands above the view."""

from __future__ import annotations

import io
import threading
from typing import TYPE_CHECKING, TextIO

from rich.text import Text

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["AboveView"]


class AboveView(io.TextIOBase):
    """Writes whole lines above a live view. The terminal folds those that are wider, as it does without a view.

    Args:
        console: What draws the view.
        stream: The stream whose place it takes.
    """

    def __init__(self, console: Console, stream: TextIO) -> None:
        self._console = console
        self._stream = stream
        self._begun = ""
        # Threads of the engine and of connectors log, too.
        self._lock = threading.RLock()

    def write(self, text: str) -> int:
        """Writes the lines that are whole, and keeps what is behind them."""
        with self._lock:
            *lines, self._begun = (self._begun + text).split("\n")
            self._print(lines)
        return len(text)

    def flush(self) -> None:
        """Nothing: a line is written once it is whole."""

    def finish(self) -> None:
        """Writes a line that was begun."""
        with self._lock:
            begun, self._begun = self._begun, ""
            self._print([begun] if begun else [])

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """The number of the stream whose place it takes."""
        return self._stream.fileno()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """The encoding of the stream whose place it takes."""
        return self._stream.encoding

    def writable(self) -> bool:
        """It is."""
        return True

    def _print(self, lines: list[str]) -> None:
        if lines:
            text = Text("\n").join(Text.from_ansi(line) for line in lines)
            # As one: the view is drawn once. Folded lines of rich would be lines of their own to whoever copies them.
            self._console.print(text, soft_wrap=True, markup=False, highlight=False)
