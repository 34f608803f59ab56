"""Modules that use servo, and what names in them mean."""

from __future__ import annotations

import ast
import importlib.util
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar, cast

from servo.migrate.model import Unread
from servo.migrate.source import Source

if TYPE_CHECKING:
    from servo.migrate.project import Project

Node = TypeVar("Node", bound=ast.AST)
Function = ast.FunctionDef | ast.AsyncFunctionDef

_MENTION = re.compile(r"^[ \t]*(import|from)[ \t][^\n]*\bservo\b", re.M)


@dataclass(frozen=True)
class PythonFile:
    """A module, read and never run."""

    source: Source
    tree: ast.Module

    def offset(self, node: ast.expr | ast.stmt | ast.ExceptHandler | ast.alias | ast.arg | ast.keyword) -> int:
        """The first character of a node."""
        return self.source.offset_of_bytes(node.lineno, node.col_offset)

    def end(self, node: ast.expr) -> int:
        """Behind the last character of a node."""
        return self.source.offset_of_bytes(node.end_lineno or node.lineno, node.end_col_offset or node.col_offset)

    @cached_property
    def all_nodes(self) -> list[ast.AST]:
        """Every node, in the order of the text as far as it matters."""
        return list(self.parents)

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST | None]:
        """Each node and what it stands in."""
        parents: dict[ast.AST, ast.AST | None] = {}
        waiting: list[tuple[ast.AST, ast.AST | None]] = [(self.tree, None)]
        while waiting:
            node, parent = waiting.pop()
            parents[node] = parent
            waiting += [(child, node) for child in reversed(list(ast.iter_child_nodes(node)))]
        return parents

    def nodes(self, kind: type[Node]) -> list[Node]:
        """All nodes of a class of leaves of `ast`, such as `ast.Call`."""
        return cast("list[Node]", self._by_kind.get(kind, []))

    @cached_property
    def _by_kind(self) -> dict[type[ast.AST], list[ast.AST]]:
        kinds: dict[type[ast.AST], list[ast.AST]] = {}
        for node in self.all_nodes:
            kinds.setdefault(type(node), []).append(node)
        return kinds

    def around(self, node: ast.AST) -> Iterator[ast.AST]:
        """What a node stands in, from the inside."""
        above = self.parents.get(node)
        while above is not None:
            yield above
            above = self.parents.get(above)

    @cached_property
    def names(self) -> dict[str, str]:
        """What the names of imports stand for, such as `on_event` for `servo.events.on_event`."""
        names: dict[str, str] = {}
        for node in self.all_nodes:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    if alias.asname:
                        names[alias.asname] = alias.name
                    else:
                        names[alias.name.partition(".")[0]] = alias.name.partition(".")[0]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                for alias in node.names:
                    names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
        return names

    def dotted(self, node: ast.AST | None) -> str:
        """The full name that an expression of names stands for; empty for any other."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or self._is_local(node):
            return ""
        root = self.names.get(node.id)
        return ".".join([root, *reversed(parts)]) if root else ""

    def is_servos(self, node: ast.AST | None, *names: str) -> bool:
        """Whether an expression is one of some names of servo, wherever it was imported from."""
        dotted = self.dotted(node)
        return dotted.startswith("servo.") and dotted.rpartition(".")[2] in names

    def _is_local(self, name: ast.Name) -> bool:
        """Whether a function around a name binds it to something of its own."""
        scopes = [above for above in self.around(name) if isinstance(above, Function | ast.Lambda)]
        return any(name.id in self._bound(scope) for scope in scopes)

    def _bound(self, scope: Function | ast.Lambda) -> set[str]:
        known = self._bound_names.get(scope)
        if known is None:
            arguments = scope.args
            known = {argument.arg for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)} | {
                argument.arg for argument in (arguments.vararg, arguments.kwarg) if argument is not None
            }
            if isinstance(scope, Function):
                body = [node for statement in scope.body for node in ast.walk(statement)]
                known |= {node.id for node in body if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
            self._bound_names[scope] = known
        return known

    @cached_property
    def _bound_names(self) -> dict[ast.AST, set[str]]:
        return {}

    def in_annotation_or_default(self, node: ast.AST, function: Function) -> bool:
        """Whether a node belongs to the signature of a function."""
        inside: ast.AST = node
        for above in self.around(node):
            if above is function:
                return inside is function.args or inside is function.returns or inside in function.decorator_list
            inside = above
        return False

    @cached_property
    def functions(self) -> list[Function]:
        """All functions and methods."""
        return [node for node in self.all_nodes if isinstance(node, Function)]

    @cached_property
    def classes(self) -> list[ast.ClassDef]:
        """All classes."""
        return self.nodes(ast.ClassDef)

    def decorators(self, function: Function | ast.ClassDef, *names: str) -> Iterator[tuple[ast.expr, ast.Call | None]]:
        """The decorators of some names of servo: the decorator, and its call if it is one."""
        for decorator in function.decorator_list:
            call = decorator if isinstance(decorator, ast.Call) else None
            if self.is_servos(call.func if call else decorator, *names):
                yield decorator, call


def argument_of(call: ast.Call, position: int, name: str) -> ast.expr | None:
    """An argument of a call, by position or by name."""
    if position < len(call.args):
        return call.args[position]
    return next((keyword.value for keyword in call.keywords if keyword.arg == name), None)


def text_of(node: ast.AST | None) -> str | None:
    """The text of a literal."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def read_python(source: Source, project: Project) -> PythonFile | None:
    """A module that uses servo; None for any other, and for one that is no Python."""
    if not _MENTION.search(source.text):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source.text)
    except SyntaxError as error:
        project.unread.append(Unread(source.path, f"it is no Python: {error.msg}", error.lineno))
        return None
    except (RecursionError, MemoryError, ValueError):
        project.unread.append(Unread(source.path, "it is no Python that can be read: its parts are nested too deeply"))
        return None
    return PythonFile(source, tree)


def module_exists(name: str) -> bool:
    """Whether this version has a module. Only modules of servo itself are looked for."""
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, AttributeError, ValueError):
        return False
