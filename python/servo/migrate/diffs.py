"""Differences of texts for people: a unified diff in which what looks like a secret is not shown."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

CONTEXT = 3
"""Lines around a change."""
REDACTED = "[REDACTED]"

_WORD = r"[\w.-]*(?:token|secret|passw|credential|api[_-]?key|authorization)[\w.-]*"
# Its quotes may be all that changes.
_SECRET = re.compile(rf"(?i)(?P<key>{_WORD}[\"']?\s*[:=]\s*)(?P<quote>[\"']?)\S.*")
_NAMED = re.compile(rf"(?i)\bname[\"']?\s*[:=]\s*[\"']?{_WORD}[\"']?\s*$")
_VALUE = re.compile(r"(?P<key>\bvalue[\"']?\s*[:=]\s*)(?P<quote>[\"']?)\S.*")
_BLOCK = re.compile(rf"(?i)^(?P<indent>\s*)(?:- )?[\"']?{_WORD}[\"']?\s*:\s*(?:[|>][-+0-9]*)?\s*(?:#.*)?$")
_IN_URL = re.compile(r"(://)[^/\s@]+@")


def unified(before: str, after: str, name: str) -> list[str]:
    """The lines of a diff.

    Args:
        before: The text as it is.
        after: The text as it would be.
        name: The name of the file to show.
    """
    old, new = before.splitlines(), after.splitlines()
    shown_old, shown_new = shown(old), shown(new)
    lines = [f"--- a/{name}", f"+++ b/{name}"]
    for group in SequenceMatcher(None, old, new).get_grouped_opcodes(CONTEXT):
        first, last = group[0], group[-1]
        lines.append(f"@@ -{_range(first[1], last[2])} +{_range(first[3], last[4])} @@")
        for kind, start, end, new_start, new_end in group:
            if kind == "equal":
                lines += [f" {line}" for line in shown_old[start:end]]
            else:
                lines += [f"-{line}" for line in shown_old[start:end]]
                lines += [f"+{line}" for line in shown_new[new_start:new_end]]
    return lines


def shown(lines: list[str]) -> list[str]:
    """Lines of a file without what looks like a secret: values of telling keys and variables, and what is in URLs."""
    told: list[str] = []
    block: int | None = None
    named = False
    for line in lines:
        indent = len(line) - len(line.lstrip())
        if block is not None and (not line.strip() or indent > block):
            told.append(line[:indent] + (REDACTED if line.strip() else ""))
            continue
        block = None
        text = _VALUE.sub(rf"\g<key>\g<quote>{REDACTED}\g<quote>", line) if named else line
        named = _NAMED.search(line) is not None
        begins = _BLOCK.match(line)
        if begins is not None:
            block = len(begins["indent"])
        else:
            text = _SECRET.sub(rf"\g<key>\g<quote>{REDACTED}\g<quote>", text)
        told.append(_IN_URL.sub(rf"\1{REDACTED}@", text))
    return told


def _range(start: int, end: int) -> str:
    length = end - start
    begin = start + 1 if length else start
    return f"{begin}" if length == 1 else f"{begin},{length}"
