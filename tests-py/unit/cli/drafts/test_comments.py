"""YAML with comments says what it was made of, whatever that is."""

import re

import yaml
from hypothesis import given
from hypothesis import strategies as st

from servo.cli.drafts.comments import WIDTH, comment, commented_out, entry, mapping
from servo.cli.drafts.outline import Outline
from servo.cli.drafts.scalars import scalar

# What YAML can hold at all: no control characters but those of white space, no halves of a pair.
LETTERS = st.characters(exclude_categories=["Cs", "Cc", "Cn"], include_characters="\t\n\x85 ")
TEXTS = st.text(LETTERS, max_size=120) | st.sampled_from(
    ["yes", "null", "1:30", "~", "010", "#x", "a: b", "- a", "'", "{x}"]
)
PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS
VALUES = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=12
)
SCHEMAS = st.recursive(
    st.fixed_dictionaries({"description": TEXTS}),
    lambda inner: st.fixed_dictionaries(
        {"description": TEXTS}, optional={"properties": st.dictionaries(TEXTS, inner, max_size=3), "items": inner}
    ),
    max_leaves=6,
)


@given(st.dictionaries(TEXTS, VALUES, min_size=1, max_size=4), SCHEMAS, st.booleans())
def test_what_is_written_is_read(values, schema, short):
    # The keys are those of the schema, so that there is something to tell of each.
    outline = Outline({"properties": dict.fromkeys(values, schema)})
    lines = mapping(values, outline, 0, short=short)
    assert yaml.safe_load("\n".join(lines)) == values


@given(st.dictionaries(TEXTS, VALUES, min_size=1, max_size=4), st.dictionaries(TEXTS, VALUES, max_size=3))
def test_what_is_offered_does_not_count_until_it_is(values, others):
    others = {key: value for key, value in others.items() if key not in values}
    lines = mapping(values, Outline({}), 2, short=True, offer=others)
    assert yaml.safe_load("\n".join(lines)) == values
    added = [re.sub(r"^  #(?! \S)", "  ", line) for line in lines]
    assert yaml.safe_load("\n".join(added)) == values | others


@given(st.text(), st.integers(0, 20))
def test_a_comment_is_one_whatever_is_in_it(text, indent):
    lines = comment(text, indent)
    assert yaml.safe_load("\n".join([*lines, "a: 1"])) == {"a": 1}
    for line in lines:
        # A word that is longer is not cut.
        assert len(line) <= WIDTH or " " not in line.strip().removeprefix("# ")


@given(TEXTS)
def test_a_value_stays_in_its_line(text):
    assert len(scalar(text).splitlines()) == 1
    assert len(entry("key", [text], Outline({}), 0, short=True)) <= 2


def test_the_shape():
    outline = Outline(
        {
            "properties": {
                "a": {"description": "What a is.", "enum": ["x", "y"]},
                "list": {"items": {"properties": {"b": {"description": "What b is."}}}},
                "one": {"$ref": "#/definitions/One"},
            },
            "definitions": {"One": {"description": "One thing.\n\nMore of it."}},
        }
    )
    values = {"a": "x", "list": [{"b": 1}, {"b": {"c": []}}], "one": {"d": [1, 2]}}
    assert mapping(values, outline, 0, short=False, offer={"e": None, "f": {"g": 1}}) == [
        "# What a is. One of x, y.",
        "a: x",
        "list:",
        "# What b is.",
        "- b: 1",
        "- b:",
        "    c: []",
        "# One thing.",
        "one:",
        "  d:",
        "  - 1",
        "  - 2",
        "",
        "#e: null",
        "#f: {g: 1}",
    ]
    assert commented_out(["  a:", "    b: 1"], 2) == ["  #a:", "  #  b: 1"]


def test_placeholders():
    schema = {
        "properties": {
            "text": {"type": "string"},
            "url": {"type": "string", "format": "uri"},
            "number": {"type": ["null", "integer"], "minimum": 5},
            "share": {"type": "number"},
            "flag": {"type": "boolean"},
            "list": {"type": "array"},
            "choice": {"enum": ["a", "b"]},
            "example": {"type": "string", "examples": ["50/1s"]},
            "inner": {"type": "object", "properties": {"x": {"type": "integer"}}, "required": ["x"]},
            "other": {"type": "string"},
        },
        "required": ["text", "url", "number", "share", "flag", "list", "choice", "example", "inner"],
    }
    assert Outline({**schema, "type": "object"}).placeholder() == {
        "text": "CHANGE_ME",
        "url": "http://example.com/",
        "number": 5,
        "share": 1.0,
        "flag": False,
        "list": [],
        "choice": "a",
        "example": "50/1s",
        "inner": {"x": 1},
    }
