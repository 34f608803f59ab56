"""``servo run``: carry out what the optimizer asks for, until it or the user has enough."""

import contextlib
import json
import os
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from servo.cli.options import Options, Output, OutputOption, parse_duration
from servo.cli.output import as_text

if TYPE_CHECKING:
    from servo.cli.session import Assembly, Servo
    from servo.cli.signals import Interrupts
    from servo.cli.steps import Steps
    from servo.cli.views.state import View
    from servo.cli.watch import Watch

TICK = 0.25
"""Seconds between two looks at what the servos do."""

BEFORE, DURING, END = "Before the Run", "During the Run", "At the End"
"""Where an option stands in the help."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What the user has chosen for a run."""

    check: bool = False
    dry_run: bool = False
    poll: bool = True
    interactive: bool = False
    output: Output = Output.text
    metrics_address: str | None = None
    limit: int | None = None

    @property
    def checks(self) -> bool:
        """Whether the checks run."""
        return self.check or self.dry_run


def run(
    context: typer.Context,
    check: Annotated[
        bool,
        typer.Option(
            "--check/--no-check",
            "-c",
            envvar="SERVO_RUN_CHECK",
            help="Run the checks of all servos first, and run nothing unless they pass.",
            rich_help_panel=BEFORE,
        ),
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", "-d", help="Run the checks, and nothing else.", rich_help_panel=BEFORE),
    ] = False,
    no_poll: Annotated[
        bool,
        typer.Option("--no-poll", help="Start, and wait for a signal; ask for no commands.", rich_help_panel=DURING),
    ] = False,
    interactive: Annotated[
        bool,
        typer.Option(
            "--interactive",
            "-i",
            help="Ask before connecting, and before each command.",
            rich_help_panel=DURING,
        ),
    ] = False,
    metrics_bind_address: Annotated[
        str | None,
        typer.Option(
            "--metrics-bind-address",
            metavar="HOST:PORT",
            envvar="SERVO_RUN_METRICS_BIND_ADDRESS",
            help="Serve /metrics, /healthz and /readyz there while the servos run; port 0 is any that is free.",
            rich_help_panel=DURING,
        ),
    ] = None,
    output: OutputOption = Output.text,
    debug: Annotated[
        bool,
        typer.Option(
            "--debug",
            "--DEBUG",
            envvar="SERVO_RUN_DEBUG",
            help="Tell failures with their tracebacks, and let asyncio look for mistakes.",
        ),
    ] = False,
    shutdown_timeout: Annotated[
        str | None,
        typer.Option(
            "--shutdown-timeout",
            metavar="DURATION",
            envvar="SERVO_RUN_SHUTDOWN_TIMEOUT",
            help="How long an orderly end may take. [default: 30s; 5s after Ctrl-C]",
            rich_help_panel=END,
        ),
    ] = None,
) -> None:
    """Run the servos until their optimizers are done.

    The first Ctrl-C, SIGTERM, SIGHUP or SIGUSR1 ends the run in order: the command under way is cancelled, connectors
    are shut down, optimizers are told goodbye. A second one ends the process at once.
    """
    from servo.cli.ending import Ending, exit_code
    from servo.cli.signals import Interrupted, Interrupts

    options: Options = replace(context.obj, debug=debug or context.obj.debug)
    # Errors are told by the group, which has these alone.
    context.find_root().obj = options
    choices = Choices(check, dry_run, not no_poll, interactive, output, metrics_bind_address or None, options.limit)
    interrupts = Interrupts(_patience(shutdown_timeout), on_abandon=_leave)
    results: list[dict[str, Any]] = []
    try:
        with interrupts:
            results = _carry_out(options, choices, interrupts)
            _show(results, choices.output)
    except Interrupted:
        _show([], choices.output)
    ending = Ending(interrupts.received, dry_run=dry_run, polled=choices.poll)
    raise typer.Exit(exit_code(results, ending))


def _patience(text: str | None) -> float | None:
    if text is None:
        return None
    seconds = parse_duration(text, "--shutdown-timeout")
    if seconds == 0:
        raise typer.BadParameter("an orderly end takes more than no time", param_hint="--shutdown-timeout")
    return seconds


def _carry_out(options: Options, choices: Choices, interrupts: "Interrupts") -> list[dict[str, Any]]:
    import gc

    from servo.cli.session import open_servos, run_async
    from servo.cli.signals import Interrupted
    from servo.cli.steps import steps_of

    try:
        servos = open_servos(options, logger=choices.checks)
    except Exception as error:
        # An import may have made another error of the interruption.
        if interrupts.received is not None:
            raise Interrupted(interrupts.received) from error
        raise
    view = _choose_view(options, choices, servos)
    steps = steps_of(options, view, servos)
    # What has been made stays until the end: the garbage collector need not look through it again and again.
    gc.freeze()
    return run_async(_check_and_run(servos, view, steps, choices, interrupts, options), debug=options.debug)


async def _check_and_run(
    servos: "list[Servo]",
    view: "View",
    steps: "Steps",
    choices: Choices,
    interrupts: "Interrupts",
    options: Options,
) -> list[dict[str, Any]]:
    from servo.cli.ending import result_of
    from servo.cli.session import assembly_of

    if choices.checks:
        from servo.cli.preflight import check_all, let_go, unless_interrupted

        to_stderr = choices.output is Output.json
        work = check_all(servos, lambda table: typer.echo(table, err=to_stderr))
        verdicts = await unless_interrupted(work, interrupts)
        passed = verdicts is not None and all(verdict.passed for verdict in verdicts)
        if not passed or choices.dry_run or interrupts.received is not None:
            await let_go(servos)
            if verdicts is None or interrupts.received is not None:
                return [result_of(servo, "interrupted", interrupts.received) for servo in servos]
            return [verdict.result(passed) for verdict in verdicts]

    from servo.cli.operations import watched
    from servo.cli.watch import Watch

    if choices.output is not Output.json:
        from servo.cli.banner import show_banner

        show_banner(options, servos)
    async with contextlib.AsyncExitStack() as stack:
        permits = None
        if choices.interactive:
            from servo.cli.questions import Questions

            permits = stack.enter_context(Questions(len(servos))).permits
        places = None
        if choices.limit is not None and choices.limit < len(servos):
            from servo.cli.places import Places

            places = Places(choices.limit, permits)
            permits = places.permits
        await stack.enter_async_context(watched(servos, choices.metrics_address))
        assembly = assembly_of(servos, poll=choices.poll, permits=permits)
        interrupts.hand_to(assembly.interrupt)
        view.start()
        stack.callback(view.close)
        watch = Watch(assembly, view, alone=len(servos) == 1, polls=choices.poll, places=places)
        return await _run_all(assembly, watch, view, steps, interrupts)


async def _run_all(
    assembly: "Assembly", watch: "Watch", view: "View", steps: "Steps", interrupts: "Interrupts"
) -> list[dict[str, Any]]:
    """Run the servos side by side and keep the view up to date."""
    import asyncio

    run = asyncio.ensure_future(assembly.run())
    told = False
    while True:
        # Not from the signal's handler: that may have interrupted a line half written.
        if interrupts.received is not None and not told:
            view.stopping(interrupts.received)
            steps.stopping(interrupts.received)
            told = True
        watch.look()
        if run.done():
            results: list[dict[str, Any]] = json.loads(run.result())
            if told:
                steps.stopped()
            return results
        await asyncio.wait([run], timeout=TICK)


def _choose_view(options: Options, choices: Choices, servos: "list[Servo]") -> "View":
    """The live view on a terminal; plain lines anywhere else, where questions are asked, and where nothing is done."""
    from servo.cli.views.lines import LinesView, RecordsView

    several = len(servos) > 1
    if choices.output is Output.json:
        # A line that is no record would be in the way of whoever reads records.
        return RecordsView(several) if options.log_format == "json" else LinesView(sys.stderr, names=several)
    plain = several or choices.interactive or not choices.poll or not sys.stdout.isatty()
    if plain or os.environ.get("TERM") == "dumb" or os.environ.get("CI"):
        return LinesView(sys.stdout, names=several)
    from servo.cli.views.live import LiveView

    return LiveView(color=options.color)


def _show(results: list[dict[str, Any]], output: Output) -> None:
    from servo.cli.views.result import result_lines
    from servo.cli.views.table import terminal_width

    for result in results:
        if result["ended"] == "failed" or (result["ended"] == "finished" and result["reason"]):
            who = f"{result['name']}: " if len(results) > 1 else ""
            text = str(result["reason"] or "")
            if text:
                typer.echo(f"{'error: ' if result['ended'] == 'failed' else ''}{who}{text}", err=True)
    if output is Output.json:
        typer.echo(as_text({"servos": results}, "json"), nl=False)
        return
    width = terminal_width()
    for result in results:
        if result["report"] is None:
            if result["ended"] == "interrupted":
                typer.echo(f"{result['name']}: interrupted ({result['reason']})")
            continue
        if len(results) > 1:
            typer.echo(f"\n{result['name']}")
        for line in result_lines(result["report"], width):
            typer.echo(line)


def _leave() -> None:
    """Shows what else would be lost. A live view hides the cursor; nobody else will bring it back."""
    from servo.cli.logs import write_rest

    write_rest()
    if sys.stdout.isatty():
        os.write(sys.stdout.fileno(), b"\x1b[?25h\r\n")
