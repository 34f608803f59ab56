"""Files as text that can be written back byte for byte."""

from __future__ import annotations

import io
import re
import tokenize
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from servo.migrate.model import Edit

_NEWLINE = re.compile("\r\n|\n|\r")
_BOM = b"\xef\xbb\xbf"


class UnreadableError(Exception):
    """A file that is not looked at; the text says why."""


@dataclass(frozen=True)
class Source:
    """The text of a file. Its line endings are those of the file."""

    path: Path
    text: str
    encoding: str = "utf-8"

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(match.end() for match in _NEWLINE.finditer(self.text))]

    @property
    def raw(self) -> bytes:
        """The bytes of the file."""
        return self.text.encode(self.encoding)

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of a character, both counted from 1."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def line(self, number: int) -> str:
        """A line without its end; empty where there is none."""
        if not 1 <= number <= len(self._starts):
            return ""
        end = self._starts[number] if number < len(self._starts) else len(self.text)
        return self.text[self._starts[number - 1] : end].rstrip("\r\n")

    def line_start(self, number: int) -> int:
        """The first character of a line, or the end of the text behind the last one."""
        return self._starts[number - 1] if number <= len(self._starts) else len(self.text)

    def offset_of_bytes(self, line: int, column: int) -> int:
        """The character at a column that counts bytes of UTF-8, as `ast` does."""
        start = self.line_start(line)
        content = self.line(line)
        if content.isascii():
            return start + column
        return start + len(content.encode("utf-8")[:column].decode("utf-8", "replace"))

    def edited(self, edits: Iterable[Edit]) -> Source:
        """The text with edits; of those that overlap the first counts."""
        parts: list[str] = []
        done = 0
        for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
            if edit.start < done:
                continue
            parts += [self.text[done : edit.start], edit.text]
            done = edit.end
        return Source(self.path, "".join(parts) + self.text[done:], self.encoding)


def read_source(path: Path, limit: int) -> Source:
    """Reads a file.

    Args:
        path: The file.
        limit: How many bytes it may have.

    Raises:
        UnreadableError: It cannot be read, is too large, or is no text.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(limit + 1)
    except OSError as error:
        raise UnreadableError(f"it cannot be read: {error.strerror or error}") from None
    if len(raw) > limit:
        raise UnreadableError(f"it is larger than {limit // 1024:,} KiB")
    encoding = _encoding(path, raw)
    try:
        text = raw.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        raise UnreadableError("it is no text in UTF-8") from None
    if "\x00" in text:
        raise UnreadableError("it is no text: it has null bytes")
    source = Source(path, text, encoding)
    if source.raw != raw:
        raise UnreadableError(f"its text in {encoding} cannot be written back as it was")
    return source


def _encoding(path: Path, raw: bytes) -> str:
    if path.suffix == ".py":
        try:
            return tokenize.detect_encoding(io.BytesIO(raw).readline)[0]
        except SyntaxError:
            raise UnreadableError("its encoding is not known to Python") from None
    return "utf-8-sig" if raw.startswith(_BOM) else "utf-8"
