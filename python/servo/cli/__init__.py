"""The command line: ``servo [OPTIONS] COMMAND [ARGS]...``.

Commands import what they need when they run, so that help, completion and usage errors answer at once and never need
a configuration, the native module or a connector.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from servo import _pending_signals
from servo.cli.adjust import adjust
from servo.cli.completion import servo_names
from servo.cli.describe import describe
from servo.cli.group import RootGroup, Section, SectionedCommand
from servo.cli.installed import list_connectors, list_servos
from servo.cli.measure import measure
from servo.cli.optimizer import optimizer
from servo.cli.options import LogLevel, Options
from servo.cli.run import run
from servo.cli.show import show
from servo.cli.validate import validate
from servo.cli.version import version

if TYPE_CHECKING:
    from servo.cli.connectors import ConnectorCLI as ConnectorCLI
    from servo.cli.connectors import Context as Context
    from servo.cli.session import run_async as run_async

__all__ = ["ConnectorCLI", "Context", "LogLevel", "Options", "Section", "app", "run_async"]

app = typer.Typer(
    name="servo",
    cls=RootGroup,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Connect an application to an optimizer: describe it, measure it, adjust it, report back.",
)


@app.callback()
def root(
    context: typer.Context,
    config_file: Annotated[
        Path,
        typer.Option(
            "--config-file",
            "-c",
            metavar="FILE",
            envvar="SERVO_CONFIG_FILE",
            dir_okay=False,
            resolve_path=True,
            help="Configuration file.",
        ),
    ] = Path("servo.yaml"),
    names: Annotated[
        list[str] | None,
        typer.Option(
            "--name",
            "-n",
            metavar="NAME",
            # Not `envvar`: that would be cut at spaces.
            help="Work with that servo only; again for more.  [env var: SERVO_NAME]",
            autocompletion=servo_names,
        ),
    ] = None,
    log_level: Annotated[
        LogLevel | None,
        typer.Option(
            "--log-level",
            "-l",
            metavar="LEVEL",
            envvar="SERVO_LOG_LEVEL",
            case_sensitive=False,
            help=f"Least level that is logged to stderr: {', '.join(LogLevel)}. [default: INFO]",
        ),
    ] = None,
    no_color: Annotated[
        bool,
        typer.Option("--no-color", envvar="SERVO_NO_COLOR", help="Write no colours; NO_COLOR does the same."),
    ] = False,
) -> None:
    """Keep the root options for the command."""
    if context.invoked_subcommand != "run":
        # It has its own way with signals; others end as any program does.
        _pending_signals.release()
    context.obj = Options(
        config_file=config_file,
        names=tuple(dict.fromkeys(names or filter(None, [os.environ.get("SERVO_NAME")]))),
        log_level=log_level,
        color=not (no_color or os.environ.get("NO_COLOR")),
    )


app.command("list", rich_help_panel=Section.assembly)(list_servos)
app.command("connectors", rich_help_panel=Section.assembly)(list_connectors)
app.add_typer(show, rich_help_panel=Section.assembly)
app.command("run", cls=SectionedCommand, rich_help_panel=Section.ops)(run)
app.command("describe", rich_help_panel=Section.ops)(describe)
app.command("measure", rich_help_panel=Section.ops)(measure)
app.command("adjust", rich_help_panel=Section.ops)(adjust)
app.add_typer(optimizer, rich_help_panel=Section.ops)
app.command("validate", rich_help_panel=Section.config)(validate)
app.command("version", rich_help_panel=Section.other)(version)


def __getattr__(name: str) -> Any:
    # What connectors write their commands with: imported when they do.
    if name in ("ConnectorCLI", "Context"):
        from servo.cli import connectors

        return getattr(connectors, name)
    if name == "run_async":
        from servo.cli.session import run_async

        return run_async
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
