"""The user guide, followed page by page in one folder with the package as it is installed: a newcomer's hour.

`SERVO_SYSTEM_PYTHON` names the interpreter of the environment that has it, for instance one with a fresh wheel; without
it the environment of the tests is used.
"""

import os
import sys
import tomllib

import pytest
from pages import DOCS, Reader

INSTALLED = os.environ.get("SERVO_SYSTEM_PYTHON")
PARTS = tomllib.loads((DOCS / "_site" / "navigation.toml").read_text(encoding="utf-8"))["part"]
PAGES = [page for part in PARTS for page in part["pages"] if page.startswith("guide/")]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="`process` is for Unix")


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    """Somebody with a new folder, in which each page finds what the pages before it have left."""
    pytest.importorskip("optuna")
    environment = {name: value for name, value in os.environ.items() if not (INSTALLED and name.startswith("PYTHON"))}
    return Reader(tmp_path_factory.mktemp("tuning"), INSTALLED or sys.executable, environment)


@pytest.mark.parametrize("page", PAGES)
def test_the_page_can_be_followed(reader, page):
    reader.follow(DOCS / f"{page}.md")


def test_the_pages_are_those_of_the_folder():
    assert sorted(PAGES) == sorted(f"guide/{path.stem}" for path in (DOCS / "guide").glob("*.md"))
