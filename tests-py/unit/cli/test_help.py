"""Help and usage errors."""

import subprocess
import sys

import pytest

from servo.cli.catalogue import COMMANDS, Section
from servo.cli.group import load

RUN = """\
Usage: servo run [OPTIONS]

  Run the servos until their optimizers are done.

  The first Ctrl-C, SIGTERM, SIGHUP or SIGUSR1 ends the run in order: the
  command under way is cancelled, connectors are shut down, optimizers are
  told goodbye. A second one ends the process at once.

Before the Run:
  -c, --check / --no-check  Run the checks of all servos first, and run
                            nothing unless they pass.  [env var:
                            SERVO_RUN_CHECK; default: no-check]
  -d, --dry-run             Run the checks, and nothing else.

During the Run:
  --no-poll                       Start, and wait for a signal; ask for no
                                  commands.
  -i, --interactive               Ask before connecting, and before each
                                  command.
  --metrics-bind-address HOST:PORT
                                  Serve /metrics, /healthz and /readyz there
                                  while the servos run; port 0 is any that is
                                  free.  [env var:
                                  SERVO_RUN_METRICS_BIND_ADDRESS]

At the End:
  --shutdown-timeout DURATION  How long an orderly end may take. [default:
                               30s; 5s after Ctrl-C]  [env var:
                               SERVO_RUN_SHUTDOWN_TIMEOUT]

Options:
  -o, --output FORM  text or json; json writes nothing but JSON to stdout.
                     [default: text]
  --debug, --DEBUG   Tell failures with their tracebacks, and let asyncio look
                     for mistakes.  [env var: SERVO_RUN_DEBUG]
  --help             Show this message and exit.
"""


def test_the_help_of_run_at_80_columns(process):
    child = process("run", "--help", env={"TERM": "xterm-256color"})
    assert (*child.communicate(timeout=60), child.returncode) == (RUN, "", 0)


def sections(text):
    """The names that a help lists in each of its sections."""
    found = {}
    for line in text.splitlines():
        if line.endswith(":") and not line.startswith(" "):
            names = found.setdefault(line[:-1], [])
        elif line[:2] == "  " and line[2:3] not in (" ", "") and found:
            names.append(line.split()[0].rstrip(","))
    return found


def test_the_help_lists_commands_by_section(servo):
    result = servo("--help")
    assert result.exit_code == 0
    assert result.stdout.startswith("Usage: servo [OPTIONS] COMMAND [ARGS]...\n")
    found = sections(result.stdout)
    options = found.pop("Options")
    assert options[:2] + options[-3:] == ["-c", "-n", "--install-completion", "--show-completion", "--help"]
    expected = {}
    for section in Section:
        if names := [entry.name for entry in COMMANDS if entry.section == section]:
            expected[section.value] = sorted(names) if section is Section.other else names
    assert found == expected
    assert list(found) == list(expected)
    order = [name for names in found.values() for name in names]
    for before, after in [("run", "describe"), ("describe", "measure"), ("measure", "adjust")]:
        assert order.index(before) < order.index(after)


def test_without_arguments_the_help_is_shown(servo):
    result = servo()
    assert (result.exit_code, result.stdout, result.stderr) == (0, servo("--help").stdout, "")


ORDER = {
    Section.assembly: ["init", "list", "connectors", "show"],
    Section.ops: ["run", "check", "describe", "measure", "adjust", "optimizer"],
    Section.config: ["config", "schema", "validate", "generate", "migrate"],
    Section.other: ["completion", "version"],
}


def test_commands_stand_in_their_order():
    for section, order in ORDER.items():
        names = [entry.name for entry in COMMANDS if entry.section is section]
        assert names == [name for name in order if name in names]
    assert {entry.section for entry in COMMANDS} <= set(ORDER)


@pytest.mark.parametrize("entry", COMMANDS, ids=lambda entry: entry.name)
def test_the_summary_of_a_command_is_in_the_catalogue(entry):
    command = load(entry)
    assert command.name == entry.name
    assert len(entry.summary) <= 60
    assert entry.summary[0].isupper()
    # An 80-column terminal shows it whole.
    assert command.help


def test_the_help_of_a_command_is_that_of_the_catalogue(servo):
    for entry in COMMANDS:
        assert f"  {entry.name} " in servo("--help").stdout
        assert entry.summary in servo("--help").stdout


@pytest.mark.parametrize(
    "command",
    [
        "run",
        "describe",
        "measure",
        "adjust",
        "validate",
        "version",
        "optimizer",
        "optimizer trials",
        "optimizer export",
    ],
)
def test_the_help_of_a_command_needs_no_configuration(servo, command):
    result = servo(*command.split(), "--help")
    assert result.exit_code == 0
    assert result.stdout.startswith(f"Usage: servo {command} [OPTIONS]")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nope"], "No such command 'nope'."),
        (["rn"], "Did you mean 'run'?"),
        (["--nope"], "No such option: --nope"),
        (["-n", "web"], "Missing command."),
        (["run", "extra"], "Got unexpected extra argument"),
        (["-l", "loud", "run"], "'loud' is not one of"),
        (["-c", ".", "run"], "is a directory"),
        (["-c", "absent.yaml", "run"], "absent.yaml' does not exist"),
        (["-c", "absent.yaml", "describe"], "absent.yaml' does not exist"),
        (["run", "--output", "xml"], "'xml' is not one of"),
        (["adjust", "main=4"], "unable to parse setting descriptor 'main=4'"),
        (["adjust", "main.cpu"], "expected format is `component.setting=value`"),
        (["measure", "-d", "zz"], "invalid duration parameter: Invalid duration 'zz'"),
        (["measure", "-w", "-1s"], "is negative"),
        (["validate", "-f", "absent.yaml"], "File 'absent.yaml' does not exist."),
    ],
)
def test_usage_errors_exit_with_2(servo, arguments, message):
    result = servo(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_log_levels_are_read_in_any_case(servo, config):
    config("improve")
    assert servo("-l", "success", "validate").exit_code == 0


def test_the_help_imports_nothing_heavy():
    program = (
        "import sys; sys.argv = ['servo', '--help']\n"
        "from servo.entry_points import run_cli\n"
        "try: run_cli()\n"
        "except SystemExit as end: assert not end.code\n"
        "heavy = {'asyncio', 'loguru', 'optuna', 'pydantic', 'rich', 'servo._core', 'servo.connector'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "Operational Commands" in result.stdout
    assert result.stderr.strip() == "[]"
