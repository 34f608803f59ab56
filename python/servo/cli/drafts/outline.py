"""What a JSON Schema tells people of a configuration: descriptions, choices and defaults, by key."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["Outline"]


class Outline:
    """A schema, seen from one of its parts.

    Args:
        schema: The part.
        root: The whole schema, which holds the definitions; the part itself unless given.
    """

    def __init__(self, schema: Mapping[str, Any], root: Mapping[str, Any] | None = None) -> None:
        self._root = schema if root is None else root
        self._own = schema
        self._schema = self._resolved(schema)

    @property
    def description(self) -> str:
        """What the value is for; empty when nobody says so."""
        told = self._own.get("description") or self._schema.get("description") or ""
        text = re.split(r"\n\s*\n", inspect.cleandoc(str(told)))[0]
        choices = self._schema.get("enum") or [one["const"] for one in self._schema.get("oneOf", ()) if "const" in one]
        if len(choices) > 1:
            end = "" if not text or text.rstrip().endswith((".", "!", "?")) else "."
            text = f"{text.rstrip()}{end} One of {', '.join(map(str, choices))}.".strip()
        return text

    @property
    def required(self) -> list[str]:
        """The keys that must be there."""
        return list(self._schema.get("required", ()))

    def names(self) -> Iterator[str]:
        """The keys of a mapping, in the order of the schema."""
        yield from self._schema.get("properties", {})

    def key(self, name: str) -> Outline:
        """What stands under a key; an empty schema where nothing is known of it."""
        found = self._schema.get("properties", {}).get(name)
        if isinstance(found, Mapping):
            told = found.get("description") or self._documented().get(name)
            return Outline({**found, "description": told}, self._root)
        # Keys that users choose are told of where the mapping is.
        others = self._schema.get("additionalProperties")
        nameless = self._resolved(others) if isinstance(others, Mapping) else {}
        return Outline({**nameless, "description": ""}, self._root)

    def items(self) -> Outline:
        """What a list holds."""
        found = self._schema.get("items")
        return Outline(found if isinstance(found, Mapping) else {}, self._root)

    def default(self) -> Any:
        """The value without one: that of the schema, or the defaults of its keys; None where there is none."""
        if "default" in self._own or self.required:
            return self._own.get("default")
        found = {name: self.key(name).default() for name in self.names()}
        return {name: value for name, value in found.items() if value is not None} or None

    def placeholder(self) -> Any:
        """A value of the right type, for a user to replace."""
        for known in (self._own, self._schema):
            if examples := known.get("examples"):
                return examples[0]
            for word in ("default", "const"):
                if known.get(word) is not None:
                    return known[word]
            if known.get("enum"):
                return known["enum"][0]
        kind = self._schema.get("type")
        kind = next((one for one in kind if one != "null"), "null") if isinstance(kind, list) else kind
        if kind == "object" or "properties" in self._schema:
            return {name: self.key(name).placeholder() for name in self.required}
        least = self._schema.get("minimum", 1)
        by_type = {"integer": least, "number": float(least), "boolean": False, "array": [], "null": None}
        if kind in by_type:
            return by_type[kind]
        return "http://example.com/" if self._schema.get("format") == "uri" else "CHANGE_ME"

    def _documented(self) -> dict[str, str]:
        """What the section `Attributes:` of a docstring says of the keys."""
        text = inspect.cleandoc(str(self._schema.get("description") or ""))
        _, _, section = text.partition("Attributes:\n")
        found: dict[str, str] = {}
        name = ""
        for line in section.splitlines():
            if match := re.match(r" {1,4}(\w+)(?: \([^)]*\))?: (.*)", line):
                name, found[match[1]] = match[1], match[2]
            elif line.startswith("     ") and name:
                found[name] += " " + line.strip()
            elif line.strip():
                break
        return found

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """The schema that is meant: behind references, and beside null."""
        for _ in range(8):
            reference = schema.get("$ref")
            nested = [*schema.get("allOf", ()), *schema.get("anyOf", ())] if not schema.get("properties") else []
            others = [one for one in nested if one.get("type") != "null"]
            if isinstance(reference, str) and reference.startswith("#/"):
                found: Any = self._root
                for step in reference[2:].split("/"):
                    found = found.get(step, {}) if isinstance(found, Mapping) else {}
                schema = found if isinstance(found, Mapping) else {}
            elif others:
                # Of several forms the first one is described.
                schema = others[0]
            else:
                break
        return schema
