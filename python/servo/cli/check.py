"""``servo check``: whether everything is there that the servos depend on."""

import time
from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from servo.cli.options import Options, parse_duration
from servo.cli.output import Target, TargetOption, is_terminal, target_of

if TYPE_CHECKING:
    from servo.cli.rounds import Outcome, Request
    from servo.cli.session import Servo

FORMS = ("table", "json", "yaml", "junit")

SELECT, FAILURES, REPEAT = "Which Checks Run", "When a Check Fails", "Until They Pass"
"""Where an option stands in the help."""


class HaltOn(StrEnum):
    """From which severity on a failure ends the checks of a connector."""

    critical = "critical"
    common = "common"
    warning = "warning"
    never = "never"


def check(
    context: typer.Context,
    connectors: Annotated[
        list[str] | None, typer.Argument(metavar="CONNECTORS", help="Connectors to check; all without one.")
    ] = None,
    checks: Annotated[
        list[str] | None,
        typer.Option(
            "--check",
            "--name",
            "-n",
            metavar="NAME",
            help="Name of a check, or /regex/; again for more. (`servo -n NAME check` is for servos.)",
            rich_help_panel=SELECT,
        ),
    ] = None,
    ids: Annotated[
        list[str] | None,
        typer.Option(
            "--id",
            "-i",
            metavar="ID",
            help="Identifier of a check, or /regex/; again for more.",
            rich_help_panel=SELECT,
        ),
    ] = None,
    tags: Annotated[
        list[str] | None,
        typer.Option("--tag", "-t", metavar="TAG", help="Tag of checks; again for more.", rich_help_panel=SELECT),
    ] = None,
    halt_on: Annotated[
        HaltOn | None,
        typer.Option(
            "--halt-on",
            metavar="SEVERITY",
            case_sensitive=False,
            help="The failure that ends the checks of its connector: critical (of what others need), common (of any; "
            "warning says the same, for warnings never fail), never. [default: checks.halt_on, or critical]",
            rich_help_panel=FAILURES,
        ),
    ] = None,
    remedy: Annotated[
        bool | None,
        typer.Option(
            "--remedy/--no-remedy",
            help="Let checks that fail mend what they can. [default: checks.remedy, or --remedy]",
            show_default=False,
            rich_help_panel=FAILURES,
        ),
    ] = None,
    wait: Annotated[
        str | None,
        typer.Option(
            "--wait",
            "-w",
            metavar="DURATION",
            help="Check again and again until all pass, for so long at most: 30s, 5m. [default: one round]",
            rich_help_panel=REPEAT,
        ),
    ] = None,
    delay: Annotated[
        str | None,
        typer.Option(
            "--delay",
            "-d",
            metavar="DURATION",
            help="The time between rounds, or expo for 8s, 16s, 32s, … [default: checks.delay, or expo]",
            rich_help_panel=REPEAT,
        ),
    ] = None,
    progressive: Annotated[
        bool,
        typer.Option("--progressive/--no-progressive", "-p", help="Log each result as well, as `run --check` does."),
    ] = False,
    verbose: Annotated[
        bool | None,
        typer.Option("--verbose/--no-verbose", "-v", help="Show identifiers, severities and tags.", show_default=False),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Write no result; the exit code tells it.")] = False,
    form: Annotated[
        str | None,
        typer.Option("--format", "-f", metavar="FORM", help="Form of the result: table, yaml, json or junit."),
    ] = None,
    output: TargetOption = None,
) -> None:
    """Check that everything is there that the servos depend on.

    Connectors are attached, answer, and are detached; nothing is started. A check that fails makes the exit code 1, a
    warning does not. What is not given comes from `checks:` of the configuration, but for --wait.
    """
    from servo.cli.session import named, open_servos

    options: Options = context.obj
    target = target_of(options, form, output, FORMS)
    request = _request(connectors, checks, ids, tags, halt_on, remedy, wait, delay, progressive)
    servos = open_servos(replace(options, names=()), logger=True)
    chosen = _with_connectors(named(servos, options.names), request.connectors)
    outcomes: list[Outcome] = []
    try:
        _carry_out(chosen, request, outcomes, options)
    finally:
        # Also when the user has enough: what is known by then is worth something.
        if not quiet and any(outcome.checks or outcome.error for outcome in outcomes):
            _show(outcomes, target, options, verbose, names=len(servos) > 1)
    _refuse_nothing(outcomes, request)
    raise typer.Exit(0 if all(outcome.passed for outcome in outcomes) else 1)


def _request(
    connectors: list[str] | None,
    checks: list[str] | None,
    ids: list[str] | None,
    tags: list[str] | None,
    halt_on: HaltOn | None,
    remedy: bool | None,
    wait: str | None,
    delay: str | None,
    progressive: bool,
) -> "Request":
    """The options as they are meant.

    Raises:
        typer.BadParameter: One cannot be meant so.
    """
    from servo.cli.rounds import Request
    from servo.errors import ServoError
    from servo.servo._checks import filter_of

    for hint, names, other in (("'--check' / '-n'", checks, None), ("'--id' / '-i'", None, ids)):
        try:
            filter_of(names, other, None)
        except ServoError as error:
            raise typer.BadParameter(str(error), param_hint=hint) from None
    seconds = None if wait is None else parse_duration(wait, "'--wait' / '-w'")
    if delay is not None:
        if wait is None:
            raise typer.BadParameter("there is one round only without --wait", param_hint="'--delay' / '-d'")
        if delay != "expo" and parse_duration(delay, "'--delay' / '-d'") == 0:
            raise typer.BadParameter("rounds need some time between them", param_hint="'--delay' / '-d'")
    return Request(
        connectors=tuple(dict.fromkeys(connectors or ())),
        names=tuple(checks or ()),
        ids=tuple(ids or ()),
        tags=tuple(tags or ()),
        halt_on=None if halt_on is None else str(halt_on),
        remedy=remedy,
        wait=seconds,
        delay=delay,
        progressive=progressive,
    )


def _with_connectors(servos: "Sequence[Servo]", names: Sequence[str]) -> "list[Servo]":
    """The servos that have one of the connectors; all without names.

    Raises:
        typer.BadParameter: None of them has a connector of one of the names.
    """
    from servo.cli.session import unknown

    members = {servo.name: [*(instance for instance, _ in servo.connectors), servo.name] for servo in servos}
    known = list(dict.fromkeys(name for group in members.values() for name in group))
    for name in names:
        if name not in known:
            raise typer.BadParameter(unknown("connector", name, known), param_hint="'[CONNECTORS]...'")
    return [servo for servo in servos if not names or set(names) & set(members[servo.name])]


def _carry_out(servos: "Sequence[Servo]", request: "Request", outcomes: "list[Outcome]", options: Options) -> None:
    import asyncio

    from servo.cli.rounds import check_servos
    from servo.cli.session import run_async
    from servo.cli.views.statusline import StatusLine

    began = time.monotonic()
    deadline = None if request.wait is None else began + request.wait

    async def keep_time(line: StatusLine) -> None:
        while True:
            line.show(_progress(outcomes, began, deadline))
            await asyncio.sleep(1 - (time.monotonic() - began) % 1)

    async def work() -> None:
        with StatusLine() as line:
            clock = asyncio.create_task(keep_time(line)) if line.shown else None
            try:
                await check_servos(servos, request, outcomes, options.limit)
            finally:
                if clock is not None:
                    clock.cancel()

    run_async(work(), debug=options.debug)


def _progress(outcomes: "Sequence[Outcome]", began: float, deadline: float | None) -> str:
    """What goes on, in one line."""
    from servo.cli.views.figures import span

    now = time.monotonic()
    under_way = [outcome for outcome in outcomes if not outcome.done]
    failing = [check.name for outcome in under_way for _, check in outcome.checks if check.failed]
    parts = [f"checking {', '.join(outcome.servo for outcome in under_way)} ({span(now - began)})"]
    if deadline is not None and failing:
        rounds = max(outcome.rounds for outcome in under_way)
        parts = [f"round {rounds}: {len(failing)} failed"]
        pauses = [outcome.next_at for outcome in under_way]
        if all(pauses):
            parts.append(f"again in {span(max(0, min(at for at in pauses if at) - now) + 0.999)}")
        parts.append(f"giving up in {span(max(0, deadline - now) + 0.999)}")
        parts.append(failing[0])
    return " · ".join(parts)


def _show(
    outcomes: "Sequence[Outcome]", target: Target, options: Options, verbose: bool | None, *, names: bool
) -> None:
    """Write the result; where that is a file or JSON that nobody reads, the sentences go to stderr."""
    from servo.cli.views.checks import checks_data, checks_text, sentences
    from servo.cli.views.table import width_for

    if target.form == "junit":
        from servo.cli.views.junit import junit_text

        target.write(junit_text(outcomes), lexer="xml")
    elif target.form != "table":
        target.write_data(checks_data(outcomes))
    else:
        on_terminal = target.path is None and is_terminal()
        text = checks_text(
            outcomes,
            width=width_for(target),
            color=on_terminal and options.color,
            verbose=any(outcome.verbose for outcome in outcomes) if verbose is None else verbose,
            names=names,
        )
        target.write(text)
    if target.path is not None:
        for sentence in sentences(outcomes, names=names):
            typer.echo(sentence, err=True)


def _refuse_nothing(outcomes: "Sequence[Outcome]", request: "Request") -> None:
    """Nothing that was checked is nothing that passed.

    Raises:
        typer.BadParameter: The options name checks that do not exist.
        CommandError: The configuration does.
    """
    if any(outcome.checks or outcome.error for outcome in outcomes):
        return
    if not request.narrowed:
        from servo.cli.errors import CommandError

        raise CommandError("error: no check matches the filters in `checks:` of the configuration")
    servos = [outcome.servo for outcome in outcomes if outcome.servo in request.names]
    hint = f"; to select a servo, write `servo -n {servos[0]} check`" if servos else ""
    given = ", ".join(repr(text) for text in (*request.names, *request.ids, *request.tags))
    raise typer.BadParameter(f"no check matches {given}{hint}")
