"""What to write for a name that servo does not have."""

from __future__ import annotations

import enum
import importlib
import sys
from difflib import get_close_matches

# Modules of the standard library whose names ServoX had at the top, as it imported all of them.
_STANDARD = ("typing", "asyncio", "datetime", "enum", "functools", "contextlib", "pathlib", "inspect", "decimal")
_NOTHING = "Look for what took its place in the guide, or write what you need of it yourself."


def instead_of(owner: object, name: str) -> str:
    """What to do about a name that a module or an enumeration lacks, as a sentence.

    Args:
        owner: What lacks it.
        name: The name.
    """
    if isinstance(owner, enum.EnumMeta):
        same = [member for member in owner.__members__ if member.lower() == name.lower()]
        return f"Write `{same[0]}`." if same else _NOTHING
    if name in sys.stdlib_module_names:
        return f"Write `import {name}`."
    for module in _STANDARD:
        if hasattr(importlib.import_module(module), name):
            return f"Write `from {module} import {name}`."
    if hasattr(importlib.import_module("servo"), name):
        return f"Write `servo.{name}`."
    near = get_close_matches(name, [known for known in dir(owner) if not known.startswith("_")], 1, 0.85)
    return f"Write `{near[0]}` if that is meant." if near else _NOTHING
