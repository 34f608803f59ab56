"""What a document looks like: keys, tags, texts and flags."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from servo.migrate.model import Edit, Hit, Severity
from servo.migrate.project import Project
from servo.migrate.yaml import ROOM
from servo.migrate.yaml.reading import OWN_KEYS, Document, entries_of, is_null

_STANDARD_TAGS = frozenset(
    f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "map", "seq", "merge", "value")
) | {"tag:yaml.org,2002:timestamp"}
_TEXTS = (
    ("name",),
    ("description",),
    ("servo_uid",),
    *(("optimizer", key) for key in ("id", "token", "optimizer_id", "tenant_id", "client_id", "client_secret")),
)
_NUMBERS = frozenset({"tag:yaml.org,2002:int", "tag:yaml.org,2002:float"})
_SIXTY_FOUR_BITS = range(-(2**63), 2**64)


@ROOM.rule(
    "yaml-duplicate-key",
    Severity.blocker,
    "servoyaml",
    "duplicate keys",
    what="The key '{key}' stands here and again in line {line}: ServoX took the last one, now it is an error.",
    action="Keep the one that is meant; ServoX used the last one.",
    fixes=True,
)
def duplicate_key(document: Document, project: Project) -> Iterator[Hit]:
    for mapping in document.mappings:
        last: dict[str, Any] = {}
        for key, _ in mapping.value:
            if isinstance(key, yaml.ScalarNode):
                last[key.value] = key
        for key, value in mapping.value:
            if isinstance(key, yaml.ScalarNode) and last[key.value] is not key and key.value != "<<":
                line = str(document.source.position(last[key.value].start_mark.index)[0])
                yield Hit(
                    key.start_mark.index, {"key": key.value, "line": line}, _removal(document, mapping, key, value)
                )


def _removal(document: Document, mapping: Any, key: Any, value: Any) -> tuple[Edit, ...]:
    """The lines of an entry of a block mapping, where nothing else stands in them and nothing refers to them."""
    source = document.source
    text = source.text
    start = key.start_mark.index
    line, column = source.position(start)
    begin = source.line_start(line)
    following = [other.start_mark.index for other, _ in mapping.value if other.start_mark.index > start]
    if mapping.flow_style or text[begin:start].strip(" ") or not following:
        return ()
    last, _ = source.position(max(_end(value) - 1, start))
    end = source.line_start(last + 1)
    # What shares a line with the entry, or an anchor that others may use, is for people.
    if end > min(following) or "&" in text[start:end] or len(source.line(line)) < column:
        return ()
    return (Edit(begin, end, ""),)


def _end(node: Any, depth: int = 0) -> int:
    """Behind the last character of a value; a block collection ends where its last item does."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value and depth < 100:
        last = node.value[-1]
        return max(_end(part, depth + 1) for part in (last if isinstance(last, tuple) else (last,)))
    return int(node.end_mark.index)


@ROOM.rule(
    "yaml-tag",
    Severity.blocker,
    "configuration-classes",
    "`parse_file` reads tags",
    what="The tag {tag} is refused: files are data, and make no objects of Python.",
    action="Write the value without a tag.",
)
def tag(document: Document, project: Project) -> Iterator[Hit]:
    for mapping in document.mappings:
        for node in (part for pair in mapping.value for part in pair):
            for inner in (node, *(node.value if isinstance(node, yaml.SequenceNode) else ())):
                if inner.tag not in _STANDARD_TAGS:
                    shown = inner.tag.replace("tag:yaml.org,2002:", "!!")
                    yield Hit(inner.start_mark.index, {"tag": shown})


@ROOM.rule(
    "yaml-unquoted-text",
    Severity.blocker,
    "servoyaml",
    "a word or a number",
    what="'{key}' is a text, and its value has no quotes: ServoX took {taken} for it, now it is an error.",
    action="Put the text that is meant in quotes.",
)
def unquoted_text(document: Document, project: Project) -> Iterator[Hit]:
    for path in _TEXTS:
        node = document.at(*path)
        if not isinstance(node, yaml.ScalarNode) or is_null(node) or node.style:
            continue
        # ServoX read 0123456 as octal, and true as 'True': which text was meant is for people.
        if node.tag == "tag:yaml.org,2002:bool":
            yield Hit(node.start_mark.index, {"key": ".".join(path), "taken": "the word"})
        elif node.tag in _NUMBERS and not _keeps_its_spelling(node.value):
            yield Hit(node.start_mark.index, {"key": ".".join(path), "taken": "the number it reads as"})


def _keeps_its_spelling(written: str) -> bool:
    """Whether a number, read and written again, is the same text."""
    if re.fullmatch(r"0|-?[1-9][0-9]*", written):
        return len(written) < 32 and int(written) in _SIXTY_FOUR_BITS
    try:
        return repr(float(written)) == written
    except ValueError:
        return False


@ROOM.rule(
    "yaml-empty-part",
    Severity.blocker,
    "servoyaml",
    "a key without a value",
    what="'{key}' has no value: ServoX let that pass, now it is an error.",
    action="Write `{key}: {{}}`, or remove the key.",
    fixes=True,
)
def empty_part(document: Document, project: Project) -> Iterator[Hit]:
    for name, (key, value) in document.entries.items():
        if not is_null(value) or name in OWN_KEYS - {"settings", "checks", "optimizer"}:
            continue
        edits: tuple[Edit, ...] = ()
        if (
            value.start_mark.index == value.end_mark.index
            and document.source.text[key.end_mark.index : key.end_mark.index + 1] == ":"
        ):
            place = key.end_mark.index + 1
            edits = (Edit(place, place, " {}"),)
        elif value.end_mark.index > value.start_mark.index:
            edits = (Edit(value.start_mark.index, value.end_mark.index, "{}"),)
        yield Hit(key.start_mark.index, {"key": name}, edits)


@ROOM.rule(
    "yaml-no-connector",
    Severity.blocker,
    "servoyaml",
    "a document without",
    what="The document has no connector: ServoX started with nothing to do, now it is an error.",
    action="Add the key of a connector; `wait: {{measure_enabled: false}}` does nothing.",
)
def no_connector(document: Document, project: Project) -> Iterator[Hit]:
    if not document.connectors and not entries_of(document.at("connectors")):
        yield Hit(document.node.start_mark.index)
