"""Which checks a filter wants."""

import re

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from servo.checks import Check, CheckFilter

texts = st.text("abcAB/.*{} ", min_size=1, max_size=4)
tags = st.sets(st.text("ab.-1", min_size=1, max_size=2), max_size=3)


@given(name=texts, id=texts, tagged=st.none() | tags, exclusive=st.booleans())
def test_no_constraint_matches_everything(name, id, tagged, exclusive):
    matching = CheckFilter(exclusive=exclusive)
    assert matching.empty
    assert not matching.any
    assert matching.matches(Check(name=name, id=id, tags=tagged))


@given(name=texts, wanted=texts, exclusive=st.booleans(), field=st.sampled_from(["name", "id"]))
def test_texts_are_compared_whole(name, wanted, exclusive, field):
    check = Check(**{"name": "x", "id": "y", field: name})
    matching = CheckFilter(**{field: wanted}, exclusive=exclusive)
    assert matching.any
    assert matching.matches(check) is (name == wanted)


@given(
    name=texts, wanted=st.lists(texts, max_size=4), exclusive=st.booleans(), kind=st.sampled_from([list, tuple, set])
)
def test_several_texts(name, wanted, exclusive, kind):
    matching = CheckFilter(name=kind(wanted), exclusive=exclusive)
    assert matching.matches(Check(name=name)) is (name in wanted and not exclusive)


@given(id=texts, pattern=st.sampled_from(["a", "^a", "B$", "[ab]{2}", "(?i)AB", ""]), exclusive=st.booleans())
def test_expressions_are_searched(id, pattern, exclusive):
    expression = re.compile(pattern)
    matching = CheckFilter(id=expression, exclusive=exclusive)
    assert matching.matches(Check(name="x", id=id)) is (bool(expression.search(id)) and not exclusive)


@given(wanted=tags, tagged=st.none() | tags, exclusive=st.booleans())
def test_one_common_tag_is_enough(wanted, tagged, exclusive):
    matching = CheckFilter(tags=wanted, exclusive=exclusive)
    assert matching.any
    assert matching.matches(Check(name="x", tags=tagged)) is bool(wanted & (tagged or set()))


@given(name=texts, id=texts, wanted_name=st.none() | texts, wanted_id=st.none() | texts)
def test_all_constraints_must_be_met(name, id, wanted_name, wanted_id):
    matches = CheckFilter(name=wanted_name, id=wanted_id).matches(Check(name=name, id=id))
    assert matches is (wanted_name in (None, name) and wanted_id in (None, id))


def test_a_text_with_slashes_is_no_expression():
    assert not CheckFilter(name="/a/").matches(Check(name="a"))
    assert CheckFilter(name="/a/").matches(Check(name="/a/"))


def test_other_things():
    assert CheckFilter(name=5).name == "5"
    assert CheckFilter(id=[5, b"a"]).id == ["5", "a"]
    assert CheckFilter(tags=[1, "b"]).tags == {"1", "b"}
    assert CheckFilter(name=re.compile("a")).json() == '{"name": "a", "id": null, "tags": null, "exclusive": false}'


@pytest.mark.parametrize("data", [{"tags": "a"}, {"name": object()}, {"id": {"a": 1}}, {"exclusive": "perhaps"}])
def test_wrong_constraints(data):
    with pytest.raises(pydantic.ValidationError):
        CheckFilter(**data)
