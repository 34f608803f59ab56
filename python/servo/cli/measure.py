"""``servo measure``: read metrics now."""

from typing import TYPE_CHECKING, Annotated

import typer

from servo.cli.options import Options, parse_duration
from servo.cli.output import FormOption, TargetOption, target_of

if TYPE_CHECKING:
    from servo.cli.asking import Member, Part

FAILED = "measurement failed: "


def measure(
    context: typer.Context,
    metrics: Annotated[
        list[str] | None, typer.Argument(metavar="METRICS", help="Metrics to read; all without one.")
    ] = None,
    connectors: Annotated[
        list[str] | None,
        typer.Option(
            "--connectors", "-c", metavar="NAME", help="Connector to ask, all without one; may be given again."
        ),
    ] = None,
    duration: Annotated[
        str, typer.Option("--duration", "-d", metavar="DURATION", help="How long to measure: 30s, 1m30s, …")
    ] = "0",
    warmup: Annotated[
        str, typer.Option("--warmup", "-w", metavar="DURATION", help="How long to wait before the measurement.")
    ] = "0",
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Name the connector that each value comes from.")
    ] = False,
    humanize: Annotated[bool, typer.Option("--humanize/--no-humanize", help="Show times as ages or as dates.")] = True,
    form: FormOption = None,
    output: TargetOption = None,
) -> None:
    """Read metrics and show their values."""
    from servo.cli.asking import check_connectors, members_of, tell_each
    from servo.cli.readings import measurement_data, rows_of
    from servo.cli.views.table import table_text, width_for

    seconds = parse_duration(duration, "'--duration' / '-d'")
    warmup_seconds = parse_duration(warmup, "'--warmup' / '-w'")
    options: Options = context.obj
    target = target_of(options, form, output)
    members = members_of(options)
    check_connectors(members.selected, connectors or [])
    named = metrics or []
    known: dict[str, list[str]] = {}

    async def check() -> None:
        for member in members.selected:
            known[member.name] = await _metrics_of(member)
        _refuse_unknown(named, [name for names in known.values() for name in names])

    async def ask(member: "Member") -> "Part":
        from servo.types import Control

        if named and not set(named) & set(known[member.name]):
            return "", {"connectors": []}
        found = await member.ask(
            "measure",
            metrics=named,
            control=Control(duration=seconds, warmup=warmup_seconds),
            include=connectors,
        )
        answers = [(result.connector.name, result.value) for result in found]
        rows = rows_of(answers, named, connectors=verbose or len(connectors or []) > 1, humanize=humanize)
        table = table_text(rows, ["METRIC", "UNIT", "READINGS"], width_for(target)) + "\n"
        return table, {"connectors": measurement_data(answers, named)}

    tell_each(options, target, members, ask, FAILED, before=check if named else None)


async def _metrics_of(member: "Member") -> list[str]:
    """The names of the metrics that the connectors of a servo have."""
    found = [metric.name for result in await member.ask("metrics") for metric in result.value or ()]
    # Those that tell their metrics with everything else.
    others = {one.name for one in member.handles("describe")} - {one.name for one in member.handles("metrics")}
    for result in await member.ask("describe", include=sorted(others)) if others else ():
        found += [metric.name for metric in result.value.metrics or ()]
    return sorted(set(found))


def _refuse_unknown(named: list[str], known: list[str]) -> None:
    from servo.cli.session import unknown

    for name in named:
        if name not in known:
            told = unknown("metric", name, sorted(set(known)))
            raise typer.BadParameter(told, param_hint="'[METRICS]...'")
