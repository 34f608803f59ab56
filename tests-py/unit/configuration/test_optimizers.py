"""The optimizers of services."""

import asyncio
import time

import pydantic
import pytest

from servo.configuration import AppdynamicsOptimizer, BaseServoConfiguration, OpsaniOptimizer, SidecarConnectionFile
from servo.configuration import optimizers as module

CLIENT = {
    "optimizer_id": "eyJ3IjoiYSJ9",
    "tenant_id": "0f5b1c9e",
    "base_url": "https://tenant.observe.example/",
    "client_id": "agt",
    "client_secret": "s3cret",
}
CONNECTION = "Authorization: Bearer abc\nEndpoint: {0}\nTenantId: {1}\nMore: 1\n"


class ServoConfiguration(BaseServoConfiguration):
    pass


class TestOpsani:
    def test_urls(self):
        optimizer = OpsaniOptimizer(id="retail.example/cart", token="t", base_url="https://a.example//")
        assert (optimizer.organization, optimizer.name) == ("retail.example", "cart")
        assert optimizer.base_url == "https://a.example"
        assert optimizer.url == optimizer.default_url == "https://a.example/accounts/retail.example/applications/cart/"
        assert (
            OpsaniOptimizer(id="retail.example/cart", token="t", url="http://b.example/x").url == "http://b.example/x"
        )

    @pytest.mark.parametrize("name", ["a", "1234", "APP-NAME", "this.that.the.other", "x" * 64])
    def test_names(self, name):
        assert OpsaniOptimizer(id=f"12345/{name}", token="").name == name

    @pytest.mark.parametrize("wrong", ["abcd/x", "-abcde/x", "abc_de/x", "abcde/", "abcde", "abcde/x y", "abcde/x/y"])
    def test_wrong_identifiers(self, problems, wrong):
        regex = r"^(?!-)([A-Za-z0-9-.]{5,50})/[a-zA-Z\_\-\.0-9]{1,64}$"
        assert problems(lambda: OpsaniOptimizer(id=wrong, token="t")) == [
            ("id", f'string does not match regex "{regex}"')
        ]

    def test_wrong_values(self, problems):
        assert problems(lambda: OpsaniOptimizer(id="abcde/x", token="t", base_url="nowhere")) == [
            ("base_url", "invalid or missing URL scheme")
        ]
        assert [place for place, _ in problems(lambda: OpsaniOptimizer(id="abcde/x", token="t", x=1))] == ["x"]
        assert [place for place, _ in problems(lambda: OpsaniOptimizer(id="abcde/x", token=None))] == ["token"]

    def test_variables(self, monkeypatch, tmp_path):
        monkeypatch.setenv("OPSANI_OPTIMIZER", "retail.example/cart")
        monkeypatch.setenv("OPSANI_TOKEN", "of-variable")
        monkeypatch.setenv("OPSANI_URL", "http://a.example/x/")
        optimizer = OpsaniOptimizer()
        assert (optimizer.id, optimizer.url) == ("retail.example/cart", "http://a.example/x/")
        assert optimizer.token.get_secret_value() == "of-variable"
        file = tmp_path / "token"
        file.write_text(" of-file\n")
        monkeypatch.setenv("OPSANI_TOKEN_FILE", str(file))
        assert OpsaniOptimizer().token.get_secret_value() == "of-file"
        assert OpsaniOptimizer(token="own").token.get_secret_value() == "own"
        assert ServoConfiguration().optimizer.token.get_secret_value() == "of-file"
        assert ServoConfiguration(optimizer={"id": "abcde/x"}).optimizer.id == "abcde/x"

    def test_a_missing_token_file_is_told(self, monkeypatch, problems):
        monkeypatch.setenv("OPSANI_TOKEN_FILE", "/no/such/file")
        ((place, message),) = problems(lambda: OpsaniOptimizer(id="abcde/x"))
        assert place == "token"
        assert "/no/such/file" in message
        monkeypatch.setenv("OPSANI_TOKEN_FILE", "")
        assert [place for place, _ in problems(lambda: OpsaniOptimizer(id="abcde/x"))] == ["token"]


class TestAppdynamics:
    def test_urls(self):
        optimizer = AppdynamicsOptimizer(**CLIENT)
        assert optimizer.base_url == "https://tenant.observe.example"
        assert optimizer.url == "https://tenant.observe.example/rest/optimize/co/v1/optimizers/eyJ3IjoiYSJ9/"
        assert optimizer.token_url == "https://tenant.observe.example/auth/0f5b1c9e/default/oauth2/token"
        assert (optimizer.id, optimizer.name) == ("0f5b1c9e - eyJ3IjoiYSJ9", "eyJ3IjoiYSJ9")
        assert "s3cret" not in optimizer.json() + repr(optimizer)
        assert "s3cret" in optimizer.json(show_secrets=True)

    def test_incomplete_ones_are_refused(self, problems):
        with pytest.raises(ValueError, match="must be configured with a connection file or specify base_url"):
            AppdynamicsOptimizer(optimizer_id="x", token="t")
        found = problems(lambda: ServoConfiguration(optimizer={"optimizer_id": "x"}))
        assert any("must be configured with a connection file" in message for _, message in found)

    def test_a_connection_file_is_followed(self, tmp_path):
        file = tmp_path / "connection.yaml"
        file.write_text(CONNECTION.format("https://a.example/", "one"))
        optimizer = AppdynamicsOptimizer(optimizer_id="x", connection_file=str(file), tenant_id="mine")
        assert (optimizer.tenant_id, optimizer.token.get_secret_value()) == ("one", "Bearer abc")
        assert optimizer.url == "https://a.example/rest/optimize/co/v1/optimizers/x/"
        file.write_text(CONNECTION.format("https://b.example", "two"))
        optimizer.load_connection_file()
        assert optimizer.url == "https://b.example/rest/optimize/co/v1/optimizers/x/"
        assert optimizer.token_url == "https://b.example/auth/two/default/oauth2/token"

    def test_a_url_of_ones_own_stays(self, tmp_path):
        file = tmp_path / "connection.yaml"
        file.write_text(CONNECTION.format("https://a.example/", "one"))
        mine = "https://mine.example/"
        optimizer = AppdynamicsOptimizer(optimizer_id="x", connection_file=str(file), url=mine)
        optimizer.load_connection_file()
        assert optimizer.url == mine

    def test_wrong_files(self, tmp_path):
        with pytest.raises(ValueError, match="Unable to load connection file, no file specified"):
            AppdynamicsOptimizer(**CLIENT).load_connection_file()
        file = tmp_path / "connection.yaml"
        file.write_text("Endpoint: https://a.example\n")
        with pytest.raises(pydantic.ValidationError, match="Authorization"):
            AppdynamicsOptimizer(optimizer_id="x", connection_file=str(file))
        with pytest.raises(pydantic.ValidationError):
            SidecarConnectionFile(Authorization="x", Endpoint="nowhere", TenantId="t")

    def test_a_file_that_comes_later_is_waited_for(self, tmp_path, monkeypatch):
        file = tmp_path / "connection.yaml"
        pauses = []

        def sleep(seconds):
            pauses.append(seconds)
            if len(pauses) == 3:
                file.write_text(CONNECTION.format("https://a.example/", "one"))

        monkeypatch.setattr(module.time, "sleep", sleep)
        assert AppdynamicsOptimizer(optimizer_id="x", connection_file=str(file)).tenant_id == "one"
        assert pauses == [0.1, 0.2, 0.4]

    async def test_the_event_loop_is_not_held_up(self, tmp_path, monkeypatch):
        def sleep(seconds):
            raise AssertionError("the event loop waits")

        monkeypatch.setattr(module.time, "sleep", sleep)
        await asyncio.sleep(0)
        with pytest.raises(ValueError, match="expected a connection file"):
            AppdynamicsOptimizer(optimizer_id="x", connection_file=str(tmp_path / "missing"))

    def test_the_wait_ends(self, tmp_path, monkeypatch):
        now = [0.0]
        monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
        monkeypatch.setattr(module.time, "sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
        with pytest.raises(ValueError, match="found none"):
            AppdynamicsOptimizer(optimizer_id="x", connection_file=str(tmp_path / "missing"))
        assert now[0] == pytest.approx(module.CONNECTION_FILE_WAIT)
        assert time is not None

    def test_variables_choose_it(self, monkeypatch):
        for key, value in CLIENT.items():
            monkeypatch.setenv(f"APPD_{key.upper()}", value)
        monkeypatch.setenv("OPSANI_OPTIMIZER", "retail.example/cart")
        monkeypatch.setenv("OPSANI_TOKEN", "t")
        assert ServoConfiguration().optimizer.id == "0f5b1c9e - eyJ3IjoiYSJ9"
        monkeypatch.delenv("APPD_CLIENT_ID")
        assert ServoConfiguration().optimizer.id == "retail.example/cart"
