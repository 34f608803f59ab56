"""The file `.env` of a servo whose optimizer is at a service."""

from __future__ import annotations

import re

__all__ = ["of_service"]


def of_service(optimizer: str, token: str) -> bytes:
    """The content of the file.

    Args:
        optimizer: The identifier, `<organization>/<name>`.
        token: The token.
    """
    values = {"OPSANI_OPTIMIZER": optimizer, "OPSANI_TOKEN": token, "SERVO_LOG_LEVEL": "DEBUG"}
    return "".join(f"{name}={_quoted(text)}\n" for name, text in values.items()).encode()


def _quoted(text: str) -> str:
    """A text as the reader of the file has it again: in quotes where something in it means more than itself."""
    if re.fullmatch(r"[^\s'\"#$\\`]+(?: [^\s'\"#$\\`]+)*", text):
        return text
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
