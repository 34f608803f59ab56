"""What pydantic 2 itself refuses or reads in another way. Nothing of it matters while pydantic 1 stays."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from servo.migrate.model import Hit, Severity
from servo.migrate.project import Project
from servo.migrate.python import ROOM
from servo.migrate.python.reading import PythonFile, argument_of

_INSTEAD = {
    "regex": "pattern=",
    "const": "typing.Literal",
    "min_items": "min_length=",
    "max_items": "max_length=",
    "unique_items": "a set, or a validator",
    "allow_mutation": "frozen=",
}
_CALLS = ("Field", "constr", "conlist", "conset", "conint", "confloat")


@ROOM.rule(
    "python-pydantic-keyword",
    Severity.advice,
    "values",
    "with pydantic 2: `root_validator`",
    what="pydantic 2 refuses `{keyword}=` of `{name}` when the line runs.",
    action="Write {instead}, or stay with `pydantic<2`.",
)
def pydantic_keyword(file: PythonFile, project: Project) -> Iterator[Hit]:
    if project.keeps_pydantic_1:
        return
    for call in file.nodes(ast.Call):
        dotted = file.dotted(call.func)
        if dotted.startswith("pydantic.") and dotted.rpartition(".")[2] in _CALLS:
            for keyword in call.keywords:
                if keyword.arg in _INSTEAD:
                    values = {"keyword": keyword.arg, "name": dotted, "instead": f"`{_INSTEAD[keyword.arg]}`"}
                    yield Hit(file.offset(keyword), values)


@ROOM.rule(
    "python-pydantic-root-validator",
    Severity.advice,
    "values",
    "with pydantic 2: `root_validator`",
    what="pydantic 2 refuses `@root_validator` without `pre=True` or `skip_on_failure=True`.",
    action="Add `skip_on_failure=True`, or stay with `pydantic<2`.",
)
def pydantic_root_validator(file: PythonFile, project: Project) -> Iterator[Hit]:
    if project.keeps_pydantic_1:
        return
    for function in file.functions:
        for decorator in function.decorator_list:
            call = decorator if isinstance(decorator, ast.Call) else None
            if not file.dotted(call.func if call else decorator).endswith("pydantic.root_validator"):
                continue
            pre = argument_of(call, 0, "pre") if call else None
            skips = any(keyword.arg in ("skip_on_failure", None) for keyword in call.keywords) if call else False
            if not skips and not (isinstance(pre, ast.Constant) and pre.value is True):
                yield Hit(file.offset(decorator))


@ROOM.rule(
    "python-pydantic-settings",
    Severity.advice,
    "values",
    "with pydantic 2: `root_validator`",
    what="pydantic 2 has no `BaseSettings`.",
    action="Derive from `servo.BaseConfiguration`, or stay with `pydantic<2`.",
)
def pydantic_settings(file: PythonFile, project: Project) -> Iterator[Hit]:
    if project.keeps_pydantic_1:
        return
    for node in (*file.nodes(ast.Attribute), *file.nodes(ast.Name)):
        if file.dotted(node) in ("pydantic.BaseSettings", "pydantic.env_settings.BaseSettings"):
            yield Hit(file.offset(node))


@ROOM.rule(
    "python-pydantic-optional",
    Severity.advice,
    "details",
    "with pydantic 2: `Optional[X]` without a default",
    what="With pydantic 2 `{name}` is required, as its class derives from pydantic's own `BaseModel`.",
    action="Write `= None`, or derive from `servo.BaseModel`; or stay with `pydantic<2`.",
)
def pydantic_optional(file: PythonFile, project: Project) -> Iterator[Hit]:
    if project.keeps_pydantic_1:
        return
    for cls in file.classes:
        if not any(file.dotted(base) in ("pydantic.BaseModel", "pydantic.main.BaseModel") for base in cls.bases):
            continue
        for field in cls.body:
            if (
                not isinstance(field, ast.AnnAssign)
                or field.value is not None
                or not isinstance(field.target, ast.Name)
            ):
                continue
            text = ast.unparse(field.annotation).strip("'\"")
            if text.startswith(("Optional[", "typing.Optional[")) or text.endswith("| None"):
                yield Hit(file.offset(field), {"name": field.target.id})
