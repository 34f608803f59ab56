"""Checks of connectors."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from servo.migrate.model import Hit, Severity
from servo.migrate.project import Project
from servo.migrate.python import ROOM
from servo.migrate.python.reading import PythonFile, argument_of, text_of

_CHECK = ("check", "require", "warn")
# Annotations that are no result of a check, whatever stands in them.
_WRONG = frozenset({"int", "float", "bytes", "list", "dict", "set", "List", "Dict", "Set", "Check"})


@ROOM.rule(
    "python-check-annotation",
    Severity.blocker,
    "checks",
    "`bool \\| str`, `tuple` and `Any`",
    what="`-> {annotation}` is no result of a check: the TypeError comes at import, also where annotations are texts.",
    action="Return None, a bool, a str, or a tuple of a bool and a str, and annotate that.",
)
def check_annotation(file: PythonFile, project: Project) -> Iterator[Hit]:
    for function in file.functions:
        returns = function.returns
        if returns is None or not any(call for _, call in file.decorators(function, *_CHECK)):
            continue
        text = text_of(returns) or ast.unparse(returns)
        if text.partition("[")[0].rpartition(".")[2] in _WRONG:
            yield Hit(file.offset(returns), {"annotation": text})


@ROOM.rule(
    "python-check-without-name",
    Severity.blocker,
    "checks",
    "`@check` without parentheses",
    what="`@{name}` without a name is an error at import.",
    action='Write `@{name}("What is checked")`.',
)
def check_without_name(file: PythonFile, project: Project) -> Iterator[Hit]:
    for function in file.functions:
        for decorator, call in file.decorators(function, *_CHECK, "multicheck"):
            name = file.dotted(call.func if call else decorator).rpartition(".")[2]
            if call is None or (argument_of(call, 0, "name") is None and not any(k.arg is None for k in call.keywords)):
                yield Hit(file.offset(decorator), {"name": name})


@ROOM.rule(
    "python-check-braces",
    Severity.changed,
    "checks",
    "names of multichecks",
    what="Doubled braces in the name of a multicheck become single ones; ServoX formatted names twice.",
    action="Remove the doubling that is one too many.",
)
def check_braces(file: PythonFile, project: Project) -> Iterator[Hit]:
    for function in file.functions:
        for _, call in file.decorators(function, "multicheck"):
            name = argument_of(call, 0, "name") if call else None
            if "{{" in (text_of(name) or "") and name is not None:
                yield Hit(file.offset(name))


@ROOM.rule(
    "python-warn-check",
    Severity.changed,
    "checks",
    "a failed `@warn` check",
    what="A failure of `{name}` is told and blocks nothing; with ServoX it kept the servo from being ready.",
    action="Use `@require` or `@check` where a failure must block.",
)
def warn_check(file: PythonFile, project: Project) -> Iterator[Hit]:
    for function in file.functions:
        for decorator, _ in file.decorators(function, "warn"):
            yield Hit(file.offset(decorator), {"name": function.name})


@ROOM.rule(
    "python-inherited-multicheck",
    Severity.changed,
    "checks",
    "inherited multichecks",
    what="The multicheck `{name}` runs in what derives from `{cls}`, too; with ServoX inherited ones never ran.",
    action="Override it where it is not wanted.",
)
def inherited_multicheck(file: PythonFile, project: Project) -> Iterator[Hit]:
    bases = {
        base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "")
        for other in project.python_files
        for cls in other.classes
        for base in cls.bases
    }
    for function in file.functions:
        cls = file.parents.get(function)
        if isinstance(cls, ast.ClassDef) and cls.name in bases:
            for decorator, _ in file.decorators(function, "multicheck"):
                yield Hit(file.offset(decorator), {"name": function.name, "cls": cls.name})


@ROOM.rule(
    "python-halt-on-warning",
    Severity.advice,
    "checks",
    "`halt_on: warning`",
    what="`ErrorSeverity.warning` halts like `common`, for warnings never fail.",
    action="Write `common`.",
)
def halt_on_warning(file: PythonFile, project: Project) -> Iterator[Hit]:
    for keyword in file.nodes(ast.keyword):
        if keyword.arg == "halt_on" and file.dotted(keyword.value).endswith(".ErrorSeverity.warning"):
            yield Hit(file.offset(keyword))
