from collections import defaultdict
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servo.utilities.key_paths import value_for_key_path, values_for_keys


def test_values_for_keys() -> None:
    assert values_for_keys({"a": 1}, ["a", "b"]) == [1, None]
    assert values_for_keys({"a": 1}, ["a", "a"], ["x"]) == [1]
    with pytest.raises(TypeError):
        values_for_keys({"a": 1})


@pytest.mark.parametrize(
    ("obj", "path", "value"),
    [
        ({"a": 1}, "a", 1),
        ({"a": {"b": 1}}, "a.b", 1),
        ({"a.b": 3, "a": {"b": 1}}, "a.b", 3),
        ({"a": SimpleNamespace(x=1)}, "a.x", 1),
        (SimpleNamespace(x={"k": 2}), "x.k", 2),
        (SimpleNamespace(**{"p.q": 9}), "p.q", 9),
        ({"a": {"b": {"c": 1}}}, "a.b.c", 1),
        ({"a": {"b": {"c": {"d.e": 1}}}}, "a.b.c.d.e", 1),
        ({"a": None}, "a", None),
    ],
)
def test_finds_the_value(obj: Any, path: str, value: Any) -> None:
    assert value_for_key_path(obj, path) == value
    assert value_for_key_path(obj, path, "other") == value


def test_attributes_win() -> None:
    assert value_for_key_path({"keys": 1}, "keys")() == {"keys": 1}.keys()


@pytest.mark.parametrize(
    ("obj", "path"),
    [
        ({"a": 1}, "z"),
        ({}, ""),
        ({}, "."),
        ({"a": 1}, "a.b"),
        ({"a": None}, "a.b"),
        (None, "a"),
        ("abc", "b"),
        ([1], "0"),
    ],
)
def test_what_is_missing(obj: Any, path: str) -> None:
    assert value_for_key_path(obj, path, 7) == 7
    assert value_for_key_path(obj, path, None) is None
    with pytest.raises(ValueError, match="unknown key-path") as error:
        value_for_key_path(obj, path)
    assert str(error.value) == f"unknown key-path '{path}'"


def test_looking_changes_nothing() -> None:
    obj: defaultdict[str, int] = defaultdict(int)
    assert value_for_key_path(obj, "a.b", None) is None
    assert not obj


@given(st.lists(st.text("abcd", min_size=6, max_size=9), min_size=1, max_size=6))
def test_any_depth(steps: list[str]) -> None:
    obj: Any = 1
    for step in reversed(steps):
        obj = {step: obj}
    assert value_for_key_path(obj, ".".join(steps)) == 1
