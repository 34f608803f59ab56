"""Which connectors a document names, and how."""

from __future__ import annotations

import functools
import importlib.util
import re
from collections.abc import Iterator

import yaml

from servo.migrate.model import Hit, Severity
from servo.migrate.project import Project
from servo.migrate.yaml import ROOM
from servo.migrate.yaml.reading import BUNDLED, Document, is_null

_IDENTIFIER = re.compile(r"[A-Za-z_][\w-]*(\.[A-Za-z_]\w*)*")
_CLASSES = {
    "KubernetesConnector": "kubernetes",
    "PrometheusConnector": "prometheus",
    "VegetaConnector": "vegeta",
    "OpsaniDevConnector": "opsani_dev",
    "KubeMetricsConnector": "kube_metrics",
    "ScriptsConnector": "scripts",
    "WaitConnector": "wait",
}
_ATTRIBUTES = frozenset({"yaml", "json", "dict", "copy", "schema", "fields", "construct", "validate"})
_INSTEAD = {"vegeta": "Write `load` in its place: it has the keys and metrics of vegeta, and needs no other program."}
_WAIT = "There is nothing in its place yet: keep this servo with ServoX until there is."


@ROOM.rule(
    "yaml-connectors-expression",
    Severity.blocker,
    "servoyaml",
    "strings under `connectors`",
    what="What stands under `connectors` is an expression of Python: ServoX evaluated it, now nothing is.",
    action="Write a list of names, class names or dotted paths, or a mapping of names to them.",
)
def connectors_expression(document: Document, project: Project) -> Iterator[Hit]:
    node = document.at("connectors")
    if isinstance(node, yaml.ScalarNode) and not is_null(node):
        yield Hit(node.start_mark.index)
        return
    for _, identifier, item in document.connectors if node is not None else ():
        if not _IDENTIFIER.fullmatch(identifier):
            yield Hit(item.start_mark.index)


@ROOM.rule(
    "yaml-reserved-name",
    Severity.blocker,
    "servoyaml",
    "reserved names",
    what="The name '{key}' is reserved: ServoX took it and failed later, now it is refused.",
    action="Rename the connector under `connectors`, and its part of the document.",
)
def reserved_name(document: Document, project: Project) -> Iterator[Hit]:
    from servo.configuration.routes import RESERVED_NAMES

    node = document.at("connectors")
    for name, identifier, item in document.connectors if node is not None else ():
        place = item
        if isinstance(node, yaml.MappingNode):
            place = document.key_at("connectors", name)
        other = name in BUNDLED | native_names() and name_of(identifier) != name
        if name in RESERVED_NAMES | _ATTRIBUTES or name.startswith("_") or identifier == "servo" or other:
            yield Hit(place.start_mark.index, {"key": name})


@ROOM.rule(
    "yaml-missing-connector",
    Severity.blocker,
    "not-there-yet",
    "",
    what="The connector '{name}' of ServoX is not there yet.",
    action="{instead}",
)
def missing_connector(document: Document, project: Project) -> Iterator[Hit]:
    for _, identifier, item in document.connectors:
        name = name_of(identifier)
        if name in BUNDLED and not is_available(name):
            yield Hit(item.start_mark.index, {"name": name, "instead": _INSTEAD.get(name, _WAIT)})


@ROOM.rule(
    "yaml-load-instead-of-vegeta",
    Severity.changed,
    "vegeta-and-load",
    "`vegeta`: warm-up is a part of the duration",
    what="With `load` in place of vegeta the warm-up comes before the duration, and `control.delay` is waited for.",
    action="Make the duration shorter by the warm-up where the whole time must stay what it was.",
)
def load_instead_of_vegeta(document: Document, project: Project) -> Iterator[Hit]:
    for key, identifier, _ in document.connectors:
        if name_of(identifier) == "vegeta":
            warmup = document.key_at(key, "warmup")
            if warmup is not None:
                yield Hit(warmup.start_mark.index)


@ROOM.rule(
    "yaml-order-of-connectors",
    Severity.changed,
    "servoyaml",
    "without `connectors`",
    what="Without `connectors` ServoX had the connectors in an order that varied; now it is that of the file.",
    action="Put the parts in the order in which the connectors are to get their events.",
)
def order_of_connectors(document: Document, project: Project) -> Iterator[Hit]:
    if "connectors" not in document.entries and len(document.connectors) > 1:
        yield Hit(document.connectors[0][2].start_mark.index)


def name_of(identifier: str) -> str:
    """The name of the connector that an identifier means, as far as it came with ServoX or comes with this version."""
    module, _, last = identifier.rpartition(".")
    if module and not module.startswith("servo.connectors"):
        return identifier
    return _CLASSES.get(last) or _native_classes().get(last, last)


def is_available(name: str) -> bool:
    """Whether this version has a connector that came with ServoX."""
    return name in native_names() or importlib.util.find_spec(f"servo.connectors.{name}") is not None


def native_names() -> frozenset[str]:
    """The connectors of the engine."""
    return frozenset(_native_classes().values())


@functools.cache
def _native_classes() -> dict[str, str]:
    from servo._core import native_connectors

    return {word: name for name, classes in native_connectors() for word in (name, *classes)}
