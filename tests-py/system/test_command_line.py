"""How commands end: at a closed pipe, at Ctrl-C, at a question without an answer."""

import os
import signal
import subprocess
import sys

import pytest

COMMANDS = """
import time
import typer
import servo
import servo.cli


class AskingConnector(servo.BaseConnector):
    config: servo.BaseConfiguration


cli = servo.cli.ConnectorCLI(AskingConnector)


@cli.command()
def lines() -> None:
    for number in range(100_000):
        print(number)


@cli.command()
def ask() -> None:
    typer.prompt("name")


@cli.command()
def confirm() -> None:
    typer.confirm("sure?", abort=True)


@cli.command()
def sleep() -> None:
    print("asleep", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def start(tmp_path):
    """Starts a command line in a folder with a connector and its commands."""
    (tmp_path / "asking.py").write_text(COMMANDS)
    (tmp_path / "servo.yaml").write_text(
        "optimizer: {id: dev.example.com/app, token: t}\nconnectors: [asking.AskingConnector]\nasking: {}\n"
    )
    started = []

    def start(*arguments, **options):
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("SERVO_", "_SERVO"))}
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | options
        # A shell without a terminal may have switched Ctrl-C off.
        program = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
        program += "from servo.entry_points import run_cli; run_cli()"
        started.append(
            subprocess.Popen([sys.executable, "-c", program, *arguments], cwd=tmp_path, env=environment, **options)
        )
        return started[-1]

    yield start
    for child in started:
        if child.poll() is None:
            child.kill()
        child.communicate()


@pytest.mark.parametrize("arguments", [["asking", "lines"], ["--help"], ["version"], ["completion", "bash"]])
def test_a_closed_pipe_ends_it_quietly(start, arguments):
    reading, writing = os.pipe()
    child = start(*arguments, stdout=writing)
    os.close(writing)
    os.close(reading)
    _, errors = child.communicate(timeout=120)
    assert errors == ""
    assert child.returncode in (0, 1)


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent as POSIX does")
def test_ctrl_c_ends_a_command_with_130(start):
    child = start("asking", "sleep")
    assert child.stdout.readline() == "asleep\n"
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate(timeout=120)
    assert (child.returncode, errors) == (130, "")


@pytest.mark.parametrize(("command", "given"), [("ask", ""), ("confirm", "n\n"), ("confirm", "")])
def test_a_question_without_an_answer_aborts(start, command, given):
    child = start("asking", command, stdin=subprocess.PIPE)
    _, errors = child.communicate(given, timeout=120)
    assert (child.returncode, errors.strip()) == (1, "Aborted!")


def test_the_module_is_the_command(tmp_path):
    done = [
        subprocess.run([sys.executable, *program, "--help"], cwd=tmp_path, capture_output=True, text=True, timeout=120)
        for program in (["-m", "servo"], ["-c", "from servo.entry_points import run_cli; run_cli()"])
    ]
    assert done[0].stdout == done[1].stdout
    assert done[0].stdout.startswith("Usage: servo [OPTIONS] COMMAND [ARGS]...")


def test_an_env_file_has_the_options(start, tmp_path):
    pytest.importorskip("dotenv")
    (tmp_path / "other.yaml").write_text(
        "name: other\noptimizer: {id: dev.example.com/app, token: t}\nconnectors: [nope]\n"
    )
    (tmp_path / ".env").write_text("FILE=other\nSERVO_CONFIG_FILE=${FILE}.yaml\n")
    child = start("describe")
    _, errors = child.communicate(timeout=120)
    assert child.returncode == 1
    assert "other.yaml:3:14: connectors[0]: no connector found for the identifier 'nope'" in errors
