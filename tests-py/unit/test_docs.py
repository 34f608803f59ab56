"""The documentation: its files for servo.yaml are valid, its connectors can be imported, its links lead somewhere."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from pages import FENCE, blocks

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    [ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")]
    + [*(ROOT / "docs").rglob("*.md"), ROOT / "examples" / "quickstart" / "README.md"]
)
LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)\)")

VALIDATE = "import sys; from servo._core import validate_file; validate_file(sys.argv[1], [])"
IMPORT = """
import importlib, sys
from servo.connector import BaseConnector
module = importlib.import_module(sys.argv[1])
found = [value for value in vars(module).values() if isinstance(value, type) and issubclass(value, BaseConnector)]
assert found, "no connector in it"
assert all(kind.__event_handlers__ for kind in found), "a connector without a handler"
"""


def written_in(page: Path, language: str) -> list[str]:
    """The fenced blocks of a language."""
    return [text for found, text in blocks(page) if found == language]


def named(page: Path, language: str, ending: str) -> list[tuple[str, str]]:
    """The blocks that are whole files: a comment with the file's name begins them."""
    files = []
    for text in written_in(page, language):
        first = re.match(rf"# ([\w.-]+{re.escape(ending)})\n", text)
        if first:
            files.append((first[1], text))
    return files


# Pages of the guide build upon one another, and are followed in `tests-py/system/test_guide.py`.
ALONE = [page for page in PAGES if page.parent.name != "guide"]
CONFIGURATIONS = [
    pytest.param(page, text, id=f"{page.relative_to(ROOT)}-{number}")
    for page in ALONE
    for number, (_, text) in enumerate(named(page, "yaml", ".yaml"))
]
MODULES = [
    pytest.param(name, text, id=f"{page.relative_to(ROOT)}-{name}")
    for page in ALONE
    for name, text in named(page, "python", ".py")
    if "Connector):" in text
]


def run(program: str, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs a program in a process and folder of its own: connectors stay known to the process that imports them."""
    program = f"import sys; sys.path.insert(0, {str(folder)!r})\n{program}"
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)


def test_there_is_something_to_check():
    assert len(CONFIGURATIONS) >= 8
    assert len(MODULES) >= 2


@pytest.mark.parametrize(("page", "text"), CONFIGURATIONS)
def test_configurations_are_valid(page, text, tmp_path):
    for name, module in named(page, "python", ".py"):
        (tmp_path / name).write_text(module, encoding="utf-8")
    (tmp_path / "servo.yaml").write_text(text, encoding="utf-8")
    result = run(VALIDATE, "servo.yaml", folder=tmp_path)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(("name", "text"), MODULES)
def test_connectors_can_be_imported(name, text, tmp_path):
    (tmp_path / name).write_text(text, encoding="utf-8")
    result = run(IMPORT, name.removesuffix(".py"), folder=tmp_path)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("page", [pytest.param(page, id=str(page.relative_to(ROOT))) for page in PAGES])
def test_the_other_snippets_can_be_read(page):
    for text in written_in(page, "python"):
        # What is added to the end of a file begins inside of its class.
        compile(f"class Page:\n{text}" if re.match(r"#[^\n]*, at the end\n", text) else text, str(page), "exec")
    for text in written_in(page, "toml"):
        tomllib.loads(text)


@pytest.mark.parametrize("page", [pytest.param(page, id=str(page.relative_to(ROOT))) for page in PAGES])
def test_links_lead_somewhere(page):
    prose = FENCE.sub("", page.read_text(encoding="utf-8"))
    broken = [target for target in LINK.findall(prose) if not leads_somewhere(page, target)]
    assert broken == []


def leads_somewhere(page: Path, target: str) -> bool:
    """Whether the file of a relative link exists, and in it the heading after `#`."""
    if re.match(r"[a-z]+:", target):
        return True
    path, _, heading = target.partition("#")
    file = (page.parent / path).resolve() if path else page
    if not file.exists() or not file.is_relative_to(ROOT):
        return False
    return not heading or heading in headings(file)


def headings(file: Path) -> set[str]:
    """The anchors of a page's headings."""
    lines = re.findall(r"^#+ (.*)$", FENCE.sub("", file.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", line.lower()).replace(" ", "-") for line in lines}


def test_the_reference_of_the_command_line_is_what_the_commands_say():
    program = ROOT / "docs" / "_site" / "cli_reference.py"
    done = subprocess.run([sys.executable, program, "--check"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
