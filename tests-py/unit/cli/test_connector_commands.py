"""Commands that connectors add, run as their users run them."""

import subprocess
import sys

import pytest

CONNECTOR = '''
import servo
import servo.cli


class ProbeConnector(servo.BaseConnector):
    """Looks."""

    config: servo.BaseConfiguration

    async def look(self):
        return f"{self.name} looks"


cli = servo.cli.ConnectorCLI(ProbeConnector, help="Look at things")


@cli.command()
def now(context: servo.cli.Context, loud: bool = False) -> None:
    """Look at once."""
    text = servo.cli.run_async(context.connector.look())
    print(text.upper() if loud else text, context.servo.name, context.config_file.name, len(context.assembly.servos))


@cli.command()
async def later(context: servo.cli.Context) -> None:
    print(await context.connector.look())
'''
OPTIMIZER = "optimizer: {id: dev.example.com/app, token: t}\n"


@pytest.fixture
def run(tmp_path):
    (tmp_path / "probe.py").write_text(CONNECTOR)

    def call(text, *arguments):
        (tmp_path / "servo.yaml").write_text(text)
        command = [sys.executable, "-m", "servo", *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)

    return call


ONE = OPTIMIZER + "connectors: [probe.ProbeConnector]\nprobe: {}\n"
TWO = OPTIMIZER + "connectors: {left: probe.ProbeConnector, right: probe.ProbeConnector}\nleft: {}\nright: {}\n"
SERVOS = f"name: one\n{ONE}---\nname: two\n{ONE}"


@pytest.mark.parametrize(
    ("text", "arguments", "printed"),
    [
        (ONE, ["probe", "now"], "probe looks dev.example.com/app servo.yaml 1"),
        (ONE, ["probe", "now", "--loud"], "PROBE LOOKS dev.example.com/app servo.yaml 1"),
        (ONE, ["probe", "-c", "other", "later"], "probe looks"),
        (TWO, ["probe", "--connector", "right", "later"], "right looks"),
        (SERVOS, ["-n", "two", "probe", "now"], "probe looks two servo.yaml 2"),
    ],
)
def test_a_command_works_with_a_connector(run, text, arguments, printed):
    done = run(text, *arguments)
    assert (done.returncode, done.stdout.strip()) == (0, printed), done.stderr


@pytest.mark.parametrize(
    ("text", "arguments", "told"),
    [
        (TWO, ["probe", "later"], "multiple instances of \"ProbeConnector\" found in servo \"dev.example.com/app\": "
         "select one of ['left', 'right']"),
        (TWO, ["probe", "-c", "up", "later"], "no connector named \"up\" of type \"ProbeConnector\" found"),
        (SERVOS, ["probe", "later"], "A servo must be selected"),
        (SERVOS, ["-n", "twp", "probe", "later"],
         "No servo was found named \"twp\" (known: one, two). Did you mean 'two'?"),
        (OPTIMIZER + "connectors: {pause: wait}\npause: {measure_enabled: true}\n", ["probe", "later"],
         "No such command 'probe'"),
        ("- nothing\n", ["nowhere"], "No such command 'nowhere'"),
    ],
)  # fmt: skip
def test_what_cannot_be_selected_is_a_usage_error(run, text, arguments, told):
    done = run(text, *arguments)
    assert done.returncode == 2, done.stderr
    assert told in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_help_needs_no_configuration(run):
    done = run(ONE, "probe", "--help")
    assert done.returncode == 0
    assert "Look at things" in done.stdout
    assert "Look at once." in done.stdout


def test_a_wrong_configuration_is_told_in_a_line(run):
    done = run(ONE + "other: {}\n", "probe", "later")
    assert done.returncode == 1
    assert "servo.yaml:4:1: other: unknown key" in done.stderr
