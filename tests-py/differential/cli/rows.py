"""The command lines."""

from __future__ import annotations

from .run import Row

SERVICE = "optimizer: {id: dev.example.com/app, token: t-1, base_url: 'http://127.0.0.1:9'}\n"
ONE = SERVICE + "connectors: [meter, gauge]\nmeter: {}\ngauge: {}\n"
SEVERAL = SERVICE + (
    "connectors: {met1: meter, met2: meter, gau1: gauge, gau2: gauge}\nmet1: {}\nmet2: {}\ngau1: {}\ngau2: {}\n"
)
DIAL = SERVICE + "connectors: [dial]\ndial: {}\n"
METER = SERVICE + "connectors: [meter]\nmeter: {}\n"
TWO = f"name: first\n{ONE}---\nname: second\n" + METER.replace("/app", "/other")
NOW = {"DIALS_NOW": "1"}


def row(name: str, command: str, config: str | None = ONE, **more) -> Row:
    more["rules"] = tuple(more.get("rules", ()))
    return Row(name, command, config, **more)


LISTS = [
    row("list", "list"),
    row("list of two", "list", TWO),
    row("list of two, one selected", "-n second list", TWO),
    row("list, unknown servo", "-n thrid list", TWO),
    row("list, one named servo", "-n dev.example.com/app list"),
    row("list, extra argument", "list more"),
    row("list, unknown option", "list --more"),
    row("list, no file", "list", None),
    row("list, another file", "-c other.yaml list", None, files={"other.yaml": METER}),
    row(
        "list, another file by variable",
        "list",
        None,
        files={"o.yaml": METER},
        environment={"SERVO_CONFIG_FILE": "o.yaml"},
    ),
    row(
        "list, an optimizer of the environment",
        "list",
        "",
        environment={"OPSANI_OPTIMIZER": "dev.example.com/env", "OPSANI_TOKEN": "t"},
    ),
    row("list, named by a variable", "list", environment={"SERVO_NAME": "renamed"}),
    row("connectors", "connectors", None, rules=["bundled connectors"]),
    row("connectors, verbose", "connectors -v", None, rules=["bundled connectors", "own metadata"]),
    row("version", "version", None, rules=["own metadata"]),
    row("version, short", "version --short", None),
    row("version of a connector", "version meter", None),
    row("version of a class", "version MeterConnector", None),
    row("version of a path", "version dials.GaugeConnector", None),
    row("version of a connector as JSON", "version gauge -f json", None),
    row("version of a connector, short JSON", "version meter -s -f json", None),
    row("version of nothing", "version nothing", None),
    row("show", "show"),
    row("show nothing", "show nothing"),
    row("show connectors", "show connectors", SEVERAL),
    row("show connectors, verbose", "show connectors -v", SEVERAL, rules=["own metadata"]),
    row("show connectors of two", "show connectors", TWO),
    row("show connectors of one of two", "-n second show connectors", TWO),
    row("show components", "show components"),
    row("show components of several", "show components", SEVERAL, rules=["cumulative tables"]),
    row("show components of two", "show components", TWO),
    row("show components of none", "show components", METER),
    row("show metrics", "show metrics", SEVERAL),
    row("show metrics of any unit", "show metrics", DIAL),
    row("show metrics of two", "show metrics", TWO),
    row("show metrics of none", "show metrics", SERVICE),
    row("show events", "show events", SEVERAL),
    row("show events of an empty configuration", "show events", SERVICE),
    row("show events of two", "show events", TWO),
    row("show events by connector", "show events -c", TWO),
    row("show events, before", "show events --before"),
    row("show events, not on", "show events --no-on"),
    row("show events, after and before", "show events --after --before"),
    row("show events, of all", "show events --all", rules=["bundled handlers"]),
    row("describe", "describe", SEVERAL),
    row("describe one", "describe met1", SEVERAL),
    row("describe two servos", "describe", TWO),
    row("describe one of two servos", "-n first describe", TWO),
    row("describe nothing", "describe", SERVICE),
    row("describe an unknown connector", "describe nope", SEVERAL),
    row("measure", "measure --no-humanize", SEVERAL),
    row("measure, ages", "measure", METER, environment=NOW),
    row("measure, one connector", "measure --no-humanize -c met2", SEVERAL),
    row("measure, two connectors", "measure --no-humanize -c met1 -c met2", SEVERAL),
    row("measure, points", "measure --no-humanize", DIAL),
    row("measure, a connector that cannot", "measure -c gauge"),
    row("measure, nothing comes", "measure", METER, environment={"DIALS_NOTHING": "1"}),
    row("measure, two servos", "measure --no-humanize", TWO),
    row("measure, no connector", "measure", SERVICE),
    row("measure, unknown connector", "measure -c nope"),
    row("measure, unknown metric", "measure nope"),
    row("measure, wrong duration", "measure -d zz"),
    row("adjust", "adjust main.cpu=4"),
    row("adjust, no argument", "adjust"),
    row("adjust, odd values", "adjust main.cpu=a=b.c main.gc="),
    row("adjust several", "adjust main.cpu=4", SEVERAL, rules=["cumulative tables"]),
    row("adjust, nobody can", "adjust main.cpu=4", METER),
    row("adjust two servos", "adjust main.cpu=4", TWO + "---\nname: third\n" + ONE),
    row("adjust, no value", "adjust main.cpu"),
    row("adjust, no component", "adjust cpu=4"),
]

ROWS = {one.name: one for one in [*LISTS]}
"""All of them by name."""
