"""Checks before a run."""

import json

import pytest

UNKNOWN = "A connector named within the checks config was not found in the current Assembly"


def test_a_run_begins_when_the_checks_pass(servo, config):
    config({"does": "keep", "checks": "pass"})
    result = servo("run", "--check")
    assert result.exit_code == 0
    assert result.stderr.splitlines() == ["web attached", "web checks"]
    assert "the baseline stays" in result.stdout


@pytest.mark.parametrize(
    ("checks", "why"),
    [
        ("fail", "checks failed"),
        ("unknown", "no connector found with name(s) '['wbe']'"),
        ("raise", "KeyError: 'surprise'"),
    ],
)
@pytest.mark.parametrize("option", ["-c", "--dry-run"])
def test_nothing_runs_when_they_fail(servo, config, option, checks, why):
    config({"checks": checks})
    result = servo("run", option)
    assert (result.exit_code, result.stdout) == (1, f"{UNKNOWN}\n" if checks == "unknown" else "")
    assert result.stderr.splitlines() == ["web attached", "web checks", "web detached", f"error: {why}"]


def test_a_dry_run_checks_and_ends(servo, config):
    config({"checks": "pass"})
    result = servo("run", "-d")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.splitlines() == ["web attached", "web checks", "web detached"]


def test_all_servos_are_checked_and_each_is_told(servo, config):
    config({"checks": "fail"}, {"checks": "pass"}, {"checks": "unknown"})
    result = servo("run", "--check", "-o", "json")
    assert result.exit_code == 1
    found = [(one["name"], one["ended"], one["reason"]) for one in json.loads(result.stdout)["servos"]]
    assert found == [
        ("web", "failed", "checks failed"),
        ("db", "interrupted", "the checks of another servo failed"),
        ("queue", "failed", "no connector found with name(s) '['wbe']'"),
    ]
    assert result.stderr.count("checks\n") == 3
    assert "error: web: checks failed\n" in result.stderr


def test_they_are_limited_to_the_named_servos(servo, config):
    config({"checks": "fail"}, {"checks": "pass"}, {"checks": "pass"})
    result = servo("-n", "db", "-n", "queue", "run", "--dry-run")
    assert result.exit_code == 0
    assert "web" not in result.stderr


def test_tables_are_shown_and_leave_json_alone(servo, config):
    config({"checks": "table"})
    assert servo("run", "-d").stdout == "NAME    STATUS\n"
    result = servo("run", "-d", "-o", "json")
    assert json.loads(result.stdout)["servos"][0]["ended"] == "finished"
    assert "NAME    STATUS\n" in result.stderr


@pytest.mark.parametrize(
    ("value", "arguments", "checks"),
    [("1", [], 1), ("true", [], 1), ("0", [], 0), ("1", ["--no-check"], 0), ("0", ["-c"], 1), (None, [], 0)],
)
def test_the_environment_chooses_and_the_option_wins(servo, config, monkeypatch, value, arguments, checks):
    config({"does": "keep", "checks": "pass"})
    if value is not None:
        monkeypatch.setenv("SERVO_RUN_CHECK", value)
    result = servo("run", *arguments)
    assert (result.exit_code, result.stderr.count("web checks")) == (0, checks)
