"""What annotations of fields say."""

from __future__ import annotations

import ast
import types
from typing import Annotated, Any, ClassVar, Optional, Union, get_args, get_origin

import pydantic

from servo._pydantic.major import MAJOR, fields_of


def admits_none(annotation: Any) -> bool:
    """Whether a field of that annotation is `None` unless something is given, as pydantic 1 has it.

    Args:
        annotation: A type, or its text where annotations are postponed.
    """
    if isinstance(annotation, str):
        try:
            return _text_admits_none(ast.parse(annotation, mode="eval").body)
        except SyntaxError:
            return False
    if annotation is Any or annotation is None:
        return True
    if get_origin(annotation) in (Union, types.UnionType):
        return type(None) in get_args(annotation)
    return False


def _text_admits_none(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=None) | ast.Name(id="Any") | ast.Attribute(attr="Any"):
            return True
        case ast.Constant(value=str(text)):
            return admits_none(text)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _text_admits_none(left) or _text_admits_none(right)
        case ast.Subscript(value=ast.Name(id=name) | ast.Attribute(attr=name), slice=inner):
            if name == "Union":
                return any(_text_admits_none(item) for item in getattr(inner, "elts", [inner]))
            return name == "Optional"
    return False


def or_none(annotation: Any) -> Any:
    """An annotation, or its text, that admits None besides; the same where it does, or is not that of a field."""
    if admits_none(annotation):
        return annotation
    if not isinstance(annotation, str):
        return annotation if get_origin(annotation) is ClassVar or annotation is ClassVar else Optional[annotation]  # noqa: UP045
    try:
        tree = ast.parse(annotation, mode="eval").body
    except SyntaxError:
        return annotation
    if isinstance(tree, ast.Constant) and isinstance(tree.value, str):
        return or_none(tree.value)
    outer = tree.value if isinstance(tree, ast.Subscript) else tree
    if getattr(outer, "id", getattr(outer, "attr", "")) == "ClassVar":
        return annotation
    return f"({annotation}) | None"


def model_within(annotation: Any) -> type | None:
    """The first model that an annotation such as `list[X] | None` speaks of, or None."""
    if isinstance(annotation, type) and issubclass(annotation, pydantic.BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := model_within(part)) is not None), None)


def without_none(annotation: Any) -> Any:
    """An annotation such as `X | None` without its None and without metadata; a union where several are left."""
    if get_origin(annotation) is Annotated:
        return without_none(get_args(annotation)[0])
    members = [part for part in get_args(annotation) if part is not type(None)]
    if not members or get_origin(annotation) not in (Union, types.UnionType):
        return annotation
    return without_none(members[0]) if len(members) == 1 else Union[tuple(members)]  # noqa: UP007


def inner_type(model: type, name: str) -> Any:
    """The type of a field of a model without None; a union where there are several."""
    field = fields_of(model)[name]
    return without_none(field.type_ if MAJOR == 1 else field.annotation)
