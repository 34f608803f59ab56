"""Wrong values of parameters in the words that users of click know."""

from __future__ import annotations

from functools import partial
from typing import Any

import typer

_KINDS = {"bool_parsing": "boolean", "int_parsing": "integer", "float_parsing": "float"}
"""Errors of pydantic, with which some versions of typer read values."""


class Spared:
    """Reads values of a parameter for typer, whose own way imports pydantic even where there is nothing to read."""

    def __init__(self, parameter: Any) -> None:
        self._parameter = parameter
        self._build = parameter.get_runtime_param

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """The value that a text means."""
        if value is None:
            return () if param.multiple or param.nargs == -1 else None
        if value is self._parameter.default and isinstance(value, str | int | float):
            return value
        descriptor = self._parameter.type_descriptor
        if descriptor.annotation is str and type(value) is str and descriptor.parameter_info.parser is None:
            return value
        return self._build().coerce(value, param=param, ctx=ctx)


def spare(parameter: Any) -> None:
    """Lets a parameter read its values the short way, with versions of typer that have a long one."""
    if hasattr(parameter, "get_runtime_param") and hasattr(parameter, "type_descriptor"):
        parameter.get_runtime_param = partial(_same, Spared(parameter))


def _same(found: Any) -> Any:
    return found


def tell_value(error: typer.BadParameter) -> None:
    """Names the parameter of an error by what is typed, and says what is wrong with its value."""
    parameter: Any = error.param
    if parameter is None or error.param_hint is not None or error.ctx is None:
        return
    if parameter.param_type_name == "argument":
        # The braces of choices are no part of the name.
        error.param_hint = f"'{' '.join(parameter.get_usage_pieces(error.ctx)).strip('{}')}'"
    else:
        error.param_hint = " / ".join(map(repr, parameter.opts))
    error.message = _message(error, parameter)


def _message(error: typer.BadParameter, parameter: Any) -> str:
    message = error.message.removeprefix("Value error, ")
    if message.startswith(("file '", "directory '", "path '")):
        message = message[0].upper() + message[1:]
    found = _details(error.__cause__)
    kind, value = found.get("type", ""), found.get("input")
    if kind in _KINDS:
        return f"{value!r} is not a valid {_KINDS[kind]}."
    if kind.endswith("_than_equal"):
        limits = [f"x>={parameter.min}"] * (parameter.min is not None) + [f"x<={parameter.max}"] * (
            parameter.max is not None
        )
        return f"{value} is not in the range {' and '.join(limits)}."
    message = message.partition(" Recognized values: ")[0].replace(
        " is not a valid int range.", " is not a valid integer."
    )
    text, is_choice, _ = message.partition(" is not one of ")
    described = getattr(parameter, "type_descriptor", None) or getattr(parameter, "type", None)
    choices = getattr(described, "choices", None)
    if is_choice and choices:
        # As they are documented, where typer has them in lower case.
        return f"{text}{is_choice}{', '.join(repr(str(getattr(one, 'value', one))) for one in choices)}."
    return message


def _details(cause: Any) -> dict[str, Any]:
    errors = getattr(cause, "errors", None)
    details: list[dict[str, Any]] = errors() if callable(errors) else []
    return details[0] if details else {}
