"""Wrong values of parameters in the words that users of click know."""

from __future__ import annotations

from typing import Any

import typer

_KINDS = {"bool_parsing": "boolean", "int_parsing": "integer", "float_parsing": "float"}
"""Errors of pydantic, with which some versions of typer read values."""


def tell_value(error: typer.BadParameter) -> None:
    """Names the parameter of an error by what is typed, and says what is wrong with its value."""
    parameter: Any = error.param
    if parameter is None or error.param_hint is not None or error.ctx is None:
        return
    if parameter.param_type_name == "argument":
        error.param_hint = f"'{' '.join(parameter.get_usage_pieces(error.ctx))}'"
    else:
        error.param_hint = " / ".join(map(repr, parameter.opts))
    error.message = _message(error, parameter)


def _message(error: typer.BadParameter, parameter: Any) -> str:
    message = error.message.removeprefix("Value error, ")
    found = _details(error.__cause__)
    kind, value = found.get("type", ""), found.get("input")
    if kind in _KINDS:
        return f"{value!r} is not a valid {_KINDS[kind]}."
    if kind.endswith("_than_equal"):
        limits = [f"x>={parameter.min}"] * (parameter.min is not None) + [f"x<={parameter.max}"] * (
            parameter.max is not None
        )
        return f"{value} is not in the range {' and '.join(limits)}."
    text, is_choice, _ = message.partition(" is not one of ")
    choices = getattr(getattr(parameter, "type_descriptor", None), "choices", None)
    if is_choice and choices:
        # As they are documented, where typer has them in lower case.
        return f"{text}{is_choice}{', '.join(repr(str(getattr(one, 'value', one))) for one in choices)}."
    return message


def _details(cause: Any) -> dict[str, Any]:
    errors = getattr(cause, "errors", None)
    details: list[dict[str, Any]] = errors() if callable(errors) else []
    return details[0] if details else {}
