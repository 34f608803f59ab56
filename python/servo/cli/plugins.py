"""Packages that bring connectors: whether there are any, and which of them cannot be imported."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import typer

GROUP = "servo.connectors"


def any_installed() -> bool:
    """Whether an installed package brings connectors; next to nothing is imported for the answer."""
    for place in dict.fromkeys(sys.path):
        try:
            entries = [*os.scandir(place or ".")]
        except NotADirectoryError:
            # An archive: whoever can look into it does.
            from importlib.metadata import entry_points

            return bool(entry_points(group=GROUP))
        except OSError:
            continue
        for entry in entries:
            if entry.name.endswith((".dist-info", ".egg-info")) and _names_connectors(entry.path):
                return True
    return False


def _names_connectors(package: str) -> bool:
    try:
        text = Path(package, "entry_points.txt").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    section = text.partition(f"[{GROUP}]")[2].partition("\n[")[0]
    return "=" in section


def load_plugins() -> None:
    """Imports the connectors of installed packages. One that fails is told on stderr, once, and disables no other."""
    if not any_installed():
        return
    from servo.connector.discovery import load_entry_points, untold

    for name, error in load_entry_points(GROUP):
        if (text := untold(GROUP, name, error)) is not None:
            typer.echo(f"warning: the connector '{name}' cannot be imported and is left out: {text}", err=True)
