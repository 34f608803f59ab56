"""Errors of validation: made in the words of pydantic 1 for the installed pydantic, and read with their places."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pydantic

from servo._pydantic.annotations import model_within
from servo._pydantic.major import MAJOR, field_type, fields_of

# The types of sentences; others are a `value_error`.
_KINDS = {
    "field required": "value_error.missing",
    "extra fields not permitted": "value_error.extra",
    "none is not an allowed value": "type_error.none.not_allowed",
    "str type expected": "type_error.str",
    "value is not a valid integer": "type_error.integer",
    "value is not a valid float": "type_error.float",
    "value is not a valid list": "type_error.list",
    "value is not a valid dict": "type_error.dict",
    "value is not a valid tuple": "type_error.tuple",
    "value is not a valid set": "type_error.set",
    "value is not a valid decimal": "type_error.decimal",
    "value could not be parsed to a boolean": "type_error.bool",
    "invalid datetime format": "value_error.datetime",
    "invalid date format": "value_error.date",
    "invalid time format": "value_error.time",
    "invalid duration format": "value_error.duration",
    "byte type expected": "type_error.bytes",
    "value is not a valid frozenset": "type_error.frozenset",
    "value is not a valid uuid": "type_error.uuid",
    "value is not a valid path": "type_error.path",
    "value is not none": "type_error.not_none",
    "invalid or missing URL scheme": "value_error.url.scheme",
}

Problem = tuple[tuple[int | str, ...], str, str, dict[str, Any]]
"""A place, a sentence, the type that pydantic 1 has for it, and the context."""


def kind_of(message: str) -> str:
    """The type that pydantic 1 has for a sentence."""
    if message.startswith("value is not a valid enumeration member"):
        return "type_error.enum"
    return _KINDS.get(message, "value_error")


def validation_error(title: str, errors: Sequence[tuple[str, ...]]) -> Exception:
    """The error of the installed pydantic for wrong fields of a class of that name.

    Args:
        title: The class.
        errors: For each the field (`__root__` for the whole), a sentence, and the type that pydantic 1 has for it;
            without, the type that belongs to the sentence.

    Returns:
        The error, to be raised.
    """
    found: list[Problem] = []
    for name, message, *kind in errors:
        found.append(((name,), message, kind[0] if kind else kind_of(message), {}))
    return error_of(title, found)


def error_of(title: str, errors: Sequence[Problem]) -> Exception:
    """The error of the installed pydantic for problems of a class of that name."""
    if MAJOR == 1:
        from pydantic.error_wrappers import ErrorWrapper

        wrappers = [ErrorWrapper(_exception(message, kind), loc=place) for place, message, kind, _ in errors]
        return pydantic.ValidationError(wrappers, type(title, (pydantic.BaseModel,), {}))
    from pydantic_core import InitErrorDetails, PydanticCustomError, ValidationError

    # Braces of a sentence stay as they are: only those with a name of the context are a template.
    details = [
        InitErrorDetails(type=PydanticCustomError(kind, message, context or None), loc=place, input=None)
        for place, message, kind, context in errors
    ]
    return ValidationError.from_exception_data(title, details, hide_input=True)


def _exception(message: str, kind: str) -> Exception:
    """An exception that pydantic 1 shows with that type."""
    base, _, code = kind.partition(".")
    plain = {"type_error": TypeError, "assertion_error": AssertionError}.get(base, ValueError)
    return type("Wrong", (plain,), {"code": code})(message) if code else plain(message)


def silent_mismatch(model: Any) -> Exception:
    """The error of a member of a union that has nothing to say beside the others, where there is one."""
    if MAJOR == 1:
        return pydantic.ValidationError([], model)
    return ValueError("another member of the union is meant")


def problems(model: type, data: Any) -> list[tuple[list[str | int], str, list[str] | None]]:
    """What is wrong with the data of a model: the place, a sentence, and for an unknown key those that are known."""
    try:
        parse = model.parse_obj if MAJOR == 1 else model.model_validate  # type: ignore[attr-defined]
        parse(data)
    except pydantic.ValidationError as error:
        found: list[tuple[list[str | int], str, list[str] | None]] = []
        for item in error.errors():
            unknown = item["type"] in ("value_error.extra", "extra_forbidden")
            place = _place(item["loc"], data)
            message = "unknown key" if unknown else _sentence(item)
            if message is None:
                continue
            problem = (place, message, _known_names(model, place[:-1]) if unknown else None)
            # What every member of a union says is said once.
            if problem not in found:
                found.append(problem)
        return found
    return []


def _sentence(item: Any) -> str | None:
    """What is wrong, in the words of pydantic 1; None where it only follows from something else."""
    if MAJOR == 1:
        return str(item["msg"])
    from servo._pydantic.words import FOLLOWS, old_words

    return None if item["type"] == FOLLOWS else old_words(item)[0]


def _place(steps: tuple[str | int, ...], data: Any) -> list[str | int]:
    """The steps that lead to data; the last may be a missing key. Steps that name a member of a union are left out."""
    place: list[str | int] = []
    for at, step in enumerate(steps):
        inside = step in data if isinstance(data, dict) else isinstance(data, list) and step in range(len(data))
        if inside:
            data = data[step]
        elif at < len(steps) - 1 or not isinstance(data, dict) or step == "__root__":
            continue
        place.append(step)
    return place


def _known_names(model: type, place: list[str | int]) -> list[str]:
    """The fields of the model that is found at a place within another."""
    for step in place:
        # A key of a plain mapping and an item of a list lead to no other model than the field's.
        if step in fields_of(model):
            inner = model_within(field_type(model, str(step)))
            if inner is None:
                return []
            model = inner
    return list(fields_of(model))
