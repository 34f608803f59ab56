"""The enumerations and constants of the core."""

from __future__ import annotations

import enum
from typing import Any

__all__ = [
    "CONFIGMAP_FORMAT",
    "DICT_FORMAT",
    "HTML_FORMAT",
    "HTTP_METHODS",
    "JSON_FORMAT",
    "MARKDOWN_FORMAT",
    "TEXT_FORMAT",
    "YAML_FORMAT",
    "AbstractOutputFormat",
    "ErrorSeverity",
    "License",
    "Maturity",
    "NormalizationPolicy",
    "Unit",
]

HTTP_METHODS = ("GET", "POST", "PUT", "PATCH", "OPTIONS", "TRACE", "HEAD", "DELETE", "CONNECT")

CONFIGMAP_FORMAT = "configmap"
DICT_FORMAT = "dict"
HTML_FORMAT = "html"
JSON_FORMAT = "json"
MARKDOWN_FORMAT = "markdown"
TEXT_FORMAT = "text"
YAML_FORMAT = "yaml"


class Unit(enum.StrEnum):
    """The unit of a metric, as it stands on the wire."""

    float = ""
    int = ""
    count = ""  # type: ignore[assignment]
    rate = ""
    percentage = "%"
    milliseconds = "ms"
    bytes = "bytes"
    gibibytes = "GiB"
    cores = "cores"
    requests_per_minute = "rpm"
    requests_per_second = "rps"

    @classmethod
    def _missing_(cls, value: object) -> Unit | None:
        # The name of a unit is as good as its wire text.
        return cls.__members__.get(value) if isinstance(value, str) else None

    def __repr__(self) -> str:
        if not self.value:
            return f"Unit.{self.name}"
        return f"<Unit.{self.name}: {self.value!r}>"


class License(enum.Enum):
    """The license of a connector."""

    mit = "MIT"
    apache2 = "Apache 2.0"
    proprietary = "Proprietary"

    @classmethod
    def from_str(cls, identifier: str) -> License:
        """The license of that text.

        Args:
            identifier: The value of a member, such as `Apache 2.0`.

        Returns:
            The member.

        Raises:
            NameError: There is none.
        """
        for member in cls:
            if member.value == identifier:
                return member
        raise NameError(f'No license identified by "{identifier}".')

    def __str__(self) -> str:
        return str(self.value)


class Maturity(enum.Enum):
    """How far a connector may be relied on."""

    experimental = "Experimental"
    stable = "Stable"
    robust = "Robust"

    @classmethod
    def from_str(cls, identifier: str) -> Maturity:
        """The maturity of that text.

        Args:
            identifier: The value of a member, such as `Stable`.

        Returns:
            The member.

        Raises:
            NameError: There is none.
        """
        for member in cls:
            if member.value == identifier:
                return member
        raise NameError(f'No maturity level identified by "{identifier}".')

    def __str__(self) -> str:
        return str(self.value)


class NormalizationPolicy(enum.StrEnum):
    """What is to become of series of unequal lengths. A name for connectors: the core applies none."""

    passthrough = "passthrough"
    intersect = "intersect"
    fill = "fill"


class ErrorSeverity(enum.StrEnum):
    """How bad a failed check is."""

    warning = "warning"
    common = "common"
    critical = "critical"


class AbstractOutputFormat(enum.StrEnum):
    """The base of enumerations of output formats, whose values are the `*_FORMAT` constants."""

    def lexer(self) -> Any:
        """What colours a text of this format.

        Returns:
            A lexer of `pygments`, or None for plain text.

        Raises:
            RuntimeError: The format has no lexer.
        """
        import importlib

        lexers = importlib.import_module("pygments.lexers")

        names = {
            YAML_FORMAT: "YamlLexer",
            CONFIGMAP_FORMAT: "YamlLexer",
            JSON_FORMAT: "JsonLexer",
            DICT_FORMAT: "PythonLexer",
        }
        if self.value in names:
            return getattr(lexers, names[self.value])()
        if self.value == TEXT_FORMAT:
            return None
        raise RuntimeError(f"no lexer for the format '{self.value}'")
