"""The options of ``servo`` itself, and what they do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from servo import _pending_signals
from servo.cli.command import merge
from servo.cli.completion import Shell, install_script, servo_names, show_script
from servo.cli.context import Context
from servo.cli.options import ROOT_OPTIONS, LogFormat, LogLevel, options_of

if TYPE_CHECKING:
    from servo.cli.options import Options

ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config-file",
        "-c",
        metavar="FILE",
        envvar="SERVO_CONFIG_FILE",
        dir_okay=False,
        resolve_path=True,
        help="Configuration file.  [env var: SERVO_CONFIG_FILE; default: servo.yaml]",
        show_envvar=False,
    ),
]
Name = Annotated[
    list[str] | None,
    typer.Option(
        "--name",
        "-n",
        metavar="NAME",
        # Not `envvar`: that would be cut at spaces.
        help="Work with that servo only; again for more.  [env var: SERVO_NAME]",
        autocompletion=servo_names,
    ),
]
Limit = Annotated[
    int | None,
    typer.Option("--limit", metavar="NUMBER", min=1, help="Run at most that many servos at a time."),
]
Level = Annotated[
    LogLevel | None,
    typer.Option(
        "--log-level",
        "-l",
        metavar="LEVEL",
        envvar="SERVO_LOG_LEVEL",
        case_sensitive=False,
        help=f"Least level that is logged to stderr: {', '.join(LogLevel)}. [default: INFO]",
    ),
]
Format = Annotated[
    LogFormat,
    typer.Option(
        "--log-format",
        metavar="FORM",
        envvar="SERVO_LOG_FORMAT",
        case_sensitive=False,
        help="Form of log lines: text or json.",
    ),
]
NoColor = Annotated[
    bool,
    typer.Option("--no-color", envvar="SERVO_NO_COLOR", help="Write no colours; NO_COLOR does the same."),
]
Debug = Annotated[
    bool,
    typer.Option("--debug", envvar="SERVO_DEBUG", help="Tell failures with their tracebacks."),
]


def root_callback(
    ctx: Context,
    config_file: ConfigFile = None,
    name: Name = None,
    limit: Limit = None,
    log_level: Level = None,
    log_format: Format = LogFormat.text,
    no_color: NoColor = False,
    debug: Debug = False,
) -> None:
    """Keep the options of the root for the command."""
    given: dict[str, Any] = {
        "config_file": config_file,
        "name": name,
        "limit": limit,
        "log_level": log_level,
        "log_format": log_format,
        "no_color": no_color,
        "debug": debug,
    }
    keep_options(ctx, given)


def servo_callback(
    ctx: Context,
    config_file: ConfigFile = None,
    name: Name = None,
    limit: Limit = None,
    log_level: Level = None,
    log_format: Format = LogFormat.text,
    no_color: NoColor = False,
    debug: Debug = False,
    install_completion: Annotated[
        Shell | None,
        typer.Option(
            "--install-completion",
            metavar="SHELL",
            is_eager=True,
            callback=install_script,
            help=f"Install completion for that shell: {', '.join(Shell)}.",
        ),
    ] = None,
    show_completion: Annotated[
        Shell | None,
        typer.Option(
            "--show-completion",
            metavar="SHELL",
            is_eager=True,
            callback=show_script,
            help="Show the script of that completion, to copy or change it.",
        ),
    ] = None,
) -> None:
    """Keep the options of the root for the command; those of completion have done their work."""
    root_callback(ctx, config_file, name, limit, log_level, log_format, no_color, debug)


def keep_options(ctx: Context, given: dict[str, Any]) -> None:
    """Make the options of a root those of the commands below.

    In a group below another root only those count that were given there: others are as the root has them.
    """
    root = ctx.find_root()
    if root is not ctx:
        from_line = {name: value for name, value in given.items() if _is_given(ctx, name)}
        given = {name: root.params.get(name) for name in ROOT_OPTIONS}
        merge(given, from_line)
        root.params.update(given)
    elif ctx.invoked_subcommand != "run":
        # It has its own way with signals; others end as any program does.
        _pending_signals.release()
    options: Options = options_of(given)
    ctx.adopt(options)


def _is_given(ctx: Context, name: str) -> bool:
    source = ctx.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"
