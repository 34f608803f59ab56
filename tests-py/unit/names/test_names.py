"""Every public name of ServoX 25.3 that the tables list: where it was, of its kind, called as before."""

from __future__ import annotations

import ast
import enum
import importlib
import importlib.util
import inspect
import tomllib
import types
import warnings
from pathlib import Path
from typing import Any

import pytest

import servo

HERE = Path(__file__).parent
GUIDE = HERE.parents[2] / "docs" / "migrating.md"
KEYS = {"kind", "top", "also", "bases", "signature", "members", "fields", "absent"}
KEYS |= {"values", "value", "type", "make", "module"}
# The tables are tried on ServoX itself, too.
SERVOX = importlib.util.find_spec("servo._core") is None
KINDS = {"class", "enum", "function", "typing", "value", "module"}


def rows() -> list[Any]:
    """One row for each name of each table."""
    found = []
    for table in sorted(HERE.glob("*.toml")):
        for module, names in tomllib.loads(table.read_text(encoding="utf-8")).items():
            found.append(pytest.param(module, None, {}, id=f"import {module}"))
            found += [pytest.param(module, name, row, id=f"{module}.{name}") for name, row in names.items()]
    return found


@pytest.mark.parametrize(("module", "name", "row"), rows())
def test_a_name_is_as_it_was(module, name, row):
    if name is None:
        importlib.import_module(module)
        return
    assert row.keys() <= KEYS
    assert row["kind"] in KINDS
    if "absent" in row and not SERVOX:
        assert row["absent"] in GUIDE.read_text(encoding="utf-8")
        assert not hasattr(importlib.import_module(module), name)
        return
    found = getattr(importlib.import_module(module), name)
    if row.get("top"):
        assert getattr(servo, name) is found, f"servo.{name} is another object"
    for other in row.get("also", []):
        assert getattr(importlib.import_module(other), name) is found, f"{other}.{name} is another object"
    problems = [*of_its_kind(found, row), *with_its_values(found, row)]
    if "signature" in row:
        problems += [f"{name}: {text}" for text in called_as_before(row["signature"], inspect.signature(found))]
    for member in row.get("members", []):
        problems += has_member(found, member)
    assert not problems, "; ".join(problems)


def of_its_kind(found: Any, row: dict[str, Any]) -> list[str]:
    """What is wrong with the kind, the bases, the members of an enumeration."""
    kind = row["kind"]
    right = {
        "class": isinstance(found, type),
        "enum": isinstance(found, enum.EnumMeta),
        "function": callable(found) and not isinstance(found, type),
        "module": isinstance(found, types.ModuleType) and found.__name__ == row.get("module"),
    }.get(kind, found is not None)
    if not right:
        return [f"expected: {kind}; found: {found!r}"]
    problems = [f"is no {base}" for base in row.get("bases", []) if not issubclass(found, named(base))]
    if kind == "enum":
        members = {name: member.value for name, member in found.__members__.items()}
        if members != row["values"]:
            problems.append(f"members: expected {row['values']}, found {members}")
    if "type" in row and type(found).__name__ != row["type"]:
        problems.append(f"type: expected {row['type']}, found {type(found).__name__}")
    if "value" in row and (list(found) if isinstance(row["value"], list) else found) != row["value"]:
        problems.append(f"value: expected {row['value']!r}, found {found!r}")
    return problems


def with_its_values(found: Any, row: dict[str, Any]) -> list[str]:
    """What is wrong with the fields of a model, and with their values in an object made without them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # what pydantic 2 says of __fields__
        known = getattr(found, "__fields__", {}) if "fields" in row else {}
    problems = [f"no field {field}" for field in row.get("fields", []) if field not in known]
    if "make" in row:
        made = eval(row["make"], {"servo": servo})
        for attribute, expected in row["values"].items():
            value = getattr(made, attribute)
            if repr(value) not in expected.split("|"):
                problems.append(f"{row['make']}.{attribute}: expected {expected}, found {value!r}")
    return problems


def has_member(found: Any, member: str) -> list[str]:
    """What is wrong with a method or an attribute; `name(…)` has a signature."""
    name, bracket, rest = member.partition("(")
    # A field of a model is an annotation of its class only.
    if not hasattr(found, name) and not any(name in vars(base).get("__annotations__", {}) for base in found.__mro__):
        return [f"no member {name}"]
    if not bracket:
        return []
    return [f"{name}: {text}" for text in called_as_before(bracket + rest, inspect.signature(getattr(found, name)))]


def called_as_before(text: str, found: inspect.Signature) -> list[str]:
    """Why a call that the signature `text` allows would fail, or mean something else."""
    expected = signature(text)
    parameters = [parameter for parameter in found.parameters.values() if parameter.name not in ("self", "cls")]
    if "cls" in expected.parameters:
        parameters = list(found.parameters.values())
    named_ = {parameter.name: parameter for parameter in parameters}
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    any_position = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    any_keyword = any(p.kind is p.VAR_KEYWORD for p in parameters)
    problems = []
    for place, old in enumerate(expected.parameters.values()):
        if old.kind is old.VAR_POSITIONAL:
            problems += [] if any_position else ["takes no more positional arguments"]
        elif old.kind is old.VAR_KEYWORD:
            problems += [] if any_keyword else ["takes no more keywords"]
        else:
            new = named_.get(old.name)
            if new is None or new.kind in (new.POSITIONAL_ONLY, new.VAR_POSITIONAL, new.VAR_KEYWORD):
                if any_keyword and (old.kind is old.KEYWORD_ONLY or any_position):
                    continue
                problems.append(f"no parameter {old.name} in {found}")
                continue
            if old.kind is old.POSITIONAL_OR_KEYWORD and not (
                (place < len(positional) and positional[place].name == old.name) or any_position
            ):
                problems.append(f"{old.name} is not at its place in {found}")
            problems += same_default(old, new)
    known = expected.parameters
    problems += [
        f"{p.name} is required, and was not there"
        for p in parameters
        if p.name not in known and p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
    ]
    return problems


def same_default(old: inspect.Parameter, new: inspect.Parameter) -> list[str]:
    """Why the default of a parameter is not what it was."""
    if old.default is old.empty:
        return []
    if new.default is new.empty:
        return [f"{old.name} has no default"]
    same = old.default is ... or old.default == new.default or repr(old.default) == repr(new.default)
    return [] if same else [f"default of {old.name}: expected {old.default!r}, found {new.default!r}"]


def signature(text: str) -> inspect.Signature:
    """The signature that a table gives as `(a, *, b=None)`; the default `...` means any."""
    arguments = ast.parse(f"def _{text}: ...").body[0].args
    kinds = inspect.Parameter
    found = []
    plain = [*arguments.posonlyargs, *arguments.args]
    defaults = [None] * (len(plain) - len(arguments.defaults)) + list(arguments.defaults)
    for argument, default in zip(plain, defaults, strict=True):
        found.append(kinds(argument.arg, kinds.POSITIONAL_OR_KEYWORD, default=evaluated(default)))
    if arguments.vararg:
        found.append(kinds(arguments.vararg.arg, kinds.VAR_POSITIONAL))
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        found.append(kinds(argument.arg, kinds.KEYWORD_ONLY, default=evaluated(default)))
    if arguments.kwarg:
        found.append(kinds(arguments.kwarg.arg, kinds.VAR_KEYWORD))
    return inspect.Signature(found)


def evaluated(default: ast.expr | None) -> Any:
    """The value of a default in a table."""
    if default is None:
        return inspect.Parameter.empty
    return eval(compile(ast.Expression(default), "a table", "eval"), {"servo": servo})


def named(path: str) -> Any:
    """The class of a dotted path, or a built-in one."""
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module or "builtins"), name)
