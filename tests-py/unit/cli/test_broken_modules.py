"""Commands where a module of the configuration fails while it is imported, or the file is not there."""

import pytest
from typer.testing import CliRunner

from servo.cli import ServoCLI

TEXT = "import servo\n\n\nclass QueueConnector(servo.BaseConnector):\n    pass\n\n\nvalue = x\n"
TOLD = (
    "the connector 'queue_beside.QueueConnector' cannot be used: queue_beside.py:8: NameError: name 'x' is not defined"
)


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs a command in a folder with such a module beside servo.yaml."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "queue_beside.py").write_text(TEXT)
    (tmp_path / "servo.yaml").write_text(
        "optimizer: {local: {}}\nconnectors:\n  queue: queue_beside.QueueConnector\nqueue: {}\n"
    )
    return lambda *arguments: CliRunner().invoke(ServoCLI(), [*arguments], prog_name="servo", reports=True)


@pytest.mark.parametrize(("command", "file"), [("validate", "servo.yaml"), ("check", ""), ("list", "")])
def test_one_line_tells_both_places(run, tmp_path, command, file):
    result = run(command)
    assert result.exit_code == 1
    file = file or tmp_path / "servo.yaml"
    assert result.stderr.splitlines()[-1] == f"{file}:3:10: connectors.queue: {TOLD}"
    assert "Traceback" not in result.output


@pytest.mark.parametrize("command", ["validate", "check"])
def test_the_traceback_comes_with_details(run, command):
    result = run("--debug", command)
    assert result.exit_code == 1
    assert 'queue_beside.py", line 8, in <module>\n    value = x\n' in result.stderr
    assert result.stderr.splitlines()[-1].endswith(TOLD)


def test_generate_does_not_guess(run):
    result = run("generate", "queue_beside.QueueConnector", "-f", "new.yaml")
    assert (result.exit_code, result.stderr) == (1, f"error: {TOLD}\n")
    assert 'queue_beside.py", line 8' in run("--debug", "generate", "queue_beside.QueueConnector").stderr


@pytest.mark.parametrize("command", ["check", "config", "run", "list"])
def test_a_file_that_is_not_there(run, tmp_path, command):
    (tmp_path / "servo.yaml").unlink()
    result = run(command)
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-2:] == [
        f"Error: Invalid value: Config file '{tmp_path / 'servo.yaml'}' does not exist",
        "Hint: `servo init` writes one; `servo -c FILE …` reads another",
    ]
