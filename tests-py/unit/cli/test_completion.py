"""What a shell offers."""

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from servo.cli.completion import servo_names


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
    ("words", "offered"), [("servo --name w", ["web", "web-2"]), ("servo run --output ", ["text", "json"])]
)
def test_a_shell_is_told(tmp_path, words, offered):
    (tmp_path / "servo.yaml").write_text(FILE)
    environment = {"_SERVO_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    # The name of the program is that of the installed command.
    program = "from servo.entry_points import run_cli; run_cli()"
    done = subprocess.run(
        [sys.executable, "-c", program], env=os.environ | environment, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.split() == offered, done.stderr
