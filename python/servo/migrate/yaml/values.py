"""Durations in documents."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from servo.migrate.durations import as_servox_read_it, is_duration
from servo.migrate.model import Edit, Hit, Severity
from servo.migrate.project import Project
from servo.migrate.yaml import ROOM
from servo.migrate.yaml.connectors import name_of, native_names
from servo.migrate.yaml.reading import BUNDLED, OWN_KEYS, Document, entries_of, text_of

_DURATION_KEY = re.compile(
    r"(?:.*_)?(?:duration|warmup|delay|timeout|timeouts|period|span|step_time|interval|settlement|max_time|reporting_interval)"
)
_PARTS = ("connect", "read", "write", "pool")


@ROOM.rule(
    "yaml-duration-text",
    Severity.blocker,
    "servoyaml",
    "durations: text around a duration",
    what="'{key}' has text around its duration: ServoX ignored the text and read {read}, now it is an error.",
    action="Write `{read}`, or what was meant.",
    fixes=True,
)
def duration_text(document: Document, project: Project) -> Iterator[Hit]:
    for key, node in _durations(document):
        text = text_of(node)
        if text is None or is_duration(text):
            continue
        read = as_servox_read_it(text)
        if read is not None:
            known = key.startswith(("settings.", "checks.")) or _is_duration_field(key, document, project)
            yield Hit(node.start_mark.index, {"key": key, "read": read}, _rewritten(node, read) if known else ())


@ROOM.rule(
    "yaml-checks-duration",
    Severity.blocker,
    "configuration-classes",
    "`checks.wait` and `checks.delay` are any text",
    what="'checks.{key}' is no duration: ServoX failed when the checks ran, now the file is refused.",
    action="Write a duration such as `30s`; the delay can be `expo`, too.",
)
def checks_duration(document: Document, project: Project) -> Iterator[Hit]:
    for key in ("wait", "delay"):
        text = text_of(document.at("checks", key))
        if text is None or is_duration(text) or (key == "delay" and text == "expo"):
            continue
        if as_servox_read_it(text) is None and not re.fullmatch(r"\d+(\.\d+)?", text):
            yield Hit(document.at("checks", key).start_mark.index, {"key": key})


def _durations(document: Document) -> Iterator[tuple[str, Any]]:
    for context, (_, limits) in entries_of(document.at("settings", "backoff")).items():
        if "max_time" in entries_of(limits):
            yield f"settings.backoff.{context}.max_time", entries_of(limits)["max_time"][1]
    timeouts = document.at("settings", "timeouts")
    if isinstance(timeouts, yaml.ScalarNode):
        yield "settings.timeouts", timeouts
    for part in _PARTS:
        if part in entries_of(timeouts):
            yield f"settings.timeouts.{part}", entries_of(timeouts)[part][1]
    for key in ("wait", "delay"):
        if document.at("checks", key) is not None:
            yield f"checks.{key}", document.at("checks", key)
    for name, (_, part) in document.entries.items():
        if name not in OWN_KEYS:
            yield from _of_connector(name, part, 0)


def _of_connector(path: str, node: Any, depth: int) -> Iterator[tuple[str, Any]]:
    if depth > 20:
        return
    for key, (_, value) in entries_of(node).items():
        if isinstance(value, yaml.ScalarNode) and _DURATION_KEY.fullmatch(key):
            yield f"{path}.{key}", value
        yield from _of_connector(f"{path}.{key}", value, depth + 1)
    for item in node.value if isinstance(node, yaml.SequenceNode) else ():
        yield from _of_connector(f"{path}[]", item, depth + 1)


def _is_duration_field(path: str, document: Document, project: Project) -> bool:
    """Whether the field of a connector is a duration for certain: of its own kind, or by its class in the project."""
    key, _, rest = path.partition(".")
    identifiers = {name: identifier for name, identifier, _ in document.connectors}
    if name_of(identifiers.get(key, key)) in BUNDLED | native_names():
        return True
    return rest.rpartition(".")[2] in project.duration_fields


def _rewritten(node: Any, text: str) -> tuple[Edit, ...]:
    if node.style in ("|", ">"):
        return ()
    quote = node.style or ""
    return (Edit(node.start_mark.index, node.end_mark.index, f"{quote}{text}{quote}"),)
