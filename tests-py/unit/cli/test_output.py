"""The options `-f/--format` and `-o/--output`, which mean the same for every command."""

from pathlib import Path

import pytest
import typer

from servo.cli.options import Options
from servo.cli.output import Target, as_text, target_of

OPTIONS = Options(config_file=Path("servo.yaml"), names=(), log_level=None, color=False)


@pytest.mark.parametrize(
    ("form", "output", "expected"),
    [
        (None, None, ("table", None)),
        ("json", None, ("json", None)),
        ("JSON", None, ("json", None)),
        ("text", None, ("table", None)),
        (None, "yaml", ("yaml", None)),
        (None, "-", ("table", None)),
        ("json", "-", ("json", None)),
        (None, "servos.json", ("table", Path("servos.json"))),
        ("json", "servos.txt", ("json", Path("servos.txt"))),
        ("yaml", "yaml", ("yaml", None)),
        (None, "./json", ("table", Path("json"))),
    ],
)
def test_a_form_or_a_file(form: str | None, output: str | None, expected: tuple[str, Path | None]) -> None:
    target = target_of(OPTIONS, form, output)
    assert (target.form, target.path) == expected


@pytest.mark.parametrize(("form", "output"), [("toml", None), ("json", "yaml")])
def test_what_cannot_be_is_refused(form: str, output: str | None) -> None:
    with pytest.raises(typer.BadParameter):
        target_of(OPTIONS, form, output)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(typer.BadParameter, match="is a directory"):
        target_of(OPTIONS, None, str(tmp_path))


def test_a_file_gets_the_text_and_stdout_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Target("json", tmp_path / "out").write_data({"é": [1]})
    assert (tmp_path / "out").read_text(encoding="utf-8") == '{\n  "é": [\n    1\n  ]\n}\n'
    assert capsys.readouterr().out == ""


def test_a_file_that_cannot_be_written_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(typer.BadParameter, match="cannot be written"):
        Target("json", tmp_path / "no" / "out").write("x")


def test_yaml_keeps_the_order() -> None:
    assert as_text({"b": 1, "a": 2}, "yaml") == "b: 1\na: 2\n"
