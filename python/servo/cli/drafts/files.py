"""Whether a file can be written, before anything is asked or made."""

from __future__ import annotations

import os
from pathlib import Path

import typer

__all__ = ["check_writable"]


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
