"""Options of the root, before and behind a command."""

import pytest
from typer.testing import CliRunner

import servo.cli
from servo.cli.options import LogFormat


@pytest.fixture
def seen():
    """Runs a command line, and gives the options that its command sees, or the result where it saw none."""
    app = servo.cli.ServoCLI()
    found = []

    @app.command()
    def plain(context: servo.cli.Context) -> None:
        found.append(context.obj)
        assert context.find_root().obj is context.obj

    @app.command()
    def own(context: servo.cli.Context, name: str = "", c: bool = False, debug: bool = False) -> None:
        found.append((context.obj, name, c, debug))

    def run(arguments, **env):
        found.clear()
        result = CliRunner().invoke(app, arguments, env=env)
        return found[0] if found else result

    return run


@pytest.mark.parametrize("form", ["{} plain", "plain {}"])
def test_each_option_is_taken_before_and_behind(seen, form):
    options = seen(form.format("-c a.yaml -n one -n two --limit 3 -l debug --log-format json --no-color --debug"))
    assert options.config_file.name == "a.yaml"
    assert options.config_file.is_absolute()
    assert options.names == ("one", "two")
    assert (options.limit, options.log_level, options.log_format) == (3, "DEBUG", LogFormat.json)
    assert (options.color, options.debug, options.verbose) == (False, True, True)


def test_without_options_there_are_the_defaults(seen, tmp_path):
    options = seen("plain")
    assert options.config_file == (tmp_path / "servo.yaml").resolve()
    assert (options.names, options.limit, options.log_level, options.log_format) == ((), None, None, LogFormat.text)
    assert (options.color, options.debug) == (True, False)


def test_what_stands_behind_comes_last(seen):
    options = seen("-c a.yaml -n one -l info plain -c b.yaml -n two -l error")
    assert (options.config_file.name, options.names, options.log_level) == ("b.yaml", ("one", "two"), "ERROR")


def test_variables_are_read(seen):
    options = seen(
        "plain",
        SERVO_CONFIG_FILE="env.yaml",
        SERVO_NAME="data base",
        SERVO_LOG_LEVEL="Trace",
        SERVO_LOG_FORMAT="JSON",
        SERVO_NO_COLOR="yes",
        SERVO_DEBUG="on",
    )
    assert (options.config_file.name, options.names) == ("env.yaml", ("data base",))
    assert (options.log_level, options.log_format) == ("TRACE", LogFormat.json)
    assert (options.color, options.debug) == (False, True)
    assert seen("plain -n web", SERVO_NAME="other").names == ("web",)
    assert seen("plain", SERVO_NAME="", SERVO_CONFIG_FILE="", SERVO_NO_COLOR="", SERVO_DEBUG="").color


@pytest.mark.parametrize(("value", "color"), [("1", False), ("0", False), ("false", False), ("", True)])
def test_no_color_needs_only_be_set(seen, value, color):
    assert seen("plain", NO_COLOR=value).color is color


@pytest.mark.parametrize("value", ["1", "true", "T", "yes", "Y", "on", "ON"])
def test_variables_that_are_true(seen, value):
    assert seen("plain", SERVO_DEBUG=value).debug


@pytest.mark.parametrize("value", ["0", "false", "F", "no", "N", "off", "OFF"])
def test_variables_that_are_false(seen, value):
    assert not seen("plain", SERVO_DEBUG=value).debug


@pytest.mark.parametrize(
    ("arguments", "env", "message"),
    [
        ("plain", {"SERVO_NO_COLOR": "foo"}, "Invalid value for '--no-color': 'foo' is not a valid boolean."),
        ("--limit x plain", {}, "Invalid value for '--limit': 'x' is not a valid integer."),
        ("plain --limit 0", {}, "Invalid value for '--limit': 0 is not in the range x>=1."),
        (
            "-l loud plain",
            {},
            "Invalid value for '--log-level' / '-l': 'loud' is not one of 'TRACE', 'DEBUG', 'INFO', 'SUCCESS', "
            "'WARNING', 'ERROR', 'CRITICAL'.",
        ),
        ("plain --log-format xml", {}, "Invalid value for '--log-format': 'xml' is not one of 'text', 'json'."),
        ("plain x", {}, "Got unexpected extra argument (x)"),
        ("plain x y", {}, "Got unexpected extra arguments (x y)"),
        ("-n web", {}, "Missing command."),
        ("nope", {}, "No such command 'nope'."),
        ("plain -x", {}, "No such option: -x"),
    ],
)
def test_usage_errors_have_the_words_of_click(seen, arguments, env, message):
    result = seen(arguments, **env)
    assert (result.exit_code, result.stdout) == (2, "")
    usage, hint, empty, error = result.stderr.splitlines()
    assert usage.startswith("Usage: servo ")
    assert hint.startswith("Try 'servo ")
    assert (empty, error) == ("", f"Error: {message}")


def test_what_a_command_has_itself_is_its_own(seen):
    options, name, c, debug = seen("-n web own --name x --c --debug -l info")
    assert (options.names, name, c) == (("web",), "x", True)
    assert (options.debug, debug) == (False, True)
    assert options.log_level == "INFO"
    # The short name is free.
    assert seen("own --name x -n web")[0].names == ("web",)


def test_behind_two_dashes_there_are_no_options(seen):
    assert "Got unexpected extra argument (-n)" in seen("plain -- -n").stderr


def test_the_help_of_a_command_shows_its_own_options(servo):
    assert "--config-file" not in servo("run", "--help").stdout
    assert "--config-file" in servo("--help").stdout
