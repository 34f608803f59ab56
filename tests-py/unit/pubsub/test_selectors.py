import fnmatch
import re

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from servo._core import SelectorIndex, glob_matches
from servo.pubsub import BaseSubscription, Channel, ChannelName, Exchange, Subscription

EXCHANGE = Exchange()


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("metrics", False),
        ("metrics.*", True),
        ("metrics.*.http", True),
        ("metrics.*.[hef]ttp", True),
        ("metrics.*.[!h]ttp", False),
        ("METRICS.*", False),
        ("/metrics/", False),
        ("/metrics.*/", True),
        ("/metrics.(prometheus|datadog|newrelic).https?/", True),
        (re.compile("METRICS.*", re.IGNORECASE), True),
        (re.compile("metrics"), False),
        ("metrics.prometheus.http", True),
    ],
)
def test_what_selectors_match(selector, expected):
    channel = Channel(name="metrics.prometheus.http", exchange=EXCHANGE)
    assert Subscription(selector=selector).matches(channel) is expected
    exchange = Exchange()
    subscriber = exchange.create_subscriber(selector)
    assert (subscriber in exchange._route(channel)) is expected


@pytest.mark.parametrize(
    ("selector", "expected"), [("a.b", False), ("a.*", True), ("/a/", True), (re.compile("a"), True)]
)
def test_is_pattern(selector, expected):
    assert Subscription(selector=selector).is_pattern is expected


def test_wrong_selectors():
    with pytest.raises(pydantic.ValidationError, match="none is not an allowed value"):
        Subscription(selector=None)
    with pytest.raises(pydantic.ValidationError, match="str type expected"):
        Subscription(selector=3)
    with pytest.raises(pydantic.ValidationError, match="field required"):
        Subscription()
    with pytest.raises(re.error):
        Subscription(selector="/(/")
    with pytest.raises(ValueError, match="`channel` cannot be `None`"):
        Subscription(selector="a").matches(None)
    with pytest.raises(TypeError, match="immutable"):
        Subscription(selector="a").selector = "b"
    with pytest.raises(TypeError, match="abstract"):
        BaseSubscription()


def test_subscriptions_are_equal_by_their_selector():
    assert Subscription(selector="a") == Subscription(selector="a") != Subscription(selector="b")
    assert repr(Subscription(selector="/a.*/")) == "Subscription(selector=re.compile('a.*'))"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("", "at least 1 characters"),
        ("a" * 254, "at most 253 characters"),
        ("a", "string does not match regex"),
        ("a b", "string does not match regex"),
        ("-a", "string does not match regex"),
        (None, "none is not an allowed value"),
    ],
)
def test_wrong_names_of_channels(name, text):
    with pytest.raises(pydantic.ValidationError) as raised:
        Channel(name=name, exchange=EXCHANGE)
    assert text in str(raised.value)

    class Model(pydantic.BaseModel):
        name: ChannelName

    schema = Model.schema() if pydantic.VERSION.startswith("1.") else Model.model_json_schema()
    assert schema["properties"]["name"]["maxLength"] == 253
    with pytest.raises(pydantic.ValidationError):
        Model(name=name)
    assert Model(name=" a.b ").name == "a.b"


@given(st.text("ab[]!-*?c", max_size=10), st.text("ab[]!-c\n", max_size=8))
def test_globs_are_those_of_the_shell(pattern, name):
    assert glob_matches(pattern, name) == fnmatch.fnmatchcase(name, pattern)


@given(st.lists(st.text("ab*?.", min_size=1, max_size=4), max_size=8), st.text("ab.", max_size=5))
def test_the_index_finds_what_matches(selectors, name):
    index = SelectorIndex()
    for number, selector in enumerate(selectors):
        index.insert(number, selector)
    expected = [number for number, selector in enumerate(selectors) if fnmatch.fnmatchcase(name, selector)]
    assert index.find(name) == expected
    for number in expected:
        assert index.remove(number)
    assert index.find(name) == []
    assert len(index) == len(selectors) - len(expected)
