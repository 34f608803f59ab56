"""Version specifiers: does one let any version of a range in? Enough for pins, not for resolving."""

from __future__ import annotations

import re

_CLAUSE = re.compile(r"\s*(===|==|~=|!=|>=|<=|>|<|\^|~|=)?\s*v?([\w.*+!-]+)\s*")

Version = tuple[int, ...]


def allows_from(spec: str, least: str, below: str | None = None, style: str = "pep508") -> bool:
    """Whether a specifier lets in a version from `least` on.

    Args:
        spec: The specifier; nothing and `*` let in all.
        least: The first version that counts.
        below: The first one that does not count any more.
        style: `pep508`, or `poetry`, which knows `^1.2`, `~1.2` and `||`.
    """
    candidates = _candidates(_parsed(least), _parsed(below) if below else None)
    alternatives = re.split(r"\|\|?", spec) if style == "poetry" else [spec]
    return any(
        all(_matches(version, clause) for clause in re.split(r"[,\s]+(?=[=<>!~^\d])", one.strip(" ,")) if clause)
        for one in alternatives
        for version in candidates
    )


def _candidates(least: Version, below: Version | None) -> list[Version]:
    major, minor, patch = (*least, 0, 0, 0)[:3]
    found = [(major, minor, patch + step) for step in range(60)]
    found += [(major, minor + step, part) for step in range(1, 60) for part in (0, 1, 5, 20)]
    found += [(major + step, part, 0) for step in range(1, 12) for part in (0, 1, 2, 5, 10)]
    return [version for version in found if below is None or version < (*below, 0, 0, 0)[:3]]


def _parsed(text: str) -> Version:
    return tuple(int(number) for number in re.findall(r"\d+", re.split(r"[+!a-zA-Z]", text, maxsplit=1)[0]))


def _matches(version: Version, clause: str) -> bool:
    match = _CLAUSE.fullmatch(clause)
    if match is None or match[2] in ("*", "latest"):
        # What is not understood refuses nothing.
        return True
    operator, text = match[1] or "==", match[2]
    wanted = _parsed(text)
    if not wanted:
        return True
    size = max(len(version), len(wanted))
    left, right = version + (0,) * (size - len(version)), wanted + (0,) * (size - len(wanted))
    same = version[: len(wanted)] == wanted if text.endswith("*") else left == right
    return {
        "==": same,
        "=": same,
        "===": same,
        "!=": not same,
        ">=": left >= right,
        "<=": left <= right,
        ">": left > right,
        "<": left < right,
        "~=": left >= right and version[: max(len(wanted) - 1, 1)] == wanted[:-1],
        "^": left >= right and left < _next(wanted, _significant(wanted)),
        "~": left >= right and left < _next(wanted, min(len(wanted), 2) - 1),
    }[operator]


def _significant(wanted: Version) -> int:
    return next((index for index, number in enumerate(wanted) if number), len(wanted) - 1)


def _next(wanted: Version, index: int) -> Version:
    return (*wanted[:index], wanted[index] + 1)
