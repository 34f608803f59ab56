"""What files of requirements name, with the places."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from servo.migrate.model import Unread
from servo.migrate.source import Source
from servo.migrate.walk import Kind

if TYPE_CHECKING:
    from servo.migrate.project import Project

_PEP508 = re.compile(
    r"\s*(?P<name>[A-Za-z0-9][\w.-]*)\s*(?P<extras>\[[^\]]*\])?\s*\(?(?P<spec>@[^;]*|[^;#@]*?)\)?\s*(?P<marker>;.*)?\s*"
)
_GIT = re.compile(r"(-e\s+|--editable[ =])?(git\+\S+?/(?P<name>[\w.-]+?)(\.git)?(@[^#\s]*)?(#\S*)?)\s*")
_EGG = re.compile(r"#egg=([\w.-]+)")
_STRING = re.compile(r"\"([^\"\\\n]*)\"|'([^'\n]*)'")
_HEADER = re.compile(r"^\s*\[(?!\[)(?P<table>[^\]\n]+)\]\s*(?:#.*)?$", re.M)
_KEY = re.compile(r"^(?P<indent>[ \t]*)(?P<key>[\w.-]+|\"[^\"\n]+\")\s*=\s*(?P<value>[^\n]*)$", re.M)
_LOCKED = re.compile(r"^\s*(?:name\s*=\s*\"(?P<toml>[\w.-]+)\"|\"(?P<json>[\w.-]+)\"\s*:\s*\{)", re.M)


@dataclass(frozen=True)
class Requirement:
    """A distribution that a file names."""

    source: Source
    name: str
    """In small letters, with hyphens."""
    spec: str
    """Which versions, as it is written; empty for any, and for what is no version."""
    start: int
    """The first character."""
    end: int
    """Behind the last one of what a replacement replaces."""
    style: str = "pep508"
    """`pep508`; `poetry` for a key of a table with a version as its value; `lock`; `python` for that of Python."""
    marker: str = ""
    """The condition, with its semicolon."""
    replaceable: bool = True
    """Whether the text from start to end is all there is of it."""

    @property
    def locked(self) -> bool:
        """Whether a program wrote it."""
        return self.style == "lock"


def normalized(name: str) -> str:
    """A name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def read_requirements(source: Source, kind: Kind, project: Project) -> Iterator[Requirement]:
    """What a file names; nothing for one that cannot be understood."""
    if kind is Kind.lock:
        yield from _of_lock(source)
    elif kind is Kind.requirements:
        yield from _of_lines(source, 0, len(source.text))
    elif source.path.name == "setup.cfg":
        yield from _of_setup_cfg(source)
    elif kind is Kind.python:
        yield from _of_setup_py(source)
    else:
        try:
            tomllib.loads(source.text.replace("\r\n", "\n"))
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            project.unread.append(Unread(source.path, f"it is no TOML: {error}"))
            return
        yield from _of_toml(source)


def _of_lines(source: Source, start: int, end: int) -> Iterator[Requirement]:
    for match in re.compile(r"[^\r\n]+").finditer(source.text, start, end):
        line = re.sub(r"(^|\s)#.*", "", match[0])
        # Hashes are of the old distribution, whatever the name.
        hashed = line.rstrip().endswith("\\") or "--hash" in line
        content = re.sub(r"\s+--.*|\\\s*$", "", line) if not line.lstrip().startswith("-") else line
        begin = match.start() + len(content) - len(content.lstrip())
        found = requirement_in(source, content.strip(), begin)
        if found is not None:
            yield Requirement(**{**found.__dict__, "replaceable": found.replaceable and not hashed})


def requirement_in(source: Source, text: str, start: int) -> Requirement | None:
    """The requirement that a text is."""
    end = start + len(text)
    git = _GIT.fullmatch(text)
    if git is not None:
        egg = _EGG.search(text)
        return Requirement(source, normalized(egg[1] if egg else git["name"]), "", start, end)
    match = None if text.startswith("-") else _PEP508.fullmatch(text)
    if match is None:
        return None
    spec = "" if match["spec"].startswith("@") else match["spec"].strip()
    if spec and not re.match(r"[=<>!~]", spec):
        return None
    marker = (match["marker"] or "").strip()
    return Requirement(source, normalized(match["name"]), spec, start, end, marker=marker)


def _of_toml(source: Source) -> Iterator[Requirement]:
    text = source.text
    headers = list(_HEADER.finditer(text))
    for header, following in zip(headers, [*headers[1:], None], strict=False):
        start, end = header.end(), following.start() if following else len(text)
        table = header["table"].replace('"', "").strip()
        if _names_packages(table):
            yield from _of_table(source, start, end)
        elif table == "build-system":
            yield from _of_arrays(source, start, end, {"requires"})
        elif table in ("project", "tool.uv"):
            yield from _of_arrays(source, start, end, {"dependencies", "dev-dependencies"})
        elif table in ("project.optional-dependencies", "dependency-groups", "tool.pdm.dev-dependencies"):
            yield from _of_arrays(source, start, end, None)
        if table == "project":
            yield from _of_python(source, start, end)


def _names_packages(table: str) -> bool:
    if table in ("packages", "dev-packages"):  # of a Pipfile
        return True
    return re.fullmatch(r"tool\.poetry\.((dev-)?dependencies|group\.[\w-]+\.dependencies)", table) is not None


def _of_table(source: Source, start: int, end: int) -> Iterator[Requirement]:
    for match in _KEY.finditer(source.text, start, end):
        name = normalized(match["key"].strip('"'))
        value = re.sub(r"\s+#[^\"']*$", "", match["value"]).strip()
        text = _STRING.fullmatch(value)
        inner = re.search(r"\bversion\s*=\s*[\"']([^\"']*)", value)
        spec = (text[1] or text[2] or "") if text else inner[1] if inner else ""
        if name == "python":
            yield Requirement(source, name, spec, match.start("key"), match.end("key"), "python")
            continue
        whole = text is not None or (value.startswith("{") and value.endswith("}"))
        last = match.start("value") + len(value)
        yield Requirement(source, name, spec, match.start("key"), last, "poetry", replaceable=whole)


def _of_python(source: Source, start: int, end: int) -> Iterator[Requirement]:
    for match in re.compile(r"^requires-python\s*=\s*[\"']([^\"']*)", re.M).finditer(source.text, start, end):
        yield Requirement(source, "python", match[1], match.start(), match.end(), "python")


def _of_arrays(source: Source, start: int, end: int, keys: set[str] | None) -> Iterator[Requirement]:
    for match in re.compile(r"^[ \t]*([\w.-]+|\"[^\"]+\")\s*=\s*\[", re.M).finditer(source.text, start, end):
        if keys is not None and match[1] not in keys:
            continue
        place = match.end()
        while place < end:
            string = re.compile(
                r"(?:[\s,]|#[^\n]*)*(?:(?P<end>\])|(?P<inner>\{[^}]*\})|(?P<text>\"[^\"\n]*\"|'[^'\n]*'))"
            ).match(source.text, place, end)
            if string is None or string["end"]:
                break
            if string["text"]:
                content = string["text"][1:-1]
                lead = len(content) - len(content.lstrip())
                found = requirement_in(source, content.strip(), string.start("text") + 1 + lead)
                if found is not None:
                    yield found
            place = string.end()


def _of_setup_cfg(source: Source) -> Iterator[Requirement]:
    block = re.compile(
        r"^(?:install_requires|setup_requires|tests_require)\s*=(?P<text>[^\n]*\n(?:[ \t]+[^\n]*\n?|\r?\n)*)", re.M
    )
    for match in block.finditer(source.text):
        yield from _of_lines(source, match.start("text"), match.end("text"))
    extras = re.search(r"^\[options\.extras_require\][^\n]*\n(?P<text>(?:(?!\[)[^\n]*\n?)*)", source.text, re.M)
    if extras:
        for line in re.compile(r"^[ \t]+\S[^\n]*", re.M).finditer(
            source.text, extras.start("text"), extras.end("text")
        ):
            yield from _of_lines(source, line.start(), line.end())


def _of_setup_py(source: Source) -> Iterator[Requirement]:
    try:
        tree = ast.parse(source.text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 200:
            start = source.offset_of_bytes(node.lineno, node.col_offset) + 1
            if source.text[start : start + len(node.value)] != node.value or not _is_listed(tree, node):
                continue
            found = requirement_in(source, node.value, start)
            if found is not None:
                yield found


def _is_listed(tree: ast.Module, node: ast.Constant) -> bool:
    """Whether a text is an item of a list: names of packages and modules outside of them mean something else."""
    return any(node in part.elts for part in ast.walk(tree) if isinstance(part, ast.List | ast.Tuple))


def _of_lock(source: Source) -> Iterator[Requirement]:
    for match in _LOCKED.finditer(source.text):
        name = match["toml"] or match["json"]
        yield Requirement(source, normalized(name), "", match.start(), match.end(), "lock", replaceable=False)
