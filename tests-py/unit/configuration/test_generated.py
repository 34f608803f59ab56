"""Generated configurations: an answer or an error with a place, never anything else.

`SERVO_TEST_EXAMPLES=100000` makes that many of each.
"""

import json
import os

import pydantic
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import servo
from servo.configuration import BaseServoConfiguration, ChecksConfiguration, CommonConfiguration, FastFailConfiguration

EXAMPLES = int(os.environ.get("SERVO_TEST_EXAMPLES", "150"))
GENERATED = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))


class Target(servo.BaseConfiguration):
    url: str
    retries: int | None = None
    secret: pydantic.SecretStr | None = None


class VegetaConfiguration(servo.BaseConfiguration):
    rate: str = "1/1s"
    every: servo.Duration = "5s"
    targets: list[Target] = []  # noqa: RUF012
    by_name: dict[str, Target] = {}  # noqa: RUF012


class ServoConfiguration(BaseServoConfiguration):
    vegeta: VegetaConfiguration | None = None


WORDS = """
backoff proxies timeouts ssl_verify __default__ connect max_time max_tries read write name id tag wait delay halt_on
quiet connectors url retries secret rate every targets by_name vegeta settings checks optimizer token base_url
optimizer_id local disabled period span skip https:// all://*.a.example description no_diagnostics x
"""
keys = st.sampled_from([*WORDS.split(), ""])
leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(
        [
            "5s",
            "1h30m",
            "-5s",
            "expo",
            "critical",
            "http://a.example:1",
            "abcde/x",
            "load",
            '["load"]',
            "60",
            "{",
            "1e400s",
        ]
    ),
)
values = st.recursive(
    leaves,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=4)),
    max_leaves=12,
)


def check_places(error):
    """Every problem has a place and a sentence."""
    for item in error.errors():
        assert item["loc"]
        assert item["msg"]


documents = st.dictionaries(keys, values, max_size=6)


@pytest.mark.parametrize(
    "model", [CommonConfiguration, ChecksConfiguration, FastFailConfiguration, VegetaConfiguration]
)
@GENERATED
@given(document=documents)
def test_a_part_is_read_or_told(model, document):
    known = {name: value for name, value in document.items() if name in model.__fields__}
    for data in (document, known):
        try:
            config = model.parse_obj(data)
        except pydantic.ValidationError as error:
            check_places(error)
        else:
            assert json.loads(config.json()).keys() == config.__fields__.keys()
            assert model.parse_obj(json.loads(config.json(show_secrets=True))) == config


@GENERATED
@given(document=documents)
def test_a_document_is_read_or_told(document):
    data = {"optimizer": {"id": "abcde/x", "token": "hidden-s3cret"}, **document}
    known = {name: value for name, value in data.items() if name in ServoConfiguration.__fields__}
    for given_data in (data, known):
        try:
            config = ServoConfiguration.parse_obj(given_data)
        except pydantic.ValidationError as error:
            check_places(error)
        else:
            assert "hidden-s3cret" not in config.yaml() + repr(config)


names = st.lists(
    st.sampled_from(["RATE", "EVERY", "TARGETS", "BY", "NAME", "URL", "X", "", "RETRIES", "DESCRIPTION"]), max_size=4
).map(lambda parts: "_".join(["VEGETA", *parts]))


@GENERATED
@given(variables=st.dictionaries(names, st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))))
def test_any_environment_is_read_or_told(variables):
    with pytest.MonkeyPatch.context() as patch:
        for name, text in variables.items():
            patch.setenv(name, text)
        try:
            config = VegetaConfiguration()
        except pydantic.ValidationError as error:
            check_places(error)
        else:
            assert config.rate == variables.get("VEGETA_RATE", "1/1s")
