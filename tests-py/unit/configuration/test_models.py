"""The models of a servo.yaml: fields, defaults, texts."""

import json

import pydantic
import pytest

import servo
from servo import configuration
from servo.configuration import (
    BackoffConfigurations,
    BackoffSettings,
    BaseServoConfiguration,
    ChecksConfiguration,
    CommonConfiguration,
    FastFailConfiguration,
    Timeouts,
)
from servo.configuration.derived import config_model_for_route
from servo.types import Duration

OPTIMIZER = {"id": "retail.example/cart", "token": "s3cret"}


class VegetaConfiguration(servo.BaseConfiguration):
    rate: str
    workers: int = 4
    secret: pydantic.SecretStr | None = None
    every: Duration = "5s"

    @classmethod
    def generate(cls, **kwargs):
        return cls(**{"rate": "50/1s", "description": "a sample", **kwargs})


class PairConfiguration(servo.BaseConfiguration):
    @classmethod
    def generate(cls):
        yield "one", VegetaConfiguration(rate="1/1s")
        yield "two", VegetaConfiguration(rate="2/1s")


class ServoConfiguration(BaseServoConfiguration):
    vegeta: VegetaConfiguration | None = None


class PairsConfiguration(BaseServoConfiguration):
    pair: PairConfiguration | None = None
    one: VegetaConfiguration | None = None
    two: VegetaConfiguration | None = None


class TestCommon:
    def test_defaults(self):
        assert json.loads(CommonConfiguration().json()) == {
            "backoff": {
                "__default__": {"max_time": "10m", "max_tries": None},
                "connect": {"max_time": "1h", "max_tries": None},
            },
            "proxies": None,
            "timeouts": None,
            "ssl_verify": None,
        }
        assert CommonConfiguration.generate() is None

    def test_contexts_are_merged_over_the_defaults(self):
        backoff = CommonConfiguration(backoff={"connect": {"max_tries": 3}}).backoff
        assert list(backoff) == ["__default__", "connect"]
        assert (backoff.max_time(), backoff.max_tries()) == (600, None)
        assert (backoff.max_time("connect"), backoff.max_tries("connect")) == (None, 3)
        assert backoff.max_time("another") == 600
        assert backoff["connect"] == BackoffSettings(max_tries=3)
        assert backoff.get("nothing", 5) == 5
        with pytest.raises(KeyError):
            backoff["nothing"]

    def test_contexts_without_a_default_have_that_of_the_class(self):
        assert BackoffConfigurations.parse_obj({"x": {"max_time": 5}}).max_time() == 600

    @pytest.mark.parametrize(
        ("given", "expected"),
        [("5s", 5), (5, 5), (0.5, 0.5), ("60", 60), (Duration("1m"), 60), ({"read": "1s"}, None)],
    )
    def test_timeouts(self, given, expected):
        timeouts = CommonConfiguration(timeouts=given).timeouts
        assert timeouts.connect == (None if expected is None else Duration(expected))
        assert timeouts.read == Duration(1 if expected is None else expected)

    def test_one_timeout_fills_the_parts_that_are_not_given(self):
        assert Timeouts("5s", read="1s").dict() == {
            "connect": Duration(5),
            "read": Duration(1),
            "write": Duration(5),
            "pool": Duration(5),
        }

    def test_proxies(self, problems):
        assert CommonConfiguration(proxies="http://a.example:1").proxies == "http://a.example:1"
        by_pattern = {"all://*.example.com": None, "https://": "http://a.example:1"}
        assert CommonConfiguration(proxies=by_pattern).proxies == by_pattern
        assert CommonConfiguration(proxies=[]).proxies == {}
        found = problems(lambda: CommonConfiguration(proxies="ftp://x"))
        assert 'string does not match regex "^(https?|all)://"' in [message for _, message in found]

    def test_ssl_verify(self, problems, tmp_path):
        file = tmp_path / "ca.pem"
        file.write_text("x")
        assert CommonConfiguration(ssl_verify=str(file)).ssl_verify == file
        assert CommonConfiguration(ssl_verify="yes").ssl_verify is True
        assert CommonConfiguration(ssl_verify=False).ssl_verify is False
        missing = tmp_path / "missing"
        assert problems(lambda: CommonConfiguration(ssl_verify=missing)) == [
            ("ssl_verify", f'file or directory at path "{missing}" does not exist')
        ]
        assert problems(lambda: CommonConfiguration(ssl_verify=str(tmp_path))) == [
            ("ssl_verify", f'path "{tmp_path}" does not point to a file')
        ]


class TestChecks:
    def test_defaults(self):
        checks = ChecksConfiguration()
        assert (checks.wait, checks.delay, checks.halt_on, checks.progressive) == ("30m", "expo", "critical", True)
        assert ChecksConfiguration.generate() is None

    @pytest.mark.parametrize(("given", "expected"), [("5m", "5m"), (5, "5s"), ("5", "5s"), (Duration("1m"), "1m")])
    def test_spans_are_durations(self, given, expected):
        assert ChecksConfiguration(wait=given, delay=given).wait == expected

    @pytest.mark.parametrize("given", ["soon", "5m garbage", "expo", True, []])
    def test_what_is_no_duration_is_refused(self, problems, given):
        (problem, *_) = problems(lambda: ChecksConfiguration(wait=given))
        assert problem[0] == "wait"

    def test_assignments_are_validated(self, problems):
        checks = ChecksConfiguration()
        assert problems(lambda: setattr(checks, "delay", "soon"))
        checks.delay = "expo"


class TestFastFail:
    def test_the_span_is_the_period(self, monkeypatch):
        monkeypatch.setenv("PERIOD", "1s")
        monkeypatch.setenv("period", "1s")
        assert FastFailConfiguration().span == Duration("1m")
        assert FastFailConfiguration(period="5s").span == Duration("5s")
        assert FastFailConfiguration(period="5s", span="7s").span == Duration("7s")

    @pytest.mark.parametrize("wrong", [{"disabled": 2}, {"period": "soon"}, {"more": 1}])
    def test_wrong_values_are_told(self, problems, wrong):
        assert next(iter(wrong)) in [place for place, _ in problems(lambda: FastFailConfiguration(**wrong))]


class TestDocument:
    def test_defaults(self):
        config = ServoConfiguration(optimizer=OPTIMIZER)
        assert (config.name, config.connectors, config.no_diagnostics, config.vegeta) == (None, None, True, None)
        assert isinstance(config.settings, CommonConfiguration)
        assert isinstance(config.checks, ChecksConfiguration)
        assert "optimizer" in config.__fields_set__

    def test_it_writes_what_was_given(self):
        config = ServoConfiguration(optimizer=OPTIMIZER, vegeta={"rate": "5/1s"}, name="a")
        assert config.yaml(exclude_unset=True, exclude_defaults=True) == (
            "name: a\noptimizer:\n  id: retail.example/cart\n  token: '**********'\n"
            "  url: https://api.opsani.com/accounts/retail.example/applications/cart/\nvegeta:\n  rate: 5/1s\n"
        )

    @pytest.mark.parametrize("show", [True, False])
    def test_secrets_are_shown_on_demand(self, show):
        config = ServoConfiguration(optimizer=OPTIMIZER, vegeta={"rate": "1", "secret": "deep-s3cret"})
        texts = [config.json(show_secrets=show), config.yaml(show_secrets=show), str(config.dict(show_secrets=show))]
        assert [text.count("s3cret") for text in texts] == [2 * show] * 3
        assert "s3cret" not in repr(config) + str(config)

    def test_what_is_written_with_secrets_is_read_again(self, tmp_path):
        config = ServoConfiguration(optimizer=OPTIMIZER, vegeta={"rate": "5/1s", "every": "90s"})
        file = tmp_path / "servo.yaml"
        file.write_text(config.yaml(show_secrets=True) + "---\n" + config.yaml(show_secrets=True, sort_keys=True))
        assert ServoConfiguration.parse_file(file) == [config, config]

    def test_a_local_optimizer(self):
        config = ServoConfiguration(optimizer={"local": {"seed": 1}})
        assert isinstance(config.optimizer, configuration.LocalOptimizer)
        assert json.loads(config.json())["optimizer"] == {"local": {"seed": 1}}

    def test_an_optimizer_is_required(self, problems):
        places = [place for place, _ in problems(ServoConfiguration)]
        found = [place.split(".")[-1] for place in places if "local" not in place]
        assert found == ["optimizer_id", "id", "token"]

    def test_unknown_keys_are_refused(self, problems):
        assert [place for place, _ in problems(lambda: ServoConfiguration(optimizer=OPTIMIZER, bogus=1))] == ["bogus"]

    def test_samples(self):
        config = ServoConfiguration.generate()
        assert config.vegeta.description == "a sample"
        assert config.optimizer.id == "generated-id.test/generated"
        assert ServoConfiguration.generate(optimizer=OPTIMIZER).optimizer.name == "cart"
        assert PairsConfiguration.generate().two.rate == "2/1s"

    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            (None, None),
            (["load"], ["load"]),
            (("load", "wait"), ["load", "wait"]),
            ('["load"]', ["load"]),
            ({"blue": "load"}, {"blue": "load"}),
            ({"blue": "LoadConnector"}, {"blue": "LoadConnector"}),
        ],
    )
    def test_connectors(self, given, expected):
        assert ServoConfiguration(optimizer=OPTIMIZER, connectors=given).connectors == expected

    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ("load", 'error parsing JSON for "load"'),
            ('"load"', 'JSON string values for `connectors` cannot parse into strings: ""load""'),
            (["zz"], "Invalid connectors value: zz"),
            (["__import__('os').getpid()"], "Invalid connectors value: __import__('os').getpid()"),
            (5, "Invalid connectors value: 5"),
            ({1: "load"}, "Connector descriptor keys must be strings (invalid value '1')"),
            ({"measure": "load"}, 'Name "measure" is reserved'),
            ({"settings": "load"}, 'Name "settings" is reserved'),
            ({"wait": "load"}, 'Name "wait" is reserved by `WaitConnector`'),
        ],
    )
    def test_wrong_connectors(self, problems, given, message):
        (problem, *_) = problems(lambda: ServoConfiguration(optimizer=OPTIMIZER, connectors=given))
        assert (problem[0], problem[1].split(" (No module")[0]) == ("connectors", message)

    def test_short_names_are_refused_with_their_length(self, problems):
        (problem,) = problems(lambda: ServoConfiguration(optimizer=OPTIMIZER, connectors={"ab": "load"}))
        assert problem[1].startswith('"ab" is not a valid connector name')
        assert problem[1].endswith("3 to 128 of them")


class TestFiles:
    def test_every_document_is_read(self, tmp_path):
        file = tmp_path / "a.yaml"
        file.write_text("on: {rate: yes}\n---\non: {rate: '2'}\n")
        with pytest.raises(pydantic.ValidationError):
            VegetaConfiguration.parse_file(file)
        file.write_text("x: {rate: '1'}\n---\nx: {rate: '2'}\n")
        assert [config.rate for config in VegetaConfiguration.parse_file(file, key="x")] == ["1", "2"]
        with pytest.raises(KeyError, match="invalid key 'y'"):
            VegetaConfiguration.parse_file(file, key="y")
        file.write_text("# nothing\n")
        assert VegetaConfiguration.parse_file(file) == []

    def test_duplicate_keys_and_tags_are_refused_with_their_place(self, tmp_path):
        file = tmp_path / "a.yaml"
        for text in ("rate: a\nrate: b\n", "rate: !!python/object/apply:os.getpid []\n"):
            file.write_text(text)
            with pytest.raises(ValueError, match=r"a\.yaml:\d:\d: "):
                VegetaConfiguration.parse_file(file)


class TestEquality:
    def test_the_class_does_not_count(self):
        class Derived(VegetaConfiguration):
            pass

        one, other = VegetaConfiguration(rate="1"), Derived(rate="1")
        assert one == other
        assert other == one
        assert one != Derived(rate="2")
        assert Derived(rate="2") != one
        assert one == one.dict()

    def test_a_part_of_an_assembly_equals_a_configuration_of_its_class(self):
        class Attacker(servo.BaseConnector):
            config: VegetaConfiguration

        part = config_model_for_route(Attacker, "attacker")
        assert part is not VegetaConfiguration
        assert part.generate() == VegetaConfiguration.generate()
        assert VegetaConfiguration.generate() == part.generate()


def steps_of(make):
    with pytest.raises(pydantic.ValidationError) as caught:
        make()
    return {item["loc"] for item in caught.value.errors()}


class Network(pydantic.BaseModel):
    settings: CommonConfiguration


class Addresses(servo.AbstractBaseConfiguration):
    __root__: configuration.common.ProxyKey | dict[str, configuration.common.ProxyKey]


@pytest.mark.parametrize(
    ("make", "places"),
    [
        (lambda: CommonConfiguration(proxies=3), {("proxies",)}),
        (lambda: Network(settings={"proxies": 3}), {("settings", "proxies")}),
        (lambda: Addresses.parse_obj(3), {("__root__",)}),
        (lambda: Addresses.parse_obj({"a": "b"}), {("__root__",), ("__root__", "a")}),
    ],
)
def test_places_do_not_name_members_of_unions(make, places):
    assert steps_of(make) == places


def test_problems_are_told_in_the_same_words_with_either_pydantic():
    wrong = {"rate": None, "workers": "many", "every": "?", "colour": 1}
    assert servo._pydantic.problems(VegetaConfiguration, wrong) == [
        (["rate"], "none is not an allowed value", None),
        (["workers"], "value is not a valid integer", None),
        (["every"], "Invalid duration '?'", None),
        (["colour"], "unknown key", ["description", "rate", "workers", "secret", "every"]),
    ]
    assert servo._pydantic.problems(VegetaConfiguration, {}) == [(["rate"], "field required", None)]
    assert servo._pydantic.problems(Network, {"settings": {"proxies": 3}}) == [
        (["settings", "proxies"], 'string does not match regex "^(https?|all)://"', None),
        (["settings", "proxies"], "value is not a valid dict", None),
    ]


class Documented(servo.BaseConfiguration):
    """What it
    is for.

    Attributes:
        rate: How many.
    """

    rate: int = 1


class DocumentedConnector(servo.BaseConnector):
    """Does something.

    Args:
        config: How.
    """

    config: Documented


class TestDescriptions:
    @pytest.mark.parametrize(
        ("model", "expected"), [(Documented, "What it is for."), (DocumentedConnector, "Does something.")]
    )
    def test_a_class_is_described_by_the_first_paragraph(self, model, expected):
        assert model.schema()["description"] == expected

    @pytest.mark.parametrize(
        "model",
        [
            configuration.AppdynamicsOptimizer,
            configuration.BaseConfiguration,
            configuration.BaseServoConfiguration,
            configuration.OpsaniOptimizer,
            BackoffConfigurations,
            BackoffSettings,
            ChecksConfiguration,
            CommonConfiguration,
            FastFailConfiguration,
            Timeouts,
        ],
    )
    def test_no_class_shows_what_is_for_programmers(self, model):
        assert model.schema()["description"]
        assert "Attributes:" not in json.dumps(model.schema(), default=sorted)

    def test_the_description_of_a_configuration_is_described(self):
        shown = Documented.schema()["properties"]["description"]
        assert shown["description"] == "An optional description of the configuration."
