"""servox beside servox-rs: said clearly, whichever was installed last."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import servo
from servo import _distributions

PACKAGE = Path(servo.__file__).parent


@pytest.fixture
def site(tmp_path):
    """A folder for packages with our package in it."""
    (tmp_path / "servo").symlink_to(PACKAGE, target_is_directory=True)
    return tmp_path


def python(site: Path, program: str, *options: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(site), "PYTHONWARNINGS": "", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, *options, "-c", program]
    return subprocess.run(command, cwd=site, env=environment, capture_output=True, text=True, timeout=120)


def test_alone_there_is_nothing_to_say(site):
    (site / "servox_rs-0.1.0.dist-info").mkdir()
    (site / "servoxide-1.0.dist-info").mkdir()
    result = python(site, "import servo; print(servo.__file__)", "-W", "error")
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == str(site / "servo" / "__init__.py")


def test_installed_first_it_is_warned_of(site):
    (site / "servox-25.3.0.dist-info").mkdir()
    result = python(site, "import servo; print(servo.Duration('5m'))")
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == "5m"
    assert "RuntimeWarning: the distribution servox 25.3.0 is installed as well as servox-rs" in result.stderr
    assert "pip uninstall servox, then pip install --force-reinstall servox-rs" in result.stderr


def test_installed_last_it_is_an_error(tmp_path):
    (tmp_path / "servox-25.3.0.dist-info").mkdir()
    folder = tmp_path / "servo"
    folder.mkdir()
    for entry in PACKAGE.iterdir():
        if entry.name != "__init__.py":
            (folder / entry.name).symlink_to(entry)
    (folder / "__init__.py").write_text("import servo.configuration\n", encoding="utf-8")
    result = python(tmp_path, "import servo")
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1].startswith("ImportError: the distribution servox 25.3.0 is installed as well")


def test_where_nothing_can_be_listed_nothing_is_said(tmp_path):
    assert _distributions.predecessor_beside(str(tmp_path / "archive.zip" / "servo")) is None
