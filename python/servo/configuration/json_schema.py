"""JSON Schemas as values: those of the engine in the dialect of pydantic 1, and what editors need of either.

The dialect is draft 7, which every editor knows: parts under `definitions`, no word beside a `$ref`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any

__all__ = ["DIALECT", "DURATION", "exact", "of_engine", "ordered", "reachable", "title_of", "transformed"]

Schema = dict[str, Any]

DIALECT = "http://json-schema.org/draft-07/schema#"
"""The name of the dialect."""

_UNITS = "ns|us|µs|μs|ms|s|mm|m|h|d|w|y"
DURATION = rf"^\s*[-+]?(0|(([0-9]+\.?[0-9]*|\.[0-9]+)({_UNITS})\s*)+)\s*$"
"""What a duration looks like."""

_MAPS = ("properties", "patternProperties", "definitions", "$defs", "dependencies")
_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
_SINGLE = ("items", "additionalProperties", "additionalItems", "not", "contains", "propertyNames", "if", "then", "else")
# What says how large a number of the engine is; JSON knows numbers alone.
_SIZES = {"int8", "int16", "int32", "int64", "uint", "uint8", "uint16", "uint32", "uint64", "float", "double"}

_FIRST = ("$schema", "title", "description", "default", "env", "env_names", "enum", "const")
_LAST = ("allOf", "anyOf", "oneOf", "properties", "patternProperties", "items", "required", "additionalProperties")
_ORDER = {key: at for at, key in enumerate(_FIRST)} | {key: 100 + at for at, key in enumerate(_LAST)}
_SIZE_WORDS = {"type": 50, "format": 51, "definitions": 200}


def transformed(schema: Any, change: Callable[[Schema], Schema]) -> Any:
    """A schema in which each part was changed, from the inside to the outside.

    Args:
        schema: The schema; it stays as it is.
        change: Gives what stands for a part.
    """
    if isinstance(schema, list):
        return [transformed(part, change) for part in schema]
    if not isinstance(schema, Mapping):
        return schema
    result: Schema = {}
    for key, value in schema.items():
        if key in _MAPS and isinstance(value, Mapping):
            result[key] = {name: transformed(part, change) for name, part in value.items()}
        elif key in _LISTS or key in _SINGLE:
            result[key] = transformed(value, change)
        else:
            result[key] = copy.deepcopy(value)
    return change(result)


def ordered(schema: Schema) -> Schema:
    """The schema with its words in one order, whichever pydantic wrote it; properties stay in theirs."""

    def rank(key: str) -> int:
        return _ORDER.get(key, _SIZE_WORDS.get(key, 60))

    def sort(part: Schema) -> Schema:
        if isinstance(part.get("env_names"), list | set):
            part["env_names"] = sorted(part["env_names"])
        return {key: part[key] for key in sorted(part, key=lambda key: (rank(key), key if rank(key) == 60 else ""))}

    found: Schema = transformed(schema, sort)
    return found


def title_of(name: str) -> str:
    """What the field of a name is titled."""
    return name.replace("_", " ").title()


def of_engine(schema: Schema, taken: Mapping[str, Schema], prefix: str) -> tuple[Schema, dict[str, Schema]]:
    """A schema of the engine in the dialect, and the definitions that it refers to.

    Args:
        schema: The schema.
        taken: The definitions that there are; an equal one is used, another one of the name is not.
        prefix: What stands before a name that another definition has.
    """
    parts: dict[str, Any] = schema.get("$defs") or {}
    names = {name: name for name in parts}

    def translated(part: Any) -> Any:
        return transformed(part, lambda inner: _translated(inner, names))

    for name in parts:
        # Parts refer to one another: under their own names at first, to be compared.
        if name in taken and taken[name] != _titled(translated(parts[name])):
            names[name] = f"{prefix}{name}"
    definitions = {names[name]: _titled(translated(part)) for name, part in parts.items()}
    own = {key: value for key, value in schema.items() if key not in ("$defs", "$schema")}
    return _titled(translated(own)), definitions


def _translated(part: Schema, names: Mapping[str, str]) -> Schema:
    if part.get("format") in _SIZES:
        del part["format"]
    if isinstance(text := part.get("description"), str):
        part["description"] = " ".join(text.split("\n\n")[0].split())
    if part.get("default", ...) is None:
        del part["default"]
    if isinstance(reference := part.get("$ref"), str):
        part["$ref"] = f"#/definitions/{names.get(name := reference.rpartition('/')[2], name)}"
        if len(part) > 1:
            part["allOf"] = [{"$ref": part.pop("$ref")}]
    return _tuples(part)


def _tuples(part: Schema) -> Schema:
    """Lists whose items differ, as the dialect has them."""
    if isinstance(firsts := part.pop("prefixItems", None), list):
        if "items" in part:
            part["additionalItems"] = part.pop("items")
        part["items"] = firsts
    return part


def _titled(schema: Schema) -> Schema:
    for name, part in (schema.get("properties") or {}).items():
        if isinstance(part, dict) and "$ref" not in part:
            part.setdefault("title", title_of(name))
    return schema


def references(schema: Any) -> Iterator[str]:
    """The names of the definitions that a schema refers to, in its order."""
    found: list[str] = []

    def collect(part: Schema) -> Schema:
        if isinstance(reference := part.get("$ref"), str):
            found.append(reference.rpartition("/")[2])
        return part

    transformed(schema, collect)
    return iter(dict.fromkeys(found))


def reachable(schema: Any, definitions: Mapping[str, Schema]) -> dict[str, Schema]:
    """The definitions that a schema needs: each behind those that it refers to itself."""
    found: dict[str, Schema] = {}
    entered: set[str] = set()

    def follow(part: Any) -> None:
        for name in references(part):
            if name in definitions and name not in entered:
                entered.add(name)
                follow(definitions[name])
                found[name] = definitions[name]

    follow(schema)
    return found


def exact(schema: Schema, kept: frozenset[str] = frozenset()) -> Schema:
    """A schema for editors: it accepts null and numbers where a document may have them, and has standard words only.

    Args:
        schema: A schema in the dialect.
        kept: The keys of the document whose values may not be null.
    """

    def change(part: Schema) -> Schema:
        for name, inner in (part.get("properties") or {}).items():
            if name in (part.get("required") or ()) or "default" in inner or ("definitions" in part and name in kept):
                continue
            part["properties"][name] = _nullable(inner)
        if part.get("format") == "duration":
            del part["format"]
            part["pattern"] = DURATION
            if part.get("type") == "string":
                part["type"] = ["string", "number"]
        variables = part.pop("env_names", None)
        part.pop("env", None)
        if variables:
            told = f"Variable: {' or '.join(sorted(variables))}"
            part["description"] = "\n\n".join(filter(None, [part.get("description"), told]))
        return part

    return {"$schema": DIALECT, **transformed(schema, change)}


def _nullable(part: Schema) -> Schema:
    part = dict(part)
    if isinstance(kind := part.get("type"), str | list):
        kinds = [kind] if isinstance(kind, str) else kind
        if "null" not in kinds:
            part["type"] = [*kinds, "null"]
        if isinstance(part.get("enum"), list) and None not in part["enum"]:
            part["enum"] = [*part["enum"], None]
        return part
    for word in ("anyOf", "oneOf"):
        if isinstance(part.get(word), list) and {"type": "null"} not in part[word]:
            part[word] = [*part[word], {"type": "null"}]
            return part
    if "$ref" in part:
        return {"anyOf": [part, {"type": "null"}]}
    if isinstance(part.get("allOf"), list) and "anyOf" not in part:
        inner = part.pop("allOf")
        part["anyOf"] = [inner[0] if len(inner) == 1 else {"allOf": inner}, {"type": "null"}]
    return part
