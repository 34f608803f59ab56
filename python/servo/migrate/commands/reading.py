"""Command lines of the servo: in scripts, recipes, images and manifests."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import yaml

from servo.migrate.source import Source

SERVOX_COMMANDS = frozenset(
    {"init", "list", "connectors", "show", "run", "describe", "measure", "adjust", "inject-sidecar", "eject-sidecar"}
    | {"config", "schema", "validate", "generate", "version", "prometheus", "vegeta"}
)
"""The commands of ServoX 25.3."""
OLDER_COMMANDS = frozenset({"check", "console", "settings", "info"})
"""Commands of older ones, which ServoX 25.3 refuses."""
OWN_COMMANDS = frozenset({"check", "migrate", "optimizer", "completion"})
"""Commands that are new."""

ROOT_VALUES = {
    "-c": "--config-file",
    "-n": "--name",
    "-l": "--log-level",
    "--config-file": "--config-file",
    "--name": "--name",
    "--log-level": "--log-level",
    "--limit": "--limit",
    # Of versions before 25.3.
    "--optimizer": "--optimizer",
    "--token": "--token",
    "--token-file": "--token-file",
    "--base-url": "--base-url",
    "--url": "--url",
}
"""Options before the command that have a value."""

_START = re.compile(
    r"(?:(?<=[\s;&|(`\"'=@\[,{-])|^)(?P<word>(?:[\w./${}~-]*/)?servo)(?=[\"']?(?:[ \t,]|\\\r?\n|\r?$))", re.M
)
_WORD = re.compile(
    r"(?P<gap>(?:[ \t,]|\\\r?\n)+)?(?P<text>(?:\"[^\"\n]*\"|'[^'\n]*'|\\[^\r\n]|[^\s;|&<>()\"'`,\[\]\\])+)"
)
_IMAGE = re.compile(r"(^|/)servox(:|@|$)|opsani/servox", re.I)


@dataclass(frozen=True)
class Word:
    """A word of a command line, without its quotes."""

    text: str
    start: int
    end: int


@dataclass(frozen=True)
class CommandLine:
    """One call of the servo."""

    source: Source
    words: tuple[Word, ...]
    """The program first."""
    end: int
    """Behind the last word."""

    @cached_property
    def _split(self) -> tuple[dict[str, Word], int]:
        options: dict[str, Word] = {}
        place = 1
        while place < len(self.words):
            word = self.words[place]
            name, has_value, _ = word.text.partition("=")
            if not name.startswith("-"):
                break
            options[ROOT_VALUES.get(name, name)] = word
            if name in ROOT_VALUES and not has_value and place + 1 < len(self.words):
                options[ROOT_VALUES[name]] = self.words[place + 1]
                place += 1
            place += 1
        return options, place

    @property
    def options(self) -> dict[str, Word]:
        """The options before the command by their long names, with the word of their value."""
        return self._split[0]

    @property
    def command(self) -> str:
        """The command; empty without one."""
        return self.words[self._split[1]].text if self._split[1] < len(self.words) else ""

    @property
    def arguments(self) -> tuple[Word, ...]:
        """What comes behind the command."""
        return self.words[self._split[1] + 1 :]

    @property
    def start(self) -> int:
        """The first character of the program."""
        return self.words[0].start

    def flag(self, *names: str) -> Word | None:
        """One of some options behind the command."""
        return next((word for word in self.arguments if word.text.partition("=")[0] in names), None)

    def value(self, word: Word) -> str:
        """The value of an option among the words; empty without one."""
        if "=" in word.text:
            return word.text.partition("=")[2]
        following = self.words[self.words.index(word) + 1 :]
        return following[0].text if following else ""

    @cached_property
    def tail(self) -> str:
        """What follows in the line."""
        line, _ = self.source.position(self.end)
        return self.source.text[self.end : self.source.line_start(line + 1)]

    @cached_property
    def next_lines(self) -> str:
        """The next three lines."""
        line, _ = self.source.position(self.end)
        return self.source.text[self.source.line_start(line + 1) : self.source.line_start(line + 4)]


def read_command_lines(source: Source, *, is_yaml: bool) -> Iterator[CommandLine]:
    """The calls of the servo in a file."""
    if "servo" not in source.text.lower():
        return
    known: set[int] = set()
    for match in _START.finditer(source.text):
        command = _command_at(source, match.start("word"))
        if command is not None and not _is_comment(source, match.start("word")):
            known.add(command.start)
            yield command
    if is_yaml:
        for command in _of_sequences(source):
            if command.start not in known:
                yield command


def is_known_command(name: str) -> bool:
    """Whether a word can be a command of the servo, of any version."""
    return name in SERVOX_COMMANDS | OLDER_COMMANDS | OWN_COMMANDS


def _command_at(source: Source, start: int) -> CommandLine | None:
    words: list[Word] = []
    place = start
    # In `["servo", "run"]` the quote opens before the word.
    quote = source.text[start - 1 : start]
    if quote in ("'", '"') and source.text.find(quote, start) == start + len("servo"):
        place = start - 1
    while len(words) < 100:
        match = _WORD.match(source.text, place)
        if match is None or (words and match["gap"] is None):
            break
        text = match["text"]
        begin, end = match.start("text"), match.end("text")
        if len(text) > 1 and text[0] in "\"'" and text[-1] == text[0]:
            begin, end = begin + 1, end - 1
        words.append(Word(re.sub(r"[\"']", "", text), begin, end))
        place = match.end()
        if source.text[place - 1 : place] in ('"', "'") and source.text[place : place + 1] == "]":
            break
    command = CommandLine(source, tuple(words), place) if words else None
    return command if command is not None and is_known_command(command.command) else None


def _is_comment(source: Source, offset: int) -> bool:
    line, column = source.position(offset)
    return source.line(line)[: column - 1].lstrip().startswith(("#", "//"))


def _of_sequences(source: Source) -> Iterator[CommandLine]:
    """Block lists such as `args:` of a container, and `command:` of a service, whose image is ServoX."""
    try:
        nodes = list(yaml.compose_all(source.text, Loader=yaml.SafeLoader))
    except (yaml.YAMLError, RecursionError, ValueError):
        return
    from servo.migrate.yaml.reading import entries_of

    seen: set[int] = set()
    waiting: list[Any] = list(nodes)
    while waiting:
        node = waiting.pop()
        if id(node) in seen or not isinstance(node, yaml.CollectionNode):
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            words = _scalars(node)
            if words and words[0].text.rpartition("/")[2] == "servo":
                yield from _checked(source, words)
            waiting += node.value
            continue
        entries = entries_of(node)
        image = entries.get("image")
        if image is not None and isinstance(image[1], yaml.ScalarNode) and _IMAGE.search(image[1].value):
            for key in ("args", "command"):
                if key in entries and (key == "args" or "args" not in entries):
                    yield from _of_container(source, entries[key][1])
        waiting += [part for pair in node.value for part in pair]


def _of_container(source: Source, node: Any) -> Iterator[CommandLine]:
    if isinstance(node, yaml.SequenceNode):
        words = _scalars(node)
    elif isinstance(node, yaml.ScalarNode) and not node.style:
        start = node.start_mark.index
        words = [
            Word(found[0], start + found.start(), start + found.end()) for found in re.finditer(r"\S+", node.value)
        ]
    else:
        return
    if words and words[0].text.rpartition("/")[2] != "servo":
        words = [Word("servo", words[0].start, words[0].start), *words]
    yield from _checked(source, words)


def _checked(source: Source, words: Sequence[Word]) -> Iterator[CommandLine]:
    if words:
        command = CommandLine(source, tuple(words), words[-1].end)
        if is_known_command(command.command):
            yield command


def _scalars(node: Any) -> list[Word]:
    return [
        Word(item.value, item.start_mark.index, item.end_mark.index)
        for item in node.value
        if isinstance(item, yaml.ScalarNode)
    ]
