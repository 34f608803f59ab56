"""Where files set variables for the servo."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from servo.migrate.source import Source

_NAME = (
    r"(?:SERVO|COMMON|CHECKS|OPSANI|APPD|CONTAINER|DEPLOYMENT|STATEFUL_SET|ROLLOUT|BACKOFF_SETTINGS|BACKOFF_CONFIGURATIONS"
    r"|TIMEOUTS|FAST_FAIL|SERVICE_PORT|C_P_U|MEMORY|REPLICAS)_[A-Z0-9_-]+|SERVO_NAME|NO_COLOR|PERIOD|SPAN|SKIP|DISABLED|TREAT_ZERO_AS_MISSING"
)
_SET = re.compile(
    rf"(?:^|[\s\"'])(?:(?:export|ENV|ARG|-e|--env)\s+)?[\"']?(?P<name>{_NAME})[\"']?\s*(?:=|:\s)\s*(?P<value>[^\r\n]*)",
    re.M,
)
_LISTED = re.compile(rf"\bname:\s*[\"']?(?P<name>{_NAME})[\"']?\s*\r?\n\s*value:\s*(?P<value>[^\r\n]*)")
_SPACED = re.compile(rf"^ENV[ \t]+(?P<name>{_NAME})[ \t]+(?P<value>[^=\r\n]*)$", re.M)


@dataclass(frozen=True)
class Variable:
    """A variable that a file sets. The value is looked at, never shown."""

    name: str
    value: str
    start: int
    of_servo: bool
    """Whether the file sets variables for the servo and no other program."""


def read_variables(source: Source, *, of_servo: bool) -> Iterator[Variable]:
    """The variables that a file sets."""
    concerned = of_servo or re.search("servo|opsani", source.text, re.I) is not None
    seen: set[int] = set()
    for pattern in (_SET, _LISTED, _SPACED):
        for match in pattern.finditer(source.text) if concerned else ():
            line, column = source.position(match.start("name"))
            if match.start("name") in seen or source.line(line)[: column - 1].lstrip().startswith(("#", "//")):
                continue
            seen.add(match.start("name"))
            yield Variable(match["name"], match["value"].strip().strip("\"'"), match.start("name"), of_servo)
