"""What checks need of pydantic 1 and pydantic 2: short texts of few characters."""

from __future__ import annotations

import re
from typing import Annotated, Any

import pydantic

from servo._pydantic.major import MAJOR

__all__ = ["short_text"]


def short_text(title: str, pattern: str, longest: int) -> Any:
    """The type of texts of 1 to so many characters that match a pattern; white space around them is left out.

    Args:
        title: What it is called.
        pattern: A regular expression for the whole text.
        longest: How many characters there may be.

    Returns:
        A type for annotations of fields.
    """
    if MAJOR == 1:
        base: Any = getattr(pydantic, "ConstrainedStr")  # noqa: B009
        options = {"strip_whitespace": True, "min_length": 1, "max_length": longest, "regex": re.compile(pattern)}
        return type(title, (base,), options)
    from pydantic_core import PydanticCustomError

    expression = re.compile(pattern)

    def check(text: str) -> str:
        text = text.strip()
        if not text:
            raise PydanticCustomError("value_error.any_str.min_length", "ensure this value has at least 1 characters")
        if len(text) > longest:
            raise PydanticCustomError(
                "value_error.any_str.max_length", f"ensure this value has at most {longest} characters"
            )
        if not expression.match(text):
            raise PydanticCustomError(
                "value_error.str.regex", 'string does not match regex "{pattern}"', {"pattern": pattern}
            )
        return text

    return Annotated[str, pydantic.AfterValidator(check)]
