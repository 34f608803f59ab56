"""``servo measure``: read metrics now."""

from typing import Annotated, Any

import typer

from servo.cli.options import Options, Output, OutputOption, echo_json, parse_duration


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
    from servo.cli.session import ask_each, check_connectors, open_servos
    from servo.cli.views.table import plain_table

    seconds = parse_duration(duration, "'--duration' / '-d'")
    warmup_seconds = parse_duration(warmup, "'--warmup' / '-w'")
    options: Options = context.obj
    servos = open_servos(options)
    check_connectors(servos, connectors or [])

    results = ask_each(
        servos,
        lambda servo: servo.measure(metrics or [], connectors or None, seconds, warmup_seconds),
        "measurement failed: ",
    )
    if output is Output.json:
        echo_json({"servos": [{"name": name, "connectors": answers} for name, answers in results]})
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
