"""``describe``, ``measure`` and ``adjust``."""

import json

import pytest

DESCRIBED = """\
CONNECTOR    COMPONENTS           METRICS
web          web.workers=4
             web.codec=gzip kind
load                              p95 (ms)
                                  ok
"""


def test_describe_shows_a_table(servo, config):
    config("improve")
    result = servo("describe")
    assert (result.exit_code, result.stdout, result.stderr) == (0, DESCRIBED, "")


def test_describe_heads_each_of_several_servos_with_its_name(servo, config):
    config("improve", "improve")
    assert servo("describe").stdout == f"web\n{DESCRIBED}db\n{DESCRIBED}"
    assert servo("-n", "db", "describe").stdout == DESCRIBED


def test_describe_asks_only_the_connectors_named(servo, config):
    config("improve")
    lines = servo("describe", "load").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["CONNECTOR", "load", "ok"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["describe", "loda"], "no connector found named 'loda' (known: web, load). Did you mean 'load'?"),
        (["measure", "-c", "x"], "no connector found named 'x' (known: web, load)"),
        (["-n", "wbe", "run"], "No servo was found named \"wbe\" (known: web). Did you mean 'web'?"),
    ],
)
def test_unknown_names_are_usage_errors(servo, config, arguments, message):
    config("improve")
    result = servo(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr


def test_describe_as_json(servo, config):
    config("improve")
    result = servo("describe", "--output", "json")
    [found] = json.loads(result.stdout)["servos"]
    assert found["name"] == "web"
    assert [connector["connector"] for connector in found["connectors"]] == ["web", "load"]


def test_measure_shows_values_by_metric_and_time(servo, config):
    config("improve")
    result = servo("measure", "-d", "2m", "-w", "3s")
    assert result.exit_code == 0
    assert result.stdout == (
        "METRIC    UNIT    READINGS\n"
        "asked             123.00 (just now)\n"
        "p95       ms      41.50 (2 minutes ago)\n"
        "                  38.25 (just now)\n"
    )
    assert "38.25 (just now) [load]" in servo("measure", "-v", "p95").stdout
    assert "just now" not in servo("measure", "--no-humanize").stdout


def test_measure_as_json(servo, config):
    config("improve")
    [found] = json.loads(servo("measure", "p95", "-o", "json").stdout)["servos"]
    [reading] = found["connectors"][0]["readings"]
    assert reading["metric"] == "p95"


def test_adjust_shows_the_settings_afterwards(servo, config):
    config("improve")
    result = servo("adjust", "web.workers=2", "web.query=a=b.c")
    assert result.stdout == "CONNECTOR    SETTINGS\nweb          web.workers=2\n             web.query=a=b.c\n"


@pytest.mark.parametrize(
    ("does", "arguments", "lines"),
    [
        ("fail", ["measure"], ["measurement failed: load: connection refused by 127.0.0.1:8080"]),
        (
            "fail",
            ["adjust", "web.workers=2"],
            ["adjustment failed: web: the health check did not pass within 10s", "  last output: boom"],
        ),
        ("nobody", ["adjust"], ["adjustment failed: no connector handled the request"]),
    ],
)
def test_what_a_connector_refuses_is_told_without_a_traceback(servo, config, does, arguments, lines):
    config(does)
    result = servo(*arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines() == lines


def test_an_invalid_configuration_is_told_by_its_places(servo, tmp_path):
    path = tmp_path / "servo.yaml"
    path.write_text("load: {rate: fast}")
    result = servo("describe")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines() == [
        f"{path}:3:7: load.rate: expected a number, found 'fast'",
        "  did you mean 'rate'?",
    ]
