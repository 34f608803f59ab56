"""Event handlers, events and repeating methods."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from servo.migrate.model import Hit, Severity
from servo.migrate.project import Project
from servo.migrate.python import ROOM
from servo.migrate.python.reading import Function, PythonFile, argument_of

_HANDLER = ("on_event", "before_event", "after_event", "event_handler")


@ROOM.rule(
    "python-handler-without-parentheses",
    Severity.blocker,
    "events-between-connectors",
    "`@on_event` without parentheses",
    what="`@{name}` without parentheses is a TypeError at import; with ServoX the method never ran.",
    action="Write `@{name}()`, or remove the decorator if the method is not to run.",
)
def handler_without_parentheses(file: PythonFile, project: Project) -> Iterator[Hit]:
    for function in file.functions:
        for decorator, call in file.decorators(function, *_HANDLER):
            if call is None:
                yield Hit(file.offset(decorator), {"name": file.dotted(decorator).rpartition(".")[2]})


@ROOM.rule(
    "python-event-stub",
    Severity.advice,
    "events-between-connectors",
    "one-line stubs",
    what="The stub of the event `{name}` stands in one line: ServoX refused that, now it is an event.",
    action="Nothing, if the event is meant to be there.",
)
def event_stub(file: PythonFile, project: Project) -> Iterator[Hit]:
    for function in file.functions:
        if any(True for _ in file.decorators(function, "event")) and function.body[0].lineno == function.lineno:
            yield Hit(file.offset(function), {"name": function.name})


@ROOM.rule(
    "python-overridden-handler",
    Severity.changed,
    "connectors",
    "a decorated override",
    what="`{name}` overrides a handler of `{base}`: it alone runs now. {before}",
    action="Call `super().{name}(…)` where both are wanted.",
)
def overridden_handler(file: PythonFile, project: Project) -> Iterator[Hit]:
    for cls in file.classes:
        for base_name in (_last_name(base) for base in cls.bases):
            inherited = project.handlers.get(base_name, {})
            for function in cls.body:
                if not isinstance(function, Function) or function.name not in inherited or base_name == cls.name:
                    continue
                decorated = any(True for _ in file.decorators(function, *_HANDLER))
                before = "ServoX ran both." if decorated else "ServoX ran that of the base, as it has no decorator."
                yield Hit(
                    file.offset(function), {"name": function.name, "base": inherited[function.name], "before": before}
                )


@ROOM.rule(
    "python-handler-of-one-object",
    Severity.changed,
    "events-between-connectors",
    "`add_event_handler` changes the class",
    what="`self.add_event_handler(…)` is for this object alone; with ServoX all objects of the class got the handler.",
    action="Call it on the class where all objects are meant.",
)
def handler_of_one_object(file: PythonFile, project: Project) -> Iterator[Hit]:
    for call in file.nodes(ast.Call):
        if ast.unparse(call.func) == "self.add_event_handler":
            yield Hit(file.offset(call))


@ROOM.rule(
    "python-repeating-runs",
    Severity.defect,
    "repeating-tasks",
    "`@repeating` methods are called without `self`",
    what="`{name}` is started now: with ServoX methods of `@repeating` failed at their first call.",
    action="Check that it does what it should, and remove what worked around it.",
)
def repeating_runs(file: PythonFile, project: Project) -> Iterator[Hit]:
    for function in file.functions:
        arguments = [*function.args.posonlyargs, *function.args.args]
        for decorator, _ in file.decorators(function, "repeating"):
            if arguments and arguments[0].arg == "self":
                yield Hit(file.offset(decorator), {"name": function.name})


@ROOM.rule(
    "python-every-none",
    Severity.blocker,
    "repeating-tasks",
    "`every=None`",
    what="`every=None` is a TypeError; with ServoX it meant no pause.",
    action="Pass `0`.",
)
def every_none(file: PythonFile, project: Project) -> Iterator[Hit]:
    for call in file.nodes(ast.Call):
        attribute = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        if file.is_servos(call.func, "repeating"):
            every = argument_of(call, 0, "every")
        elif attribute == "start_repeating_task":
            every = argument_of(call, 1, "every")
        else:
            continue
        if isinstance(every, ast.Constant) and every.value is None:
            yield Hit(file.offset(every))


@ROOM.rule(
    "python-cancelled-outcome",
    Severity.changed,
    "connectors",
    "a cancelled event is reported as `ok`",
    what="An event that is cancelled here is reported as `cancelled`; ServoX reported it as `ok`.",
    action="Nothing, unless the optimizer counts on `ok`.",
)
def cancelled_outcome(file: PythonFile, project: Project) -> Iterator[Hit]:
    for node in file.nodes(ast.Raise):
        raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        if file.is_servos(raised, "EventCancelledError"):
            yield Hit(file.offset(node))


def handlers_of(files: Sequence[PythonFile]) -> dict[str, dict[str, str]]:
    """The handlers of each class, inherited ones included, and the class that declares them."""
    own: dict[str, tuple[list[str], dict[str, str]]] = {}
    for file in files:
        for cls in file.classes:
            names = {
                function.name: cls.name
                for function in cls.body
                if isinstance(function, Function) and any(True for _ in file.decorators(function, *_HANDLER))
            }
            own.setdefault(cls.name, ([_last_name(base) for base in cls.bases], names))

    def all_of(name: str, seen: frozenset[str]) -> dict[str, str]:
        if name not in own or name in seen:
            return {}
        bases, names = own[name]
        inherited: dict[str, str] = {}
        for base in bases:
            inherited |= all_of(base, seen | {name})
        return inherited | names

    return {name: all_of(name, frozenset()) for name in own}


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
