"""A JSON Schema for people: a line for each key, what it takes, its default and what it is for."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]

_WORDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "object": "mapping",
    "array": "list",
}
_INDENT = 2
_NARROWEST = 40


def outline(schema: Schema, width: int | None = None) -> str:
    """The text of a schema, with its last newline.

    Args:
        schema: The schema, with its definitions.
        width: How many characters a line may have; any number when None.
    """
    lines = [*filter(None, (schema.get("title"), schema.get("description"))), ""]
    lines = [line for text in lines for line in _wrapped(text, width, "")]
    # Definitions alone are told one by one.
    parts = schema.get("definitions", {}) if "properties" not in schema else {}
    for name, part in parts.items():
        lines += [name, *_keys(part, schema, width, _INDENT, frozenset()), ""]
    lines += _keys(schema, schema, width, 0, frozenset())
    return "\n".join(lines).rstrip("\n") + "\n"


def _keys(part: Schema, root: Schema, width: int | None, indent: int, seen: frozenset[str]) -> Iterator[str]:
    required = part.get("required", ())
    for name, shown in part.get("properties", {}).items():
        about = [_kind(shown, root)]
        if name in required:
            about.append("required")
        if "default" in shown and not isinstance(shown["default"], dict | list):
            about.append(f"default {_value(shown['default'])}")
        if variables := shown.get("env_names"):
            about.append(" or ".join(variables))
        head = f"{' ' * indent}{name} ({', '.join(about)})"
        text = shown.get("description", "").split("\n\n")[0]
        yield from _wrapped(f"{head}: {text}" if text else head, width, " " * (indent + 2 * _INDENT))
        yield from _inside(shown, root, width, indent + _INDENT, seen)


def _inside(shown: Schema, root: Schema, width: int | None, indent: int, seen: frozenset[str]) -> Iterator[str]:
    branches = [(name, part) for name, part in _branches(shown, root) if part.get("properties")]
    for name, part in branches:
        if name and name in seen:
            continue
        inner = seen | {name} if name else seen
        if len(branches) > 1:
            yield f"{' ' * indent}either {name or 'a mapping'}"
        yield from _keys(part, root, width, indent + (_INDENT if len(branches) > 1 else 0), inner)


def _branches(shown: Schema, root: Schema) -> Iterator[tuple[str, Schema]]:
    """The mappings that a value may be or have inside, with the names of their definitions."""
    if isinstance(reference := shown.get("$ref"), str):
        name = reference.rpartition("/")[2]
        part = root.get("definitions", {}).get(name, {})
        yield (name, part) if part.get("properties") else next(_branches(part, root), (name, part))
        return
    if shown.get("properties"):
        yield "", shown
    for word in ("allOf", "anyOf", "oneOf"):
        for branch in shown.get(word, ()):
            yield from _branches(branch, root)
    for word in ("items", "additionalProperties"):
        if isinstance(shown.get(word), Mapping):
            yield from _branches(shown[word], root)


def _kind(shown: Any, root: Schema) -> str:
    """What a value is, in a few words."""
    if not isinstance(shown, Mapping):
        return "anything"
    if isinstance(reference := shown.get("$ref"), str):
        return _kind(root.get("definitions", {}).get(reference.rpartition("/")[2], {}), root)
    if isinstance(names := shown.get("enum"), list):
        return " | ".join(_value(name) for name in names)
    if "const" in shown:
        return _value(shown["const"])
    for word, between in (("allOf", " and "), ("anyOf", " or "), ("oneOf", " | ")):
        if branches := shown.get(word):
            return between.join(dict.fromkeys(_kind(branch, root) for branch in branches if branch != {"type": "null"}))
    kinds = shown.get("type", [])
    kinds = [kind for kind in ([kinds] if isinstance(kinds, str) else kinds) if kind != "null"]
    if shown.get("format") == "duration":
        return "duration"
    if shown.get("format") == "password":
        return "secret"
    words = [_WORDS.get(kind, kind) for kind in kinds]
    if kinds == ["array"] and isinstance(shown.get("items"), Mapping):
        return f"list of {_kind(shown['items'], root)}"
    return " or ".join(words) or "anything"


def _value(value: Any) -> str:
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)


def _wrapped(text: str, width: int | None, indent: str) -> list[str]:
    if width is None or len(text) <= width or width - len(indent) < _NARROWEST:
        return [text]
    first = text[: len(text) - len(text.lstrip())]
    return textwrap.wrap(text.lstrip(), width, initial_indent=first, subsequent_indent=indent, break_on_hyphens=False)
