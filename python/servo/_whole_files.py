"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

__all__ = ["write_file"]


def write_file(path: Path, content: bytes, *, mode: int | None = None) -> None:
    """Write a file in one step: whoever reads it finds what was there before, or all that is new.

    Args:
        path: The file; what a link leads to is replaced, not the link.
        content: What is written.
        mode: The permissions; without them those of the file that is replaced, or what the process gives new files.

    Raises:
        OSError: It cannot be written; then nothing has changed.
    """
    target = path.resolve()
    if mode is None:
        mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o666 & ~_umask()
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, mode)
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _umask() -> int:
    # It can only be read by setting it.
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
