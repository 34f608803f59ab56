"""`CLI`, `ServoCLI` and what is in a `Context`, as tests of connectors use them."""

import asyncio
import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

import servo
import servo.cli

OPTIMIZER = "optimizer: {id: dev.example.com/app, token: t}\n"
ONE = OPTIMIZER + "connectors: [wait]\nwait: {measure_enabled: true}\n"
TWO = f"name: one\n{ONE}---\nname: two\n{ONE}"


@pytest.fixture
def app():
    return servo.cli.ServoCLI()


@pytest.fixture
def write(tmp_path):
    def write(text, name="servo.yaml"):
        (tmp_path / name).write_text(text)

    return write


def invoke(app, arguments, **options):
    return CliRunner().invoke(app, arguments, **options)


def test_importing_servo_does_not_import_the_command_line():
    program = "import sys, servo; print([name for name in sys.modules if name.startswith('servo.cli')])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_public_names_are_there():
    for name in servo.cli.__all__:
        assert getattr(servo.cli, name) is not None
        assert name in dir(servo.cli)
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        servo.cli.nothing  # noqa: B018
    assert issubclass(servo.cli.ServoCLI, typer.Typer)
    assert issubclass(servo.cli.ConnectorCLI, servo.cli.CLI)
    assert issubclass(servo.cli.OrderedGroup, servo.cli.Group)


def test_sections_and_levels_have_their_values():
    assert [*map(str, servo.cli.Section)] == [
        "Assembly Commands",
        "Operational Commands",
        "Configuration Commands",
        "Connector Commands",
        "Commands",
        "Other Commands",
    ]
    assert servo.cli.Section.ops == "Operational Commands"
    assert servo.cli.LogLevel.trace == "TRACE"


@pytest.mark.parametrize(
    ("formats", "values"),
    [
        ("ConfigOutputFormat", ["yaml", "json", "dict", "text", "configmap"]),
        ("SchemaOutputFormat", ["json", "text", "dict", "html"]),
        ("VersionOutputFormat", ["text", "json"]),
    ],
)
def test_forms_are_output_formats(formats, values):
    kind = getattr(servo.cli, formats)
    assert [*kind] == values
    assert issubclass(kind, servo.AbstractOutputFormat)
    assert type(kind("json").lexer()).__name__ == "JsonLexer"
    assert kind("text").lexer() is None


def test_commands_can_be_added(app, write):
    write(ONE)

    @app.command()
    def say_it(context: servo.cli.Context, loud: bool = False) -> None:
        """Say which servo it is."""
        assert context.servo is context.servo_
        assert len(context.assembly.servos) == 1
        print(f"{context.servo.name} {context.config_file.name} {loud}")

    result = invoke(app, "say-it --loud")
    assert (result.exit_code, result.stdout) == (0, "dev.example.com/app servo.yaml True\n")
    assert "Commands:\n  say-it  Say which servo it is." in invoke(app, ["--help"]).stdout


def test_an_asynchronous_command_is_run(app):
    @app.command()
    async def later() -> None:
        await asyncio.sleep(0)
        print("done")

    assert invoke(app, "later").stdout == "done\n"


def test_what_a_command_raises_is_raised(app):
    @app.command()
    def fail() -> None:
        raise KeyError("surprise")

    result = invoke(app, "fail")
    assert (result.exit_code, repr(result.exception)) == (1, "KeyError('surprise')")
    with pytest.raises(KeyError):
        invoke(app, "fail", catch_exceptions=False)


def test_an_app_has_a_logger(app):
    assert app.logger is servo.logger


def test_apps_can_be_made_several_times():
    first, second = servo.cli.ServoCLI(), servo.cli.ServoCLI()

    @first.command()
    def only_here() -> None: ...

    assert "only-here" in invoke(first, "--help").stdout
    assert "only-here" not in invoke(second, "--help").stdout


def test_a_servo_is_selected(app, write):
    write(TWO)

    @app.command()
    def name(context: servo.cli.Context) -> None:
        print(context.servo.name if context.servo else None, context.name)

    assert invoke(app, "name").stdout == "None None\n"
    assert invoke(app, "-n two name").stdout == "two two\n"
    assert invoke(app, "name -n one").stdout == "one one\n"
    assert invoke(app, "name", env={"SERVO_NAME": "two"}).stdout == "two two\n"
    result = invoke(app, "-n three name")
    assert result.exit_code == 2
    assert result.stderr == (
        "Usage: servo [OPTIONS] COMMAND [ARGS]...\n"
        "Try 'servo --help' for help.\n\n"
        'Error: Invalid value: No servo was found named "three" (known: one, two)\n'
    )


def test_a_variable_names_the_only_servo_and_selects_one_of_several(app, write):
    @app.command()
    def name(context: servo.cli.Context) -> None:
        print([one.name for one in context.assembly.servos], context.servo.name)

    write(ONE)
    assert invoke(app, "name", env={"SERVO_NAME": "other"}).stdout == "['other'] other\n"
    # Without names of their own they have those of their optimizers.
    write(f"{ONE}---\n{ONE.replace('/app', '/two')}")
    found = invoke(app, "name", env={"SERVO_NAME": "dev.example.com/two"})
    assert found.stdout == "['dev.example.com/app', 'dev.example.com/two'] dev.example.com/two\n"
    result = invoke(app, "name", env={"SERVO_NAME": "other"})
    assert result.exit_code == 2
    assert 'No servo was found named "other" (known: dev.example.com/app, dev.example.com/two)' in result.stderr


def test_a_plain_app_has_contexts_of_its_own():
    app = servo.cli.CLI(callback=None)

    @app.command()
    def one(context: servo.cli.Context) -> None:
        print(type(context).__name__, context.config_file, context.assembly, context.servo)

    assert invoke(app, []).stdout == "Context None None None\n"

    @app.command()
    def two() -> None: ...

    assert invoke(app, "one").stdout == "Context None None None\n"


def test_contexts_take_from_the_one_around():
    app, inner = servo.cli.CLI(callback=None), servo.cli.CLI(name="inner", callback=None, section=servo.cli.Section.ops)
    made = object()

    @app.callback()
    def outer(context: servo.cli.Context) -> None:
        context.name, context.limit, context.assembly, context.connector = "web", 3, made, made

    @inner.command()
    def show(context: servo.cli.Context) -> None:
        assert context.assembly is made
        assert context.connector is made
        print(context.name, context.limit)

    @inner.command()
    def other() -> None: ...

    app.add_cli(inner)
    assert invoke(app, "inner show").stdout == "web 3\n"
    assert servo.cli.Context.attributes() == {
        *("config_file", "name", "limit", "assembly", "servo_", "connector", "section"),
    }
    assert "Operational Commands:\n  inner" in invoke(app, "--help").stdout


def test_an_inner_app_may_have_the_options_of_the_root(app):
    inner = servo.cli.CLI(name="inner")

    @inner.command()
    def show(context: servo.cli.Context) -> None:
        print(context.config_file.name, context.obj.names, context.obj.log_level)

    app.add_cli(inner)
    assert invoke(app, "-c a.yaml -l debug inner -c b.yaml -n x show").stdout == "b.yaml ('x',) DEBUG\n"
    assert invoke(app, "-c a.yaml inner -n x show -n y").stdout == "a.yaml ('x', 'y') None\n"


def test_only_apps_of_servo_can_be_added(app):
    with pytest.raises(ValueError, match=r"Cannot add cli of type '<class 'typer.*not a servo.cli.CLI"):
        app.add_cli(typer.Typer())


def test_a_command_needs_a_context_of_servo_around_it():
    app = typer.Typer()
    app.command("inner", cls=servo.cli.Command)(lambda: None)
    app.command("other")(lambda: None)
    result = invoke(app, "inner")
    assert isinstance(result.exception, ValueError)
    assert "Encountered an unexpected parent subclass type" in str(result.exception)


def test_durations_are_read():
    assert servo.cli.CLI.duration_callback(None, "1m30s").total_seconds() == 90
    assert servo.cli.CLI.duration_callback(None, None) is None
    with pytest.raises(typer.BadParameter, match="invalid duration parameter: Invalid duration 'zz'"):
        servo.cli.CLI.duration_callback(None, "zz")


def test_connectors_are_found_by_name():
    cli = servo.cli.CLI
    wait = cli.connectors_type_callback(None, "wait")
    assert cli.connectors_type_callback(None, ["wait", wait.__name__]) == [wait, wait]
    assert cli.connectors_type_callback(None, None) is None
    with pytest.raises(typer.BadParameter, match="no Connector type found for key 'nope'"):
        cli.connectors_type_callback(None, "nope")
    assert cli.connector_routes_callback(None, ["pause:wait", "load"]) == {
        "pause": wait,
        "load": cli.connectors_type_callback(None, "load"),
    }
    assert cli.connector_routes_callback(None, []) is None
    with pytest.raises(typer.BadParameter, match="nope"):
        cli.connector_routes_callback(None, ["nope"])


def test_connectors_of_a_servo_are_found_by_name(app, write):
    write(ONE)

    @app.command()
    def find(context: servo.cli.Context, name: str) -> None:
        print([one.name for one in servo.cli.CLI.connectors_named([name], context.servo)])

    assert invoke(app, "find wait").stdout == "['wait']\n"
    result = invoke(app, "find nope")
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (
        2,
        "Error: Invalid value: no connector found named 'nope'",
    )


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "just now"),
        (45, "45 seconds ago"),
        (300, "5 minutes ago"),
        (3700, "1 hour ago"),
        (2 * 86400, "2 days ago"),
        (14 * 86400, "2 weeks ago"),
        (400 * 86400, "1 year ago"),
        (-7200, "in 2 hours"),
    ],
)
def test_times_are_told_in_words(seconds, words):
    import datetime

    now = datetime.datetime(2026, 3, 4, 5, 6, tzinfo=datetime.UTC)
    assert servo.cli.timeago(now - datetime.timedelta(seconds=seconds), now) == words
    assert servo.cli.timeago(datetime.timedelta(seconds=seconds)) == words
    assert servo.cli.timeago(1e9 - seconds, 1e9) == words
    assert servo.cli.timeago(str(now - datetime.timedelta(seconds=seconds)), str(now)) == words


def test_awaitables_are_run():
    class Ready:
        def __await__(self):
            yield from asyncio.sleep(0).__await__()
            return 3

    assert servo.cli.run_async(Ready()) == 3

    async def inside():
        work = asyncio.sleep(0)
        try:
            servo.cli.run_async(work)
        finally:
            work.close()

    with pytest.raises(RuntimeError):
        asyncio.run(inside())
