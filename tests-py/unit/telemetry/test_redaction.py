"""No secret leaves the servo."""

import json

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from servo.configuration import AppdynamicsOptimizer, BaseConfiguration, OpsaniOptimizer
from servo.telemetry.redaction import REDACTED, Redactor


class KeyedConfiguration(BaseConfiguration):
    login: pydantic.SecretStr
    endpoint: str = "https://user:pa55w0rd@db.example.com/x"


@pytest.mark.parametrize(
    "optimizer",
    [
        lambda: OpsaniOptimizer(id="example.com/app", token="s3cret-word"),
        lambda: OpsaniOptimizer(id="example.com/app", token="Bearer s3cret-word"),
        lambda: OpsaniOptimizer(id="example.com/app", token="X-SF-Token s3cret-word"),
        lambda: AppdynamicsOptimizer(
            optimizer_id="o", tenant_id="t", base_url="https://a.example", client_id="c", client_secret="s3cret-word"
        ),
    ],
)
def test_secrets_of_every_optimizer(optimizer):
    redactor = Redactor()
    redactor.learn(optimizer())
    assert redactor.text("it was s3cret-word here") == f"it was {REDACTED} here"


def test_secrets_of_connectors():
    redactor = Redactor()
    redactor.learn({"web": KeyedConfiguration(login="kept-to-itself")})
    assert redactor.text("kept-to-itself and pa55w0rd") == f"{REDACTED} and {REDACTED}"


def test_a_tree_without_secrets():
    tree = {
        "optimizer": {"id": "example.com/app", "token": "hunter22", "token_url": "https://a.example/token"},
        "web": {
            "headers": {"Authorization": "Basic abcdef123456", "X-SF-Token": "zzzzzz", "Accept": "*/*"},
            "env": [{"name": "DB_PASSWORD", "value": "hunter33"}, {"name": "MODE", "value": "fast"}],
            "api_keys": ["one-key", "another-key"],
            "proxy": "http://user:hunter44@proxy.example:3128",
            "note": "as hunter22 said",
            "count": 3,
            "on": True,
            "private_key": None,
        },
    }
    redactor = Redactor()
    redactor.learn(tree)
    found = redactor.tree(tree)
    text = json.dumps(found)
    for secret in ("hunter", "abcdef123456", "zzzzzz", "one-key", "another-key"):
        assert secret not in text
    assert found["optimizer"] == {
        "id": "example.com/app",
        "token": REDACTED,
        "token_url": "https://a.example/token",
    }
    assert found["web"]["env"][1] == {"name": "MODE", "value": "fast"}
    assert found["web"]["api_keys"] == [REDACTED, REDACTED]
    assert found["web"]["headers"]["Accept"] == "*/*"
    assert (found["web"]["count"], found["web"]["on"], found["web"]["private_key"]) == (3, True, None)
    assert found["web"]["note"] == f"as {REDACTED} said"
    assert tree["optimizer"]["token"] == "hunter22", "the configuration itself is left alone"


@pytest.mark.parametrize(
    "line",
    [
        "sent Authorization: Bearer abc.DEF-123456",
        "header 'X-SF-Token: abc.DEF-123456'",
        '{"client_secret": "abc.DEF-123456"}',
        "GET https://a.example/x?api_key=abc.DEF-123456&y=1",
        "postgresql://me:abc.DEF-123456@host/db",
        "PASSWORD=abc.DEF-123456",
        "my-api-token = 'abc.DEF-123456'",
    ],
)
def test_lines_that_show_secrets_nobody_knew(line):
    assert "abc.DEF-123456" not in Redactor().text(line)
    assert REDACTED in Redactor().text(line)


def test_lines_without_secrets_stay():
    line = "INFO | servo.web:measure:17 | web[measure] - measuring 40 % of http://10.0.0.1:8080/a:b@c"
    assert Redactor().text(line) == line


@given(st.text(min_size=4).filter(lambda text: text.strip() == text and len(text) >= 4), st.text(), st.text())
def test_a_known_secret_never_stays(secret, before, after):
    redactor = Redactor()
    redactor.learn({"token": secret})
    found = redactor.text(before + secret + after)
    assert secret not in found.replace(REDACTED, "") or secret in REDACTED or secret in before + after


@pytest.mark.parametrize("part", ["a", "token", ":", "://", "x-sf-token ", "-"])
def test_time_grows_with_the_text_alone(part):
    # With a pattern that backtracks over all of it the test would not end.
    Redactor().text(part * 100_000)
