"""The errors of pydantic 2 in the words of pydantic 1."""

from __future__ import annotations

from typing import Any

import pydantic

from servo._pydantic.errors import error_of, kind_of

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
    "url_parsing": "invalid or missing URL scheme",
    "url_scheme": "invalid or missing URL scheme",
}
_BOUNDS = {
    "greater_than": ("gt", "greater than"),
    "greater_than_equal": ("ge", "greater than or equal to"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "less than or equal to"),
}


def old_error(error: Any, data: Any, at: str | None = None) -> Exception:
    """An error of pydantic 2 in the words of pydantic 1.

    Args:
        error: The error.
        data: What was validated.
        at: Where it is within the model, if it is not the model itself.
    """
    found = []
    for item in error.errors(include_url=False):
        place = ((at,) if at else ()) + _old_place(item["loc"], data, item["type"])
        found.append((place or ("__root__",), *_old_words(item)))
    return error_of(error.title, found)


def _old_place(steps: tuple[int | str, ...], data: Any, kind: str) -> tuple[int | str, ...]:
    """A place without the steps that only name a member of a union."""
    place: list[int | str] = []
    for at, step in enumerate(steps):
        inside, found = _inside(data, step)
        if inside:
            data = found
        elif at == 0 or (at == len(steps) - 1 and kind in ("missing", "extra_forbidden")) or step == "__root__":
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


def _old_words(item: Any) -> tuple[str, str, dict[str, Any]]:
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
        limit = context[short]
        limit = int(limit) if isinstance(limit, float) and limit.is_integer() else limit
        message = f"ensure this value is {words} {limit}"
        return message, f"value_error.number.not_{short}", {"limit_value": limit}
    if kind == "too_short":
        limit = context["min_length"]
        return f"ensure this value has at least {limit} items", "value_error.list.min_items", {"limit_value": limit}
    if kind == "too_long":
        limit = context["max_length"]
        return f"ensure this value has at most {limit} items", "value_error.list.max_items", {"limit_value": limit}
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
