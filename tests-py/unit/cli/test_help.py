"""Help and usage errors."""

import subprocess
import sys

import pytest

ROOT = """\
Usage: servo [OPTIONS] COMMAND [ARGS]...

  Connect an application to an optimizer: describe it, measure it, adjust it,
  report back.

Options:
  -c, --config-file FILE  Configuration file.  [env var: SERVO_CONFIG_FILE;
                          default: servo.yaml]
  -n, --name NAME         Work with that servo only; again for more.  [env var:
                          SERVO_NAME]
  -l, --log-level LEVEL   Least level that is logged to stderr: TRACE, DEBUG,
                          INFO, SUCCESS, WARNING, ERROR, CRITICAL. [default:
                          INFO]  [env var: SERVO_LOG_LEVEL]
  --no-color              Write no colours; NO_COLOR does the same.  [env var:
                          SERVO_NO_COLOR]
  --install-completion    Install completion for the current shell.
  --show-completion       Show completion for the current shell, to copy it or
                          customize the installation.
  --help                  Show this message and exit.

Operational Commands:
  run        Run the servos until their optimizers are done.
  check      Check that everything is there that the servos depend on.
  describe   Show the components with their settings, and the metrics.
  measure    Read metrics and show their values.
  adjust     Change settings and show all of them as they are afterwards.
  optimizer  Look at studies of the local optimizer, or serve it to others.

Configuration Commands:
  validate  Check a configuration file and show everything that is wrong...

Other Commands:
  version  Show the version; needs no configuration.
"""

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


def test_the_help_lists_commands_by_section(servo):
    result = servo("--help")
    assert result.exit_code == 0
    assert result.stdout == ROOT


def test_without_arguments_the_help_is_shown(servo):
    result = servo()
    assert (result.exit_code, result.stdout, result.stderr) == (0, ROOT, "")


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
    assert servo("-l", "success", "describe").exit_code == 0


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
