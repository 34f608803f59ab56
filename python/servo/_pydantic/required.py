"""Which fields of a class body are declared with `Field(...)`, which pydantic 2 does not tell from `Field()`."""

from __future__ import annotations

import dis
import sys
from types import CodeType
from typing import Any


def has_no_default(value: Any) -> bool:
    """Whether what a class body gives a field is a `Field` without a default."""
    from pydantic.fields import FieldInfo

    return isinstance(value, FieldInfo) and value.is_required()


def declared_required(namespace: dict[str, Any]) -> set[str]:
    """The names to which the body of the class that is being made assigns something with `...` in it.

    Pydantic keeps nothing of the `...`, so the code of the body is asked. Where that is not at hand, as for classes
    that are made by calls, the set is empty.
    """
    frame: Any = sys._getframe(1)
    while frame is not None and frame.f_code.co_name == "__new__":
        frame = frame.f_back
    if frame is None:
        return set()
    bodies = [
        code
        for code in frame.f_code.co_consts
        if isinstance(code, CodeType) and code.co_qualname == namespace.get("__qualname__")
    ]
    if not bodies:
        return set()
    return _with_ellipsis(min(bodies, key=lambda code: abs(code.co_firstlineno - frame.f_lineno)))


def _with_ellipsis(body: CodeType) -> set[str]:
    names = set()
    seen = False
    for step in dis.get_instructions(body):
        if step.opname.startswith("LOAD_CONST"):
            seen = seen or step.argval is ...
        elif step.opname.startswith("STORE_"):
            if seen and step.opname == "STORE_NAME":
                names.add(step.argval)
            seen = False
    return names
