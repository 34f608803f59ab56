"""Fields that are URLs: texts with parts, with either pydantic."""

import copy
import pickle
import warnings
from typing import Dict, List, Optional  # noqa: UP035 (as in the connectors that exist)

import pydantic
import pytest

import servo

with warnings.catch_warnings():
    # pydantic 2 says that `@validator` is of pydantic 1.
    warnings.simplefilter("ignore", DeprecationWarning)

    class Target(servo.BaseConfiguration):
        root: pydantic.AnyHttpUrl = "http://localhost:4000//"
        mirror: Optional[pydantic.AnyHttpUrl]  # noqa: UP045
        others: List[pydantic.AnyUrl] = []  # noqa: RUF012, UP006
        named: Dict[str, pydantic.AnyHttpUrl] = {}  # noqa: RUF012, UP006

        @pydantic.validator("root", allow_reuse=True)
        def without_slash(cls, value):
            return value.rstrip("/")


class Further(Target):
    extra: Optional["pydantic.AnyHttpUrl"] = None


def test_a_validator_and_a_user_see_the_text_as_it_was_given():
    target = Target(root="http://Shop.example:81/", mirror="https://m", named={"a": "http://n"}, others=["ftp://o/p"])
    assert target.root == "http://Shop.example:81"
    assert target.mirror + "/api" == "https://m/api"
    assert f"{target.named['a']}|{target.others[0]}" == "http://n|ftp://o/p"
    assert isinstance(target.mirror, str)


def test_a_default_goes_through_the_validators():
    assert Target().root == "http://localhost:4000"
    assert Target().mirror is None


def test_parts_are_told():
    url = Target(mirror="https://me:secret@Api.example:8443/v1/x?y=1#z").mirror
    assert (url.scheme, url.user, url.password, url.host, url.port) == (
        "https",
        "me",
        "secret",
        "Api.example",
        "8443",
    )
    assert (url.path, url.query, url.fragment) == ("/v1/x", "y=1", "z")
    plain = Target(mirror="http://api").mirror
    assert (plain.user, plain.port, plain.path, plain.query, plain.fragment) == (None,) * 5
    assert Target(mirror="http://[::1]:90/").mirror.host == "[::1]"
    with pytest.raises(AttributeError):
        _ = plain._nothing


def test_subclasses_have_their_own_and_those_above():
    further = Further(root="http://a/", extra="http://b")
    assert (further.root, further.extra) == ("http://a", "http://b")
    further.extra = "http://c"
    assert further.extra == "http://c"


def test_it_is_written_copied_and_read_again():
    target = Further(mirror="https://m", named={"a": "http://n"}, extra="http://e")
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        assert '"mirror":"https://m"' in target.json()
        assert target.dict()["named"] == {"a": "http://n"}
        if hasattr(target, "model_dump_json"):
            assert '"extra":"http://e"' in target.model_dump_json()
            assert target.model_dump()["extra"] == "http://e"
    assert Further.parse_raw(target.json()) == target
    assert copy.deepcopy(target) == target
    assert pickle.loads(pickle.dumps(target.extra)) == "http://e"


@pytest.mark.parametrize("wrong", ["", "nowhere", "ftp://host", 7, None])
def test_what_is_no_url_is_refused(wrong):
    with pytest.raises(pydantic.ValidationError, match="root"):
        Target(root=wrong)


def test_the_schema_says_that_it_is_a_url():
    shown = Target.schema()["properties"]
    assert shown["root"]["format"] == "uri"
    assert shown["mirror"]["type"] == "string"
