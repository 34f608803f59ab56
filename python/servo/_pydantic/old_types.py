"""Types of users with the methods that pydantic 1 asks for, on models of pydantic 2."""

from __future__ import annotations

import ast
import builtins
import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any, ForwardRef, get_args, get_origin

import pydantic

from servo._pydantic.old_validators import old_style

_SIMPLE = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}

# The model whose fields are looked at: a list, for the class is there only afterwards.
_owner: ContextVar[list[Any]] = ContextVar("servox.model_of_old_types")


class Names:
    """What names in annotations stand for.

    Args:
        module: The module of the class.
        frame: The function in which the class is defined.
        given: Further names, which come first.
    """

    def __init__(self, module: str | None, frame: Any = None, given: dict[str, Any] | None = None) -> None:
        self._module = vars(sys.modules[module]) if module in sys.modules else {}
        self._frame = frame
        self._given = given or {}

    def around(self) -> dict[str, Any]:
        """The names of the function around the class."""
        return {} if self._frame is None else dict(self._frame.f_locals)

    def get(self, name: str) -> Any:
        """What a name stands for, or None."""
        if name in self._given:
            return self._given[name]
        code = None if self._frame is None else self._frame.f_code
        local = code is not None and name in (*code.co_varnames, *code.co_cellvars, *code.co_freevars)
        for names in (self._module, vars(builtins)):
            if name in names and not local:
                return names[name]
        # Last: Python 3.11 keeps what it has shown of a function until the function ends.
        return None if self._frame is None else self._frame.f_locals.get(name)


@contextmanager
def fields_of_model(annotations: dict[str, Any], names: Names) -> Iterator[list[Any]]:
    """The time in which pydantic looks at the fields of a model, whose types of pydantic 1 it learns to read.

    Args:
        annotations: The annotations of the fields.
        names: What texts in them stand for.

    Yields:
        A list to which the model is to be added.
    """
    for annotation in annotations.values():
        for found in _types_in(annotation, names):
            _adapt(found)
    model: list[Any] = []
    token = _owner.set(model)
    try:
        yield model
    finally:
        _owner.reset(token)


def _types_in(annotation: Any, names: Names) -> Iterator[Any]:
    """The classes that an annotation speaks of."""
    if isinstance(annotation, ForwardRef):
        annotation = annotation.__forward_arg__
    if isinstance(annotation, str):
        try:
            tree = ast.parse(annotation, mode="eval").body
        except SyntaxError:
            return
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield from _types_in(node.value, names)
            elif isinstance(node, ast.Name | ast.Attribute):
                yield from _types_in(_named(node, names), names)
    elif isinstance(annotation, type) and get_origin(annotation) is None:
        yield annotation
    else:
        for part in (get_origin(annotation), *get_args(annotation)):
            if part is not None and part is not annotation:
                yield from _types_in(part, names)


def _named(node: ast.AST, names: Names) -> Any:
    if isinstance(node, ast.Attribute):
        return getattr(_named(node.value, names), node.attr, None)
    return names.get(node.id) if isinstance(node, ast.Name) else None


def _adapt(cls: Any) -> None:
    """Gives a class what pydantic 2 looks for. It stays usable with the methods of pydantic 1."""
    if issubclass(cls, pydantic.BaseModel):
        return
    try:
        if hasattr(cls, "__get_validators__") and not hasattr(cls, "__get_pydantic_core_schema__"):
            cls.__get_pydantic_core_schema__ = classmethod(_core_schema)
        if (hasattr(cls, "__modify_schema__") or "__get_pydantic_core_schema__" in vars(cls)) and not hasattr(
            cls, "__get_pydantic_json_schema__"
        ):
            cls.__get_pydantic_json_schema__ = classmethod(_json_schema)
    except TypeError:
        # A class that cannot be changed: pydantic says what it does not know.
        return


def _core_schema(cls: Any, source: Any, handler: Any) -> Any:
    """How pydantic 2 reads a type of pydantic 1: by one validator after the other."""
    from pydantic_core import core_schema

    owner = _owner.get([])
    name = handler.field_name
    steps = [partial(_call, old_style(validate), owner, name) for validate in cls.__get_validators__()]
    plain: Any = core_schema.with_info_plain_validator_function
    return core_schema.chain_schema([plain(step) for step in (_not_none, *steps)])


def _not_none(value: Any, _: Any) -> Any:
    from pydantic_core import PydanticCustomError

    if value is None:
        raise PydanticCustomError("type_error.none.not_allowed", "none is not an allowed value")
    return value


def _call(step: Callable[..., Any], model: list[Any], name: str | None, value: Any, info: Any) -> Any:
    return step(model[0] if model else None, name, value, getattr(info, "data", None) or {})


def _json_schema(cls: Any, core: Any, handler: Any) -> Any:
    """The JSON Schema of a type of pydantic 1: that of the built-in class above, changed by `__modify_schema__`."""
    if getattr(getattr(cls, "__get_pydantic_core_schema__", None), "__func__", None) is _core_schema:
        schema: Any = {"type": text} if (text := next((_SIMPLE[b] for b in cls.__mro__ if b in _SIMPLE), None)) else {}
    else:
        schema = handler(core)
    if (modify := getattr(cls, "__modify_schema__", None)) is not None:
        target = handler.resolve_ref_schema(schema) if "$ref" in schema else schema
        takes_field = len(inspect.signature(modify).parameters) > 1
        modify(target, None) if takes_field else modify(target)
    return schema
