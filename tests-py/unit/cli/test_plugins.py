"""Connectors of installed packages, and their commands."""

import os
import subprocess
import sys

import pytest

PROBE = '''
import servo
import servo.cli

class ProbeConnector(servo.BaseConnector):
    """Looks."""
    config: servo.BaseConfiguration

cli = servo.cli.ConnectorCLI(ProbeConnector, help="Look at things")

@cli.command()
def now(context: servo.cli.Context, loud: bool = False) -> None:
    """Look at once."""
    print(context.connector.name, context.servo.name, context.name)

@cli.command()
def fail() -> None:
    raise ValueError("oops")
'''
CONFIG = """\
name: {name}
optimizer: {{id: dev.example.com/{name}, token: t}}
connectors: [probe_package.ProbeConnector]
probe: {{}}
"""


@pytest.fixture
def run(tmp_path):
    """Runs the command line with an environment in which two connectors are installed, one of them broken."""
    site = tmp_path / "site"
    info = site / "probe_package-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: probe-package\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[servo.connectors]\nbroken = broken_package:Broken\nprobe = probe_package:ProbeConnector\n"
    )
    (site / "probe_package.py").write_text(PROBE)
    (site / "broken_package.py").write_text('raise RuntimeError("not today\\nor ever")\n')
    (tmp_path / "servo.yaml").write_text(CONFIG.format(name="one"))
    (tmp_path / "two.yaml").write_text("---\n".join(CONFIG.format(name=name) for name in ("one", "two")))

    def call(*arguments, program=("-m", "servo"), **env):
        path = os.pathsep.join(filter(None, [str(site), os.environ.get("PYTHONPATH")]))
        return subprocess.run(
            [sys.executable, *program, *arguments],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": path} | env,
            capture_output=True,
            text=True,
            timeout=120,
        )

    return call


WARNING = "the connector 'broken' cannot be imported and is left out: RuntimeError: not today\n"


def test_the_help_shows_the_commands_of_installed_connectors(run):
    done = run("--help")
    assert done.returncode == 0
    assert "Connector Commands:\n  probe  Look at things\n" in done.stdout
    assert done.stderr == f"warning: {WARNING}"


def test_a_broken_one_disables_no_command_and_is_told_once(run):
    done = run("probe", "now")
    assert (done.returncode, done.stdout) == (0, "probe one None\n")
    assert done.stderr == f"warning: {WARNING}"
    assert run("version").returncode == 0
    assert run("describe").stderr.count(WARNING) == 1


def test_options_behind_a_command_come_before_the_selection(run):
    done = run("probe", "now", "--config-file", "two.yaml", "-n", "two")
    assert (done.returncode, done.stdout) == (0, "probe two two\n"), done.stderr
    done = run("-c", "two.yaml", "probe", "now")
    assert done.returncode == 2
    assert "Usage: servo probe [OPTIONS] COMMAND [ARGS]..." in done.stderr
    assert "Error: Invalid value: A servo must be selected" in done.stderr
    # It is the connector here, in front of the command.
    assert "No such option: -c" in run("probe", "now", "-c", "two.yaml").stderr


def test_the_help_of_its_commands_needs_no_configuration(run, tmp_path):
    (tmp_path / "servo.yaml").unlink()
    done = run("probe", "now", "--help")
    assert (done.returncode, "Look at once." in done.stdout) == (0, True)


def test_a_defect_is_a_line_and_with_debug_a_traceback(run):
    done = run("probe", "fail")
    assert done.returncode == 1
    assert "error: unexpected ValueError: oops\n" in done.stderr
    assert "Traceback" not in done.stderr
    done = run("probe", "fail", "--debug")
    assert 'raise ValueError("oops")' in done.stderr
    assert "Traceback" in run("probe", "fail", SERVO_DEBUG="1").stderr


def test_a_shell_is_offered_them_and_told_no_warning(run):
    program = ("-c", "from servo.entry_points import run_cli; run_cli()")

    def offered(words):
        done = run(program=program, _SERVO_COMPLETE="complete_bash", COMP_WORDS=words, COMP_CWORD=str(words.count(" ")))
        assert done.stderr == ""
        return done.stdout.split()

    assert offered("servo pro") == ["probe"]
    assert offered("servo probe ") == ["fail", "now"]
    assert "probe" not in offered("servo ")
    assert offered("servo probe now --lo") == ["--loud", "--log-level", "--log-format"]


def test_no_package_is_looked_into_without_entry_points():
    program = (
        "import sys, importlib.metadata\n"
        "from servo.cli import plugins\n"
        "sys.path[:] = []\n"
        "assert not plugins.any_installed()\n"
        "plugins.load_plugins()\n"
        "assert 'servo.connector' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
