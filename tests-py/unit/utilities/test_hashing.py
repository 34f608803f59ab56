import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servo.utilities.hashing import dump_container, get_hash


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": [1, None, True], "a": "x"}, "{a:x,b:[1,None,True,],}"),
        ([], "[]"),
        ({}, "{}"),
        ({"a": (1, 2)}, "{a:(1, 2),}"),
        ([b"ab", "c"], "[ab,c,]"),
        ({"a": {"z": 1, "b": []}}, "{a:{b:[],z:1,},}"),
        ({2: 1, 1: 2}, "{1:2,2:1,}"),
        (["é"], "[é,]"),
    ],
)
def test_the_canonical_form_is_hashed(value: Any, text: str) -> None:
    pieces: list[bytes] = []
    dump_container(value, pieces.append)
    assert b"".join(pieces).decode() == text
    assert get_hash(value) == hashlib.sha256(text.encode()).hexdigest()


def test_a_known_hash() -> None:
    expected = "97afe7e7b9efaac2a21349aa25b900a61b5a4e13e420fee63a57d3b0fcd05357"
    assert get_hash({"b": [1, None, True], "a": "x"}) == expected


def test_keys_must_sort() -> None:
    with pytest.raises(TypeError, match="not supported"):
        get_hash({1: 2, "a": 3})


trees = st.recursive(
    st.none() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


def backwards(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {key: backwards(tree[key]) for key in reversed(tree)}
    return [backwards(item) for item in tree] if isinstance(tree, list) else tree


@given(trees)
def test_the_order_of_keys_is_nothing(tree: Any) -> None:
    assert get_hash(tree) == get_hash(backwards(tree))
