"""`servo check`."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

import servo.assembly  # noqa: F401 (before the tests, so that it is imported with the real modules)
from servo.cli import ServoCLI

HERE = Path(__file__).parent
PACKAGE = HERE.parents[2] / "python"


@pytest.fixture
def documents(tmp_path, monkeypatch):
    """Writes servo.yaml: a servo for each mapping of names of connectors to their configuration."""
    monkeypatch.syspath_prepend(str(HERE))

    def write(*members, **checks):
        found = []
        for at, configs in enumerate(members):
            kinds = {name: "Silent" if name.startswith("silent") else "Shop" for name in configs}
            found.append(
                {
                    "name": ["one", "two"][at],
                    "optimizer": {"local": {}},
                    "connectors": {name: f"checked_connectors.{kind}Connector" for name, kind in kinds.items()},
                    "checks": checks,
                    **configs,
                }
            )
        (tmp_path / "servo.yaml").write_text("\n---\n".join(map(json.dumps, found)))

    return write


@pytest.fixture
def run():
    def invoke(*arguments, before=()):
        command = [*before, "-l", "ERROR", "check", *arguments]
        return CliRunner().invoke(ServoCLI(), command, prog_name="servo", reports=True)

    return invoke


def statuses(result):
    """The status of each check by its name, servo by servo."""
    return [{check["name"]: check["status"] for check in one["checks"]} for one in json.loads(result.stdout)["servos"]]


TABLE = """\
CONNECTOR     CHECK                TIME  MESSAGE
shop       ✓  Connect to the shop  50ms  connected
           ✗  Prices are read      50ms  no <prices> & \\x1b[31m
                                         hint: write some
                                         remedy: applied
           !  Enough staff         50ms  one is ill
one        ✓  Local optimizer      -  servo.db will be made in a folder that can be written

1 failed, 2 passed, 1 warning in """


def test_a_table_and_a_sentence(documents, run):
    documents({"shop": {"outcome": "fail"}})
    result = run()
    assert result.exit_code == 1
    lines = [line.rstrip() for line in result.stdout.splitlines()]
    # That of the servo takes a moment that nobody knows.
    lines = [re.sub(r"(Local optimizer +) <?\d+ms ", r"\1- ", line) for line in lines]
    assert "\n".join(lines[: TABLE.count("\n")]) + "\n" == TABLE[: TABLE.rindex("\n") + 1]
    assert lines[-2].startswith(TABLE.splitlines()[-1])
    assert lines[-1] == "1 remedy was applied: check again"
    assert "\x1b" not in result.output


def test_warnings_do_not_fail(documents, run):
    documents({"shop": {}})
    result = run()
    assert result.exit_code == 0
    assert "3 passed, 1 warning in " in result.stdout


def test_details(documents, run):
    documents({"shop": {}})
    result = run("--verbose")
    heading = result.stdout.splitlines()[0].split()
    assert heading == ["CONNECTOR", "CHECK", "ID", "SEVERITY", "TAGS", "TIME", "MESSAGE"]
    assert "Each of them" in result.stdout
    assert " prices            common    - " in result.stdout


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_the_result_for_programs(documents, run, form):
    read = json.loads if form == "json" else pytest.importorskip("yaml").safe_load
    documents({"shop": {"outcome": "fail"}})
    result = run("-f", form)
    assert result.exit_code == 1
    (one,) = read(result.stdout)["servos"]
    assert (one["name"], one["passed"], one["error"], one["rounds"]) == ("one", False, None, 1)
    check = one["checks"][1]
    del check["run_at"]
    assert check == {
        "connector": "shop",
        "id": "prices",
        "name": "Prices are read",
        "description": "Each of them",
        "severity": "common",
        "tags": [],
        "status": "failed",
        "message": "no <prices> & \x1b[31m",
        "hint": "write some",
        "remedy": "applied",
        "exception": "CheckError('no <prices> & \\x1b[31m')",
        "seconds": 0.05,
    }


def test_junit(documents, run, tmp_path):
    documents({"shop": {"outcome": "fail"}}, {"other": {"outcome": "refuse"}})
    result = run("--format", "junit", "-o", "checks.xml")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "one: 1 failed, 2 passed, 1 warning in " in result.stderr
    root = ElementTree.fromstring((tmp_path / "checks.xml").read_text(encoding="utf-8"))
    assert {name: root.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "5",
        "failures": "1",
        "errors": "1",
        "skipped": "1",
    }
    shop, api, two = root.findall("testsuite")
    assert (shop.get("name"), shop.get("tests"), shop.get("time")) == ("one.shop", "3", "0.150")
    passed, failed, warned = shop.findall("testcase")
    assert (passed.get("name"), passed.get("classname"), passed.get("time")) == (
        "Connect to the shop",
        "one.shop",
        "0.050",
    )
    assert passed.find("failure") is None
    (failure,) = failed
    assert (failure.tag, failure.get("type"), failure.get("message")) == (
        "failure",
        "CheckError",
        "no <prices> & \\x1b[31m",
    )
    assert failure.text.splitlines()[1:] == ["hint: write some", "remedy: applied"]
    assert warned.find("skipped").get("message") == "warning: one is ill"
    assert api.get("name") == "one.one"
    assert "the shop is closed" in two.find("testcase/error").text


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--check", "Enough staff"], {"Connect to the shop": "passed", "Enough staff": "warning"}),
        (["-n", "/^Opsani/"], {"Local optimizer": "passed"}),
        (["--name", "Connect to the shop", "-n", "/API/"], None),
        (["-i", "ffd7e219"], {"Local optimizer": "passed"}),
        (["--id", "check_connection, prices"], {"Connect to the shop": "passed", "Prices are read": "passed"}),
        (["-t", "network"], {"Connect to the shop": "passed"}),
        (["shop", "-t", "network,people"], {"Connect to the shop": "passed", "Enough staff": "warning"}),
        (["one"], {"Local optimizer": "passed"}),
    ],
)
def test_what_is_asked_for_runs(documents, run, arguments, expected):
    documents({"shop": {}})
    result = run(*arguments, "-f", "json")
    assert result.exit_code == 0
    expected = expected or {"Connect to the shop": "passed", "Local optimizer": "passed"}
    assert statuses(result) == [expected]


def test_options_win_over_the_configuration(documents, run):
    documents({"shop": {"outcome": "away"}}, tag=["people"], halt_on="common", connectors=["shop"], verbose=True)
    assert "SEVERITY" in run().stdout
    assert statuses(run("-f", "json")) == [{"Connect to the shop": "failed"}]
    given = run("-f", "json", "--halt-on", "NEVER", "--tag", "network,people", "--no-verbose")
    assert statuses(given) == [{"Connect to the shop": "failed", "Enough staff": "warning"}]


def test_remedies_can_be_refused(documents, run):
    documents({"shop": {"outcome": "fail"}})
    assert "remedy: not applied\n" in run("--no-remedy").stdout
    documents({"shop": {"outcome": "fail"}}, remedy=False)
    assert "remedy: not applied\n" in run().stdout
    assert "remedy: applied\n" in run("--remedy").stdout


@pytest.mark.parametrize(
    ("outcome", "message"),
    [
        ("raise", "caught exception (KeyError): 'surprise'"),
        ("nonsense", "caught exception (TypeError): expected a list of Check, found str"),
    ],
)
def test_a_connector_that_cannot_be_asked_fails_alone(documents, run, outcome, message):
    documents({"shop": {"outcome": outcome}, "other": {}})
    result = run("-f", "json")
    assert result.exit_code == 1
    (one,) = json.loads(result.stdout)["servos"]
    assert [(check["connector"], check["status"]) for check in one["checks"]] == [
        ("shop", "failed"),
        ("other", "passed"),
        ("other", "passed"),
        ("other", "warning"),
        ("one", "passed"),
    ]
    assert one["checks"][0]["message"] == message


def test_several_servos(documents, run):
    documents({"shop": {"outcome": "refuse"}}, {"other": {}, "silent": {}})
    result = run()
    assert result.exit_code == 1
    first, second = result.stdout.split("\n\ntwo\n")
    assert first.startswith("one\nerror: ")
    assert "the shop is closed" in first
    assert second.startswith("CONNECTOR")
    result = run(before=["-n", "two"])
    assert result.exit_code == 0
    assert result.stdout.startswith("two\nCONNECTOR")
    assert run("--limit", "1", "-f", "json").exit_code == 1
    assert statuses(run("other", "-f", "json")) == [
        {"Connect to the shop": "passed", "Prices are read": "passed", "Enough staff": "warning"}
    ]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["shpo"], "no connector found named 'shpo'"),
        (["-n", "nope"], "no check matches 'nope'"),
        (["-n", "one"], "to select a servo, write `servo -n one check`"),
        (["-n", "/(/"], "wrong regular expression '/(/'"),
        (["--wait", "soon"], "invalid duration"),
        (["--delay", "3s"], "--wait"),
        (["--wait", "3s", "--delay", "0"], "some time between"),
        (["--halt-on", "fatal"], "'fatal' is not one of"),
        (["-f", "toml"], "'toml' is not one of"),
    ],
)
def test_usage(documents, run, arguments, why):
    documents({"shop": {}})
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert why in " ".join(result.stderr.split())


def test_a_connector_without_checks_has_none(documents, run):
    documents({"shop": {}, "silent": {}})
    result = run("silent")
    assert (result.exit_code, result.stdout) == (1, "error: connector 'silent' has no checks\n")


def test_filters_of_the_configuration_that_match_nothing(documents, run):
    documents({"shop": {}}, tag=["unknown"])
    result = run()
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "error: no check matches the filters in `checks:` of the configuration\n"


def test_quiet(documents, run):
    documents({"shop": {"outcome": "away"}})
    result = run("-q")
    assert (result.exit_code, result.stdout) == (1, "")


def test_it_waits_until_all_pass(documents, run):
    documents({"shop": {"passes_at": 3}})
    import checked_connectors

    checked_connectors.rounds[0] = 0
    result = run("--wait", "1m", "--delay", "1ms", "--no-remedy", "-f", "json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["servos"][0]["rounds"] == 3
    assert result.stderr == ""


def test_it_gives_up(documents, run):
    documents({"shop": {"outcome": "away"}})
    result = run("--wait", "20ms", "--delay", "1ms")
    assert result.exit_code == 1
    assert " rounds in " in result.stdout


def test_results_are_logged_on_demand(documents, tmp_path):
    documents({"shop": {"outcome": "fail"}})
    options = {"env": os.environ | {"PYTHONPATH": f"{PACKAGE}:{HERE}"}, "capture_output": True, "text": True}
    done = subprocess.run([sys.executable, "-m", "servo", "check", "-p", "shop"], **options)
    assert done.returncode == 1
    texts = [line.split(" - ", 1)[1] for line in done.stderr.splitlines()]
    assert texts == [
        "✅ Check 'Connect to the shop' passed",
        "❌ Check 'Prices are read' failed (1 passed): no <prices> & \\x1b[31m",
        "Hint: write some",
        "💡 Attempting to apply remedy...",
        "❌ Check 'Enough staff' failed (1 passed): one is ill",
    ]


def test_an_interruption_shows_what_is_known(documents):
    documents({"shop": {"outcome": "away"}})
    command = [sys.executable, "-m", "servo", "-l", "INFO", "check", "-p", "--wait", "1h", "shop"]
    environment = os.environ | {"PYTHONPATH": f"{PACKAGE}:{HERE}"}
    with subprocess.Popen(command, env=environment, stdout=-1, stderr=-1, text=True) as process:
        # Told in the log before the pause begins.
        while "failed (0 passed)" not in process.stderr.readline():
            assert process.poll() is None
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "1 failed, 0 passed in " in stdout
    assert "Traceback" not in stderr
