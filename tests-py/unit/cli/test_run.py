"""``run`` in a pipe: plain lines, the closing table, JSON, exit codes."""

import json
import re
import signal
import sys

import pytest

LINES = """\
starting
trial 0: the baseline, web.workers=4 web.cache=16
trial 1: web.workers=1 web.cache=16
baseline: cost 3.56
warning: trial 1: infeasible, p95 70 ms is over 60 ms
trial 2: web.workers=2 web.cache=64
trial 2: complete, cost 2.10
best so far: trial 2, cost 2.10 (-41 %)
"""

RESULT = """\
TRIAL    STATE       COST    CHANGE    WORKERS    CACHE    REMARK
0        complete    3.56              4          16       baseline
1        infeasible  1.80    -49 %     1          16       p95 70 ms is over 60 ms
2 *      complete    2.10    -41 %     2          64
3        complete    3.60    +1.1 %    4          16       verify baseline
4        complete    2.12    -40 %     2          64       verify best

MEASURED AGAIN    BASELINE    BEST    CHANGE
cost              3.60        2.12    -41 %
p95               56          38      -32 %

search ended: the budget of 2 trials is used
study web stored in servo.db

left at: web.workers=2 web.cache=64
best: trial 2, cost 2.12 (-41 %), p95 38 ms (limit 60 ms)
"""


def without_times(text):
    return re.sub(r"^\d\d:\d\d:\d\d  ", "", text, flags=re.MULTILINE)


def test_lines_then_the_table_then_the_sentence(servo, config):
    config("improve")
    result = servo("run")
    assert result.exit_code == 0
    assert without_times(result.stdout) == LINES + RESULT
    assert result.stderr == ""
    assert "\x1b" not in result.output


def test_json_is_all_there_is_on_stdout(servo, config):
    config("improve")
    result = servo("run", "--output", "json")
    assert result.exit_code == 0
    [found] = json.loads(result.stdout)["servos"]
    assert (found["name"], found["ended"], found["report"]["outcome"]) == ("web", "finished", "improved")
    assert without_times(result.stderr) == LINES


@pytest.mark.parametrize(("does", "code"), [("keep", 0), ("remote", 0), ("nothing", 1), ("fail", 1)])
def test_the_exit_code_tells_whether_there_is_a_result(servo, config, does, code):
    config(does)
    assert servo("run").exit_code == code


def test_a_run_that_fails_says_why(servo, config):
    config("fail")
    result = servo("run")
    assert result.stderr.splitlines() == [
        "error: cannot start: the port 8080 is in use",
        "  another process listens there",
    ]
    assert json.loads(servo("run", "-o", "json").stdout)["servos"][0]["ended"] == "failed"


def test_a_defect_is_reported_shortly(servo, config):
    config("defect")
    result = servo("run")
    assert result.exit_code == 1
    assert "error: unexpected KeyError: 'surprise'" in result.stderr
    assert "Traceback" not in result.output


def test_several_servos_run_side_by_side(servo, config):
    config("improve", "keep", "fail")
    result = servo("run")
    assert result.exit_code == 1
    lines = without_times(result.stdout).splitlines()
    assert "web: baseline: cost 3.56" in lines
    assert lines.index("db: trial 0: the baseline, web.workers=4 web.cache=16") < lines.index(
        "web: baseline: cost 3.56"
    )
    assert lines[-1] == "the baseline stays"
    assert lines.index("web") < lines.index("db")
    assert result.stderr.startswith("error: queue: cannot start")
    # Told at once, and at the end again.
    assert lines.index("queue: error: cannot start: the port 8080 is in use") < lines.index("web: baseline: cost 3.56")


def test_a_name_runs_that_servo_alone(servo, config):
    config("improve", "fail")
    result = servo("-n", "web", "run")
    assert result.exit_code == 0
    assert without_times(result.stdout) == LINES + RESULT


def test_a_remote_optimizer_is_followed_by_its_commands(servo, config):
    config("remote")
    assert without_times(servo("run").stdout).splitlines() == ["starting", "measure"]


def test_log_records_go_to_stderr(process, config):
    config("log")
    quiet, loud = process("run"), process("-l", "info", "run")
    out, err = quiet.communicate(timeout=60)
    assert "record" not in out
    assert re.search(r"\| INFO     \| __main__:run:\d+ \| servo - a record of a connector\n", err), err
    assert "a record of the engine" not in err
    assert "| WARNING  | servox.runner:-:7 | servo - a warning of the engine\n" in err
    assert "a note once more" not in err
    assert "a record of a package" not in err
    out, err = loud.communicate(timeout=60)
    assert "| INFO     | servox.runner:-:7 | servo - a record of the engine\n" in err
    assert "a note once more" in err


def test_names_may_be_several(servo, config):
    config("keep", "fail", "keep")
    result = servo("-n", "queue", "-n", "web", "run", "-o", "json")
    assert (result.exit_code, [one["name"] for one in json.loads(result.stdout)["servos"]]) == (0, ["web", "queue"])


def test_a_name_may_come_from_the_environment(servo, config, monkeypatch):
    config("fail", {"does": "keep", "name": "data base"})
    monkeypatch.setenv("SERVO_NAME", "data base")
    assert servo("run").exit_code == 0
    assert servo("-n", "web", "run").exit_code == 1


def test_an_unknown_name_is_told_with_the_known_ones(servo, config):
    config("keep", "keep")
    result = servo("-n", "web", "-n", "dbs", "run")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "No servo was found named \"dbs\" (known: web, db). Did you mean 'db'?" in result.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent as POSIX does")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_without_commands_waits_for_a_signal(process, config, number):
    config("serve")
    child = process("run", "--no-poll")
    assert "starting" in child.stdout.readline()
    child.send_signal(number)
    out, err = child.communicate(timeout=60)
    assert (child.returncode, err) == (0, "")
    assert out.splitlines()[-1] == f"web: interrupted ({number.name})"


def test_no_to_the_connection_ends_the_run(servo, config):
    config("fail")
    result = servo("run", "--interactive", input="n\n")
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "web: interrupted (declined)")
    assert result.stderr == "Connect to the optimizer? [y/N]: Operation aborted.\n"


def test_yes_to_both_questions_runs(servo, config):
    config("keep")
    result = servo("run", "-i", "-o", "json", input="y\nyes\n")
    assert (result.exit_code, json.loads(result.stdout)["servos"][0]["ended"]) == (0, "finished")
    assert "Connect to the optimizer? [y/N]: Poll for next command? [y/N]: " in result.stderr


def test_no_more_answers_end_the_run(servo, config):
    config("keep", "keep")
    result = servo("run", "-i", input="y\n")
    assert (result.exit_code, result.stdout.count("interrupted (declined)")) == (0, 2)


def test_a_defect_has_a_traceback_with_debug(servo, config, monkeypatch):
    config("defect")
    assert "Traceback (most recent call last)" in servo("run", "--debug").stderr
    assert "Traceback (most recent call last)" in servo("run", "--DEBUG").stderr
    monkeypatch.setenv("SERVO_RUN_DEBUG", "1")
    assert "KeyError: 'surprise'" in servo("run").stderr


def test_what_the_loop_notices_ends_nothing(process, config):
    config("notice")
    child = process("run")
    out, err = child.communicate(timeout=60)
    assert (child.returncode, "the baseline stays" in out) == (0, True)
    assert re.search(r"\| WARNING  \| servo\.cli\.\S+ \| servo - Unclosed client session\n", err)
    assert re.search(r"\| ERROR    \| servo\.cli\.\S+ \| servo - a callback failed: ValueError: gone\n", err)
    assert "Traceback" not in err


def test_nothing_but_records_is_on_stderr_where_they_are_json(process, config):
    config("log")
    out, err = process("--log-format", "json", "run", "-o", "json").communicate(timeout=60)
    records = [json.loads(line) for line in err.splitlines()]
    assert len(json.loads(out)["servos"]) == 1
    told = {record["message"]: record["level"] for record in records}
    assert told["starting"] == "INFO"
    assert told["a record of a connector"] == "INFO"
    assert told["a warning of the engine"] == "WARNING"
