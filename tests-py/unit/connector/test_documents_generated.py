"""Generated documents: each gives an object, or an error with its place."""

import random
from datetime import timedelta

import pydantic

import servo
from servo.configuration import BaseServoConfiguration
from servo.configuration.derived import _create_config_model, parse_document

DOCUMENTS = 2_000


class DeepConfiguration(servo.BaseConfiguration):
    text: str = "x"
    number: int | None = None
    span: servo.Duration = "1s"
    items: list[dict[str, float]] = []  # noqa: RUF012


class GeneratedOneConfiguration(servo.BaseConfiguration):
    rate: float
    deep: DeepConfiguration = DeepConfiguration()
    by_name: dict[str, DeepConfiguration] = {}  # noqa: RUF012


class GeneratedOneConnector(servo.BaseConnector):
    config: GeneratedOneConfiguration


class GeneratedTwoConnector(servo.BaseConnector):
    pass


KEYS = ["generated_one", "generated_two", "alias", "name", "description", "servo_uid", "optimizer", "connectors"]
KEYS += ["no_diagnostics", "settings", "checks", "bogus", "a-b.c", "yaml", "__root__", "_x", "", "ü"]
INNER = ["rate", "deep", "by_name", "text", "number", "span", "items", "id", "token", "base_url", "local", "timeouts"]
INNER += ["backoff", "proxies", "ssl_verify", "wait", "delay", "halt_on", "connect", "__root__", "x"]
SCALARS = [
    None,
    True,
    False,
    0,
    1,
    -7,
    2**70,
    1.5,
    float("nan"),
    float("inf"),
    "",
    "5m",
    "abc",
    "a.example/b",
    "http://x",
]
SCALARS += ["1h30m", "{}", "[", "\x00", "\ud800", "x" * 200, b"bytes", timedelta(1), {1}, ("a",), "critical", "expo"]
CONNECTORS = [
    ["generated_one"],
    ["generated_two", "generated_one"],
    {"alias": "generated_one"},
    {"a-b.c": "generated_two"},
]
CONNECTORS += [
    {"yaml": "generated_one"},
    {"_xx": "generated_one"},
    {"ab": "generated_one"},
    ["zz"],
    {"alias": "zz"},
    5,
    "[",
]
CONNECTORS += [
    [],
    {},
    None,
    '["generated_one"]',
    {"settings": "generated_one"},
    {3: "generated_one"},
    [["generated_one"]],
]
OPTIMIZERS = [{"id": "a.example/b", "token": "t"}, {}, {"local": {}}, {"optimizer_id": "x"}]


def value(random, depth):
    if depth == 0 or random.random() < 0.5:
        return random.choice(SCALARS)
    size = random.randrange(4)
    if random.random() < 0.3:
        return [value(random, depth - 1) for _ in range(size)]
    return {random.choice(INNER): value(random, depth - 1) for _ in range(size)}


def document(random):
    if random.random() < 0.02:
        return value(random, 2)
    made = {random.choice(KEYS): value(random, 4) for _ in range(random.randrange(5))}
    if random.random() < 0.7:
        made["optimizer"] = random.choice(OPTIMIZERS)
    if random.random() < 0.5:
        made["generated_one"] = {"rate": random.choice([1, "2.5", "x"])}
    if random.random() < 0.4:
        made["connectors"] = random.choice(CONNECTORS)
    if random.random() < 0.02:
        made[5] = 1
    return made


def test_documents():
    outcomes = {"object": 0, "located": 0, "descriptor": 0}
    unexplained = 0
    for seed in range(DOCUMENTS):
        given = document(random.Random(seed))
        try:
            model, _ = _create_config_model(config=given)
        except (TypeError, ValueError) as error:
            unexplained += not str(error)
            outcomes["descriptor"] += 1
            continue
        try:
            config = parse_document(model, given)
        except pydantic.ValidationError as error:
            unexplained += not all(item["loc"] and item["msg"] for item in error.errors()) or not str(error)
            outcomes["located"] += 1
            continue
        assert isinstance(config, BaseServoConfiguration)
        assert config.settings is not None
        config.json()
        outcomes["object"] += 1
    assert not unexplained
    # Each of them happens, or this test says nothing.
    assert min(outcomes.values()) > DOCUMENTS // 50, outcomes
