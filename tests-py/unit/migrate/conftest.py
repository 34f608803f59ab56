"""Projects of files in a folder of their own."""

import importlib.util
import sys
from pathlib import Path

import pytest

from servo.migrate import Project, open_project, scan


def load(name: str):
    """A module beside this one, which is no package."""
    known = sys.modules.get(f"migrate_{name}")
    if known is not None:
        return known
    spec = importlib.util.spec_from_file_location(f"migrate_{name}", Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Writes files, and opens them as a project."""
    monkeypatch.chdir(tmp_path)

    def write(files: dict[str, str | bytes]) -> Project:
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return open_project([Path()])

    return write


@pytest.fixture
def found(project):
    """The findings of some files."""
    return lambda files: scan(project(files)).findings
