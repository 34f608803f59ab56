"""Pages of the documentation as their readers follow them: files are written, commands are typed, and both in order."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).resolve().parents[1] / "docs"

FENCE = re.compile(r"^(?P<indent> *)```(?P<language>[a-z]*)\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL)
# The first line of a file says what it is called; one that is added to says so.
FILE = re.compile(r"# (?P<name>[\w.-]+\.(?:py|yaml))(?P<added>, at the end)?\n")

# A question with its default, and what the page has its reader answer.
QUESTION = re.compile(r"^(?P<prompt>.*\? .*\[[^\]]*\]: )(?P<answer>.*)$", re.MULTILINE)

TIMEOUT = 240
"""Seconds that a command may take."""


@dataclass(frozen=True)
class File:
    """A file that a page has its reader write."""

    name: str
    text: str
    added: bool
    """Whether the text goes to the end of a file that is there."""


@dataclass(frozen=True)
class Command:
    """A command that a page has its reader type, and what it says is printed."""

    line: str
    printed: str


def blocks(page: Path) -> list[tuple[str, str]]:
    """The language and the text of each fenced block, without the indentation of the list it may stand in."""
    found = []
    for match in FENCE.finditer(page.read_text(encoding="utf-8")):
        indent = len(match["indent"])
        found.append((match["language"], "".join(line[indent:] for line in match["text"].splitlines(keepends=True))))
    return found


def steps(page: Path) -> Iterator[File | Command]:
    """What a reader of the page does."""
    for language, text in blocks(page):
        if match := FILE.match(text):
            yield File(match["name"], text[match.end() :] if match["added"] else text, bool(match["added"]))
        elif language == "console":
            parts = re.split(r"^\$ (.*)\n", text, flags=re.MULTILINE)[1:]
            yield from map(Command, parts[::2], parts[1::2])


def pattern(printed: str) -> str:
    """The regular expression of an output: `…` stands for anything within a line, alone in a line for any lines.

    What is answered to a question, and the end of that line, stands in no pipe.
    """
    found = []
    for line in printed.rstrip("\n").split("\n"):
        if match := QUESTION.fullmatch(line):
            found.append(re.escape(match["prompt"]))
        elif line.strip() == "…":
            found.append(r"(?:.*\n)*")
        else:
            found.append(re.escape(line.rstrip()).replace("…", ".*") + r"\n")
    return "".join(found) + r"\n*"


class Reader:
    """Somebody with a folder, who does what pages say.

    Args:
        folder: Where files are written and commands are typed.
        python: The interpreter of the environment that is active.
        environment: Variables that are set.
    """

    def __init__(self, folder: Path, python: str | Path = sys.executable, environment: Mapping[str, str] = os.environ):
        self.folder = folder
        self.programs = {
            "python": [str(python)],
            "servo": [str(python), "-m", "servo"],
            "pytest": [str(python), "-m", "pytest"],
        }
        clean = {
            name: value for name, value in environment.items() if not name.startswith(("SERVO_", "OPSANI_", "APPD_"))
        }
        # As a terminal shows it: lines of stdout and stderr in the order in which they are written.
        self.environment = clean | {"NO_COLOR": "1", "COLUMNS": "120", "PYTHONUNBUFFERED": "1"}
        self.environment["PATH"] = os.pathsep.join([str(Path(python).parent), clean.get("PATH", os.defpath)])

    def follow(self, page: Path) -> int:
        """Does what the page says; gives how many commands that were.

        Raises:
            AssertionError: A command printed something else.
        """
        typed = 0
        for step in steps(page):
            if isinstance(step, File):
                with (self.folder / step.name).open("a" if step.added else "w", encoding="utf-8") as file:
                    file.write(step.text)
            else:
                answers = [match["answer"] for match in QUESTION.finditer(step.printed)]
                output = self.type(step.line, answers)
                assert re.fullmatch(pattern(step.printed), output + "\n"), f"$ {step.line}\n{output}"
                typed += 1
        return typed

    def type(self, line: str, answers: Sequence[str] = ()) -> str:
        """What a command prints, which may begin with variables, and may be given answers."""
        words = shlex.split(line)
        variables = dict(words.pop(0).split("=", 1) for word in list(words) if re.match(r"[A-Z_]+=", word))
        assert words[0] in self.programs, line
        done = subprocess.run(
            [*self.programs[words[0]], *words[1:]],
            cwd=self.folder,
            env={**self.environment, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            input="".join(f"{answer}\n" for answer in answers),
            timeout=TIMEOUT,
        )
        # A table pads its last column.
        return re.sub(r" +$", "", done.stdout, flags=re.MULTILINE)
