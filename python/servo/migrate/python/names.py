"""Names of servo that this version does not have, or that mean something else."""

from __future__ import annotations

import ast
import enum
import importlib
import types
from collections.abc import Iterator

from servo.migrate.model import Hit, Severity
from servo.migrate.project import Project
from servo.migrate.python import ROOM
from servo.migrate.python.nearest import instead_of
from servo.migrate.python.reading import PythonFile, module_exists

# These need programs or packages that may not be there; what they have is not looked into.
_CLOSED = ("servo._core", "servo._optuna")


@ROOM.rule(
    "python-missing-module",
    Severity.blocker,
    "not-there-yet",
    "",
    what="The module `{name}` is not there.",
    action="Wait for it, or write what you need of it yourself.",
)
def missing_module(file: PythonFile, project: Project) -> Iterator[Hit]:
    for node, name, _ in _imported(file):
        if not module_exists(name):
            yield Hit(file.offset(node), {"name": _missing_part(name)})


@ROOM.rule(
    "python-missing-name",
    Severity.blocker,
    "not-there-yet",
    "",
    what="`{module}` has no `{name}`.",
    action="{instead}",
)
def missing_name(file: PythonFile, project: Project) -> Iterator[Hit]:
    # What a module lacks that is not there itself is no news.
    known = {_missing_part(module) for _, module, _ in _imported(file) if not module_exists(module)}
    seen: set[tuple[str, int]] = set()
    for _, module, names in _imported(file):
        for alias in names:
            missing = _missing(f"{module}.{alias.name}") if alias.name != "*" and module_exists(module) else None
            if missing is not None:
                yield Hit(file.offset(alias), missing)
    for attribute in file.nodes(ast.Attribute):
        if isinstance(file.parents.get(attribute), ast.Attribute):
            continue
        dotted = file.dotted(attribute)
        missing = _missing(dotted) if dotted.startswith("servo.") else None
        if (
            missing is not None
            and f"{missing['module']}.{missing['name']}" not in known
            and (dotted, attribute.lineno) not in seen
        ):
            seen.add((dotted, attribute.lineno))
            yield Hit(file.offset(attribute), missing)


@ROOM.rule(
    "python-star-import",
    Severity.changed,
    "utilities",
    "`from servo.utilities import *`",
    what="`from {module} import *` gives functions and classes; with ServoX also modules such as `pydantic`, `yaml`.",
    action="Import the modules that you use.",
)
def star_import(file: PythonFile, project: Project) -> Iterator[Hit]:
    for node, module, names in _imported(file):
        if any(alias.name == "*" for alias in names):
            yield Hit(file.offset(node), {"module": module})


@ROOM.rule(
    "python-debug-builtin",
    Severity.blocker,
    "install",
    "`import servo` makes",
    what="`debug(…)` is a NameError: importing servo makes no function of that name any more.",
    action="Install devtools and write `from devtools import debug`, or remove the call.",
)
def debug_builtin(file: PythonFile, project: Project) -> Iterator[Hit]:
    bound = {node.id for node in file.nodes(ast.Name) if isinstance(node.ctx, ast.Store)} | set(file.names)
    bound |= {node.name for node in (*file.functions, *file.classes)} | {node.arg for node in file.nodes(ast.arg)}
    if "debug" in bound:
        return
    for call in file.nodes(ast.Call):
        if isinstance(call.func, ast.Name) and call.func.id == "debug":
            yield Hit(file.offset(call))


def _imported(file: PythonFile) -> Iterator[tuple[ast.Import | ast.ImportFrom, str, list[ast.alias]]]:
    """Imports of servo that are not guarded against its absence: the statement, the module, and the names from it."""
    for node in file.all_nodes:
        if isinstance(node, ast.Import) and not _is_guarded(file, node):
            for alias in node.names:
                if _is_servos(alias.name):
                    yield node, alias.name, []
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module and _is_servos(node.module):
            yield from [(node, node.module, node.names)] if not _is_guarded(file, node) else []


def _is_servos(module: str) -> bool:
    return module == "servo" or module.startswith("servo.")


def _is_guarded(file: PythonFile, node: ast.AST) -> bool:
    return any(isinstance(above, ast.Try) for above in file.around(node))


def _missing_part(name: str) -> str:
    """The part of a module's path that is not there."""
    parts = name.split(".")
    for count in range(1, len(parts)):
        if not module_exists(".".join(parts[:count])):
            return ".".join(parts[:count])
    return name


def _missing(dotted: str) -> dict[str, str] | None:
    """Where a dotted name leads nowhere: what was found, what it lacks, what to do; None where it leads somewhere."""
    path = "servo"
    found: object = importlib.import_module("servo")
    for part in dotted.split(".")[1:]:
        if not isinstance(found, types.ModuleType | enum.EnumMeta) or path in _CLOSED:
            return None
        try:
            inner = getattr(found, part, None)
            if inner is None and isinstance(found, types.ModuleType):
                inner = None if hasattr(found, part) else _submodule(f"{path}.{part}")
                if inner is None and not hasattr(found, part):
                    return {"module": path, "name": part, "instead": instead_of(found, part)}
            elif inner is None and isinstance(found, enum.EnumMeta):
                return {"module": path, "name": part, "instead": instead_of(found, part)}
        except Exception:
            # A module of ours that needs what is not installed here.
            return None
        path, found = f"{path}.{part}", inner
    return None


def _submodule(name: str) -> object | None:
    return importlib.import_module(name) if module_exists(name) else None
