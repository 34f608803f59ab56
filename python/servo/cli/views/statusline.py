"""One line at the bottom of a terminal that says what goes on."""

from __future__ import annotations

import shutil
import sys
from typing import Any, Self

CLEAR = "\r\x1b[K"


class StatusLine:
    """Takes the place of stderr within a block, where that is a terminal; anywhere else nothing is shown.

    What is written to stderr meanwhile goes above the line. It is drawn in one piece over the last one, so that nothing
    flickers, and is gone in the end; the cursor stays as it is, whatever ends the process.
    """

    def __init__(self) -> None:
        self._stream: Any = sys.stderr
        self._text = ""
        # Whether others have begun a line and not ended it.
        self._open = False
        self._active = False

    @property
    def shown(self) -> bool:
        """Whether there is somebody to see it."""
        return self._active

    def __enter__(self) -> Self:
        import os

        self._active = bool(self._stream and self._stream.isatty()) and os.environ.get("TERM") != "dumb"
        if self._active:
            sys.stderr = self
        return self

    def __exit__(self, *_error: object) -> None:
        if self._active:
            self.show("")
            self._active = False
            sys.stderr = self._stream

    def show(self, text: str) -> None:
        """Draws another text, cut at the end of the line."""
        if not self._active or text == self._text:
            return
        from rich.cells import cell_len, set_cell_size

        width = max(shutil.get_terminal_size().columns - 1, 1)
        shorter = len(text) < len(self._text)
        self._text = text if cell_len(text) <= width else set_cell_size(text, width - 1) + "…"
        if not self._open:
            # Over the last text; a terminal that is cleared first shows nothing for a moment.
            self._stream.write(f"\r{self._text}\x1b[K" if self._text or shorter else "")
            self._stream.flush()

    def write(self, text: str) -> int:
        """Writes above the line."""
        if text:
            erased = "" if self._open else CLEAR
            self._open = not text.endswith("\n")
            self._stream.write(erased + text + ("" if self._open else self._text))
            self._stream.flush()
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
