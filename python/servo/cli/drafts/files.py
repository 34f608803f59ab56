"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

import typer

__all__ = ["check_writable", "write_file"]


def check_writable(path: Path, option: str) -> None:
    """Refuse a path that no file can be written to, as a usage error.

    Args:
        path: The path.
        option: The option it is from, for the error.
    """
    parent = path.resolve().parent
    why = None
    if path.is_dir():
        why = f"File '{path}' is a directory."
    elif not parent.is_dir():
        why = f"Folder '{path.parent}' does not exist."
    elif (path.exists() and not os.access(path, os.W_OK)) or not os.access(parent, os.W_OK | os.X_OK):
        why = f"File '{path}' is not writable."
    if why is not None:
        raise typer.BadParameter(why, param_hint=option)


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
