"""``servo run``: carry out what the optimizer asks for, until it or the user has enough."""

import json
import os
import sys
from typing import TYPE_CHECKING, Any

import typer

from servo.cli.options import Options, Output, OutputOption, echo_json

if TYPE_CHECKING:
    from servo.cli.session import Assembly, Servo
    from servo.cli.signals import Interrupts
    from servo.cli.views.state import State, View

SUCCESS = ("improved", "baseline-kept")
TICK = 0.25
"""Seconds between two looks at what the servos do."""


def run(context: typer.Context, output: OutputOption = Output.text) -> None:
    """Run the servo until its optimizer is done.

    Ctrl-C ends the run in order within five seconds (exit code 130), a second Ctrl-C at once. SIGTERM and SIGHUP end
    it in order with exit code 0. Without a signal the code is 0 when the run came to a result, and 1 when not.
    """
    from servo.cli.session import open_servos, run_async
    from servo.cli.signals import Interrupts

    options: Options = context.obj
    servos = open_servos(options)
    view = _choose_view(options, output, servos)

    def interrupt(signal_name: str) -> None:
        for servo in servos:
            servo.interrupt(signal_name)

    with Interrupts(interrupt, on_abandon=_show_cursor) as interrupts:
        view.start()
        try:
            results = run_async(_run_all(servos, view, interrupts))
        finally:
            view.close()
    _show(results, output, options)
    raise typer.Exit(_exit_code(results, interrupts))


async def _run_all(servos: "list[Servo]", view: "View", interrupts: "Interrupts") -> list[dict[str, Any]]:
    """Run the servos side by side and keep the view up to date."""
    import asyncio

    from servo.cli.session import assembly_of

    assembly = assembly_of(servos)
    run = asyncio.ensure_future(assembly.run())
    watch = Watch(assembly, view, alone=len(servos) == 1)
    told = False
    while True:
        # Not from the signal's handler: that may have interrupted a line half written.
        if interrupts.received is not None and not told:
            view.stopping(interrupts.received)
            told = True
        watch.look()
        if run.done():
            results: list[dict[str, Any]] = json.loads(run.result())
            return results
        await asyncio.wait([run], timeout=TICK)


class Watch:
    """Shows what the servos of an assembly do.

    Args:
        assembly: The servos.
        view: What shows them.
        alone: Whether there is one servo, which is shown at every look: the time that has gone by is part of its view.
            Of several those are shown that have changed.
    """

    def __init__(self, assembly: "Assembly", view: "View", alone: bool) -> None:
        self._assembly = assembly
        self._view = view
        self._alone = alone
        self._last: tuple[str, State] | None = None

    def look(self) -> None:
        """Show what has changed since the last look."""
        from servo.cli.views.state import Note, State

        changes = json.loads(self._assembly.drain())
        for change in changes:
            name, state = change["name"], State.of(change["state"])
            self._last = name, state
            self._view.update(name, state, [Note.of(raw) for raw in change["notes"]])
        if self._alone and not changes and self._last is not None:
            self._view.update(*self._last, [])


def _choose_view(options: Options, output: Output, servos: "list[Servo]") -> "View":
    """The live view on a terminal, plain lines anywhere else."""
    from servo.cli.views.lines import LinesView

    several = len(servos) > 1
    if output is Output.json:
        return LinesView(sys.stderr, names=several)
    if several or not sys.stdout.isatty() or os.environ.get("TERM") == "dumb" or os.environ.get("CI"):
        return LinesView(sys.stdout, names=several)
    from servo.cli.views.live import LiveView

    return LiveView(color=options.color)


def _show(results: list[dict[str, Any]], output: Output, options: Options) -> None:
    from servo.cli.views.result import result_lines

    for result in results:
        if result["ended"] == "failed" or (result["ended"] != "interrupted" and result["report"] is None):
            who = f"{result['name']}: " if len(results) > 1 else ""
            text = str(result["reason"] or "")
            if text:
                typer.echo(f"{'error: ' if result['ended'] == 'failed' else ''}{who}{text}", err=True)
    if output is Output.json:
        echo_json({"servos": results})
        return
    width = _terminal_width()
    for result in results:
        if result["report"] is None:
            if result["ended"] == "interrupted":
                typer.echo(f"{result['name']}: interrupted ({result['reason']})")
            continue
        if len(results) > 1:
            typer.echo(f"\n{result['name']}")
        for line in result_lines(result["report"], width):
            typer.echo(line)


def _exit_code(results: list[dict[str, Any]], interrupts: "Interrupts") -> int:
    if interrupts.received is not None:
        failed = any(result["ended"] == "failed" for result in results)
        return 1 if failed and interrupts.exit_code == 0 else interrupts.exit_code or 0
    return 0 if all(_succeeded(result) for result in results) else 1


def _succeeded(result: dict[str, Any]) -> bool:
    if result["ended"] != "finished":
        return False
    report = result["report"]
    return report is None or str(report.get("outcome")).replace("_", "-").lower() in SUCCESS


def _terminal_width() -> int | None:
    if not sys.stdout.isatty():
        return None
    import shutil

    return shutil.get_terminal_size().columns


def _show_cursor() -> None:
    """A live view hides the cursor; nobody else will bring it back."""
    if sys.stdout.isatty():
        os.write(sys.stdout.fileno(), b"\x1b[?25h\r\n")
