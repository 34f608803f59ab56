"""Versions as semver.org has them."""

from __future__ import annotations

import re
from functools import total_ordering
from typing import Any

__all__ = ["Version"]

_NUMBER = r"0|[1-9][0-9]*"
_PRERELEASE = rf"(?:{_NUMBER}|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)"
_SEMVER = re.compile(
    rf"({_NUMBER})\.({_NUMBER})\.({_NUMBER})(?:-({_PRERELEASE}(?:\.{_PRERELEASE})*))?(?:\+([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?"
)


@total_ordering
class Version:
    """A semantic version; it compares with texts as well.

    Args:
        major: Raised by incompatible changes.
        minor: Raised by additions.
        patch: Raised by corrections.
        prerelease: What makes it come before the version itself, such as `rc.1`.
        build: A remark that does not count in comparisons.

    Raises:
        ValueError: A number is negative.
    """

    __slots__ = ("build", "major", "minor", "patch", "prerelease")

    def __init__(
        self, major: int, minor: int = 0, patch: int = 0, prerelease: str | None = None, build: str | None = None
    ) -> None:
        self.major, self.minor, self.patch = int(major), int(minor), int(patch)
        self.prerelease = None if prerelease is None else str(prerelease)
        self.build = None if build is None else str(build)
        for name in ("major", "minor", "patch"):
            if getattr(self, name) < 0:
                raise ValueError(f"'{name}' is negative. A version can only be positive.")

    @classmethod
    def parse(cls, version: str) -> Version:
        """The version of a text.

        Args:
            version: Such as `1.2.3-rc.1+build`.

        Returns:
            The version.

        Raises:
            TypeError: It is no text.
            ValueError: It is no semantic version.
        """
        match = _SEMVER.fullmatch(version)
        if match is None:
            raise ValueError(f"{version} is not valid SemVer string")
        major, minor, patch, prerelease, build = match.groups()
        return cls(int(major), int(minor), int(patch), prerelease, build)

    @classmethod
    def is_valid(cls, version: str) -> bool:
        """Whether a text is a semantic version."""
        return _SEMVER.fullmatch(version) is not None

    isvalid = is_valid

    def to_tuple(self) -> tuple[int, int, int, str | None, str | None]:
        """The five parts."""
        return (self.major, self.minor, self.patch, self.prerelease, self.build)

    def __iter__(self) -> Any:
        return iter(self.to_tuple())

    def __str__(self) -> str:
        text = f"{self.major}.{self.minor}.{self.patch}"
        if self.prerelease:
            text += f"-{self.prerelease}"
        return f"{text}+{self.build}" if self.build else text

    def __repr__(self) -> str:
        parts = zip(self.__slots__[1:4], (self.major, self.minor, self.patch), strict=True)
        shown = ", ".join(f"{name}={value!r}" for name, value in parts)
        return f"Version({shown}, prerelease={self.prerelease!r}, build={self.build!r})"

    def __hash__(self) -> int:
        return hash((self.major, self.minor, self.patch, self.prerelease))

    def _rank(self) -> tuple[Any, ...]:
        # Of two prereleases numbers come before words; none at all comes last.
        words = [(0, int(word), "") if word.isdigit() else (1, 0, word) for word in (self.prerelease or "").split(".")]
        return (self.major, self.minor, self.patch, self.prerelease is None, words if self.prerelease else [])

    def compare(self, other: Version | str) -> int:
        """Gives -1, 0 or 1: whether this comes before, with or after the other version."""
        other = other if isinstance(other, Version) else Version.parse(other)
        return (self._rank() > other._rank()) - (self._rank() < other._rank())

    def __eq__(self, other: object) -> bool:
        if isinstance(other, str | Version):
            return self.compare(other) == 0
        return NotImplemented

    def __lt__(self, other: Version | str) -> bool:
        if isinstance(other, str | Version):
            return self.compare(other) < 0
        return NotImplemented

    def bump_major(self) -> Version:
        """The next incompatible version."""
        return Version(self.major + 1)

    def bump_minor(self) -> Version:
        """The next version with additions."""
        return Version(self.major, self.minor + 1)

    def bump_patch(self) -> Version:
        """The next version with corrections."""
        return Version(self.major, self.minor, self.patch + 1)
