"""Projects of files in a folder of their own."""

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from servo.migrate import Project, open_project, scan

SHOP = Path(__file__).with_name("shop")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The current folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("SERVO_CONFIG_FILE", "SERVO_NAME", "NO_COLOR", "SERVO_NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def project(folder):
    """Writes files, and opens them as a project."""

    def write(files: dict[str, str | bytes]) -> Project:
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return open_project([Path()])

    return write


@pytest.fixture
def found(project):
    """The findings of some files."""
    return lambda files: scan(project(files)).findings


@pytest.fixture
def shop(folder):
    """A project as people have it, made for ServoX: it is the current folder."""
    shutil.copytree(SHOP, folder, dirs_exist_ok=True)
    (folder / "dot.env").rename(folder / ".env")
    return folder


@pytest.fixture
def servo(folder):
    """The command line in this process."""
    from servo.cli import ServoCLI

    def invoke(*arguments, **options):
        return CliRunner().invoke(
            ServoCLI(), [str(one) for one in arguments], prog_name="servo", reports=True, **options
        )

    return invoke
