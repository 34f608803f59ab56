"""What went wrong, in words for the person at the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from servo.cli.options import Options

ISSUES = "https://github.com/servox-rs/servox-rs/issues"


class CommandError(Exception):
    """An error that a user can cause and mend; its lines go to stderr as they are.

    Args:
        lines: What to show, without a traceback.
        exit_code: The exit code of the process.
    """

    def __init__(self, lines: str | Sequence[str], exit_code: int = 1) -> None:
        self.lines = lines.splitlines() if isinstance(lines, str) else list(lines)
        self.exit_code = exit_code
        super().__init__("\n".join(self.lines))


class RootUsageError(typer.BadParameter):
    """A usage error of an option of the root, wherever it is noticed: its text shows the usage of the root."""


@contextmanager
def engine_errors(prefix: str = "error: ") -> Iterator[None]:
    """Turn what the engine or a connector raises into a `CommandError`."""
    try:
        yield
    except (CommandError, typer.TyperException, typer.Exit, typer.Abort):
        raise
    except Exception as error:
        if not is_expected(error):
            raise
        raise CommandError(describe_error(error, prefix)) from error


def is_expected(error: BaseException) -> bool:
    """Whether the error speaks of the configuration, a connector or the world, and not of a defect of the servo."""
    if isinstance(error, BaseExceptionGroup):
        return all(is_expected(inner) for inner in error.exceptions)
    if isinstance(error, CommandError | OSError | RuntimeError | TimeoutError) or hasattr(error, "problems"):
        return True
    return any(base.__module__.split(".")[0] == "servo" for base in type(error).__mro__)


def describe_error(error: BaseException, prefix: str = "error: ") -> list[str]:
    """The lines of an error: located problems as they are, anything else behind the prefix."""
    if isinstance(error, BaseExceptionGroup):
        return [line for inner in error.exceptions for line in describe_error(inner, prefix)]
    text = str(error).strip() or type(error).__name__
    lines = text.splitlines()
    if hasattr(error, "problems"):
        return lines
    return [prefix + lines[0], *lines[1:]]


def report(error: Exception, options: Options | None) -> list[str]:
    """The lines for an error; the traceback is for those who asked for details."""
    if not is_expected(error):
        return report_defect(error, options)
    cause = error.__cause__ if isinstance(error, CommandError) else error
    lines = error.lines if isinstance(error, CommandError) else describe_error(error)
    return [*traceback_of(cause, options), *lines]


def traceback_of(error: BaseException | None, options: Options | None) -> list[str]:
    """The traceback for those who asked for details; no lines for others."""
    if error is None or options is None or not options.verbose:
        return []
    import traceback

    return "".join(traceback.format_exception(error)).splitlines()


def report_defect(error: BaseException, options: Options | None) -> list[str]:
    """What to show for an error that nobody expected; the traceback only for those who asked for details."""
    lines = traceback_of(error, options)
    text = str(error).strip().splitlines()
    lines.append(f"error: unexpected {type(error).__name__}" + (f": {text[0]}" if text else ""))
    lines.append(f"This is a defect of the servo or of a connector. Please report it at {ISSUES}")
    if not lines[0].startswith("Traceback"):
        lines.append("with what `servo --debug ...` prints for the same command.")
    return lines
