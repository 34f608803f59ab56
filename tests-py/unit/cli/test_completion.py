"""What a shell offers."""

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from servo.cli.completion import connector_keys, connector_names, servo_names


def context(**params):
    """A context of the command line whose root has these parameters."""
    return SimpleNamespace(find_root=lambda: SimpleNamespace(params=params))


FILE = "name: web\noptimizer: {local: {}}\n---\nname: web-2\n---\nname: data base\n---\nwait: {}\n"


@pytest.mark.parametrize(
    ("incomplete", "names"), [("", ["web", "web-2", "data base"]), ("web", ["web", "web-2"]), ("x", [])]
)
def test_names_of_servos_come_from_the_file(tmp_path, incomplete, names):
    (tmp_path / "servo.yaml").write_text(FILE)
    assert servo_names(context(), incomplete) == names


def test_another_file_is_read_as_the_option_says(tmp_path, monkeypatch):
    (tmp_path / "a.yaml").write_text("name: one\n")
    (tmp_path / "b.yaml").write_text("name: two\n")
    monkeypatch.setenv("SERVO_CONFIG_FILE", "a.yaml")
    assert servo_names(context(), "") == ["one"]
    assert servo_names(context(config_file=tmp_path / "b.yaml"), "") == ["two"]


@pytest.mark.parametrize("text", [None, "name: [", "- no mapping\n"])
def test_nothing_is_offered_of_a_file_that_cannot_be_read(tmp_path, text):
    if text is not None:
        (tmp_path / "servo.yaml").write_text(text)
    assert servo_names(context(), "") == []


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("servo --name w", ["web", "web-2"]),
        ("servo run --name w", ["web", "web-2"]),
        ("servo run -n d", ["data", "base"]),
        ("servo run --output ", ["text", "json"]),
        ("servo -l w", ["WARNING"]),
        ("servo val", ["validate"]),
        ("servo run --config", ["--config-file"]),
        ("servo optimizer tr", ["trials"]),
        ("servo completion f", ["fish"]),
        ("servo describe wa", ["wait"]),
        ("servo measure -c wa", ["wait"]),
        ("servo schema pro", ["process"]),
        ("servo -c broken.yaml describe ", []),
        ("servo nothing x", []),
    ],
)
def test_a_shell_is_told(tmp_path, words, offered):
    (tmp_path / "servo.yaml").write_text(FILE)
    (tmp_path / "broken.yaml").write_text("name: [\n")
    environment = {"_SERVO_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    # The name of the program is that of the installed command.
    program = "from servo.entry_points import run_cli; run_cli()"
    done = subprocess.run(
        [sys.executable, "-c", program], env=os.environ | environment, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.split() == offered, done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell", "pwsh"])
def test_the_script_of_a_shell_is_shown(servo, shell):
    result = servo("completion", shell)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "_SERVO_COMPLETE" in result.stdout
    assert servo("--show-completion", shell).stdout == result.stdout


def test_a_shell_must_be_known(servo):
    for arguments in (["completion", "tcsh"], ["--show-completion", "tcsh"], ["--install-completion", "tcsh"]):
        result = servo(*arguments)
        assert result.exit_code == 2
        assert "'tcsh' is not one of 'bash', 'zsh', 'fish', 'powershell', 'pwsh'." in result.stderr


def test_the_script_can_be_installed(servo, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    result = servo("--install-completion", "bash")
    assert (result.exit_code, result.stderr) == (0, "")
    script = tmp_path / ".bash_completions" / "servo.sh"
    assert result.stdout.startswith(f"bash completion installed in {script}\n")
    assert script.read_text().strip() == servo("completion", "bash").stdout.strip()
    assert str(script) in (tmp_path / ".bashrc").read_text()


def test_what_cannot_be_installed_is_a_line(servo, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HOME", str(tmp_path / "file"))
    result = servo("--install-completion", "fish")
    assert result.exit_code == 1
    assert result.stderr.startswith("error: completion cannot be installed: ")


def test_connectors_are_offered(tmp_path):
    (tmp_path / "servo.yaml").write_text("connectors: {left: wait, other: x.LoadConnector}\n---\nload: {}\nname: x\n")
    assert connector_names(context(), "") == ["left", "other", "load"]
    assert connector_names(context(), "lo") == ["load"]
    assert connector_keys(context(), "w") == ["wait"]
