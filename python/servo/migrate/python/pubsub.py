"""Publishers, subscribers and the names of their functions."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from servo.migrate.model import Hit, Severity
from servo.migrate.project import Project
from servo.migrate.python import ROOM
from servo.migrate.python.reading import Function, PythonFile


def _decorated(file: PythonFile, *names: str) -> Iterator[tuple[Function, ast.expr, ast.Call]]:
    """Functions under `@….publish(…)` or `@….subscribe(…)`, of an exchange, a channel or an object of the mixin."""
    for function in file.functions:
        for decorator in function.decorator_list:
            call = decorator if isinstance(decorator, ast.Call) else None
            if call is not None and isinstance(call.func, ast.Attribute) and call.func.attr in names:
                yield function, decorator, call


@ROOM.rule(
    "python-publisher-without-pause",
    Severity.changed,
    "publish-and-subscribe",
    "a publisher without `every`",
    what="The publisher `{name}` awaits nothing and has no `every`: it runs as often as it can beside everything else; "
    "with ServoX it stopped everything else.",
    action="Give it an `every`.",
)
def publisher_without_pause(file: PythonFile, project: Project) -> Iterator[Hit]:
    for function, decorator, call in _decorated(file, "publish"):
        paused = any(keyword.arg in ("every", None) for keyword in call.keywords)
        awaits = [node for node in ast.walk(function) if isinstance(node, ast.Await | ast.AsyncFor | ast.AsyncWith)]
        # Publishing itself gave nobody a turn.
        others = [node for node in awaits if not (isinstance(node, ast.Await) and _is_publishing(node.value))]
        if not paused and not others:
            yield Hit(file.offset(decorator), {"name": function.name})


@ROOM.rule(
    "python-decorated-name",
    Severity.defect,
    "publish-and-subscribe",
    "`@subscribe` and `@publish` bind the name",
    what="`{name}` is the function here; with ServoX the decorator left the name with None.",
    action="Remove what counts on None.",
)
def decorated_name(file: PythonFile, project: Project) -> Iterator[Hit]:
    for function, _, _ in _decorated(file, "publish", "subscribe"):
        scope = next(
            above for above in file.around(function) if isinstance(above, Function | ast.Module | ast.ClassDef)
        )
        for node in ast.walk(scope):
            if isinstance(node, ast.Name) and node.id == function.name and isinstance(node.ctx, ast.Load):
                yield Hit(file.offset(node), {"name": function.name})


@ROOM.rule(
    "python-unordered-callback",
    Severity.changed,
    "publish-and-subscribe",
    "a task for each message",
    what="The callback `{name}` gets one message after the other now; with ServoX it could run several times at once.",
    action="Start tasks in it where order does not matter and the work of one message takes long.",
)
def unordered_callback(file: PythonFile, project: Project) -> Iterator[Hit]:
    for function, decorator, _ in _decorated(file, "subscribe"):
        if isinstance(function, ast.AsyncFunctionDef) and any(
            isinstance(node, ast.Await) for node in ast.walk(function)
        ):
            yield Hit(file.offset(decorator), {"name": function.name})


@ROOM.rule(
    "python-pubsub-names",
    Severity.changed,
    "publish-and-subscribe",
    "unknown names for `cancel_subscribers`",
    what="Unknown names are a KeyError, and nothing is cancelled; `{name}` was raised by ServoX.",
    action="Catch `KeyError`.",
)
def pubsub_names(file: PythonFile, project: Project) -> Iterator[Hit]:
    for attempt in file.nodes(ast.Try):
        inside = [node for statement in attempt.body for node in ast.walk(statement) if isinstance(node, ast.Attribute)]
        if any(node.attr in ("cancel_subscribers", "cancel_publishers") for node in inside):
            for handler in attempt.handlers:
                kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
                for kind in kinds:
                    if isinstance(kind, ast.Name) and kind.id in ("AttributeError", "TypeError"):
                        yield Hit(file.offset(handler), {"name": kind.id})


def _is_publishing(node: ast.expr) -> bool:
    call = node.func if isinstance(node, ast.Call) else node
    return isinstance(call, ast.Name | ast.Attribute) and ast.unparse(call).rpartition(".")[2] in (
        "publish",
        "publisher",
    )
