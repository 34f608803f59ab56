import re
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servo.utilities.strings import check_status_to_str, commandify, join_to_series, parse_csv, parse_id, parse_re


@pytest.mark.parametrize(
    ("items", "usual", "other"),
    [
        ([], "", ""),
        (["a"], "a", "a"),
        (["a", "b"], "a and b", "a or b"),
        (["a", "b", "c"], "a, b, and c", "a, b or c"),
        (("a", "b", "c", "d"), "a, b, c, and d", "a, b, c or d"),
    ],
)
def test_join_to_series(items: Any, usual: str, other: str) -> None:
    assert join_to_series(items) == usual
    assert join_to_series(items, conjunction="or", oxford_comma=False) == other


@pytest.mark.parametrize(
    ("path", "name"),
    [("a.b.foo_Bar", "b.foo-bar"), ("foo", "foo"), ("Foo_Bar", "foo-bar"), ("", ""), (".x", "x"), ("a.", "")],
)
def test_commandify(path: str, name: str) -> None:
    assert commandify(path) == name


@pytest.mark.parametrize(
    ("value", "expression", "parts"),
    [
        (["/x/"], re.compile("x"), ["/x/"]),
        (["/a,b/"], re.compile("a,b"), ["/a", "b/"]),
        (["//"], re.compile(""), ["//"]),
        (["/a/b/"], re.compile("a/b"), ["/a/b/"]),
        (["/a/i"], ["/a/i"], ["/a/i"]),
        (["a, b"], ["a, b"], ["a", "b"]),
        (["a,"], ["a,"], ["a", ""]),
        (["a"], ["a"], ["a"]),
        ([""], [""], [""]),
        (["/x/", "y"], ["/x/", "y"], ["/x/", "y"]),
        ([], [], []),
        (None, None, None),
    ],
)
def test_identifiers_of_the_command_line(value: Any, expression: Any, parts: Any) -> None:
    assert parse_re(value) == expression
    assert parse_csv(value) == parts
    assert parse_id(value) == (expression if isinstance(expression, re.Pattern) else parts)


def test_a_wrong_expression_is_an_error() -> None:
    with pytest.raises(re.error, match="unterminated"):
        parse_id(["/[/"])


@given(st.lists(st.text("ab", min_size=1), min_size=2, max_size=5))
def test_what_is_joined_by_commas_is_parted(parts: list[str]) -> None:
    assert parse_id([", ".join(parts)]) == parts


@pytest.mark.parametrize(
    ("success", "warning", "text"),
    [
        (True, False, "√ PASSED"),
        (True, True, "√ PASSED"),
        (False, True, "! WARNING"),
        (False, False, "X FAILED"),
    ],
)
def test_check_status(success: bool, warning: bool, text: str) -> None:
    assert check_status_to_str(SimpleNamespace(success=success, warning=warning)) == text
