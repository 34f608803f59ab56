"""Documents behind those that a file has already, which stay as they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from servo.cli.errors import engine_errors

__all__ = ["documents_of", "joined", "unused_name"]


def documents_of(path: Path) -> list[Any]:
    """The documents of a file; none for one that holds nothing but comments.

    Raises:
        CommandError: It cannot be read, or is no YAML.
    """
    from servo import _core

    with engine_errors():
        return [json.loads(text) for text in _core.read_documents(str(path))]


def joined(existing: bytes, text: str) -> bytes:
    """The bytes of a file, untouched, and a document behind them."""
    newline = "\r\n" if existing.split(b"\n", 1)[0].endswith(b"\r") else "\n"
    between = "" if not existing or existing.endswith(b"\n") else newline
    return existing + (between + "---" + newline + text.replace("\n", newline)).encode()


def unused_name(documents: list[Any]) -> str:
    """A name that no servo of these documents has.

    Servos whose optimizers are local keep their trials under their names.
    """
    taken = {one.get("name") for one in documents if isinstance(one, dict)}
    number = len(documents) + 1
    while f"servo-{number}" in taken:
        number += 1
    return f"servo-{number}"
