"""The pages about connectors in Python: what they say a command prints is what it prints."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = [*sorted((DOCS / "python").glob("*.md")), DOCS / "publish-subscribe.md"]
FENCE = re.compile(r"^```(?P<language>[a-z]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
NAME = re.compile(r"# ([\w.-]+\.(?:py|yaml))\n")

# What a page may have its reader type, and how it is started here.
PROGRAMS = {
    "python": [sys.executable],
    "servo": [sys.executable, "-m", "servo"],
    "pytest": [sys.executable, "-m", "pytest"],
}


def blocks(page: Path) -> list[tuple[str, str]]:
    """The language and the text of each fenced block."""
    return [(match["language"], match["text"]) for match in FENCE.finditer(page.read_text(encoding="utf-8"))]


def files(page: Path) -> dict[str, str]:
    """The files of a page, by the name in their first line."""
    return {match[1]: text for _, text in blocks(page) if (match := NAME.match(text))}


def sessions(page: Path) -> list[list[tuple[str, str]]]:
    """The commands of each console block with what they print."""
    found = []
    for language, text in blocks(page):
        if language == "console":
            parts = re.split(r"^\$ (.*)\n", text, flags=re.MULTILINE)[1:]
            found.append(list(zip(parts[::2], parts[1::2], strict=True)))
    return found


def pattern(printed: str) -> str:
    """The regular expression of an output: `…` stands for anything within a line, alone in a line for any lines."""
    lines = [line.rstrip() for line in printed.rstrip("\n").split("\n")]
    found = [r"(?:.*\n)*" if line == "…" else re.escape(line).replace("…", ".*") + r"\n" for line in lines]
    return "".join(found) + r"\n*"


@pytest.mark.parametrize("page", [pytest.param(page, id=page.name) for page in PAGES])
def test_commands_print_what_the_page_says(page, tmp_path):
    for name, text in files(page).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    commands = [command for session in sessions(page) for command in session]
    assert commands, "a page without an example that runs"
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("SERVO_", "OPSANI_", "APPD_"))}
    # As a terminal shows it: lines of stdout and stderr in the order in which they are written.
    clean |= {"NO_COLOR": "1", "COLUMNS": "120", "PYTHONUNBUFFERED": "1"}
    for command, printed in commands:
        words = shlex.split(command)
        variables = dict(words.pop(0).split("=", 1) for word in list(words) if re.match(r"[A-Z_]+=", word))
        assert words[0] in PROGRAMS, command
        done = subprocess.run(
            [*PROGRAMS[words[0]], *words[1:]],
            cwd=tmp_path,
            env={**clean, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
        )
        # A table pads its last column.
        output = re.sub(r" +$", "", done.stdout, flags=re.MULTILINE)
        assert re.fullmatch(pattern(printed), output + "\n"), f"$ {command}\n{output}"
