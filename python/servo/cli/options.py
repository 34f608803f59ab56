"""Options that several commands share."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class LogLevel(StrEnum):
    """How much is logged."""

    trace = "TRACE"
    debug = "DEBUG"
    info = "INFO"
    success = "SUCCESS"
    warning = "WARNING"
    error = "ERROR"
    critical = "CRITICAL"


class Output(StrEnum):
    """The form of a result on stdout."""

    text = "text"
    json = "json"


@dataclass(frozen=True, slots=True)
class Options:
    """The options before the command."""

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

    @property
    def verbose(self) -> bool:
        """Whether details such as tracebacks were asked for."""
        return self.debug or self.log_level in (LogLevel.trace, LogLevel.debug)


OutputOption = Annotated[
    Output,
    typer.Option("--output", "-o", metavar="FORM", help="text or json; json writes nothing but JSON to stdout."),
]


def echo_json(result: object) -> None:
    """Write a result to stdout as one JSON document."""
    import json

    typer.echo(json.dumps(result, indent=2, ensure_ascii=False))


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
