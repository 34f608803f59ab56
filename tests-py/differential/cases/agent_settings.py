"""The agent's own configuration: optimizers, settings, checks, fast failure."""

import json
import os
import pathlib

from report import attempt, show

import servo
from servo.configuration import (
    AppdynamicsOptimizer,
    BackoffConfigurations,
    BackoffContexts,
    BackoffSettings,
    BaseServoConfiguration,
    ChecksConfiguration,
    CommonConfiguration,
    FastFailConfiguration,
    OpsaniOptimizer,
    ProxyKey,
    SidecarConnectionFile,
    Timeouts,
)

opsani = OpsaniOptimizer(id="example.com/my-app", token="123456")
show("opsani", [opsani.id, opsani.organization, opsani.name, str(opsani.url), str(opsani.base_url), str(opsani.default_url)])
show("opsani token", [opsani.token.get_secret_value(), str(opsani.token)])
show("opsani repr", [repr(opsani).split(",")[0], "123456" in repr(opsani)])
for given in ["x/y", "example.com", "exa_mple.com/app", "-example.com/app", "example.com/app/more", "dev.example/APP-NAME", ""]:
    attempt(f"opsani id {given!r}", lambda given=given: OpsaniOptimizer(id=given, token="t").name)
attempt("opsani without a token", OpsaniOptimizer, id="example.com/app")
attempt("opsani null token", OpsaniOptimizer, id="example.com/app", token=None)
attempt("opsani unknown key", OpsaniOptimizer, id="example.com/app", token="t", bogus=1)
attempt("opsani url", lambda: str(OpsaniOptimizer(id="example.com/app", token="t", url="http://localhost:8080/x").url))
attempt("opsani base", lambda: str(OpsaniOptimizer(id="example.com/app", token="t", base_url="http://localhost:8080/").url))
attempt("opsani wrong url", OpsaniOptimizer, id="example.com/app", token="t", base_url="nonsense")


def environment(values, function):
    os.environ.update(values)
    try:
        return function()
    finally:
        for name in values:
            del os.environ[name]


attempt("opsani environment", lambda: environment(
    {"OPSANI_OPTIMIZER": "env.example/app", "OPSANI_TOKEN": "e", "OPSANI_BASE_URL": "http://localhost"},
    lambda: [OpsaniOptimizer().id, str(OpsaniOptimizer().url), OpsaniOptimizer(token="f").token.get_secret_value()]))
pathlib.Path("token").write_text(" from-file\n")
attempt("opsani token file", lambda: environment(
    {"OPSANI_TOKEN_FILE": "token"}, lambda: OpsaniOptimizer(id="env.example/app").token.get_secret_value()))
attempt("appd", lambda: [str(one) for one in (lambda it: [it.id, it.name, it.url, it.token_url])(AppdynamicsOptimizer(
    optimizer_id="abc", tenant_id="t", base_url="https://x.example/", client_id="c", client_secret="s"))])
attempt("appd incomplete", AppdynamicsOptimizer, optimizer_id="abc", tenant_id="t")
pathlib.Path("connection.yaml").write_text("Authorization: Bearer abc\nEndpoint: https://tenant.example/\nTenantId: t9\nMore: 1\n")
attempt("appd by file", lambda: (lambda it: [it.tenant_id, str(it.base_url), it.token.get_secret_value(), str(it.url)])(
    AppdynamicsOptimizer(optimizer_id="abc", connection_file="connection.yaml")))
attempt("appd without a file", lambda: AppdynamicsOptimizer(
    optimizer_id="abc", tenant_id="t", base_url="https://x.example/", client_id="c", client_secret="s").load_connection_file())
attempt("connection file", lambda: SidecarConnectionFile(Authorization="a", Endpoint="https://a.example", TenantId="t").TenantId)

common = CommonConfiguration()
attempt("common", lambda: common.json())
attempt("common yaml", lambda: common.yaml(exclude_none=True))
attempt("backoff", lambda: [common.backoff.max_time(), common.backoff.max_tries(), common.backoff.max_time("connect"), common.backoff.max_time("other")])
attempt("backoff context", lambda: [common.backoff.max_time(BackoffContexts.connect), sorted(common.backoff)])
attempt("backoff get", lambda: [common.backoff.get("nope"), repr(common.backoff["connect"].max_time)])
attempt("backoff missing", lambda: common.backoff["nope"])
attempt("backoff settings", lambda: repr(BackoffSettings(max_time="10m", max_tries="3")))
attempt("backoff given", lambda: BackoffConfigurations(__root__={"__default__": {"max_time": 5, "max_tries": 2}}).max_tries())
for given in [5, "10s", {"connect": "1s"}, {"connect": 1, "read": "2s", "write": 3, "pool": 4}]:
    attempt(f"timeouts {given!r}", lambda given=given: repr(CommonConfiguration(timeouts=given).timeouts))
attempt("timeouts wrong", lambda: CommonConfiguration(timeouts="soon"))
attempt("timeouts unknown", lambda: CommonConfiguration(timeouts={"dns": 1}))
attempt("timeouts alone", lambda: [repr(Timeouts(5)), repr(Timeouts(timeout="1m", read="2s").read)])
for given in ["http://localhost:80", {"all://": "http://localhost:1"}, {"https://": None}, {}]:
    attempt(f"proxies {given!r}", lambda given=given: CommonConfiguration(proxies=given).dict()["proxies"])
for given in ["localhost", {"ftp://": "http://localhost"}, 5]:
    attempt(f"proxies refused {given!r}", lambda given=given: CommonConfiguration(proxies=given))
attempt("proxy key", lambda: [ProxyKey.validate("all://*.example.com") if hasattr(ProxyKey, "validate") else "all://*.example.com"])
for given in [True, False, "yes", "off", None]:
    attempt(f"verify {given!r}", lambda given=given: CommonConfiguration(ssl_verify=given).ssl_verify)
attempt("verify by file", lambda: str(CommonConfiguration(ssl_verify="token").ssl_verify))
attempt("common generate", lambda: [CommonConfiguration.generate(), ChecksConfiguration.generate()])
attempt("common unknown", lambda: CommonConfiguration(bogus=1))

checks = ChecksConfiguration()
attempt("checks", lambda: json.loads(checks.json()))
attempt("checks given", lambda: repr(ChecksConfiguration(connectors=["a"], wait="5m", delay="10s", halt_on="common", tag=["x"]).halt_on))
attempt("checks wrong", lambda: ChecksConfiguration(connectors="a", halt_on="never", quiet="perhaps"))
attempt("fast fail", lambda: repr(FastFailConfiguration()))
attempt("fast fail given", lambda: repr(FastFailConfiguration(period="30s", skip=5, disabled=True)))
attempt("fast fail wrong", lambda: FastFailConfiguration(disabled=7))
attempt("fast fail unknown", lambda: FastFailConfiguration(bogus=7))


class ServoConfiguration(BaseServoConfiguration):
    pass


config = ServoConfiguration(optimizer={"id": "example.com/app", "token": "t"}, name="one")
show("servo", [config.name, type(config.optimizer).__name__, config.connectors, config.no_diagnostics, config.servo_uid])
attempt("servo set", lambda: sorted(config.__fields_set__))
attempt("servo without an optimizer id", lambda: ServoConfiguration(optimizer={"token": "t"}))
attempt("servo unknown", lambda: ServoConfiguration(optimizer={"id": "example.com/app", "token": "t"}, bogus=1))
attempt("servo connectors", lambda: ServoConfiguration(optimizer=opsani, connectors="nonsense"))
attempt("servo connectors json", lambda: ServoConfiguration(optimizer=opsani, connectors='"vegeta"'))
attempt("servo connectors number", lambda: ServoConfiguration(optimizer=opsani, connectors=5))
attempt("servo connectors unknown", lambda: ServoConfiguration(optimizer=opsani, connectors=["nope"]))
attempt("servo generate", lambda: ServoConfiguration.generate().yaml(exclude_unset=True))
attempt("servo schema", lambda: {key: value for key, value in ServoConfiguration.schema()["properties"]["name"].items() if key != "env_names"})
attempt("servo schema keys", lambda: sorted(ServoConfiguration.schema()["properties"]))
attempt("common schema", lambda: CommonConfiguration.schema()["title"])
attempt("constants", lambda: [servo.configuration.DEFAULT_TITLE, servo.configuration.OPTIMIZER_ID_REGEX, servo.configuration.NAME_REGEX, servo.configuration.ORGANIZATION_REGEX])
