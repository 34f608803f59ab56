"""Variables: of a configuration that is made by itself, and of a servo.yaml."""

import os
import subprocess
import sys

import pydantic
import pytest

import servo
from servo import dotenv
from servo.configuration import BaseServoConfiguration, CommonConfiguration

OPTIMIZER = {"id": "retail.example/cart", "token": "t"}


class Target(servo.BaseConfiguration):
    url: str = "u"
    alias: str = "none"


class VegetaConfiguration(servo.BaseConfiguration):
    rate: str = "1/1s"
    workers: int = 4
    targets: list[str] = []  # noqa: RUF012
    target: Target = Target()
    # The names of variables that an author gives.
    if pydantic.VERSION.startswith("1."):
        one: str = pydantic.Field("", env="MY_OWN")
        several: str = pydantic.Field("", env=["MY_FIRST", "MY_SECOND"])
    else:
        one: str = pydantic.Field("", json_schema_extra={"env": "MY_OWN"})
        several: str = pydantic.Field("", json_schema_extra={"env": ["MY_FIRST", "MY_SECOND"]})


class ServoConfiguration(BaseServoConfiguration):
    vegeta: VegetaConfiguration | None = None


@pytest.fixture
def variables(monkeypatch):
    def call(**variables):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return call


class TestByItself:
    def test_the_names_are_those_of_the_class(self, variables):
        variables(VEGETA_RATE="2/1s", VEGETA_WORKERS="8", VEGETA_TARGETS='["a"]', VEGETA_TARGET_URL="v")
        config = VegetaConfiguration()
        assert (config.rate, config.workers, config.targets, config.target.url) == ("2/1s", 8, ["a"], "v")
        assert VegetaConfiguration(rate="3/1s", target={"alias": "x"}).dict(exclude_none=True) == {
            "rate": "3/1s",
            "workers": 8,
            "targets": ["a"],
            "target": {"url": "v", "alias": "x"},
            "one": "",
            "several": "",
        }

    def test_the_names_of_the_author(self, variables):
        variables(MY_OWN="a", MY_SECOND="b")
        assert (VegetaConfiguration().one, VegetaConfiguration().several) == ("a", "b")

    def test_nothing_leaks_into_what_is_inside(self, variables):
        variables(TARGET_ALIAS="leaked", ALIAS="leaked", RATE="leaked", RETRIES="leaked")
        assert VegetaConfiguration(target={"url": "x"}).target.alias == "none"
        assert Target().alias == "leaked"

    def test_json_that_is_none_is_told(self, variables, problems):
        variables(VEGETA_TARGETS="[s3cret")
        ((place, message),) = problems(VegetaConfiguration)
        assert place == "targets"
        assert message.startswith('error parsing env var "VEGETA_TARGETS": ')
        assert "s3cret" not in message

    def test_settings(self, variables):
        variables(
            COMMON_TIMEOUTS='{"read": "5s"}', COMMON_BACKOFF='{"connect": {"max_tries": 2}}', COMMON_SSL_VERIFY="no"
        )
        config = CommonConfiguration()
        assert config.timeouts.read == "5s"
        assert config.ssl_verify is False
        assert config.backoff.max_tries("connect") == 2


class TestDocument:
    def test_every_source(self, variables):
        variables(
            SERVO_NAME="cart",
            SERVO_UID="7",
            SERVO_NO_DIAGNOSTICS="false",
            SERVO_SETTINGS='{"proxies": "http://a.example"}',
            SERVO_SETTINGS_TIMEOUTS_READ="1s",
            COMMON_PROXIES="http://b.example",
            COMMON_SSL_VERIFY="off",
            CHECKS_WAIT="1m",
            SERVO_VEGETA='{"rate": "9/1s"}',
        )
        config = ServoConfiguration(optimizer=OPTIMIZER, vegeta={"workers": 2})
        assert (config.name, config.servo_uid, config.no_diagnostics) == ("cart", "7", False)
        assert (config.settings.proxies, config.settings.ssl_verify) == ("http://a.example", False)
        assert config.settings.timeouts.read == "1s"
        assert config.checks.wait == "1m"
        assert (config.vegeta.rate, config.vegeta.workers) == ("9/1s", 2)
        assert ServoConfiguration(optimizer=OPTIMIZER, name="mine").name == "mine"

    def test_connectors_are_json(self, variables, problems):
        variables(SERVO_CONNECTORS='["load"]')
        assert ServoConfiguration(optimizer=OPTIMIZER).connectors == ["load"]
        variables(SERVO_CONNECTORS="load")
        ((place, message), *_) = problems(lambda: ServoConfiguration(optimizer=OPTIMIZER))
        assert (place, message) == ("connectors", 'error parsing JSON for "load"')


class TestDotenv:
    def test_the_nearest_is_found(self, tmp_path):
        inner = tmp_path / "a" / "b"
        inner.mkdir(parents=True)
        (tmp_path / ".env").write_text("")
        assert dotenv.find(inner) == tmp_path / ".env"
        (tmp_path / "a" / ".env").mkdir()
        assert dotenv.find(inner) == tmp_path / ".env"
        (inner / ".env").write_text("")
        assert dotenv.find(inner) == inner / ".env"

    def test_it_is_read_as_shells_write_it(self, tmp_path, monkeypatch):
        (tmp_path / ".env").write_text(
            "# first\nexport CONF_A=1\nCONF_B='two words'\nCONF_C=\"${CONF_A}-${CONF_D}\"\nCONF_D=of-file\n"
        )
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("CONF_D", "of-process")
        for name in ("CONF_A", "CONF_B", "CONF_C"):
            monkeypatch.setenv(name, "")
            monkeypatch.delenv(name)
        assert dotenv.load_nearest() == tmp_path / ".env"
        found = [os.environ.get(f"CONF_{letter}") for letter in "ABCD"]
        assert found == ["1", "two words", "1-of-process", "of-process"]

    def test_one_that_cannot_be_read_is_left_out(self, tmp_path, monkeypatch, capsys):
        (tmp_path / ".env").write_bytes(b"A=\xff\xfe\n")
        monkeypatch.chdir(tmp_path)
        assert dotenv.load_nearest() is None
        assert ".env cannot be read and is left out" in capsys.readouterr().err

    def test_without_one_nothing_is_imported(self, tmp_path):
        code = "import sys, servo.dotenv; servo.dotenv.load_nearest(); print('dotenv' in sys.modules)"
        result = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60)
        assert result.stdout == "False\n"


CONNECTORS = """
import servo

class Target(servo.BaseConfiguration):
    url: str
    retries: int = 1

class PingConfiguration(servo.BaseConfiguration):
    target: Target
    every: servo.Duration = "5s"

class PingConnector(servo.BaseConnector):
    config: PingConfiguration
"""


class TestCommand:
    @pytest.fixture
    def validate(self, tmp_path):
        (tmp_path / "pings.py").write_text(CONNECTORS)
        (tmp_path / "servo.yaml").write_text("optimizer: {local: {}}\nconnectors: {ping: pings.PingConnector}\n")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("SERVO_", "PYTHON"))}

        def call(**variables):
            command = [sys.executable, "-m", "servo", "validate"]
            result = subprocess.run(
                command, cwd=tmp_path, env=environment | variables, capture_output=True, text=True, timeout=120
            )
            return result.returncode, result.stderr.splitlines()[1:]

        return call

    def test_connectors_in_python_are_filled(self, validate):
        assert validate()[0] == 1
        assert validate(SERVO_PING_TARGET_URL="u", SERVO_PING_EVERY="9s", SERVO_PING_TARGET_RETRIES="2") == (0, [])
        assert validate(SERVO_PING='{"target": {"url": "u"}}') == (0, [])

    def test_problems_name_the_variable(self, validate):
        code, (line,) = validate(SERVO_PING_TARGET_URL="u", SERVO_PING_TARGET_RETRIES="many")
        assert code == 1
        assert line.startswith("environment variable SERVO_PING_TARGET_RETRIES: ping.target.retries: ")

    def test_a_dotenv_file_is_read(self, validate, tmp_path):
        (tmp_path / ".env").write_text("SERVO_PING_TARGET_URL=u\nSERVO_PING_EVERY=never\n")
        assert validate(SERVO_PING_EVERY="1s") == (0, [])
        code, (line,) = validate()
        assert code == 1
        assert line.startswith("environment variable SERVO_PING_EVERY: ping.every: Invalid duration 'never'")


def test_a_schema_that_was_given_out_and_changed_changes_nothing(monkeypatch):
    class Limits(servo.BaseConfiguration):
        class Config:
            env_prefix = "LIMITED_"

        class Inner(servo.BaseConfiguration):
            rate: int = 1

        inner: Inner = Inner()

    Limits.schema().clear()
    Limits.schema()["definitions"].clear()
    monkeypatch.setenv("LIMITED_INNER_RATE", "7")
    assert Limits().inner.rate == 7
