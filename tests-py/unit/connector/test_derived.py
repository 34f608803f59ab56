"""Configurations of an assembly: of a connector's key, and of the document."""

import json
from typing import Optional

import pydantic
import pytest

import servo
from servo.configuration import AbstractBaseConfiguration, BaseServoConfiguration, CommonConfiguration
from servo.configuration.derived import (
    _create_config_model,
    _create_config_model_from_routes,
    _derive_config_model_for_route,
    config_model_for_route,
    document_model,
    parse_document,
)

OPTIMIZER = {"id": "retail.example/cart", "token": "t0ken"}
OLD = pydantic.VERSION.startswith("1.")


class Target(servo.BaseConfiguration):
    url: str = "u"
    alias: str = "none"


class LoadTestConfiguration(servo.BaseConfiguration):
    rate: str
    workers: int = 4
    targets: list[str] = []  # noqa: RUF012
    target: Target = Target()
    if OLD:
        named: str = pydantic.Field("", env="MY_OWN")
    else:
        named: str = pydantic.Field("", json_schema_extra={"env": "MY_OWN"})


@servo.metadata(version="0.5.0")
class LoadTestConnector(servo.BaseConnector):
    config: LoadTestConfiguration


class PlainConnector(servo.BaseConnector):
    config: servo.BaseConfiguration


class HooksConfiguration(AbstractBaseConfiguration):
    __root__: list[str] = []  # noqa: RUF012


class HooksConnector(servo.BaseConnector):
    config: HooksConfiguration


ROUTES = {"load_test": LoadTestConnector, "other": LoadTestConnector}


class TestPart:
    def test_names_and_titles(self):
        for route, name in [
            ("load_test", "LoadTestConfiguration"),
            ("other", "LoadTestConfiguration__other"),
            ("be-ta/x", "LoadTestConfiguration__be-ta_x"),
        ]:
            model = config_model_for_route(LoadTestConnector, route)
            assert model.__name__ == name
            assert issubclass(model, LoadTestConfiguration)
            assert model.schema()["title"] == f"LoadTest Connector Settings (named {route})"

    def test_it_is_made_once(self):
        model = config_model_for_route(LoadTestConnector, "other")
        assert config_model_for_route(LoadTestConnector, "other") is model
        assert _derive_config_model_for_route("other", LoadTestConnector) is model
        assert config_model_for_route(LoadTestConnector, "third") is not model

    def test_connectors_without_a_configuration_of_their_own(self):
        assert config_model_for_route(PlainConnector, "plain").__name__ == "PlainConnectorSettings"
        assert config_model_for_route(PlainConnector, "one").__name__ == "PlainConnectorSettings__one"
        assert config_model_for_route(PlainConnector, "two").__name__ == "PlainConnectorSettings__two"
        schema = document_model({"one": PlainConnector, "two": PlainConnector}, required=True).schema()
        assert {"PlainConnectorSettings__one", "PlainConnectorSettings__two"} <= schema["definitions"].keys()

    def test_two_connectors_with_one_configuration_class(self):
        class SecondConnector(servo.BaseConnector):
            config: LoadTestConfiguration

        assert config_model_for_route(LoadTestConnector, "load_test").__name__ == "LoadTestConfiguration"
        assert config_model_for_route(SecondConnector, "second").__name__ == "LoadTestConfiguration__second"
        names = {config_model_for_route(cls, "same").__name__ for cls in (LoadTestConnector, SecondConnector)}
        assert names == {"LoadTestConfiguration__same", "LoadTestConfiguration__same__2"}

    def test_variables(self):
        model = config_model_for_route(LoadTestConnector, "be-ta.x")
        properties = model.schema()["properties"]
        assert properties["rate"]["env_names"] == {"SERVO_BE_TA_X_RATE", "SERVO_BE-TA.X_RATE"}
        other = config_model_for_route(LoadTestConnector, "other").schema()["properties"]
        assert other["rate"]["env_names"] == {"SERVO_OTHER_RATE"}
        assert other["named"]["env_names"] == {"SERVO_OTHER_NAMED", "MY_OWN"}
        # Nothing of this reaches the class that it comes from.
        assert LoadTestConfiguration.schema()["properties"]["rate"]["env_names"] == {"LOAD_TEST_RATE"}

    def test_a_configuration_of_local_types(self):
        class Local(pydantic.BaseModel):
            size: int

        class LocalConfiguration(servo.BaseConfiguration):
            local: Optional["Local"]
            many: "list[int]" = [1]  # noqa: RUF012

        class LocalConnector(servo.BaseConnector):
            config: LocalConfiguration

        if OLD:
            LocalConfiguration.update_forward_refs(Local=Local)
        model = config_model_for_route(LocalConnector, "alias")
        assert model(local={"size": "3"}).local == Local(size=3)
        assert model().many == [1]

    def test_another_model(self):
        class Other(pydantic.BaseModel):
            size: int = 1

        class OtherConnector(servo.BaseConnector):
            config: Other

        model = document_model({"other": OtherConnector}, required=True)
        assert parse_document(model, {"optimizer": OPTIMIZER, "other": {"size": 2}}).other == Other(size=2)


class TestDocument:
    def test_it_is_made_once(self):
        model = document_model(ROUTES, required=True)
        assert document_model(dict(ROUTES), required=True) is model is _create_config_model_from_routes(ROUTES)
        assert document_model(ROUTES, required=False) is not model
        assert model.__name__ == "ServoConfiguration"
        assert issubclass(model, BaseServoConfiguration)

    def test_parts_are_of_their_classes(self):
        model = document_model(ROUTES, required=True)
        config = parse_document(model, {"optimizer": OPTIMIZER, "load_test": {"rate": "1"}, "other": {"rate": "2"}})
        assert type(config) is model
        assert type(config.other) is config_model_for_route(LoadTestConnector, "other")
        assert (config.load_test.rate, config.other.rate, config.other.workers) == ("1", "2", 4)
        connector = LoadTestConnector(name="other", config=config.other)
        assert connector.config == config.other

    def test_keys_that_are_no_names_of_python(self):
        model = document_model({"a.b/c-d": PlainConnector, "class": PlainConnector}, required=True)
        config = parse_document(model, {"optimizer": OPTIMIZER, "a.b/c-d": {"description": "x"}, "class": {}})
        assert getattr(config, "a.b/c-d").description == "x"
        assert config.dict()["a.b/c-d"] == {"description": "x"}

    def test_a_list_at_the_root_of_a_part(self):
        model = document_model({"hooks": HooksConnector}, required=True)
        assert parse_document(model, {"optimizer": OPTIMIZER, "hooks": ["a"]}).hooks.__root__ == ["a"]

    @pytest.mark.parametrize(
        ("required", "document", "expected"),
        [
            (True, {}, [(("load_test",), "field required", "value_error.missing")]),
            (
                True,
                {"load_test": None},
                [(("load_test",), "none is not an allowed value", "type_error.none.not_allowed")],
            ),
            (True, {"load_test": {}}, [(("load_test", "rate"), "field required", "value_error.missing")]),
            (True, {"load_test": 5}, [(("load_test",), "value is not a valid dict", "type_error.dict")]),
            (
                True,
                {"load_test": {"rate": "x", "workers": "many", "bogus": 1}},
                [
                    (("load_test", "workers"), "value is not a valid integer", "type_error.integer"),
                    (("load_test", "bogus"), "extra fields not permitted", "value_error.extra"),
                ],
            ),
            (False, {"bogus": 1}, [(("bogus",), "extra fields not permitted", "value_error.extra")]),
        ],
    )
    def test_what_is_refused(self, problems, required, document, expected):
        model = document_model({"load_test": LoadTestConnector}, required=required)
        assert problems(lambda: parse_document(model, {"optimizer": OPTIMIZER, **document})) == expected

    @pytest.mark.parametrize(("given", "kind"), [(None, "NoneType"), ([], "list"), ("text", "str"), (5, "int")])
    def test_no_mapping(self, problems, given, kind):
        model = document_model(ROUTES, required=False)
        if given == []:
            given = [1]
        ((place, message, _),) = problems(lambda: parse_document(model, given))
        assert (place, message) == (("__root__",), f"ServoConfiguration expected dict not {kind}")

    def test_optional_parts_are_inactive_without_a_block(self):
        model = document_model(ROUTES, required=False)
        config = parse_document(model, {"optimizer": OPTIMIZER, "other": None})
        assert (config.load_test, config.other) == (None, None)

    def test_a_rule_of_the_whole_part(self, problems):
        rule = pydantic.root_validator(allow_reuse=True) if OLD else pydantic.model_validator(mode="after")

        class RuledConfiguration(servo.BaseConfiguration):
            @rule
            def check(this, values=None):
                raise ValueError("target or targets must be configured")

        class RuledConnector(servo.BaseConnector):
            config: RuledConfiguration

        model = document_model({"ruled": RuledConnector}, required=True)
        ((place, message, kind),) = problems(lambda: parse_document(model, {"optimizer": OPTIMIZER, "ruled": {}}))
        assert place[0] == "ruled"
        assert (message, kind) == ("target or targets must be configured", "value_error")

    def test_a_connector_that_no_key_can_name(self):
        yaml = type("YamlConnector", (servo.BaseConnector,), {})
        assert "yaml" not in document_model({"yaml": yaml}, required=False).schema()["properties"]
        with pytest.raises(ValueError, match=r'^Name "yaml" is reserved'):
            document_model({"yaml": yaml}, required=True)
        for required in (True, False):
            with pytest.raises(ValueError, match=r'^Name "settings" is reserved'):
                document_model({"settings": yaml}, required=required)


class TestDefaults:
    def documents(self, **parts):
        model = document_model({"plain": PlainConnector}, required=False)
        return [parse_document(model, {"optimizer": OPTIMIZER, **parts}) for _ in range(2)]

    def test_each_document_has_its_own(self):
        one, other = self.documents()
        one.settings.proxies = "http://proxy.example"
        one.settings.backoff["connect"].max_tries = 3
        one.checks.quiet = True
        assert (other.settings.proxies, other.settings.backoff["connect"].max_tries, other.checks.quiet) == (
            None,
            None,
            False,
        )
        assert CommonConfiguration().backoff["connect"].max_tries is None
        assert one.settings is one.settings
        assert one.settings.backoff is one.settings.backoff
        assert one.settings.backoff["connect"].max_tries == 3

    def test_they_are_complete_however_one_looks(self):
        plain = {"backoff": {"__default__": {"max_time": "10m"}, "connect": {"max_time": "1h"}}}
        for look in (
            lambda config: json.loads(config.json(exclude_none=True)),
            lambda config: json.loads(json.dumps(config.dict(exclude_none=True), default=str)),
            lambda config: {"settings": json.loads(config.settings.json(exclude_none=True)), "checks": {"wait": "30m"}},
            lambda config: json.loads(config.copy().json(exclude_none=True)),
            lambda config: json.loads(config.copy(deep=True).json(exclude_none=True)),
        ):
            shown = look(self.documents()[0])
            assert shown["settings"] == plain
            assert shown["checks"]["wait"] == "30m"
        one, other = self.documents()
        assert one == other
        assert "backoff" in repr(one)
        other.settings.ssl_verify = False
        assert one != other

    def test_keys_without_a_value_say_nothing(self):
        config, _ = self.documents(settings=None, checks=None)
        assert config.settings.backoff.max_time() == 600
        assert config.checks.wait == "30m"

    def test_assignments(self, problems):
        config, other = self.documents()
        config.settings = {"timeouts": "5s"}
        assert config.settings.timeouts.read == "5s"
        assert other.settings.timeouts is None
        ((place, *_),) = problems(lambda: setattr(config, "checks", {"wait": "soon"}))
        assert place == ("checks", "wait")
        assert config.checks.wait == "30m"

    def test_the_order_of_keys(self):
        config, _ = self.documents(plain={})
        keys = list(config.dict())
        assert keys[-3:] == ["settings", "checks", "plain"]
        config.settings.proxies = None
        assert list(config.dict()) == keys

    def test_the_optimizer_counts_as_given(self):
        config, _ = self.documents(plain={})
        assert set(config.dict(exclude_unset=True)) == {"optimizer", "plain"}


class TestSchema:
    def test_the_document(self):
        schema = json.loads(document_model({**ROUTES, "plain": PlainConnector}, required=True).schema_json())
        assert schema["title"] == "Servo Configuration Schema"
        assert schema["description"] == (
            f"Schema for configuration of Servo v{servo.__version__} with LoadTest Connector v0.5.0 and "
            "Plain Connector v0.0.0"
        )
        assert schema["additionalProperties"] is False
        assert set(schema["required"]) == {"load_test", "other", "plain"}
        assert schema["properties"]["other"] == {
            "title": "Other",
            "env_names": ["SERVO_OTHER"],
            "allOf": [{"$ref": "#/definitions/LoadTestConfiguration__other"}],
        }
        assert schema["properties"]["load_test"]["title"] == "Load Test"
        assert schema["properties"]["servo_uid"] == {
            "title": "Servo Uid",
            "env": "SERVO_UID",
            "env_names": ["SERVO_UID"],
            "type": "string",
        }
        settings = schema["properties"]["settings"]
        assert (settings["title"], settings["allOf"]) == ("Settings", [{"$ref": "#/definitions/CommonConfiguration"}])
        assert "default" not in settings
        titles = {name: schema["definitions"][name].get("title") for name in schema["definitions"]}
        assert titles["LoadTestConfiguration"] == "LoadTest Connector Settings (named load_test)"
        assert titles["LoadTestConfiguration__other"] == "LoadTest Connector Settings (named other)"
        assert titles["CommonConfiguration"] == "Common Connector Configuration Schema"

    def test_optional_parts(self):
        schema = document_model(ROUTES, required=False).schema()
        assert "required" not in schema
        assert schema["properties"]["other"]["env_names"] == {"SERVO_OTHER"}

    @pytest.mark.parametrize(
        ("classes", "series"),
        [([], ""), (["Ape"], "Ape"), (["Ape", "Bee"], "Ape and Bee"), (["Ape", "Bee", "Cat"], "Ape, Bee, and Cat")],
    )
    def test_the_description_names_each_class_once(self, classes, series):
        made = [type(f"{name}Connector", (servo.BaseConnector,), {}) for name in classes]
        for name in classes:
            series = series.replace(name, f"{name} Connector v0.0.0")
        routes = {f"{number}_{cls.__default_name__}": cls for number in "ab" for cls in made}
        description = document_model(routes, required=True).schema()["description"]
        assert description == f"Schema for configuration of Servo v{servo.__version__}" + (
            f" with {series}" if series else ""
        )


class TestModelOfADocument:
    def test_listed_connectors_are_required(self):
        model, routes = _create_config_model(config={"connectors": ["load_test", "plain"]})
        assert routes == {"load_test": LoadTestConnector, "plain": PlainConnector}
        assert set(model.schema()["required"]) == {"load_test", "plain"}

    @pytest.mark.parametrize("config", [{}, {"connectors": None}, {"connectors": []}, {"connectors": {}}, None])
    def test_without_a_list_every_connector_is_optional(self, config):
        model, routes = _create_config_model(config=config)
        assert routes["plain"] is PlainConnector
        assert "required" not in model.schema()

    def test_the_environment_may_list_them(self, monkeypatch):
        monkeypatch.setenv("SERVO_CONNECTORS", '{"one": "plain"}')
        assert _create_config_model(config={})[1] == {"one": PlainConnector}
        assert _create_config_model(config={"connectors": ["plain"]})[1] == {"plain": PlainConnector}

    def test_routes_may_be_given(self):
        assert _create_config_model(config={}, routes={"one": PlainConnector})[1] == {"one": PlainConnector}

    @pytest.mark.parametrize("connectors", [["nope"], {"abc": "nope"}])
    def test_an_unknown_connector(self, connectors):
        with pytest.raises(ValueError, match=r'^no connector found for the identifier "nope"$'):
            _create_config_model(config={"connectors": connectors})
