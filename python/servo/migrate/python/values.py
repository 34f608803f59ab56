"""Values: durations, ranges, series."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from servo.migrate.durations import as_servox_read_it, is_duration
from servo.migrate.model import Edit, Hit, Severity
from servo.migrate.project import Project
from servo.migrate.python import ROOM
from servo.migrate.python.reading import PythonFile, argument_of, text_of

_RANGES = ("RangeSetting", "CPU", "Memory", "Replicas", "EnvironmentRangeSetting")


@ROOM.rule(
    "python-duration-text",
    Severity.blocker,
    "utilities",
    "`duration_str`: text around",
    what="The duration has text around it: ServoX ignored the text and read {read}, now it is a ValueError.",
    action="Write `{read}`, or what was meant.",
    fixes=True,
)
def duration_text(file: PythonFile, project: Project) -> Iterator[Hit]:
    for call in file.nodes(ast.Call):
        if file.is_servos(call.func, "Duration", "timedelta_from_duration_str", "microseconds_from_duration_str"):
            given = argument_of(call, 0, "duration")
            text = text_of(given)
            if given is None or text is None or is_duration(text):
                continue
            read = as_servox_read_it(text)
            if read is not None:
                yield Hit(file.offset(given), {"read": read}, _rewritten(file, given, text, read))


@ROOM.rule(
    "python-negative-step",
    Severity.blocker,
    "values",
    "a range with `step < 0`",
    what="A range with a negative step is a ValidationError; with ServoX it could hang.",
    action="Write a positive step, and the smaller bound as `min`.",
)
def negative_step(file: PythonFile, project: Project) -> Iterator[Hit]:
    for call in file.nodes(ast.Call):
        if file.is_servos(call.func, *_RANGES):
            step = next((keyword.value for keyword in call.keywords if keyword.arg == "step"), None)
            if isinstance(step, ast.UnaryOp) and isinstance(step.op, ast.USub):
                yield Hit(file.offset(step))


@ROOM.rule(
    "python-enum-numbers",
    Severity.advice,
    "values",
    "items of `EnumSetting.values`",
    what="Numbers in the values of an EnumSetting stay numbers, and match a number; ServoX made texts of them.",
    action="Remove what worked around it.",
)
def enum_numbers(file: PythonFile, project: Project) -> Iterator[Hit]:
    for call in file.nodes(ast.Call):
        if file.is_servos(call.func, "EnumSetting", "EnvironmentEnumSetting"):
            values = next((keyword.value for keyword in call.keywords if keyword.arg == "values"), None)
            items = values.elts if isinstance(values, ast.List | ast.Tuple) else []
            if any(isinstance(item, ast.Constant) and isinstance(item.value, int | float) for item in items):
                yield Hit(file.offset(call))


@ROOM.rule(
    "python-empty-series",
    Severity.changed,
    "fast-fail",
    "an empty series",
    what="An empty series gives no reading of its metric; `{name}` is not raised for it any more.",
    action="Remove the handler.",
)
def empty_series(file: PythonFile, project: Project) -> Iterator[Hit]:
    for attempt in file.nodes(ast.Try):
        inside = [node for statement in attempt.body for node in ast.walk(statement) if isinstance(node, ast.Attribute)]
        if any("observe" in ast.unparse(node) and "fast_fail" in ast.unparse(node) for node in inside):
            for handler in attempt.handlers:
                if isinstance(handler.type, ast.Name) and handler.type.id == "IndexError":
                    yield Hit(file.offset(handler), {"name": handler.type.id})


def _rewritten(file: PythonFile, node: ast.expr, text: str, read: str) -> tuple[Edit, ...]:
    """The literal with another text, where it is a plain one."""
    start, end = file.offset(node), file.end(node)
    written = file.source.text[start:end]
    for quote in ("'", '"'):
        if written == f"{quote}{text}{quote}":
            return (Edit(start, end, f"{quote}{read}{quote}"),)
    return ()
