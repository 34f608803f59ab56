"""Whether the local optimizer can keep its trials where its configuration says."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

DEFAULT = "sqlite:///servo.db"
_SQLITE = "sqlite:///"
_NAME_ANOTHER = "or name another file in optimizer.local.storage"


class StorageFault(Exception):
    """The storage cannot be used.

    Args:
        message: Why.
        hint: What to do.
    """

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


async def look(url: str) -> str:
    """Looks at a storage as `servo optimizer trials` does: nothing is made, locked or changed.

    Args:
        url: `sqlite:///PATH` or `postgresql://…`.

    Returns:
        What was found, in words.

    Raises:
        StorageFault: It cannot be used.
    """
    return await asyncio.to_thread(_look, url)


def _look(url: str) -> str:
    if url.startswith(_SQLITE):
        path = Path(url.removeprefix(_SQLITE))
        _look_at_folder(path.parent)
        if not path.exists():
            return f"{path} will be made in a folder that can be written"
        if not os.access(path, os.R_OK | os.W_OK):
            raise StorageFault(f"{path} may not be read and written", f"Change its rights, {_NAME_ANOTHER}")
    return _look_inside(url)


def _look_at_folder(folder: Path) -> None:
    """The lock and the journal of SQLite are beside the file."""
    where = folder.absolute()
    if not where.is_dir():
        what = "is no folder" if where.exists() else "does not exist"
        hint = f"Make the folder, {_NAME_ANOTHER}"
        raise StorageFault(f"the folder of the storage {what}: {where}", hint)
    if not os.access(where, os.W_OK | os.X_OK):
        hint = f"Change its rights, {_NAME_ANOTHER}"
        raise StorageFault(f"the folder of the storage may not be written: {where}", hint)


def _look_inside(url: str) -> str:
    from servo._core import StudySource

    try:
        source = StudySource(url)
    except ValueError as error:
        raise StorageFault(f"optimizer.local.storage: {error}") from error
    try:
        source.studies()
    except RuntimeError as error:
        # The engine says so of a database without tables of ours, which the first run makes.
        if f"{source.storage} has no studies: " not in str(error):
            raise StorageFault(str(error)) from error
        return f"{source.storage} can be opened, and has no studies yet"
    return f"{source.storage} can be opened"
