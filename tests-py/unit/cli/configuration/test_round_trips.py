"""What `config` writes is a configuration that says the same.

`SERVO_TEST_EXAMPLES=10000` tries that many.
"""

import ast
import json
import os

import jsonschema
import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

GENERATED = settings(
    max_examples=int(os.environ.get("SERVO_TEST_EXAMPLES", "25")),
    deadline=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)

texts = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]), max_size=30) | st.sampled_from(
    [
        "",
        " ",
        "yes",
        "0x10",
        "1e3",
        "1:30",
        "null",
        "~",
        "a: b",
        "- a",
        "#",
        "é",
        "two\nlines",
        "*",
        "&a",
        "12",
        "€ 5",
        "=",
        "<<",
    ]
)
words = st.from_regex(r"[a-z_]{3,12}", fullmatch=True)
durations = st.sampled_from(["0", "5s", "1m30s", "250ms", "1h", "5m", "10m"]) | st.integers(0, 10**6)


def some(**fields):
    """A mapping with any of the fields."""
    return st.fixed_dictionaries({}, optional=fields)


inners = some(a=st.integers(-5, 5), b=texts)
meters = some(
    description=texts,
    url=texts,
    token=st.text("abc", min_size=1),
    every=durations,
    mode=st.sampled_from(["fast", "slow"]),
    inner=inners,
    inners=st.lists(inners, max_size=3),
    tags=st.dictionaries(texts, texts, max_size=3),
)
loads = st.fixed_dictionaries(
    {
        "rate": st.sampled_from(["50/1s", "0/1s", 5]),
        "target": st.just("GET http://127.0.0.1/"),
        "max_workers": st.just(2),
    },
    optional={
        "workers": st.integers(1, 20),
        "http2": st.booleans(),
        "reporting_interval": st.sampled_from(["15s", "1s"]),
        "format": st.just("http"),
    },
)
processes = st.fixed_dictionaries(
    {"command": st.lists(words, min_size=1, max_size=3)},
    optional={
        "environment": st.dictionaries(words, st.integers(-(2**63), 2**63 - 1) | words, max_size=2),
        "settings": st.fixed_dictionaries(
            {},
            optional={
                "threads": st.just({"type": "range", "min": 1, "max": 4, "step": 1, "value": 2, "pinned": False}),
                "level": st.just({"type": "enum", "values": ["a", 1], "value": "a", "env": "LEVEL"}),
            },
        ),
        "health": some(alive=st.sampled_from(["1s", 2]), timeout=st.sampled_from(["30s", "1m"])),
        "stop": some(timeout=st.sampled_from(["3s", "4s"])),
    },
)
locals_ = some(
    sampler=st.sampled_from(["tpe", "random"]),
    seed=st.integers(0, 100),
    goal=st.just({"objective": "minimize", "metric": "cost"}),
    trial=some(warmup=st.sampled_from(["30s", "0"]), repeats=st.integers(1, 3)),
    budget=some(trials=st.integers(1, 50), max_failed_trials=st.sampled_from([5, 6])),
    stop=some(patience=st.sampled_from([8, 9])),
    storage=st.just("postgresql://servo:password@db/studies"),
)
optimizers = st.one_of(
    st.fixed_dictionaries({"id": st.just("dev.example.com/app"), "token": st.just("secret-token")}),
    st.builds(lambda local: {"local": local}, locals_),
)
common = some(
    timeouts=durations | some(read=durations, pool=durations),
    ssl_verify=st.booleans(),
    proxies=st.just("http://proxy:1") | st.just({"https://a": None, "all://*": "http://proxy:2"}),
    backoff=st.dictionaries(
        words | st.just("__default__"), some(max_time=durations, max_tries=st.integers(1, 9)), max_size=2
    ),
)
checks = some(
    name=st.lists(texts, max_size=2),
    delay=st.sampled_from(["expo", "20s", "1m"]),
    wait=durations,
    halt_on=st.sampled_from(["warning", "common", "critical"]),
    progressive=st.booleans(),
)
documents = st.fixed_dictionaries(
    {
        "optimizer": optimizers,
        "connectors": st.just({"meter": "demo.MeterConnector", "burst": "load", "app": "process"}),
        "meter": meters,
        "burst": loads,
        "app": processes,
    },
    optional={
        "name": words,
        "description": texts,
        "no_diagnostics": st.booleans(),
        "settings": common,
        "checks": checks,
    },
)


def text_of(document):
    """A document as JSON, which is YAML as well unless letters are written as two halves."""
    return json.dumps(document, ensure_ascii=False)


READERS = {
    "yaml": lambda text: list(yaml.safe_load_all(text)),
    "json": lambda text: found if isinstance(found := json.loads(text), list) else [found],
    "dict": lambda text: found if isinstance(found := ast.literal_eval(text), list) else [found],
}


@GENERATED
@given(found=st.lists(documents, min_size=1, max_size=2), form=st.sampled_from(list(READERS)))
def test_every_form_says_the_same(run, found, form, tmp_path):
    first = run(yaml.safe_dump_all(found), "config", "-f", form, "-o", "./first", "--show-secrets")
    assert first.exit_code == 0, (first.output, found)
    written = READERS[form]((tmp_path / "first").read_text())
    assert len(written) == len(found)
    # The engine reads YAML, of which JSON is a part.
    again = (tmp_path / "first").read_text() if form == "yaml" else "\n---\n".join(map(text_of, written))
    second = run(again, "config", "-f", form, "-o", "./second", "--show-secrets")
    assert second.exit_code == 0, (second.output, again)
    assert READERS[form]((tmp_path / "second").read_text()) == written


@GENERATED
@given(document=documents)
def test_schemas_accept_what_is_valid(run, document):
    text = text_of(document)
    valid = run(text, "validate")
    assert valid.exit_code == 0, valid.output
    schema = json.loads(run(text, "schema", "--editor").stdout)
    errors = [(list(error.path), error.message) for error in jsonschema.Draft7Validator(schema).iter_errors(document)]
    assert errors == []


@GENERATED
@given(document=documents)
def test_secrets_are_nowhere(run, document):
    document["meter"]["token"] = "the-secret"
    document["optimizer"] = {"id": "dev.example.com/app", "token": "the-secret"}
    document["app"]["environment"] = {"DATABASE": "postgresql://me:the-secret@db/x", "API_KEY": "the-secret"}
    for form in ("yaml", "json", "dict", "text", "configmap"):
        result = run(text_of(document), "config", "-f", form)
        assert result.exit_code == 0, result.output
        assert "the-secret" not in result.output


@pytest.mark.parametrize("form", list(READERS))
def test_aliased_fields_are_written_as_they_are_read(run, form, tmp_path):
    (tmp_path / "named.py").write_text(
        "import pydantic, servo\n"
        "class NamedConfiguration(servo.BaseConfiguration):\n"
        "    from_: int = pydantic.Field(1, alias='from')\n"
        "class NamedConnector(servo.BaseConnector):\n"
        "    config: NamedConfiguration\n"
    )
    text = "optimizer: {id: dev.example.com/app, token: t}\nconnectors: [named.NamedConnector]\nnamed: {from: 2}\n"
    assert READERS[form](run(text, "config", "-f", form).stdout)[0]["named"] == {"from": 2}
