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

TYPED = (
    SERVICE + "connectors: [meter, gauge]\nmeter: {url: 'http://x.y', description: hey}\ngauge: {}\ndescription: shop\n"
)
BOTH = "name: first\n" + TYPED + "---\nname: second\n" + METER
TOKEN = {"OPSANI_OPTIMIZER": "dev.example.com/env", "OPSANI_TOKEN": "t-2"}

CONFIG = [
    row("config", "config", TYPED, rules=["masked secrets"]),
    row("config as JSON", "config -f json", TYPED, rules=["masked secrets"]),
    row("config as dict", "config -f dict", TYPED, rules=["masked secrets"]),
    row("config of keys", "config meter connectors", TYPED),
    row("config of an unknown key", "config nope", TYPED),
    row("config of two", "config", BOTH, rules=["masked secrets", "documents apart"]),
    row("config of one of two", "-n second config", BOTH, rules=["masked secrets"]),
    row("config to a file", "config -o out.yaml", TYPED, shows=["out.yaml"], rules=["masked secrets"]),
    row("config, unknown form", "config -f xml", TYPED),
    row("config map", "config -f configmap", TYPED, rules=["moment"]),
    row("schema of a connector", "schema meter", None, rules=["variables that are read"]),
    row("schema of a connector, dict", "schema meter -f dict", None, rules=["variables that are read"]),
    row("schema, unknown connector", "schema nope", None),
    row("schema of two", "schema", BOTH),
    row("schema to a file", "schema meter -o out.json", None, shows=["out.json"], rules=["variables that are read"]),
    row("validate", "validate", TYPED),
    row("validate, quiet", "validate -q", TYPED),
    row("validate another file", "validate -f other.yaml", None, files={"other.yaml": TYPED}),
    row("validate an unknown key", "validate", TYPED + "other: {}\n"),
    row("validate an unknown key, quiet", "validate -q", TYPED + "other: {}\n"),
    row("validate a wrong value", "validate", TYPED.replace("http://x.y", "1").replace("hey", "[]")),
    row("validate an empty file", "validate", "", environment=TOKEN),
    row("validate no YAML", "validate", "a: [\n"),
]

GENERATE = [
    row("generate", "generate meter gauge", None, shows=["servo.yaml"], rules=["generated text"]),
    row("generate aliases", "generate -f b.yaml foo:meter bar:gauge", None, shows=["b.yaml"], rules=["generated text"]),
    row("generate, name", "generate -n shop meter", None, shows=["servo.yaml"], rules=["generated text"]),
    row("generate, standalone", "generate -s meter", None, shows=["servo.yaml"], rules=["generated text"]),
    row("generate, quiet", "generate -q meter", None, shows=["servo.yaml"], rules=["generated text"]),
    row("generate, a file is there, no", "generate meter", "a: 1\n", input="n\n", shows=["servo.yaml"]),
    row(
        "generate, a file is there, yes",
        "generate meter",
        "a: 1\n",
        input="y\n",
        shows=["servo.yaml"],
        rules=["generated text"],
    ),
    row("generate, force", "generate --force meter", "a: 1\n", shows=["servo.yaml"], rules=["generated text"]),
    row(
        "generate, append",
        "generate --append -n two meter",
        ONE,
        shows=["servo.yaml"],
        rules=["generated text", "what is added"],
    ),
    row("generate, unknown", "generate nope", None, shows=["servo.yaml"]),
    row(
        "init",
        "init",
        "a: 1\n",
        input="dev.example.com/shop\n123456789\nn\ny\n",
        shows=[".env"],
        rules=["generated by init", "local optimizer offered"],
    ),
    row(
        "init, no file",
        "init",
        None,
        input="dev.example.com/shop\n123456789\nn\n",
        shows=[".env"],
        rules=["generated by init", "local optimizer offered"],
    ),
    row(
        "init, declined",
        "init",
        "a: 1\n",
        input="dev.example.com/shop\n123456789\nn\nn\n",
        shows=[".env", "servo.yaml"],
        rules=["local optimizer offered"],
    ),
    row(
        "init, the end of answers",
        "init",
        None,
        input="",
        shows=[".env", "servo.yaml"],
        rules=["local optimizer offered"],
    ),
]

LOOP = SERVICE.replace("http://127.0.0.1:9", "{url}") + "connectors: [meter]\nmeter: {passes: %s}\n"
CHECKS = {"CHECKS_PROGRESSIVE": "False", "CHECKS_WAIT": ""}
CHECK = [
    row("dry run", "run --check --dry-run", LOOP % "true", environment=CHECKS),
    row("dry run, verbose", "run --dry-run", LOOP % "true", environment=CHECKS | {"CHECKS_VERBOSE": "True"}),
    row("dry run, quiet", "run --dry-run", LOOP % "true", environment=CHECKS | {"CHECKS_QUIET": "True"}),
    row("dry run, failing", "run --dry-run", LOOP % "false", environment=CHECKS),
    row("dry run, failing, verbose", "run --dry-run", LOOP % "false", environment=CHECKS | {"CHECKS_VERBOSE": "True"}),
    row(
        "dry run of two",
        "run --dry-run",
        "name: first\n" + LOOP % "true" + "---\nname: second\n" + LOOP.replace("/app", "/b") % "true",
        environment=CHECKS,
        rules=["servos at once"],
    ),
    row(
        "dry run of one of two",
        "-n second run --dry-run",
        "name: first\n" + LOOP % "true" + "---\nname: second\n" + LOOP.replace("/app", "/b") % "true",
        environment=CHECKS,
    ),
]

CONNECTOR = [
    row("a connector's command", "meter look", ONE),
    row("a connector's command, option", "meter look --loud", ONE),
    row("a connector's table", "meter shown", ONE),
    row("a connector's coroutine", "meter ask", ONE),
    row("a connector of several", "meter -c met2 look", SEVERAL),
    row("a connector of several, none named", "meter look", SEVERAL),
    row("a connector of several, unknown", "meter -c nope look", SEVERAL),
    row("a connector that is not active", "meter look", DIAL, rules=["spelling"]),
    row("a connector of two servos", "meter look", TWO),
    row("a connector of one of two servos", "-n second meter look", TWO),
    row("a connector's unknown command", "meter nope", ONE),
]

ROOT = [
    row("unknown command", "nope", ONE),
    row("unknown option", "--nope list", ONE),
    row("no command", "-n x", ONE),
    row("unknown level", "-l LOUD list", ONE),
    row("no optimizer", "list", "connectors: [meter]\nmeter: {}\n", rules=["local without an optimizer"]),
    row("a list as the file", "list", "- a\n"),
    row("unknown key", "list", ONE + "other: {}\n"),
    row("unknown connector", "list", SERVICE + "connectors: [nope]\n"),
    row("limit", "--limit 2 list", TWO),
    row("limit that is no number", "--limit x list", TWO),
    row("no color", "--no-color list", ONE),
]

ROWS = {one.name: one for one in [*LISTS, *CONFIG, *GENERATE, *CHECK, *CONNECTOR, *ROOT]}
"""All of them by name."""
