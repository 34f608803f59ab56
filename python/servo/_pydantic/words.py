"""The errors of pydantic 2 in the words of pydantic 1."""

from __future__ import annotations

from typing import Any

import pydantic

from servo._pydantic.errors import Problem, error_of, kind_of

_WORDS = {
    "missing": "field required",
    "extra_forbidden": "extra fields not permitted",
    "string_type": "str type expected",
    "int_type": "value is not a valid integer",
    "int_parsing": "value is not a valid integer",
    "int_from_float": "value is not a valid integer",
    "float_type": "value is not a valid float",
    "float_parsing": "value is not a valid float",
    "bool_type": "value could not be parsed to a boolean",
    "bool_parsing": "value could not be parsed to a boolean",
    "list_type": "value is not a valid list",
    "dict_type": "value is not a valid dict",
    "model_type": "value is not a valid dict",
    "model_attributes_type": "value is not a valid dict",
    "tuple_type": "value is not a valid tuple",
    "set_type": "value is not a valid set",
    "decimal_type": "value is not a valid decimal",
    "decimal_parsing": "value is not a valid decimal",
    "datetime_type": "invalid datetime format",
    "datetime_parsing": "invalid datetime format",
    "datetime_from_date_parsing": "invalid datetime format",
    "date_type": "invalid date format",
    "date_parsing": "invalid date format",
    "date_from_datetime_parsing": "invalid date format",
    "time_type": "invalid time format",
    "time_parsing": "invalid time format",
    "time_delta_type": "invalid duration format",
    "time_delta_parsing": "invalid duration format",
    "bytes_type": "byte type expected",
    "frozen_set_type": "value is not a valid frozenset",
    "uuid_type": "value is not a valid uuid",
    "uuid_parsing": "value is not a valid uuid",
    "path_type": "value is not a valid path",
    "none_required": "value is not none",
    "int_parsing_size": "value is not a valid integer",
    "decimal_max_digits": "value is not a valid decimal",
    "url_parsing": "invalid or missing URL scheme",
    "url_scheme": "invalid or missing URL scheme",
}
_BOUNDS = {
    "greater_than": ("gt", "greater than"),
    "greater_than_equal": ("ge", "greater than or equal to"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "less than or equal to"),
}
_LENGTHS = {
    "too_short": ("min_length", "at least", "items", "list.min_items"),
    "too_long": ("max_length", "at most", "items", "list.max_items"),
    "string_too_short": ("min_length", "at least", "characters", "any_str.min_length"),
    "string_too_long": ("max_length", "at most", "characters", "any_str.max_length"),
    "bytes_too_short": ("min_length", "at least", "characters", "any_str.min_length"),
    "bytes_too_long": ("max_length", "at most", "characters", "any_str.max_length"),
}


FOLLOWS = "value_error.follows"
"""The type of a problem that another one brings along, of which alone people are told."""
_OF_ABSENT_KEYS = ("missing", "extra_forbidden", "value_error.missing", "value_error.extra")


def _plain_number(number: Any) -> Any:
    """A limit as its author wrote it most likely: without a fraction of zero."""
    return int(number) if isinstance(number, float) and number.is_integer() else number


def old_error(error: Any, data: Any, at: str | None = None, *, is_field: bool = True) -> Exception:
    """An error of pydantic 2 in the words of pydantic 1.

    Args:
        error: The error.
        data: What was validated.
        at: Where it is within the model, if it is not the model itself.
        is_field: Whether the first step of its places is a field.
    """
    in_root = at == "__root__" or not is_field
    found: list[Problem] = []
    for item in error.errors(include_url=False):
        if item["type"] == FOLLOWS:
            continue
        place = ((at,) if at else ()) + _old_place(item["loc"], data, item["type"], in_root=in_root)
        problem = (place or (("__root__",) if is_field else ()), *old_words(item))
        # What every member of a union says is said once.
        if problem not in found:
            found.append(problem)
    return error_of(error.title, found)


def _old_place(steps: tuple[int | str, ...], data: Any, kind: str, *, in_root: bool) -> tuple[int | str, ...]:
    """A place without the steps that only name a member of a union; the first is a field, unless it is in a root."""
    place: list[int | str] = []
    for at, step in enumerate(steps):
        inside, found = _inside(data, step)
        if inside:
            data = found
        elif (at == 0 and not in_root) or (at == len(steps) - 1 and kind in _OF_ABSENT_KEYS) or step == "__root__":
            data = None
        else:
            continue
        place.append(step)
    return tuple(place)


def _inside(data: Any, step: int | str) -> tuple[bool, Any]:
    """Whether a step leads into data, and to what."""
    if isinstance(data, pydantic.BaseModel):
        data = vars(data)
    if isinstance(data, dict) and step in data:
        return True, data[step]
    if isinstance(data, list | tuple) and isinstance(step, int) and step < len(data):
        return True, data[step]
    return False, None


def old_words(item: Any) -> tuple[str, str, dict[str, Any]]:
    """The sentence, the type and the context that pydantic 1 has for a problem that pydantic 2 found."""
    kind, context = item["type"], item.get("ctx") or {}
    if kind.startswith(("value_error", "type_error")) and kind != "value_error":
        return item["msg"], kind, {}
    if kind == "missing":
        return "field required", "value_error.missing", {}
    if item["input"] is None and (kind == "enum" or kind.endswith("_type")):
        return "none is not an allowed value", "type_error.none.not_allowed", {}
    if (message := _WORDS.get(kind)) is not None:
        return message, kind_of(message), {}
    if kind in _BOUNDS:
        short, words = _BOUNDS[kind]
        limit = _plain_number(context[short])
        message = f"ensure this value is {words} {limit}"
        return message, f"value_error.number.not_{short}", {"limit_value": limit}
    if kind in _LENGTHS:
        limit_name, words, unit, short = _LENGTHS[kind]
        limit = context[limit_name]
        return f"ensure this value has {words} {limit} {unit}", f"value_error.{short}", {"limit_value": limit}
    if kind == "multiple_of":
        factor = context["multiple_of"]
        message = f"ensure this value is a multiple of {_plain_number(factor)}"
        return message, "value_error.number.not_multiple", {"multiple_of": factor}
    if kind in ("enum", "literal_error"):
        # A member of an enumeration is listed once for each of its names.
        permitted = ", ".join(dict.fromkeys(str(context["expected"]).replace(" or ", ", ").split(", ")))
        if kind == "enum":
            return f"value is not a valid enumeration member; permitted: {permitted}", "type_error.enum", {}
        return f"unexpected value; permitted: {permitted}", "value_error.const", {}
    if kind == "string_pattern_mismatch":
        return f'string does not match regex "{context["pattern"]}"', "value_error.str.regex", {}
    if kind == "union_tag_not_found":
        name = str(context["discriminator"]).strip("'")
        message = f"Discriminator '{name}' is missing in value"
        return message, "value_error.discriminated_union.missing_discriminator", {}
    if kind == "union_tag_invalid":
        name = str(context["discriminator"]).strip("'")
        message = (
            f"No match for discriminator '{name}' and value '{context['tag']}' "
            f"(allowed values: {context['expected_tags']})"
        )
        return message, "value_error.discriminated_union.invalid_discriminator", {}
    if kind == "is_instance_of":
        return item["msg"], "type_error", {}
    message = item["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    return message, "assertion_error" if kind == "assertion_error" else "value_error", {}
