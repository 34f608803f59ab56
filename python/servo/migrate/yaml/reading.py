"""Documents of servos with the places of their keys and values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from servo.migrate.model import Unread
from servo.migrate.source import Source

if TYPE_CHECKING:
    from servo.migrate.project import Project

OWN_KEYS = frozenset(
    {"name", "description", "servo_uid", "optimizer", "connectors", "no_diagnostics", "settings", "checks"}
)
"""The keys of a document that belong to no connector."""
BUNDLED = frozenset({"kubernetes", "prometheus", "vegeta", "opsani_dev", "kube_metrics", "scripts", "wait"})
"""The connectors that came with ServoX."""

_OPTIMIZER_KEYS = frozenset(
    {"id", "token", "optimizer_id", "tenant_id", "connection_file", "client_id", "base_url", "url", "local"}
)
_OTHER_FORMATS = frozenset({"apiVersion", "services", "jobs", "stages", "openapi", "swagger", "repos", "on"})
_HINT = re.compile(
    r"^\s*(optimizer|connectors|no_diagnostics|servo_uid|kubernetes|opsani_dev|prometheus|vegeta)\s*:", re.M
)
_BLOCK = re.compile(r"^(?P<indent>[ ]*)(?:- )?(?P<key>['\"]?[\w./-]+['\"]?):[ ]*[|][-+0-9]*[ ]*(?:#.*)?\r?\n", re.M)
_TEMPLATE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.S)
_NOWHERE = Path("-")


@dataclass(frozen=True)
class Document:
    """One servo of a file."""

    source: Source
    node: Any
    """The mapping, a `yaml.MappingNode`."""
    siblings: int
    """How many documents the file has."""

    @cached_property
    def entries(self) -> dict[str, tuple[Any, Any]]:
        """Key and value of each key; of a key that stands twice the last one counts."""
        return entries_of(self.node)

    def at(self, *path: str) -> Any:
        """The value at a path, a node, or None."""
        node: Any = self.node
        for key in path:
            found = entries_of(node).get(key)
            if found is None:
                return None
            node = found[1]
        return node

    def key_at(self, *path: str) -> Any:
        """The node of the key at a path, or None."""
        found = entries_of(self.at(*path[:-1])).get(path[-1])
        return found[0] if found else None

    @cached_property
    def connectors(self) -> list[tuple[str, str, Any]]:
        """What `connectors` lists: key of the document, identifier and its node; the keys themselves without it."""
        node = self.at("connectors")
        if isinstance(node, yaml.SequenceNode) and node.value:
            scalars = [item for item in node.value if isinstance(item, yaml.ScalarNode)]
            return [(item.value, item.value, item) for item in scalars]
        if isinstance(node, yaml.MappingNode) and node.value:
            return [
                (name, value.value, value)
                for name, (_, value) in entries_of(node).items()
                if isinstance(value, yaml.ScalarNode)
            ]
        return [(name, name, key) for name, (key, _) in self.entries.items() if name not in OWN_KEYS]

    @cached_property
    def mappings(self) -> list[Any]:
        """All mappings of the document, each once."""
        return list(_mappings(self.node))


def entries_of(node: Any) -> dict[str, tuple[Any, Any]]:
    """Key and value of each key of a mapping; nothing for another node."""
    if not isinstance(node, yaml.MappingNode):
        return {}
    return {key.value: (key, value) for key, value in node.value if isinstance(key, yaml.ScalarNode)}


def is_null(node: Any) -> bool:
    """Whether a node has no value."""
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"


def text_of(node: Any) -> str | None:
    """The text of a scalar that has one."""
    return node.value if isinstance(node, yaml.ScalarNode) and not is_null(node) else None


def read_documents(source: Source, project: Project) -> Iterator[Document]:
    """The servos of a file, also those inside of the texts of a ConfigMap."""
    named = re.search(r"servo", source.path.name, re.I) is not None
    if not named and not _HINT.search(source.text):
        return
    nodes, problem = _compose(source.text)
    if problem is not None:
        project.unread.append(_unread(source, problem, source.text))
        return
    mappings = [node for node in nodes if isinstance(node, yaml.MappingNode)]
    servos = [node for node in mappings if _is_servo(node, named)]
    for node in servos:
        yield Document(source, node, len(servos))
    if len(servos) < len(mappings):
        yield from _embedded(source, project)


def _compose(text: str) -> tuple[list[Any], tuple[str, int | None] | None]:
    try:
        return list(yaml.compose_all(text, Loader=yaml.SafeLoader)), None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        return [], (f"it is no YAML: {error.problem or error.context}", mark.line + 1 if mark else None)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        why = "its values are nested too deeply" if isinstance(error, RecursionError) else "a character is not allowed"
        return [], (f"it is no YAML: {why}", None)


def _unread(source: Source, problem: tuple[str, int | None], text: str) -> Unread:
    # Templates of Helm and the like are no YAML before they are filled in.
    template = _TEMPLATE.search(text) is not None
    return Unread(source.path, "it is a template, which is no YAML" if template else problem[0], problem[1])


def _is_servo(node: Any, named: bool) -> bool:
    entries = entries_of(node)
    if _OTHER_FORMATS & entries.keys():
        return False
    optimizer = entries_of(entries["optimizer"][1]) if "optimizer" in entries else {}
    if optimizer.keys() & _OPTIMIZER_KEYS:
        return True
    if "connectors" in entries:
        listed = {name for name, _, _ in Document(Source(_NOWHERE, ""), node, 1).connectors}
        return named or bool(listed & entries.keys())
    return bool(entries.keys() & (OWN_KEYS | BUNDLED if named else {"no_diagnostics", "servo_uid"}))


def _embedded(source: Source, project: Project) -> Iterator[Document]:
    """Documents in block scalars: everything around one is blanked out, so that places stay what they are."""
    for match in _BLOCK.finditer(source.text):
        end = _block_end(source.text, match.end(), len(match["indent"]))
        block = source.text[match.end() : end]
        if not _HINT.search(block):
            continue
        blank = re.sub(r"[^\r\n]", " ", source.text[: match.end()])
        nodes, problem = _compose(blank + block)
        if problem is not None:
            project.unread.append(_unread(source, problem, block))
        named = "servo" in match["key"]
        servos = [node for node in nodes if isinstance(node, yaml.MappingNode) and _is_servo(node, named)]
        for node in servos:
            yield Document(source, node, len(servos))


def _block_end(text: str, start: int, indent: int) -> int:
    for match in re.compile(r"^(?P<space>[ ]*)(?=\S)", re.M).finditer(text, start):
        if len(match["space"]) <= indent:
            return match.start()
    return len(text)


def _mappings(root: Any) -> Iterator[Any]:
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            yield node
            waiting += [part for pair in node.value for part in pair]
        elif isinstance(node, yaml.SequenceNode):
            waiting += node.value
