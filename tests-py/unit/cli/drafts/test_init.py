"""``servo init`` with answers through a pipe."""

import stat

import pytest
import yaml

from servo import _core
from servo.cli.drafts import application

SERVICE = "Opsani optimizer? (format: dev.opsani.com/app-name)"
DOTENV = "OPSANI_OPTIMIZER=dev.opsani.com/servox\nOPSANI_TOKEN=123456789\nSERVO_LOG_LEVEL=DEBUG\n"


def document(tmp_path, name="servo.yaml"):
    return yaml.safe_load((tmp_path / name).read_text())


def test_the_dialogue_that_scripts_know(run, tmp_path):
    (tmp_path / "servo.yaml").write_text("")
    result = run("init", answers="dev.opsani.com/servox\n123456789\nn\ny\n")
    assert (result.exit_code, result.stderr) == (0, "")
    questions, _, rest = result.stdout.partition("# yaml-language-server")
    assert questions == (
        f"{SERVICE} [local]: API token?: .env file initialized\n"
        "Generating servo.yaml. Do you want to select the connectors? [y/N]: "
        "File 'servo.yaml' already exists. Overwrite it? [y/N]: "
    )
    assert rest.endswith(
        "Generated servo.schema.json\n"
        "Generated servo.yaml\n"
        "√ Valid configuration in servo.yaml\n"
        "Next:\n"
        "  servo check  checks connectors and optimizer\n"
        "  servo run    connects to the optimizer\n"
    )
    env = tmp_path / ".env"
    assert (env.read_text(), stat.S_IMODE(env.stat().st_mode)) == (DOTENV, 0o600)
    # What the service is stands in `.env` alone.
    assert list(document(tmp_path)) == ["load", "process", "wait"]


@pytest.mark.parametrize("answer", ["", "local", "LOCAL"])
def test_the_local_optimizer(run, tmp_path, answer):
    result = run(
        "init",
        answers=f"{answer}\n\n./shop --workers {{workers}}\nworkers=2..8,cache=100..2200\nhttp://localhost:1234/x\n",
    )
    assert (result.exit_code, result.stderr) == (0, "")
    assert "API token?" not in result.stdout
    assert not (tmp_path / ".env").exists()
    found = document(tmp_path)
    assert list(found) == ["optimizer", "connectors", "process", "load"]
    assert found["optimizer"]["local"]["goal"] == {"objective": "minimize", "metric": "latency_95th"}
    assert found["process"] == {
        "command": ["./shop", "--workers", "{workers}"],
        "settings": {
            "workers": {"type": "range", "min": 2, "max": 8, "step": 1, "value": 2},
            "cache": {"type": "range", "min": 100, "max": 2200, "step": 50, "value": 100},
        },
        "health": {"tcp": "localhost:1234"},
    }
    assert found["load"] == {"rate": "50/1s", "target": "GET http://localhost:1234/x"}
    assert result.stdout.splitlines()[-4:] == [
        "√ Valid configuration in servo.yaml",
        "Next:",
        "  servo measure --duration 10s  starts the application and measures it once",
        "  servo run                     optimizes until there is a result",
    ]
    assert _core.validate_file("servo.yaml", [], {}) == 1


def test_nothing_but_enter(run, tmp_path):
    assert run("init", answers="\n" * 5).exit_code == 0
    found = document(tmp_path)
    assert found["process"]["command"] == ["python3", "app.py"]
    assert found["load"]["target"] == "GET http://127.0.0.1:8080/"


def test_the_local_optimizer_wins_over_the_environment(run, tmp_path, monkeypatch):
    monkeypatch.setenv("OPSANI_OPTIMIZER", "dev.opsani.com/old")
    monkeypatch.setenv("OPSANI_TOKEN", "s3cret")
    result = run("init", answers="local\n\n\n\n\n")
    assert result.exit_code == 0
    assert "local" in document(tmp_path)["optimizer"]


def test_what_the_environment_has_is_offered_and_no_token_shown(run, tmp_path, monkeypatch):
    monkeypatch.setenv("OPSANI_OPTIMIZER", "dev.opsani.com/servox")
    monkeypatch.setenv("OPSANI_TOKEN", "123456789")
    result = run("init", answers="\n\nn\n")
    assert result.exit_code == 0
    assert result.stdout.startswith(f"{SERVICE} [dev.opsani.com/servox]: \nAPI token? [that of OPSANI_TOKEN]: \n")
    assert "123456789" not in result.output
    assert (tmp_path / ".env").read_text() == DOTENV


def test_an_existing_dotenv_may_stay(run, tmp_path):
    (tmp_path / ".env").write_text("MINE=1\n")
    result = run("init", answers="n\nn\n")
    assert result.exit_code == 0
    assert result.stdout.startswith("File '.env' already exists. Overwrite it? [y/N]: Generating servo.yaml. Do you")
    assert (tmp_path / ".env").read_text() == "MINE=1\n"
    assert run("init", answers="y\ndev.opsani.com/servox\n123456789\nn\ny\n").exit_code == 0
    assert (tmp_path / ".env").read_text() == DOTENV


def test_without_dotenv(run, tmp_path):
    result = run("init", "--no-dotenv", answers="n\n")
    assert result.exit_code == 0
    assert result.stdout.startswith("Generating servo.yaml. Do you want to select the connectors? [y/N]: ")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["servo.schema.json", "servo.yaml"]


@pytest.mark.parametrize(
    ("answer", "chosen"),
    [
        ("2 3", ["process", "wait"]),
        ("wait, load", ["wait", "load"]),
        ("", ["load", "process", "wait"]),
        ("all", ["load", "process", "wait"]),
        ("9\nnope\n1", ["load"]),
        ("one:load two:load", {"one": "load", "two": "load"}),
    ],
)
def test_connectors_by_numbers_and_names(run, tmp_path, answer, chosen):
    result = run("init", answers=f"dev.opsani.com/servox\n1\ny\n{answer}\n")
    assert result.exit_code == 0
    assert document(tmp_path)["connectors"] == chosen
    assert "   1  load     HTTP load at a constant rate\n" in result.stdout
    assert all(len(line) <= 80 for line in result.stdout.splitlines() if line[:5].strip().isdecimal())
    if "9" in answer:
        assert "Error: expected a number from 1 to 3 or a name, found '9'\n" in result.stdout
        assert "Error: no connector found for identifier 'nope'\n" in result.stdout


def test_questions_of_an_application_that_is_not_there_are_not_asked(run, tmp_path):
    result = run("init", answers="\ny\nwait\n")
    assert result.exit_code == 0
    assert list(document(tmp_path)) == ["optimizer", "connectors", "wait"]


@pytest.mark.parametrize("count", range(9))
def test_an_end_at_any_question_leaves_no_half_file(run, tmp_path, count):
    """Whatever was written is whole."""
    (tmp_path / "servo.yaml").write_text("# mine\n")
    answers = ["local", "y", "load process", "y", "./app {x}", "x=1..2", "http://127.0.0.1:1/"]
    result = run("init", answers="".join(f"{answer}\n" for answer in answers[:count]))
    if count < len(answers):
        assert (result.exit_code, result.stderr.strip()) == (1, "Aborted!")
        assert (tmp_path / "servo.yaml").read_text() == "# mine\n"
        assert [path.name for path in tmp_path.iterdir()] == ["servo.yaml"]
    else:
        assert result.exit_code == 0


def test_a_wrong_answer_is_told_and_asked_again(run, tmp_path):
    answers = ["x", "/y", "dev.opsani.com/servox", "t", "maybe", "n"]
    result = run("init", answers="".join(f"{answer}\n" for answer in answers))
    assert result.exit_code == 0
    assert result.stdout.count("Error: expected 'local', or '<organization>/<name>'") == 2
    assert "Error: invalid input\n" in result.stdout
    assert "OPSANI_OPTIMIZER=dev.opsani.com/servox\n" in (tmp_path / ".env").read_text()


@pytest.mark.parametrize(
    ("read", "answer", "message"),
    [
        ("_command", "'", "No closing quotation"),
        ("_command", "  ", "found nothing"),
        ("_settings", "", "at least one setting"),
        ("_settings", "x=1", "expected NAME=MIN..MAX"),
        ("_settings", "x=2..1", "MIN to be less than MAX"),
        ("_settings", "1x=1..2", "expected NAME=MIN..MAX"),
        ("_url", "localhost:80", "expected a URL"),
        ("_url", "http://", "expected a URL"),
        ("_url", "http://a:port/", "[Pp]ort"),
        ("_url", "http://a/ b", "expected a URL"),
    ],
)
def test_answers_that_mean_nothing(read, answer, message):
    with pytest.raises(ValueError, match=message):
        getattr(application, read)(answer)


@pytest.mark.parametrize(
    ("span", "step"), [(1, 1), (7, 1), (50, 1), (51, 1), (100, 2), (2100, 50), (9973, 1), (10**6, 20000)]
)
def test_steps_are_round_and_end_at_the_greatest_value(span, step):
    assert application._step(span) == step


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://127.0.0.1:8080/a", "127.0.0.1:8080"),
        ("http://example.com", "example.com:80"),
        ("https://example.com/", "example.com:443"),
        ("http://[::1]:81/", "[::1]:81"),
    ],
)
def test_the_address_of_a_url(url, address):
    assert application._address(url) == address


def test_a_file_of_another_name(run, tmp_path):
    result = run("-c", "web.yaml", "init", "--no-dotenv", answers="\n")
    assert result.stdout.startswith("Generating web.yaml.")
    assert "  servo -c web.yaml run " in result.stdout
    assert document(tmp_path, "web.yaml")
