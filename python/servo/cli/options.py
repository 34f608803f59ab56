"""Options that several commands share."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

ROOT_OPTIONS = ("config_file", "name", "limit", "log_level", "log_format", "no_color", "debug")
"""The parameters of the root that are options behind a command, too."""


class LogLevel(StrEnum):
    """How much is logged."""

    trace = "TRACE"
    debug = "DEBUG"
    info = "INFO"
    success = "SUCCESS"
    warning = "WARNING"
    error = "ERROR"
    critical = "CRITICAL"


class LogFormat(StrEnum):
    """The form of log lines."""

    text = "text"
    json = "json"


class Output(StrEnum):
    """The form of a result on stdout."""

    text = "text"
    json = "json"


@dataclass(frozen=True, slots=True)
class Options:
    """The options of the root, wherever they were given."""

    config_file: Path
    """The configuration file, absolute; it need not exist."""
    names: tuple[str, ...]
    """The servos to work with; all when empty."""
    log_level: LogLevel | None
    """The least level that is logged; None when the user did not say."""
    color: bool
    """False when the user wants no colours anywhere."""
    debug: bool = False
    """Whether failures are told with their tracebacks."""
    log_format: LogFormat = LogFormat.text
    """The form of log lines."""
    limit: int | None = None
    """How many servos run at a time; all when None."""

    @property
    def verbose(self) -> bool:
        """Whether details such as tracebacks were asked for."""
        return self.debug or self.log_level in (LogLevel.trace, LogLevel.debug)


def options_of(parameters: Mapping[str, Any]) -> Options:
    """The options that the parameters of the root make.

    Args:
        parameters: Their values by name; without a ``name`` it is that of ``SERVO_NAME``.
    """
    names = parameters.get("name") or os.environ.get("SERVO_NAME") or ()
    config_file, level = parameters.get("config_file"), parameters.get("log_level")
    # Some versions of typer keep values as they were written.
    return Options(
        config_file=Path(config_file) if config_file else Path("servo.yaml").resolve(),
        names=tuple(dict.fromkeys([names] if isinstance(names, str) else names)),
        log_level=LogLevel(level) if level else None,
        # As no-color.org has it: set to anything, `0` included.
        color=not (parameters.get("no_color") or os.environ.get("NO_COLOR")),
        debug=bool(parameters.get("debug")),
        log_format=LogFormat(parameters.get("log_format") or LogFormat.text),
        limit=parameters.get("limit"),
    )


OutputOption = Annotated[
    Output,
    typer.Option("--output", "-o", metavar="FORM", help="text or json; json writes nothing but JSON to stdout."),
]


def parse_duration(text: str, option: str) -> float:
    """Seconds of a duration such as ``30s``, ``1m30s`` or ``10`` (seconds).

    Raises:
        typer.BadParameter: The text is not a duration, or it is negative.
    """
    from importlib import import_module

    try:
        seconds = float(import_module("servo.types").Duration(text).total_seconds())
    except ValueError as error:
        raise typer.BadParameter(f"invalid duration parameter: {error}", param_hint=option) from None
    if seconds < 0:
        raise typer.BadParameter(f"invalid duration parameter: '{text}' is negative", param_hint=option)
    return seconds
