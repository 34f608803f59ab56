"""What the environment adds to the document of an assembly."""

import pydantic
import pytest

import servo
from servo.configuration.derived import document_model, parse_document
from servo.configuration.environment import snapshot

OPTIMIZER = {"id": "retail.example/cart", "token": "t0ken"}


class Target(servo.BaseConfiguration):
    url: str = "u"


class LoadTestConfiguration(servo.BaseConfiguration):
    rate: str
    workers: int = 4
    target: Target = Target()
    if pydantic.VERSION.startswith("1."):
        named: str = pydantic.Field("", env="MY_OWN")
    else:
        named: str = pydantic.Field("", json_schema_extra={"env": "MY_OWN"})


class LoadTestConnector(servo.BaseConnector):
    config: LoadTestConfiguration


ROUTES = {"load_test": LoadTestConnector, "my-alias.x": LoadTestConnector}


@pytest.fixture
def parse(monkeypatch):
    """A document with those variables."""

    def call(document, *, required=False, **variables):
        for name, value in variables.items():
            monkeypatch.setenv(name.replace("__DASH__", "-").replace("__DOT__", "."), value)
        return parse_document(document_model(ROUTES, required=required), {"optimizer": OPTIMIZER, **document})

    return call


class TestPrecedence:
    def test_the_file_goes_first(self, parse):
        config = parse(
            {"load_test": {"rate": "file"}},
            SERVO_LOAD_TEST='{"rate": "whole", "workers": 2}',
            SERVO_LOAD_TEST_RATE="field",
            SERVO_LOAD_TEST_WORKERS="3",
            SERVO_LOAD_TEST_TARGET_URL="deep",
            MY_OWN="named",
        )
        part = config.load_test
        assert (part.rate, part.workers, part.target.url, part.named) == ("file", 2, "deep", "named")

    def test_a_whole_part_activates_a_connector(self, parse):
        config = parse({}, SERVO_LOAD_TEST='{"rate": "1"}')
        assert config.load_test.rate == "1"
        assert getattr(config, "my-alias.x") is None

    def test_a_field_alone_does_not(self, parse):
        assert parse({}, SERVO_LOAD_TEST_RATE="1", MY_OWN="named").load_test is None

    def test_a_field_alone_is_enough_where_the_connector_is_listed(self, parse):
        config = parse({"load_test": {}}, required=True, SERVO_LOAD_TEST_RATE="1", SERVO_MY_ALIAS_X_RATE="2")
        assert (config.load_test.rate, getattr(config, "my-alias.x").rate) == ("1", "2")

    def test_the_older_names_of_aliases(self, parse):
        variables = {"SERVO_MY__DASH__ALIAS__DOT__X_RATE": "old", "SERVO_MY__DASH__ALIAS__DOT__X": '{"workers": 9}'}
        part = getattr(parse({"my-alias.x": {}}, **variables), "my-alias.x")
        assert (part.rate, part.workers) == ("old", 9)
        assert getattr(parse({"my-alias.x": {}}, SERVO_MY_ALIAS_X_RATE="new"), "my-alias.x").rate == "new"

    def test_a_key_without_a_value_stays_inactive(self, parse):
        assert parse({"load_test": None}, SERVO_LOAD_TEST_RATE="1").load_test is None

    def test_the_document_itself(self, parse):
        config = parse(
            {},
            SERVO_NAME="cart",
            SERVO_UID="7",
            SERVO_SETTINGS_TIMEOUTS_READ="1s",
            COMMON_SSL_VERIFY="off",
            CHECKS_WAIT="1m",
        )
        assert (config.name, config.servo_uid, config.settings.timeouts.read) == ("cart", "7", "1s")
        assert (config.settings.ssl_verify, config.checks.wait) == (False, "1m")

    def test_the_optimizer(self, parse):
        config = parse({"optimizer": {}}, OPSANI_OPTIMIZER="a.example/b", OPSANI_TOKEN="s3cret")
        assert (config.optimizer.id, config.optimizer.token.get_secret_value()) == ("a.example/b", "s3cret")

    def test_unrelated_variables_do_nothing(self, parse):
        config = parse(
            {"load_test": {"rate": "1"}},
            LOAD_TEST_WORKERS="9",
            TARGET_URL="leaked",
            RATE="leaked",
            SERVO_LOG_LEVEL="DEBUG",
        )
        assert config == parse({"load_test": {"rate": "1"}})
        assert (config.load_test.workers, config.load_test.target.url) == (4, "u")

    def test_the_class_itself_reads_them_too(self, parse):
        parse({}, SERVO_LOAD_TEST_RATE="1")
        model = document_model(ROUTES, required=False)
        assert model(optimizer=OPTIMIZER, load_test={}).load_test.rate == "1"
        assert model.parse_obj({"optimizer": OPTIMIZER, "load_test": {}}).load_test.rate == "1"


@pytest.mark.parametrize(
    ("variable", "text", "place"),
    [("SERVO_LOAD_TEST", "{s3cret", "load_test"), ("SERVO_LOAD_TEST_TARGET", "[s3cret", "target")],
)
def test_what_is_no_json_is_told_without_the_text(parse, problems, variable, text, place):
    ((where, message, _), *_) = problems(lambda: parse({"load_test": {"rate": "1"}}, **{variable: text}))
    assert where[-1] == place
    assert message.startswith(f'error parsing env var "{variable}": ')
    assert "s3cret" not in message


def test_changes_of_the_environment_are_seen(parse, monkeypatch):
    document = {"load_test": {}}
    for rate in ("1", "2"):
        assert parse(document, SERVO_LOAD_TEST_RATE=rate).load_test.rate == rate
    monkeypatch.delenv("SERVO_LOAD_TEST_RATE")
    with pytest.raises(pydantic.ValidationError):
        parse(document)


def test_what_is_read_once_is_kept_until_a_variable_changes(monkeypatch):
    before = snapshot()
    assert snapshot() is before
    monkeypatch.setenv("SERVO_ANYTHING", "1")
    assert snapshot() is not before


def test_documents_do_not_share_what_variables_gave(parse):
    one = parse({}, SERVO_LOAD_TEST='{"rate": "1", "target": {"url": "x"}}')
    one.load_test.target.url = "changed"
    assert parse({}).load_test.target.url == "x"
