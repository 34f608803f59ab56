"""The `.env` file of a project."""

from __future__ import annotations

import sys
from pathlib import Path

__all__ = ["find", "load_nearest"]


def find(start: Path) -> Path | None:
    """The `.env` file of a folder, or the nearest above it."""
    for folder in (start, *start.parents):
        file = folder / ".env"
        try:
            if file.is_file():
                return file
        except OSError:
            # A folder that may not be entered has none for this user.
            continue
    return None


def load_nearest() -> Path | None:
    """Adds the variables of the nearest `.env`, from the working directory upward; those that are set stay as they are.

    Returns:
        The file that was read. One that cannot be read is told on stderr and left out.
    """
    try:
        file = find(Path.cwd())
    except OSError:
        # The working directory is gone.
        return None
    if file is None:
        return None
    # Only now: the import takes its time.
    from dotenv import load_dotenv

    try:
        load_dotenv(file, override=False, encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        print(f"warning: {file} cannot be read and is left out: {error}", file=sys.stderr)
        return None
    return file
