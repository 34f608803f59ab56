"""``list``, ``connectors``, ``show``, ``describe``, ``measure`` and ``adjust`` with connectors in Python."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

HERE = Path(__file__).parent
PACKAGE = HERE.parents[2] / "python"
OPTIMIZER = "optimizer: {id: dev.example.com/app, token: t, base_url: 'http://127.0.0.1:9'}\n"
ONE = (
    OPTIMIZER
    + "connectors:\n  met1: instruments.MeterConnector\n  met2: instruments.MeterConnector\n"
    + "  gau: instruments.GaugeConnector\nmet1: {}\nmet2: {}\ngau: {}\n"
)
GAUGE = OPTIMIZER + "connectors: {gau: instruments.GaugeConnector}\ngau: {fails: '%s'}\n"
METER = OPTIMIZER + "connectors: {met: instruments.MeterConnector}\nmet: {}\n"
TWO = f"name: first\n{GAUGE % ''}---\nname: second\n{METER}"
POINTS = OPTIMIZER + "connectors: {pts: instruments.PointsConnector}\npts: {}\n"


@pytest.fixture
def servo(tmp_path, monkeypatch):
    """The command line on a configuration: what it prints, and how it ends."""
    from servo.cli import ServoCLI

    monkeypatch.syspath_prepend(str(HERE))
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()

    def run(text, *arguments):
        (tmp_path / "servo.yaml").write_text(text)
        return CliRunner().invoke(ServoCLI(), list(arguments), prog_name="servo", reports=True)

    return run


def shown(result):
    assert result.exit_code == 0, result.stderr
    return result.stdout


def test_the_servos(servo):
    assert shown(servo(TWO, "list")) == (
        "NAME    OPTIMIZER            DESCRIPTION\n"
        "first   dev.example.com/app  Continuous Optimization Orchestrator\n"
        "second  dev.example.com/app  Continuous Optimization Orchestrator\n"
    )
    found = json.loads(shown(servo(TWO, "list", "-f", "json")))["servos"]
    assert found == yaml.safe_load(shown(servo(TWO, "list", "-o", "yaml")))["servos"]
    assert [one["name"] for one in found] == ["first", "second"]


def test_a_local_optimizer_is_called_so(servo):
    assert "servo   local" in shown(servo("wait: {measure_enabled: true}\n", "list"))


def test_a_file_may_have_a_service_alone(servo):
    assert shown(servo(OPTIMIZER, "show", "events")) == "EVENT    CONNECTORS\ncheck    Servo\n\n"
    assert shown(servo(OPTIMIZER, "show", "components")) == ""
    assert shown(servo(OPTIMIZER, "measure")) == "METRIC    UNIT    READINGS\n\n"


def test_the_installed_connectors(servo):
    lines = shown(servo("", "connectors")).splitlines()
    assert lines[0].split() == ["NAME", "VERSION", "DESCRIPTION"]
    names = [line.split()[0] for line in lines[1:-1]]
    assert {"load", "process", "wait", "servo"} <= set(names)
    assert names == sorted(names)
    assert lines[-1] == ""
    more = shown(servo("", "connectors", "--verbose")).splitlines()
    assert more[0].split() == ["NAME", "VERSION", "DESCRIPTION", "HOMEPAGE", "MATURITY", "LICENSE"]
    [wait] = [
        one for one in json.loads(shown(servo("", "connectors", "-f", "json")))["connectors"] if one["name"] == "wait"
    ]
    assert set(wait) == {"name", "type", "version", "description", "homepage", "maturity", "license"}
    assert wait["license"] == "Apache 2.0"
    assert all(wait.values())


def test_the_connectors_of_a_servo(servo):
    from servo import _core

    assert shown(servo(ONE, "show", "connectors")) == (
        "NAME                 TYPE    VERSION    DESCRIPTION\n"
        f"dev.example.com/app  Servo   {_core.version()}      Continuous Optimization Orchestrator\n"
        "met1                 Meter   1.2.3      Meter readings\n"
        "met2\n"
        "gau                  Gauge   0.0.0\n\n"
    )
    [found] = json.loads(shown(servo(ONE, "show", "connectors", "-f", "json")))["servos"]
    assert [one["name"] for one in found["connectors"]] == ["dev.example.com/app", "met1", "met2", "gau"]
    long = shown(servo(ONE, "show", "connectors", "-v"))
    assert "https://example.com/meter               Stable        MIT\n" in long


def test_components(servo):
    assert shown(servo(ONE, "show", "components")) == (
        "COMPONENT    SETTINGS                                               CONNECTOR\n"
        "main         cpu=3 RangeSetting(range=[0..10], step=1, unit=cores)  gau\n"
        "             gc=None EnumSetting(values=['a', 'b'], unit=None)\n"
        "web          replicas=2 Replicas(range=[1..4], step=1, unit=None)   gau\n\n"
    )
    [found] = json.loads(shown(servo(ONE, "show", "components", "-f", "json")))["servos"]
    main, web = found["components"]
    assert main["settings"][1] == {
        "name": "cpu", "type": "range", "pinned": False, "unit": "cores", "value": 3, "min": 0, "max": 10, "step": 1,
    }  # fmt: skip
    assert web["connector"] == "gau"


def test_metrics(servo):
    assert shown(servo(ONE, "show", "metrics")) == (
        "METRIC      UNIT                       CONNECTORS\n"
        "error_rate  percentage (%)             Meter\n"
        "throughput  requests_per_minute (rpm)  Meter\n\n"
    )
    [found] = json.loads(shown(servo(ONE, "show", "metrics", "-f", "json")))["servos"]
    assert found["metrics"][0] == {"name": "error_rate", "unit": "%", "connectors": ["met1", "met2"]}


EVENTS = {
    (): ["adjust Gauge", "attach Gauge", "check Meter", "Servo", "components Gauge", "describe Gauge", "Meter",
         "detach Gauge", "before measure Meter", "measure Meter", "metrics Meter"],
    ("--before",): ["before measure Meter"],
    ("--no-on", "--on", "--no-after"): ["adjust Gauge", "attach Gauge", "check Meter", "Servo", "components Gauge",
                                        "describe Gauge", "Meter", "detach Gauge", "before measure Meter",
                                        "measure Meter", "metrics Meter"],
    ("--no-on",): ["before measure Meter"],
    ("--no-on", "--before", "--no-after"): ["before measure Meter"],
    ("--after",): [],
}  # fmt: skip


@pytest.mark.parametrize("options", EVENTS)
def test_events(servo, options):
    lines = shown(servo(ONE, "show", "events", *options)).splitlines()
    assert lines[0].split() == ["EVENT", "CONNECTORS"]
    assert [" ".join(line.split()) for line in lines[1:-1]] == EVENTS[options]


def test_events_by_connector(servo):
    assert shown(servo(METER, "show", "events", "-c")) == (
        "CONNECTOR    EVENTS\n"
        "Meter        check\n"
        "             describe\n"
        "             before measure\n"
        "             measure\n"
        "             metrics\n"
        "Servo        check\n\n"
    )


def test_events_of_all_that_is_installed(servo):
    [found] = json.loads(shown(servo(METER, "show", "events", "--all", "--after", "-f", "json")))["servos"]
    assert {"event": "measure", "phase": "after", "connector": "Process"} in found["handlers"]


DESCRIBED = (
    "CONNECTOR    COMPONENTS      METRICS\n"
    "met1                         throughput (rpm)\n"
    "                             error_rate (%)\n"
    "gau          main.gc=None\n"
    "             main.cpu=3\n"
    "             web.replicas=2\n"
)


def test_descriptions(servo):
    assert shown(servo(ONE, "describe", "met1", "gau")) == DESCRIBED
    assert shown(servo(ONE, "describe")).count("throughput (rpm)") == 2
    [found] = json.loads(shown(servo(ONE, "describe", "--output", "json")))["servos"]
    assert [one["connector"] for one in found["connectors"]] == ["met1", "met2", "gau"]
    assert found["connectors"][0]["metrics"][0] == {"name": "throughput", "unit": "rpm"}


def test_several_servos_have_headings(servo):
    first = "CONNECTOR    COMPONENTS      METRICS\ngau          main.gc=None\n             main.cpu=3\n"
    second = "CONNECTOR    COMPONENTS    METRICS\nmet                        throughput (rpm)\n"
    assert shown(servo(TWO, "describe")) == (
        f"first\n{first}             web.replicas=2\nsecond\n{second}                           error_rate (%)\n"
    )
    assert shown(servo(TWO, "-n", "second", "describe")).startswith("second\nCONNECTOR")
    # Who has nothing to show is not named.
    assert shown(servo(TWO, "show", "components")).startswith("first\nCOMPONENT")
    assert "second" not in shown(servo(TWO, "show", "components"))


def test_measurements(servo):
    assert shown(servo(ONE, "measure", "-c", "met1")) == (
        "METRIC      UNIT    READINGS\n"
        "error_rate  %       1.25 (4 minutes ago)\n"
        "                    0.50 (just now)\n"
        "throughput  rpm     31337.00 (just now)\n\n"
    )
    both = shown(servo(ONE, "measure", "-c", "met1", "-c", "met2")).splitlines()
    assert [line.split("  ")[-1].strip() for line in both[1:5]] == [
        "1.25 (4 minutes ago) [met1]",
        "1.25 (4 minutes ago) [met2]",
        "0.50 (just now) [met1]",
        "0.50 (just now) [met2]",
    ]
    assert both[-2].split("  ")[-1] == "31337.00 (just now) [met2-a]"
    assert "[met1-a]" in shown(servo(ONE, "measure", "-v", "-c", "met1"))


def test_metrics_that_are_named_are_all_that_is_shown(servo):
    assert shown(servo(METER, "measure", "throughput")).count("(just now)") == 1
    [found] = json.loads(shown(servo(METER, "measure", "throughput", "-f", "json")))["servos"]
    [reading] = found["connectors"][0]["readings"]
    assert (reading["metric"], reading["unit"], reading["id"]) == ("throughput", "rpm", "-a")
    assert reading["points"][0][1] == 31337
    # A servo without that metric is not asked.
    assert shown(servo(TWO, "measure", "throughput")).splitlines()[0] == "second"


def test_points_and_time_zones(servo):
    assert shown(servo(POINTS, "measure", "--no-humanize")) == (
        "METRIC      UNIT    READINGS\n"
        "error_rate  %       2.50 (2025-03-03 11:00:00)\n"
        "                    nan (2025-03-03 12:00:00)\n"
        "plain               7.00 (2025-03-03 12:00:00)\n\n"
    )
    [found] = json.loads(shown(servo(POINTS, "measure", "error_rate", "-f", "json")))["servos"]
    assert [one["points"][0] for one in found["connectors"][0]["readings"]] == [
        [1741003200.9, None],
        [1740999600.0, 2.5],
    ]


def test_what_a_measurement_is_asked_for(servo):
    result = servo(METER, "measure", "-d", "2m", "-w", "3s", "throughput")
    assert "asked for ['throughput'], 3s + 2m" in result.stderr


ADJUSTED = "CONNECTOR    SETTINGS\ngau          main.gc=None\n             main.cpu=3\n             web.replicas=2\n\n"


def test_adjustments(servo):
    result = servo(GAUGE % "", "adjust", "main.cpu=4", "web.replicas=a=b.c")
    assert shown(result) == ADJUSTED
    assert result.stderr.splitlines()[1] == "['main.cpu=4', 'web.replicas=a=b.c']"
    assert shown(servo(GAUGE % "", "adjust")) == ADJUSTED
    [found] = json.loads(shown(servo(GAUGE % "", "adjust", "-f", "json")))["servos"]
    assert found["connectors"][0]["components"][0]["name"] == "main"


def test_a_connector_that_describes_nothing_may_know_any_setting(servo):
    text = OPTIMIZER + "connectors: {slow: instruments.SlowConnector}\nslow: {}\n"
    assert shown(servo(text, "adjust", "any.thing=1")).endswith("CONNECTOR    SETTINGS\nslow\n\n")


@pytest.mark.parametrize(
    ("text", "arguments", "told"),
    [
        (ONE, ["describe", "gua"],
         "Invalid value: no connector found named 'gua' (known: dev.example.com/app, met1, met2, gau). Did you "
         "mean 'gau'?"),
        (ONE, ["measure", "-c", "x"], "Invalid value: no connector found named 'x' (known:"),
        (TWO, ["measure", "-c", "gau"], "no connector found named 'gau' (known: second, met)"),
        (ONE, ["measure", "x"],
         "Invalid value for '[METRICS]...': no metric found named 'x' (known: error_rate, throughput)"),
        (POINTS, ["measure", "x"], "no metric found named 'x' (known: error_rate)"),
        (GAUGE % "", ["adjust", "main.cup=1"], "no setting found named 'main.cup' (known: main.gc, main.cpu, "
         "web.replicas). Did you mean 'main.cpu'?"),
        (TWO, ["-n", "secnd", "list"], 'Invalid value: No servo was found named "secnd" (known: first, second)'),
        (ONE, ["show", "x"], "No such command 'x'."),
        (ONE, ["show"], "Missing command."),
        (ONE, ["measure", "-d", "zz"],
         "Invalid value for '--duration' / '-d': invalid duration parameter: Invalid duration 'zz'"),
        (ONE, ["list", "-f", "csv"], "'csv' is not one of 'table', 'yaml', 'json'."),
    ],
)  # fmt: skip
def test_unknown_names_are_usage_errors(servo, text, arguments, told):
    result = servo(text, *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert told in result.stderr
    # Before anything is changed.
    assert "['main" not in result.stderr


@pytest.mark.parametrize(
    ("text", "arguments", "lines"),
    [
        (GAUGE % "attach", ["describe"], ["gau attached", "gau detached", "error: gau: RuntimeError: no such gauge"]),
        (GAUGE % "adjust", ["adjust"], ["gau attached", "[]", "gau detached",
                                        "adjustment failed: gau: the valve is stuck", "turn it by hand"]),
        (GAUGE % "defect", ["adjust"], ["gau attached", "[]", "gau detached",
                                        "adjustment failed: gau: KeyError: 'valve'"]),
        (METER, ["adjust"], ["adjustment failed: no connector handled the request"]),
    ],
)  # fmt: skip
def test_failures_leave_nothing_attached(servo, text, arguments, lines):
    result = servo(text, *arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    told = result.stderr.splitlines()
    assert [line for line in lines if line not in told] == []
    assert told[-1] == lines[-1]


def test_what_was_done_before_a_failure_is_told(servo):
    result = servo(TWO, "adjust", "-f", "json")
    assert (result.exit_code, "no connector handled" in result.stderr) == (1, True)
    assert [one["name"] for one in json.loads(result.stdout)["servos"]] == ["first"]


def test_results_go_to_files(servo, tmp_path):
    assert shown(servo(METER, "show", "metrics", "-o", "metrics.txt")) == ""
    assert (tmp_path / "metrics.txt").read_text() == shown(servo(METER, "show", "metrics"))


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_detaches_in_order(tmp_path, number, code):
    (tmp_path / "servo.yaml").write_text(OPTIMIZER + "connectors: {slow: instruments.SlowConnector}\nslow: {}\n")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(PACKAGE), str(HERE)])}
    command = [sys.executable, "-m", "servo", "measure"]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout.readline() == "slow measures\n"
            process.send_signal(number)
            told, errors = process.communicate(timeout=120)
        finally:
            process.kill()
    assert told.splitlines() == ["slow ends", "slow detached"]
    assert process.returncode == code, errors
    assert "Traceback" not in errors
