"""``servo measure``: read metrics now."""

import json
from typing import Annotated, Any

import typer

from servo.cli.options import Options, Output, OutputOption, parse_duration


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
    output: OutputOption = Output.text,
) -> None:
    """Read metrics and show their values."""
    from servo.cli.errors import engine_errors
    from servo.cli.session import Servo, check_connectors, open_servos, run_async
    from servo.cli.views.table import plain_table

    seconds = parse_duration(duration, "'--duration' / '-d'")
    warmup_seconds = parse_duration(warmup, "'--warmup' / '-w'")
    options: Options = context.obj
    servos = open_servos(options)
    check_connectors(servos, connectors or [])

    async def ask(servo: Servo) -> list[dict[str, Any]]:
        read = await servo.measure(metrics or [], connectors or None, seconds, warmup_seconds)
        answers: list[dict[str, Any]] = json.loads(read)
        return answers

    results = []
    for servo in servos:
        with engine_errors("measurement failed: "):
            results.append((servo.name, run_async(ask(servo))))
    if output is Output.json:
        servos_json = [{"name": name, "connectors": answers} for name, answers in results]
        typer.echo(json.dumps({"servos": servos_json}, indent=2, ensure_ascii=False))
        return
    for name, answers in results:
        if len(results) > 1:
            typer.echo(name)
        rows = _rows(answers, connectors=verbose or len(connectors or []) > 1, humanize=humanize)
        for line in plain_table(["METRIC", "UNIT", "READINGS"], rows):
            typer.echo(line)


def _rows(answers: list[dict[str, Any]], *, connectors: bool, humanize: bool) -> list[tuple[str, str, str]]:
    import time

    now = time.time()
    read: dict[tuple[str, str], list[tuple[float, str, float]]] = {}
    for answer in answers:
        for reading in answer.get("readings") or []:
            points = read.setdefault((reading["metric"], reading.get("unit") or ""), [])
            points.extend((when, answer["connector"], value) for when, value in reading.get("points") or [])
    rows = []
    for (metric, unit), points in sorted(read.items()):
        lines = []
        for when, connector, value in sorted(points, key=lambda point: point[:2]):
            told = age(now - when) if humanize else time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(when))
            lines.append(f"{value:.2f} ({told})" + (f" [{connector}]" if connectors else ""))
        rows.append((metric, unit, "\n".join(lines)))
    return rows


def age(seconds: float) -> str:
    """How long ago that is, in words."""
    if seconds < 10:
        return "just now"
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1)):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"
