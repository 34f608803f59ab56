"""Takes secrets out of what leaves the servo."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["REDACTED", "Redactor", "is_secret"]

REDACTED = "[REDACTED]"
"""What stands in the place of a secret."""

_WORDS = (
    r"token|secret|passw(?:or)?d|passphrase|authorization|api[-_]?key|access[-_]?key|private[-_]?key|credential|cookie"
)
_SECRET_KEY = re.compile(_WORDS, re.IGNORECASE)
# Where a secret is, or what it is called, is none.
_NO_SECRET_KEY = re.compile(r"[-_](?:url|uri|file|path)$", re.IGNORECASE)

# Every one takes time that grows with the text alone, whatever the text is.
_PATTERNS = (
    (re.compile(r"(://)[^/\s:@]{0,256}:[^/\s@]{1,256}@"), rf"\1{REDACTED}@"),
    (re.compile(r"\b(bearer|basic)(\s{1,4})[\w.~+/=-]{6,}", re.IGNORECASE), rf"\1\2{REDACTED}"),
    (re.compile(r"(\bx-sf-token\W{1,4})[^\s\"',}]+", re.IGNORECASE), rf"\1{REDACTED}"),
    (
        re.compile(
            rf"((?<![\w-])[\w-]{{0,40}}?(?:{_WORDS})[\w-]{{0,40}}[\"']?\s{{0,2}}[:=]\s{{0,2}}[\"']?)"
            r"(?!\[REDACTED\]|(?:bearer|basic)\s)[^\s\"',;}&]+",
            re.IGNORECASE,
        ),
        rf"\1{REDACTED}",
    ),
)
_SHORTEST = 4
"""Texts that are shorter are no secrets: their letters stand in many words."""


class Redactor:
    """Knows secrets by their values, their names and the places where they stand."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def learn(self, value: Any, *, secret: bool = False) -> None:
        """Remembers the secrets in a configuration.

        Args:
            value: A model, a mapping, a list, or a value of one.
            secret: Whether all of its texts are secret.
        """
        if (reveal := getattr(value, "get_secret_value", None)) is not None:
            self.learn(reveal(), secret=True)
        elif isinstance(value, str | bytes):
            text = value.decode(errors="replace") if isinstance(value, bytes) else value
            if secret and len(text.strip()) >= _SHORTEST:
                self._known.add(text.strip())
                # As it goes with a request.
                for scheme in ("Bearer ", "X-SF-Token "):
                    if len(rest := text.strip().removeprefix(scheme).strip()) >= _SHORTEST:
                        self._known.add(rest)
            for password in re.findall(r"://[^/\s:@]{0,256}:([^/\s@]{1,256})@", text):
                self.learn(password, secret=True)
        elif isinstance(value, Mapping):
            for key, inner in value.items():
                self.learn(inner, secret=secret or is_secret(key, value))
        elif isinstance(value, list | tuple | set | frozenset):
            for inner in value:
                self.learn(inner, secret=secret)
        elif isinstance(fields := getattr(value, "__dict__", None), dict) and hasattr(type(value), "__fields__"):
            self.learn(fields, secret=secret)

    def text(self, text: str) -> str:
        """The text without secrets."""
        # The longest first: one may be a part of another.
        for known in sorted(self._known, key=len, reverse=True):
            text = text.replace(known, REDACTED)
        for pattern, instead in _PATTERNS:
            text = pattern.sub(instead, text)
        return text

    def tree(self, value: Any, *, secret: bool = False) -> Any:
        """The same JSON value without secrets."""
        if isinstance(value, Mapping):
            return {
                self._key(key): self.tree(inner, secret=secret or is_secret(key, value)) for key, inner in value.items()
            }
        if isinstance(value, list | tuple):
            return [self.tree(inner, secret=secret) for inner in value]
        if value is None or isinstance(value, bool):
            return value
        if secret:
            return REDACTED
        return self.text(value) if isinstance(value, str) else value

    def _key(self, key: Any) -> str:
        text = str(key)
        return REDACTED if any(known in text for known in self._known) else text

    def lines(self, lines: Iterable[str]) -> list[str]:
        """The same lines without secrets."""
        return [self.text(line) for line in lines]


def is_secret(key: Any, within: Mapping[Any, Any]) -> bool:
    """Whether the value of a key is secret by the name of the key.

    Args:
        key: The key.
        within: The mapping that it is in.
    """
    name = str(key)
    # `{name: DB_PASSWORD, value: …}` as containers have it.
    if name.lower() == "value" and isinstance(called := within.get("name"), str):
        name = called
    return bool(_SECRET_KEY.search(name)) and not _NO_SECRET_KEY.search(name)
